"""Which edits would close the holes that an audit has found.

They are lines of a rubric to be looked over and pasted: a gate against what got
through, and for each criterion that was fooled a stricter one in its place.  A check
is tried at once, on the junk and on the best of the pool, and proposed only if it
stops some of the one and none of the other.  What a judge has to decide is not tried.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from rubricdsl.audit.credits import Count, Credit, bears_on, fooled, result_on
from rubricdsl.audit.gates import Gate, Ground, gates, one_line
from rubricdsl.audit.tops import Key, Top, key_of
from rubricdsl.audit.trials import ProbeResult, Trial
from rubricdsl.checks.running import response_names, run_check
from rubricdsl.diagnostics import CheckError, FactMissingError, RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.lint.wording import MENTION
from rubricdsl.language.loading import load_text
from rubricdsl.language.printing import INDENT, item_lines
from rubricdsl.language.scopes import Scope
from rubricdsl.model.audit import Weakness
from rubricdsl.model.protocols import CheckFunction, Facts
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, BoundRubric, Criterion, Example, Rubric
from rubricdsl.model.ruling import NO
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.leaves import TOLERANCE, RulingWorths, met

_LONGEST_EXAMPLE = 160
_TRIAL = "trial"
_NOTE = "Words from the question or from this statement alone are not enough."


@frozen(kw_only=True)
class Remedy:
    """An edit that would close a hole.

    ``criterion`` is the path of the criterion whose place the ``lines`` take, None
    where they are to be added.  ``stops`` counts the junk that they stop of that which
    got through and ``harms`` the best responses of the pool that they stop, both None
    where only a judge can tell.
    """

    rubric: str
    criterion: str | None
    probes: tuple[str, ...]
    why: str
    lines: str
    stops: Count | None = None
    harms: Count | None = None


@frozen(kw_only=True)
class Bench:
    """What it takes to try a check: functions, and the facts of a response."""

    functions: Mapping[str, CheckFunction]
    facts: Callable[[Response], Facts]

    def parsed(self, gate: Gate) -> Criterion | None:
        """Give a gate as it stands in a rubric; None if it cannot stand in one."""
        lines = [*item_lines(gate.criterion)]
        if gate.check is not None:
            lines.append(f"    check: {gate.check}")
        text = "\n".join([f"rubric {_TRIAL}", *lines, ""])
        signatures = {name: f.signature for name, f in self.functions.items()}
        try:
            (rubric,) = load_text(text, signatures, folder=Path()).checked()
            (criterion,) = bind(rubric, signatures).criteria()
        except RubricError:
            return None
        return criterion

    def stopped(
        self, gate: Gate, criterion: Criterion, responses: Sequence[Response]
    ) -> Count | None:
        """Count the responses that a gate stops; None where it cannot be decided."""
        worths = RulingWorths.of(criterion)
        count = 0
        for response in responses:
            names = response_names(response)
            facts = self.facts(response)
            try:
                ruling = run_check(criterion, names, facts, self.functions)
            except (CheckError, FactMissingError):
                return None
            is_met = met(worths.worth(ruling), criterion.passing)
            count += is_met is not gate.wants
        return Count(count, len(responses))


@frozen(kw_only=True)
class Evidence:
    """All that remedies are made of, for one rubric."""

    rubric: Rubric
    bound: BoundRubric
    best: Sequence[Response]
    results: Sequence[ProbeResult]
    credits: Sequence[Credit]

    def through(self, result: ProbeResult) -> list[Trial]:
        """Give the junk of a probe that got through by this rubric."""
        name = self.bound.name
        return [t for t in result.through if t.card.rubric == name]


def best_responses(
    responses: Sequence[Response], cards: Sequence[Scorecard], found: Sequence[Top]
) -> dict[Key, list[Response]]:
    """Give the best responses of each pool, which no remedy may stop."""
    bars = {top.key: top.bar for top in found}
    best: dict[Key, list[Response]] = {}
    for response, card in zip(responses, cards, strict=True):
        bar = bars[key_of(card)]
        if bar is not None and card.score is not None and card.score >= bar - TOLERANCE:
            best.setdefault(key_of(card), []).append(response)
    return best


def remedies(evidence: Evidence, bench: Bench) -> tuple[Remedy, ...]:
    """Give the edits that would close what is open in one rubric."""
    return (*_gates(evidence, bench), *_stricter(evidence))


# ------------------------------------------------------------------------ gates


def _gates(evidence: Evidence, bench: Bench) -> Iterator[Remedy]:
    by_weakness: dict[Weakness, list[ProbeResult]] = {}
    for result in evidence.results:
        if evidence.through(result):
            by_weakness.setdefault(result.offer.weakness, []).append(result)
    taken = set(Scope.of(evidence.rubric).by_name)
    for weakness, some in by_weakness.items():
        remedy = _gate(weakness, some, evidence, bench, taken)
        if remedy is not None:
            yield remedy


def _gate(
    weakness: Weakness,
    some: Sequence[ProbeResult],
    evidence: Evidence,
    bench: Bench,
    taken: set[str],
) -> Remedy | None:
    """Give the first gate that holds; one for a judge holds as far as anybody knows."""
    trials = [trial for result in some for trial in evidence.through(result)]
    base = trials[0].attempt.base.response
    texts = [trial.attempt.response for trial in trials]
    ground = Ground(rubric=evidence.bound, best=evidence.best, base=base)
    for gate in gates(weakness, ground):
        named = evolve(gate, criterion=evolve(gate.criterion, name=_free(gate, taken)))
        criterion = bench.parsed(named)
        if criterion is None:
            continue
        stops = harms = None
        if gate.check is not None:
            stops = bench.stopped(named, criterion, texts)
            harms = bench.stopped(named, criterion, evidence.best)
            if stops is None or harms is None or not stops.count or harms.count:
                continue
        taken.add(named.criterion.name)
        printed = evolve(named.criterion, check=criterion.check)
        return Remedy(
            rubric=evidence.bound.name,
            criterion=None,
            probes=tuple(result.offer.name for result in some),
            why=some[0].offer.attacks,
            lines="\n".join(item_lines(printed)),
            stops=stops,
            harms=harms,
        )
    return None


def _free(gate: Gate, taken: set[str]) -> str:
    name, number = gate.criterion.name, 2
    while name in taken:
        name = f"{gate.criterion.name}_{number}"
        number += 1
    return name


# --------------------------------------------------------- criteria in their place


def _stricter(evidence: Evidence) -> Iterator[Remedy]:
    own = {named.path: named.item for named in Scope.of(evidence.rubric).own}
    for credit in sorted(evidence.credits, key=lambda one: -one.fooled.count):
        item = own.get(credit.path)
        if not (credit.helps and credit.fooled.count and isinstance(item, Criterion)):
            continue
        stricter = (
            _with_quote(item, credit, evidence)
            if item.check is None
            else _with_need(item, evidence)
        )
        if stricter is not None:
            criterion, why = stricter
            indent = INDENT * credit.path.count(".")
            yield Remedy(
                rubric=evidence.bound.name,
                criterion=credit.path,
                probes=tuple(
                    name for name, count in credit.by_probe.items() if count.count
                ),
                why=why,
                lines="\n".join(item_lines(criterion, indent)),
            )


def _with_quote(
    item: Criterion, credit: Credit, evidence: Evidence
) -> tuple[Criterion, str]:
    """Ask for evidence; where that is asked for already, show what is none."""
    why = "it takes words for what they say"
    if MENTION.match(item.text):
        why = "it asks only for a mention; say what must be said of the thing"
    wants_quote = isinstance(item.scale, AnswerScale) and not item.evidence
    changed = evolve(item, evidence=item.evidence or wants_quote)
    if item.note is None:
        changed = evolve(changed, note=_NOTE)
    example = _example(credit, evidence)
    is_shown = example is None or example in {one.text for one in item.examples}
    if not is_shown and isinstance(item.scale, AnswerScale) and example is not None:
        changed = evolve(changed, examples=(*item.examples, Example(NO, example)))
    return changed, why


def _example(credit: Credit, evidence: Evidence) -> str | None:
    """Give junk that fooled a criterion, or what the judge quoted of it."""
    for result in evidence.results:
        if not bears_on(credit.criterion, result, helps=credit.helps):
            continue
        for trial in result.trials:
            if trial.card.rubric != credit.rubric or not fooled(
                trial, credit.criterion, helps=credit.helps
            ):
                continue
            found = result_on(trial, credit.criterion)
            quoted = None if found is None else found.verdict.evidence
            text = one_line(quoted or trial.attempt.response.text)
            if text:
                return text[:_LONGEST_EXAMPLE].rstrip()
    return None


def _with_need(item: Criterion, evidence: Evidence) -> tuple[Criterion, str] | None:
    """Let a check count only where the response says what matters."""
    cards = [t.attempt.base.card for r in evidence.results for t in r.trials]
    shares = {r.path: r.share or 0.0 for card in cards for r in card.criteria}
    sound = [
        other
        for other in evidence.credits
        if other.helps
        and other.criterion.check is None
        and not other.criterion.needs
        and not other.fooled.count
        and other.path not in item.needs
        and shares.get(other.path, 0.0) > 0
    ]
    if not sound:
        return None
    need = max(sound, key=lambda other: shares[other.path])
    why = (
        f"a text that says nothing meets it; `{need.path}` was fooled by none of "
        f"{need.fooled.total} probes"
    )
    return evolve(item, needs=(*item.needs, need.path)), why
