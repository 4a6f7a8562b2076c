"""The verdict store: every verdict paid for is kept, and nothing is asked twice.

A store is one SQLite file that processes share.  `verdicts` is what the engine
talks to, `claims` keeps two processes from asking the same question at once,
`upkeep` is what ``rub store`` does.  `editions` says what the file looks like.
"""
