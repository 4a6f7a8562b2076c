"""How good a rubric is where it matters: all metrics of a pool of judged responses.

`pool` holds what is looked at, `ratings` what people said of it, `measuring` works the
figures out, and `records` is what comes of it: a `records.TailAnalysis`, for a
terminal, a script or a page.  A figure that the pool cannot support is not given;
instead it says why, and what it would take (`figures.Figure`).
"""
