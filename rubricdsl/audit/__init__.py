"""Audits of rubrics: known reward hacks, mutations of good responses, what they show.

`probes` and `mutations` make texts, `drawing` has them made for the prompts of a pool;
`trials` says what got through beside the pool, `credits` which criteria were fooled,
`kills` which criteria notice that a good response was made worse, and `remedies` what
to write into the rubric.  `running` puts it together around whoever judges.
"""
