"""What requests to judges took, summed over all runs; for estimates of the next."""

from collections.abc import Mapping

from attrs import astuple, define

from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import pack_digest
from rubricdsl.model.judgement import Usage

# A judge can say anything of itself, and sums must stay below 2**63.
_MOST = 10**10

# Nor does one request take longer, in seconds.
_LONGEST = 1e6

_COLUMNS = """\
judge, requests, prompt_tokens, completion_tokens, characters, timed, seconds"""
_READ = f"SELECT {_COLUMNS} FROM spending"  # noqa: S608 - names of this module
_WRITE = f"""\
INSERT INTO spending ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (judge) DO UPDATE SET
    requests = requests + excluded.requests,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    characters = characters + excluded.characters,
    timed = timed + excluded.timed,
    seconds = seconds + excluded.seconds"""  # noqa: S608 - names of this module


@define
class Spending:
    """What requests to a judge took: tokens, and characters of their prompts.

    ``seconds`` are those of the ``timed`` among them, each from when it was sent until
    its answer was there.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    timed: int = 0
    seconds: float = 0.0

    def count(
        self, tokens: Usage, *, characters: int = 0, seconds: float | None = None
    ) -> None:
        """Count what one request took; a number that no request takes is cut."""
        self.requests += 1
        self.prompt_tokens += _sane(tokens.prompt_tokens)
        self.completion_tokens += _sane(tokens.completion_tokens)
        self.characters += _sane(characters)
        if seconds is not None:
            self.timed += 1
            self.seconds += max(0.0, min(seconds, _LONGEST))

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            characters=self.characters + other.characters,
            timed=self.timed + other.timed,
            seconds=self.seconds + other.seconds,
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
