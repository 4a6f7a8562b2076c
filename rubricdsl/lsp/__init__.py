"""The language server: what an editor asks of rubrics while they are written.

`server` speaks the protocol and nothing else.  `documents` keeps what is open and
reads it; `mentions` says which name stands where; `definitions` where a name leads.
One module for each thing that an editor can ask stands on these three.
"""
