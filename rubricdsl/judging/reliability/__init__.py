"""Reliability: how far judges can be trusted, from what they say again and again."""
