"""Proposers: what is asked of them, how, and what is made of their answers.

`prompting` puts a rubric and two responses into words, `conversing` asks a chat model
until its answer can be read, `replies` makes edits of it, `scripted` answers from a
file, and `resolution` finds the proposer that a SPEC names.
"""
