"""Rubric formats of others, one a module: read into `.rub` source, and written.

What one side says and the other cannot is reported as a
`rubricdsl.model.protocols.Loss`, never dropped in silence.
"""
