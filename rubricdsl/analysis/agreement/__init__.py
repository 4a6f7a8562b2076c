"""Agreement of a judge with people, and of people with each other.

`cells` is what is compared, `verdicts` compares verdicts criterion by criterion and
overall, `scores` compares scores with what people gave and preferred.  The unit is
always one criterion of one response, or one response; *micro* figures are over all
units as one, *macro* figures are means of a figure over criteria, or over prompts.  The
two are never mixed, since they can be far apart.
"""
