"""Refinement: from a rubric and a pool of responses to edits that sharpen it.

`selection` chooses pairs, `proposing` asks what tells them apart, `strategies` say
which edits would help, `gate` proves on held-out responses whether they do, and
`loop` leads through the rounds.  Edits are applied by `rubricdsl.language.edit`.
"""
