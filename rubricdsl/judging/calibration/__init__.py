"""Calibration: making a judge's probabilities of yes mean what they say."""
