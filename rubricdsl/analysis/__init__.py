"""Analysis: numbers in, results out; no files, no judge.

Metrics are those of the high tail, where reinforcement fine-tuning drives a policy:
how well a rubric ranks the best responses, what it cannot tell apart, and what reaches
the top without being good.

`evaluation` holds what was found of responses, as columns.  `pairs` says how well
scores order pairs, everywhere and in the tail; `tilting` how much of the tail matters
to a policy; `ties` what is not told apart there.  `discrimination`
and `redundancy` look at criteria, `preference_fit` and `item_response` find what each
should count.  `bootstrap` says how sure a figure is, `proportions` how sure a share.
All but `tilting` and `proportions` need numpy (``pip install "rubricdsl[arrays]"``), so
whoever uses them imports them when they do.
"""
