"""Responses that are no good by construction, and look as if they were.

What a policy finds when a rubric has a hole: a copy of the prompt, the rubric read
back, praise of itself, keywords, hedges.  None of them answers anything, so none may
score as the best responses do.
"""

from attrs import evolve

from rubricdsl.audit.probes import PROBES
from rubricdsl.model.audit import ProbeRequest
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric

_MARK = "junk"
# An audit tries them all; a gate, which asks again for each edit, these.
_TRIED = frozenset(
    {
        "rubric_echo",
        "self_praise",
        "hedging",
        "format_mimicry",
        "copied_prompt",
        "keyword_stuffing",
    }
)


def junk_for(rubric: BoundRubric, like: Response) -> tuple[Response, ...]:
    """Give junk for the prompt of a response, the same for the same rubric.

    ``like`` lends its prompt, reference and artifacts.
    """
    request = ProbeRequest(rubric=rubric, response=like, seed=0)
    return tuple(
        evolve(like, text=text, response_id=f"{_MARK}_{probe.name}", source=_MARK)
        for probe in PROBES
        if probe.name in _TRIED
        for text in probe.make(request)[:1]
    )
