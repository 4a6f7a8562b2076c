"""A world small enough to train in: when does a policy outgrow its rubric?

Prompts ask for skills, responses show some of them, a judge that errs scores them by
a rubric, and a policy is trained on these scores.  What it is really worth is known
here, so one sees when it stops rising with the score (Chasing the Tail, arXiv
2509.21500, section 4).  It needs numpy (``pip install "rubricdsl[arrays]"``).

`world` says what is asked and what it is worth, `verifier` judges, `policy` trains,
`onset` reads the curves.
"""
