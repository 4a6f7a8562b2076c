"""What is said of one criterion: a ruling, or the reason why there is none."""

import math
from enum import StrEnum
from typing import Self

from attrs import field, frozen


class RulingWord(StrEnum):
    """The form of a ruling."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    NA = "n/a"
    LEVEL = "level"
    NUMBER = "number"


def _finite(_: object, __: object, number: float | None) -> None:
    if number is not None and not math.isfinite(number):
        msg = f"a ruling must be finite, not {number}"
        raise ValueError(msg)


@frozen
class Ruling:
    """A judge's or check's word on one criterion.

    ``number`` is the level for ``level``, a value in [0, 1] for ``number`` and
    None for the other words.  It is always finite.
    """

    word: RulingWord
    number: float | None = field(default=None, validator=_finite)

    @classmethod
    def level(cls, number: float) -> Self:
        """Give the ruling ``level number``."""
        return cls(RulingWord.LEVEL, float(number))

    @classmethod
    def of_number(cls, number: float) -> Self:
        """Give the ruling of a check that measures: a value in [0, 1]."""
        return cls(RulingWord.NUMBER, float(number))

    @classmethod
    def of_bool(cls, truth: bool) -> "Ruling":  # noqa: FBT001 - the value itself
        """Give yes or no."""
        return YES if truth else NO

    @classmethod
    def from_record(cls, record: str | float) -> "Ruling":
        """Read the form in which results and recorded verdicts write a ruling.

        Raises ValueError for anything that is not a ruling.
        """
        if isinstance(record, bool):
            return cls.of_bool(record)
        if isinstance(record, int | float):
            return cls.of_number(record)
        words = record.strip().casefold().split()
        if len(words) == 2 and words[0] == "level":  # noqa: PLR2004 - "level N"
            return cls.level(float(words[1]))
        if len(words) == 1 and words[0] in _PLAIN:
            return _PLAIN[words[0]]
        msg = f"no ruling: {record!r}"
        raise ValueError(msg)

    @property
    def record(self) -> str | float:
        """The form for results: ``yes``, ``n/a``, ``level 3`` or a number."""
        if self.word is RulingWord.NUMBER:
            return self.number if self.number is not None else 0.0
        return str(self)

    def __str__(self) -> str:
        if self.word is RulingWord.LEVEL:
            return f"level {self.number:g}"
        if self.word is RulingWord.NUMBER:
            return f"{self.number:g}"
        return str(self.word)


YES = Ruling(RulingWord.YES)
NO = Ruling(RulingWord.NO)
PARTLY = Ruling(RulingWord.PARTLY)
NA = Ruling(RulingWord.NA)
_PLAIN = {"yes": YES, "no": NO, "partly": PARTLY, "n/a": NA}


class FailureKind(StrEnum):
    """Why a verdict could not be had.  Whether to retry is decided elsewhere.

    One that is ``judge_pending`` was asked for, of people or of a service that takes
    hours, and is there for a later run.
    """

    TRANSPORT_UNREACHABLE = "transport_unreachable"
    TRANSPORT_PEER_DROP = "transport_peer_drop"
    TRANSPORT_TIMEOUT = "transport_timeout"
    TRANSPORT_LOCAL_RESOURCE = "transport_local_resource"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    AUTH_FAILED = "auth_failed"
    REQUEST_REJECTED = "request_rejected"
    JUDGE_UNPARSEABLE = "judge_unparseable"
    JUDGE_REFUSED = "judge_refused"
    JUDGE_TRUNCATED = "judge_truncated"
    JUDGE_PENDING = "judge_pending"
    EVIDENCE_NOT_FOUND = "evidence_not_found"
    CANCELLED = "cancelled"
    BUDGET_EXHAUSTED = "budget_exhausted"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    NOT_RECORDED = "not_recorded"
    JUDGE_UNSUPPORTED = "judge_unsupported"
    FACT_MISSING = "fact_missing"
    CHECK_FAILED = "check_failed"


@frozen
class Failure:
    """A verdict that could not be had: never yes, never no, never a number.

    ``kind`` is one of `FailureKind`, or ``<distribution>:<kind>`` from a plugin.
    ``reason`` is for people; secrets have been removed from it.
    """

    kind: str
    reason: str
