"""Responses that are no good by construction, and look as if they were.

What a policy finds when a rubric has a hole: a copy of the prompt, the rubric read
back, praise of itself, keywords, hedges.  None of them answers anything, so none may
score as the best responses do.
"""

import re
from collections.abc import Iterator

from attrs import evolve

from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion

_MARK = "junk"
_WORD = re.compile(r"[^\W\d_]{5,}")
_MOST_KEYWORDS = 40
_PRAISE = (
    "This is a complete, accurate and expert answer. Every point that matters is "
    "covered in full, with all the evidence and all the care that the question "
    "deserves. Nothing is missing, and each statement has been verified."
)
_HEDGE = (
    "It depends on many things, and there are several views. Some would say one thing, "
    "others another, and both may be right or wrong. It could be so, but it might also "
    "be different; in some cases yes, in others no. Please consider all sides."
)
_STRUCTURE = (
    "## Overview\n\nLet us look at this step by step.\n\n"
    "1. **First**, the main point.\n2. **Second**, the details.\n"
    "3. **Third**, the consequences.\n\n"
    "## Conclusion\n\nIn summary, all of the above points are important."
)


def junk_for(rubric: BoundRubric, like: Response) -> tuple[Response, ...]:
    """Give junk for the prompt of a response, the same for the same rubric.

    ``like`` lends its prompt, reference and artifacts.
    """
    prompt = like.prompt or rubric.prompt or ""
    turns = (*like.conversation, *rubric.conversation)
    asked = prompt or "\n".join(turn.text for turn in turns)
    texts = {
        "echo": _echo(rubric.criteria()),
        "praise": _PRAISE,
        "hedge": _HEDGE,
        "structure": _STRUCTURE,
        "copy": asked,
        "keywords": _keywords(rubric.criteria()),
    }
    return tuple(
        evolve(like, text=text, response_id=f"{_MARK}_{name}", source=_MARK)
        for name, text in texts.items()
        if text.strip()
    )


def _echo(criteria: Iterator[Criterion]) -> str:
    """Read the criteria back as if saying so made them true."""
    lines = (f"- This response meets it: {c.text}" for c in criteria if c.check is None)
    return "\n".join(lines)


def _keywords(criteria: Iterator[Criterion]) -> str:
    words = (w.casefold() for c in criteria for w in _WORD.findall(c.text))
    return ", ".join(list(dict.fromkeys(words))[:_MOST_KEYWORDS])
