"""What ``rub refine`` says of what happened: for people, and as a record."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import define

from rubricdsl.cli.output import plural, say
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.language.edit import edit_record, edit_words
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.digest import Plain
from rubricdsl.model.refinement import (
    Decision,
    RefinedRubric,
    RoundFinished,
    RoundRecord,
    TailMeasure,
)
from rubricdsl.plugins.host import PluginHost
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.refinement.lineage import lineage_record, lineages

# With more rubrics, their rounds are told in sum.
_TOLD_ONE_BY_ONE = 12


@define(eq=False)
class Rounds:
    """Tells of rounds as they end: people, and the plugins that listen."""

    host: PluginHost
    rubrics: int
    _rounds: int = 0

    def round_finished(self, rubric: str, record: RoundRecord) -> None:
        """Tell of a round."""
        self._rounds += 1
        event = RoundFinished(rubric=rubric, record=record)
        for problem in self.host.tell("rubricdsl_round_finished", event):
            say(f"note: {problem}")
        if self.rubrics <= _TOLD_ONE_BY_ONE:
            for line in _round_lines(rubric, record):
                say(safe_text(line))
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r{self._rounds} rounds of {self.rubrics} rubrics")


def _round_lines(rubric: str, record: RoundRecord) -> Iterator[str]:
    head = f"{rubric}, round {record.number} ({record.strategy})"
    if record.pair is not None:
        head += f": {record.pair[0]} against {record.pair[1]}"
    yield head
    if record.failure is not None:
        yield f"  ! {record.failure.kind}: {record.failure.reason}"
    for decision in record.decisions:
        sign = "+" if decision.accepted else "-"
        yield f"  {sign} {edit_words(decision.edit)}"
        yield f"      {decision.why}"
    for unread in record.unread:
        yield f"  ? no edit: {unread.reason}"
    yield from (f"  note: {notice}" for notice in record.notices)
    if not record.decisions and record.failure is None:
        yield "  nothing was proposed"


def tell(results: Sequence[RefinedRubric], ledger: Ledger, record: Path) -> None:
    """Say in the end what came of it."""
    if len(results) > _TOLD_ONE_BY_ONE and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    accepted = sum(len(one.edits) for one in results)
    proposed = sum(len(round_.decisions) for one in results for round_ in one.rounds)
    calls = (
        f"{plural(ledger.judge_calls, 'judge call')}, "
        f"{plural(ledger.proposer_calls, 'proposer call')}"
    )
    cost = ledger.record["cost"]
    spent = f", cost {cost:.4g}" if isinstance(cost, float) and cost else ""
    say(
        f"{plural(len(results), 'rubric')}: {accepted} of {plural(proposed, 'edit')} "
        f"accepted; {calls}{spent}"
    )
    stops: dict[tuple[str, str], list[str]] = {}
    for one in results:
        stops.setdefault((one.stop.kind, one.stop.reason), []).append(one.name)
    for (kind, reason), names in stops.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        say(safe_text(f"  {kind.replace('_', ' ')}: {names[0]}{more}: {reason}"))
    say(f"record: {record}")


# ------------------------------------------------------------------- records


def rubric_record(result: RefinedRubric, file: str) -> dict[str, Plain]:
    """Give what happened to a rubric."""
    return {
        "name": result.name,
        "file": file,
        "rounds": [_round_record(one) for one in result.rounds],
        "stop": str(result.stop.kind),
        "stop_reason": result.stop.reason,
        "lineage": [
            lineage_record(one) for one in lineages(result.begin, result.rounds)
        ],
        "begin": print_rubric(result.begin),
        "source": result.text,
    }


def _round_record(record: RoundRecord) -> Plain:
    decisions = record.decisions
    rejected = [_decision(one) for one in decisions if not one.accepted]
    rejected += [{"text": one.text, "why": one.reason} for one in record.unread]
    return {
        "round": record.number,
        "strategy": record.strategy,
        "prompt_id": record.prompt_id,
        "pair": None if record.pair is None else list(record.pair),
        "proposed": [edit_record(one.edit) for one in decisions],
        "accepted": [_decision(one) for one in decisions if one.accepted],
        "rejected": rejected,
        "calls": record.judge_calls,
        "verdicts": record.verdicts,
        "proposer_calls": record.proposer_calls,
        "tokens": {
            "prompt": record.usage.prompt_tokens,
            "completion": record.usage.completion_tokens,
        },
        "cost": record.usage.cost,
        "notices": list(record.notices),
        "error": None
        if record.failure is None
        else {"kind": record.failure.kind, "reason": record.failure.reason},
    }


def _decision(decision: Decision) -> Plain:
    return {
        "edit": edit_record(decision.edit),
        "why": decision.why,
        "before": _measure(decision.before),
        "after": _measure(decision.after),
    }


def _measure(measure: TailMeasure | None) -> Plain:
    if measure is None:
        return None
    return {
        "pairs": measure.pairs,
        "accuracy": measure.accuracy,
        "ties": measure.ties,
        "leak": measure.leak,
    }
