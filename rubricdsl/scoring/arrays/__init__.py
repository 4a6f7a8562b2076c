"""The meaning of a rubric over arrays: a hundred thousand responses in milliseconds.

Equal to the reference (`rubricdsl.scoring.meaning`), which property tests show.  It
needs numpy (``pip install "rubricdsl[arrays]"``), so nothing else imports it.
"""
