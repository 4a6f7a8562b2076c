"""The words that rules look for in statements, in English.

All patterns are ours, without nested repetition, and run on texts of one criterion.
"""

import re

_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|`[^`\n]*`|«[^»\n]*»")

CLAIMS = (
    "acknowledges|addresses|advises|asks|avoids|cites|clarifies|compares|concludes|"
    "defines|demonstrates|describes|discusses|emphasizes|ends|explains|expresses|"
    "gives|identifies|includes|informs|justifies|lists|mentions|names|notes|offers|"
    "outlines|points out|proposes|provides|recommends|refers|reports|says|shows|"
    "specifies|states|stresses|suggests|summarizes|tells|urges|warns"
)
"""Verbs with which a statement says what an answer does."""

SUBJECT = (
    r"(?:(?:the|this|its|their) (?:\w+ )?(?:response|answer|reply|text|essay|report|"
    r"output|summary|model|assistant|author|code|it)s? |it )?"
)
"""An optional subject at the start of a statement."""

MENTION = re.compile(
    rf"^{SUBJECT}(?:briefly |explicitly )?(?:mentions|names|lists|includes|contains|"
    r"cites|refers to|touches on|brings up|talks about|"
    r"uses the (?:word|term|phrase))\b",
    re.IGNORECASE,
)
"""Statements that ask only for a mention."""


def without_quotes(text: str) -> str:
    """Blank out what stands in quotes; the length stays."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), text)
