"""Why a response scored as it did, and what would change that.

`differences` compares two scorecards, `suppositions` scores a response again as if a
verdict, or a gate, were another, `means` and `turning` find the smallest change of
weights that turns the order of two responses, and `explaining` puts it all together.
What a row of results does not hold is worked out from its rubric, and left out without
one; nothing is guessed.
"""
