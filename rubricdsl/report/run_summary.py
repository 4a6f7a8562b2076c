"""A run in figures: what was measured of how much, by whom, and at what cost."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import fsum
from statistics import median

from attrs import field, frozen

from rubricdsl.diagnostics.secrets import without_keys
from rubricdsl.formats.results import Results
from rubricdsl.model.digest import Plain
from rubricdsl.model.scorecard import Scorecard, Status

# Who is named in an address, before the host.
_USER = re.compile(r"(?<=://)[^/\s?#]*@")


@frozen
class NamedRubric:
    """A rubric as results name it, and of how many responses."""

    name: str
    version: str | None
    digest: str
    responses: int


@frozen(kw_only=True)
class JudgeSummary:
    """What a judge was asked, and how much of it it told."""

    name: str
    models: tuple[str, ...]
    verdicts: int
    measured: int
    cached: int


@frozen(kw_only=True)
class RunSummary:
    """Figures of a run.

    ``scored`` responses have a score; ``mean`` and ``median`` are over them.
    ``passed`` counts those that passed of the ``passable``, which have a score under a
    rubric with a pass mark.  ``verdicts`` are all that were wanted, ``measured`` those
    that were had, ``unasked`` those left out as not needed; ``cached`` ones had been
    given in earlier runs.  ``failures`` counts the others by kind.  ``cost`` is None
    where no price is known.  ``facts`` are what the headers of the results say, without
    secrets.
    """

    responses: int
    prompts: int
    scored: int
    mean: float | None
    median: float | None
    passed: int
    passable: int
    statuses: Mapping[Status, int] = field(hash=False)
    verdicts: int
    measured: int
    unasked: int
    cached: int
    failures: Mapping[str, int] = field(hash=False)
    rubrics: tuple[NamedRubric, ...]
    judges: tuple[JudgeSummary, ...]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    facts: tuple[tuple[str, str], ...]


def run_summary(runs: Sequence[Results]) -> RunSummary:
    """Sum up the parts of a run."""
    cards = [card for run in runs for card in run.scorecards]
    scores = [card.score for card in cards if card.score is not None]
    judged = [result.verdict for card in cards for result in card.criteria]
    failures = Counter(
        verdict.failure.kind for verdict in judged if verdict.failure is not None
    )
    costs = [card.usage.cost for card in cards if card.usage.cost is not None]
    passable = [card.passed for card in cards if card.passed is not None]
    return RunSummary(
        responses=len(cards),
        prompts=len({card.prompt_id for card in cards}),
        scored=len(scores),
        mean=fsum(scores) / len(scores) if scores else None,
        median=median(scores) if scores else None,
        passed=sum(passable),
        passable=len(passable),
        statuses=Counter(card.status for card in cards),
        verdicts=len(judged),
        measured=sum(verdict.ruling is not None for verdict in judged),
        unasked=sum(not verdict.asked for verdict in judged),
        cached=sum(verdict.cached for verdict in judged),
        failures=dict(sorted(failures.items(), key=lambda item: (-item[1], item[0]))),
        rubrics=tuple(_rubrics(cards)),
        judges=tuple(_judges(cards)),
        calls=sum(card.judge_calls for card in cards),
        prompt_tokens=sum(card.usage.prompt_tokens for card in cards),
        completion_tokens=sum(card.usage.completion_tokens for card in cards),
        cost=fsum(costs) if costs else None,
        facts=tuple(_facts(runs)),
    )


def _rubrics(cards: Sequence[Scorecard]) -> Iterator[NamedRubric]:
    counts = Counter(
        (card.rubric, card.rubric_version, card.rubric_digest) for card in cards
    )
    for (name, version, digest), count in counts.items():
        yield NamedRubric(name, version, digest, count)


def _judges(cards: Sequence[Scorecard]) -> Iterator[JudgeSummary]:
    counts: dict[str, Counter[str]] = {}
    models: dict[str, dict[str, None]] = {}
    for card in cards:
        for result in card.criteria:
            verdict = result.verdict
            name = verdict.provenance.judge
            if not name:
                continue
            counts.setdefault(name, Counter()).update(
                verdicts=1,
                measured=int(verdict.ruling is not None),
                cached=int(verdict.cached),
            )
            model = verdict.provenance.model
            if model:
                models.setdefault(name, {})[model] = None
    for name, count in sorted(counts.items(), key=lambda item: -item[1]["verdicts"]):
        yield JudgeSummary(
            name=shown_fact(name),
            models=tuple(map(shown_fact, models.get(name, ()))),
            verdicts=count["verdicts"],
            measured=count["measured"],
            cached=count["cached"],
        )


def _facts(runs: Sequence[Results]) -> Iterator[tuple[str, str]]:
    """Give what headers say, each thing once, in the words that a page can show."""
    found: dict[tuple[str, str], None] = {}
    for run in runs:
        for name, value in _header_facts(run.run):
            if value:
                found[name, shown_fact(value)] = None
    yield from found


def _header_facts(run: Mapping[str, Plain]) -> Iterator[tuple[str, str]]:
    versions, options = _members(run, "versions"), _members(run, "options")
    identity = _members(run, "identity")
    yield "started", _text(run.get("started"))
    yield "took", _seconds(run.get("seconds"))
    yield "rubricdsl", _text(versions.get("rubricdsl"))
    yield "Python", _text(versions.get("python"))
    yield "plugins", _text(versions.get("plugins"))
    yield "rubrics", _text(options.get("rubrics"))
    yield "responses", _text(options.get("responses"))
    yield "judge", _text(options.get("judge"))
    yield "concurrency", _text(options.get("concurrency"))
    yield "seed", _text(identity.get("seed"))


def _members(record: Mapping[str, Plain], name: str) -> Mapping[str, Plain]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Plain) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case list() | tuple():
            return ", ".join(filter(None, map(_text, value)))
        case float() | int():
            return f"{value:g}"
        case _:
            return ""


def _seconds(value: Plain) -> str:
    return f"{value:,.1f} s" if isinstance(value, float | int) else ""


def shown_fact(text: str) -> str:
    """Give ``text`` without keys, and without the names and passwords in addresses."""
    return _USER.sub("[redacted]@", without_keys(text))
