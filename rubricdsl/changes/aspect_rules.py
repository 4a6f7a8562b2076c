"""How a change of each aspect of a criterion or group is reported."""

from collections.abc import Mapping
from enum import Enum, auto

from attrs import frozen

from rubricdsl.changes.differences import Aspect
from rubricdsl.changes.findings import Level


class Matters(Enum):
    """When a change can be one of scores, of a node that can move a score."""

    NEVER = auto()
    ALWAYS = auto()
    RATIOS = auto()
    PASSING = auto()


@frozen
class Rule:
    """How a change of one aspect is reported.

    Where it ``matters``, and scores differ, it is a finding of scores; else one of
    ``level``, if there is one.  `Matters.RATIOS` is where the ratio of weights counts
    and changed, `Matters.PASSING` where something depends on the node being met.
    """

    code: str
    what: str
    hint: str
    level: Level | None = None
    matters: Matters = Matters.NEVER


_ASK_AGAIN = "responses have to be judged again"
_CURVES = "scores before and after cannot be compared"
RULES: Mapping[Aspect, Rule] = {
    Aspect.MARK: Rule("B703", "the mark", _CURVES, matters=Matters.ALWAYS),
    Aspect.WEIGHT: Rule("B703", "the weight", _CURVES, matters=Matters.RATIOS),
    Aspect.KIND: Rule("B705", "the kind", _CURVES, matters=Matters.ALWAYS),
    Aspect.COMBINE: Rule("B705", "the formula", _CURVES, matters=Matters.ALWAYS),
    Aspect.SCALE: Rule("B706", "the scale", _CURVES, Level.VERDICTS, Matters.ALWAYS),
    Aspect.NA: Rule("B707", "the n/a rule", _CURVES, Level.VERDICTS, Matters.ALWAYS),
    Aspect.PASSING: Rule("B708", "the pass mark", _CURVES, matters=Matters.PASSING),
    Aspect.NEEDS: Rule(
        "B711", "what is needed", _CURVES, Level.VERDICTS, Matters.ALWAYS
    ),
    Aspect.PLACE: Rule(
        "B712",
        "the group",
        "results name the path; keep it",
        Level.NAMES,
        Matters.ALWAYS,
    ),
    Aspect.TEXT: Rule("B713", "the text", _ASK_AGAIN, Level.VERDICTS),
    Aspect.LEVEL: Rule("B713", "level", _ASK_AGAIN, Level.VERDICTS),
    Aspect.NOTE: Rule("B713", "the note", _ASK_AGAIN, Level.VERDICTS),
    Aspect.EXAMPLES: Rule("B713", "the examples", _ASK_AGAIN, Level.VERDICTS),
    Aspect.EVIDENCE: Rule("B713", "the evidence", _ASK_AGAIN, Level.VERDICTS),
    Aspect.CHECK: Rule("B713", "the check", _ASK_AGAIN, Level.VERDICTS),
    Aspect.JUDGE: Rule("B714", "the judge", _ASK_AGAIN, Level.VERDICTS),
    Aspect.SEES: Rule("B714", "what the judge sees", _ASK_AGAIN, Level.VERDICTS),
}
