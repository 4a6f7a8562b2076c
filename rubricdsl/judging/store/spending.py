"""What requests to judges took, summed over all runs; for estimates of the next."""

from collections.abc import Mapping
from typing import Self

from attrs import astuple, frozen

from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import pack_digest
from rubricdsl.model.judgement import Usage

# A judge can say anything of itself, and sums must stay below 2**63.
_MOST = 10**10

_READ = """\
SELECT judge, requests, prompt_tokens, completion_tokens, characters FROM spending"""
_WRITE = """\
INSERT INTO spending VALUES (?, ?, ?, ?, ?)
ON CONFLICT (judge) DO UPDATE SET
    requests = requests + excluded.requests,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    characters = characters + excluded.characters"""


@frozen
class Spending:
    """What requests to a judge took: tokens, and characters of their prompts."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0

    @classmethod
    def of_request(cls, tokens: Usage, *, characters: int = 0) -> Self:
        """Give what one request took; a number that no request takes is cut."""
        return cls(
            requests=1,
            prompt_tokens=_sane(tokens.prompt_tokens),
            completion_tokens=_sane(tokens.completion_tokens),
            characters=_sane(characters),
        )

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            characters=self.characters + other.characters,
        )


def read_spending(database: Database) -> dict[str, Spending]:
    """Give what was spent by the digest of the judge; raises as `Database.fetch`."""
    return {
        judge.hex(): Spending(*numbers) for judge, *numbers in database.fetch(_READ)
    }


def write_spending(database: Database, spent: Mapping[str, Spending]) -> None:
    """Add to what was spent, within a transaction of the caller."""
    rows = [(pack_digest(judge), *astuple(more)) for judge, more in spent.items()]
    database.connection.executemany(_WRITE, rows)


def _sane(number: int) -> int:
    return max(0, min(int(number), _MOST))
