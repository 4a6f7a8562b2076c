"""Analysis: numbers in, results out; no files, no judge.

Metrics are those of the high tail, where reinforcement fine-tuning drives a policy:
how well a rubric ranks the best responses, what it cannot tell apart, and what reaches
the top without being good.

`evaluation` holds what was found of responses, as columns.  `pairs` says how well
scores order pairs, everywhere and in the tail, and `best_of_k` what it brings to keep
the best of some; `tilting` how much of the tail matters to a policy, and
`rearrangements` what wrong orders cost it.  `ties` and `saturation` say what is not
told apart at the top, `leaks` what reaches it without being good, `frontier` what win
rate a pool speaks for at which divergence, and `slopes` how gold and score go together.
`discrimination` and `redundancy` look at criteria, `preference_fit` and `item_response`
find what each should count, `coverage`, `overclaiming` and `costs` tell what rubrics
and trainings cover, credit wrongly and take.  `tail` puts it together for one pool.
`agreement` holds verdicts and scores beside people's, by `confusion` (kappa), `alpha`,
`correlations` (and the AUC) and `probabilities` (calibration); `explanation` says why a
response scored as it did.  `bootstrap` says how sure a figure is, `figures` with why it
may not be known, `proportions` how sure a share.  All but `tilting`, `rearrangements`,
`proportions`, `coverage`, `costs`, `alpha`, `probabilities` and `explanation` need
numpy (``pip install "rubricdsl[arrays]"``), so whoever uses them imports them when they
do.
"""
