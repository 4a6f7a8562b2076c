"""Keys and verdicts to store."""

from collections.abc import Callable

import pytest
from attrs import evolve

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import YES, Ruling

MakeKey = Callable[..., VerdictKey]
MakeVerdict = Callable[..., Verdict]


@pytest.fixture(scope="session")
def key() -> MakeKey:
    """Give a maker of keys from short names."""

    def make(
        response: str = "r1", question: str = "q1", judge: str = "j1"
    ) -> VerdictKey:
        return VerdictKey(digest(response), digest(question), digest(judge))

    return make


@pytest.fixture(scope="session")
def verdict() -> MakeVerdict:
    """Give a maker of verdicts that belong under a key."""

    def make(key: VerdictKey, ruling: Ruling = YES, **fields: object) -> Verdict:
        provenance = Provenance(
            judge="openai:m",
            response=key.response,
            settings=digest("manner", key.judge),
            template=digest("template"),
            model="m-2026",
        )
        made = Verdict(ruling=ruling, at=1_700_000_000.25, provenance=provenance)
        return evolve(made, **fields)  # type: ignore[arg-type]

    return make
