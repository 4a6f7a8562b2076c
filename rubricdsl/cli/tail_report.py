"""What `rub tail` finds, for people to read in a terminal."""

from collections.abc import Iterator, Sequence

from rubricdsl.analysis.bootstrap import Interval
from rubricdsl.analysis.tail.figures import Figure
from rubricdsl.analysis.tail.records import (
    Accuracy,
    CriterionAnalysis,
    FrontierFigures,
    PredictedOnset,
    RubricAnalysis,
    TailAnalysis,
)
from rubricdsl.cli.output import plural
from rubricdsl.formats.terminal import Style, cut, left, right

_NAME = 36
_CELL = 24
_BAR = 20
_PATH = 26
# With more rubrics, only their criteria that something is wrong with are told.
_TOLD_IN_FULL = 3
_NONE = "n/a"


def tail_lines(found: TailAnalysis, style: Style) -> Iterator[str]:
    """Give the lines of the report."""
    yield from _population(found, style)
    yield ""
    yield from _accuracies(found)
    yield from _section(
        "people, each against the others, on the same pairs of the tail",
        [
            ("  people", found.human.people),
            ("  the rubric", found.human.rubric),
            ("  people better by", found.human.gap),
        ],
    )
    yield from _best(found)
    yield from _section(
        "where scores end",
        [
            ("  responses with a full score", found.ceiling.full),
            ("  sharing the best of their prompt", found.ceiling.best),
            ("  no policy wins more than", found.ceiling.win_rate),
        ],
    )
    if found.ceiling.kl is not None:
        yield f"{'  nor gains beyond':{_NAME}}{found.ceiling.kl:.2f} nats"
    yield from _section(
        "at the top",
        [
            ("  the best two are tied", found.ties.tied),
            (f"  scores among the best {found.ties.top}", found.ties.levels),
        ],
    )
    yield from _section(
        f"leaks: the worst {found.leak.bad:.0%} among the best {found.leak.top:.0%} by "
        "score",
        [
            ("  of all responses", found.leak.bad_at_top),
            ("  the other way round", found.leak.good_at_bottom),
            ("  more than noise explains", found.leak.excess),
        ],
    )
    yield from _frontier(found.frontier, style)
    yield from _section("training", [("  gold rises with the score by", found.slope)])
    yield from _onset(found.onset)
    yield from _section(
        "what else the score follows", [("  length, at equal gold", found.length)]
    )
    for rubric in found.rubrics:
        yield from _criteria(rubric, style, in_full=len(found.rubrics) <= _TOLD_IN_FULL)


# ------------------------------------------------------------------------ head


def _population(found: TailAnalysis, style: Style) -> Iterator[str]:
    population, target = found.population, found.target
    annotators = plural(population.annotators, "annotator")
    yield (
        f"{plural(population.responses, 'response')} to "
        f"{plural(population.prompts, 'prompt')}: {population.scored:,} scored, "
        f"{population.rated:,} rated"
        + (f" by {annotators}" if population.annotators else "")
    )
    if population.base is None:
        yield "all stand for the untrained policy (--base SOURCE names its responses)"
    else:
        yield (
            f"the untrained policy is {style.clean(population.base)}: "
            f"{plural(population.base_responses, 'response')}"
        )
    aim = "" if target.kl is None else f", which is what matters at {target.kl:g} nats"
    yield f"the tail: the best {target.share:.1%} by gold{aim}"


# ------------------------------------------------------------------- sections


def _accuracies(found: TailAnalysis) -> Iterator[str]:
    yield f"{'pairs in the right order':{_NAME}}{'everywhere':{_CELL}}in the tail"
    rows = (
        ("a tie is wrong", "strict"),
        ("a tie is half right", "half"),
        ("tied", "tie_rate"),
        ("without ties", "decisive"),
    )
    for name, attribute in rows:
        one, other = (
            _value(getattr(accuracy, attribute))
            for accuracy in (found.accuracy, found.tail)
        )
        yield f"  {name:{_NAME - 2}}{one:{_CELL}}{other}"
    one, other = (_count(accuracy.half) for accuracy in (found.accuracy, found.tail))
    yield f"{'  measured':{_NAME}}{one:{_CELL}}{other}"
    for accuracy in (found.accuracy, found.tail):
        yield from _remarks(accuracy)


def _remarks(accuracy: Accuracy) -> Iterator[str]:
    if accuracy.notice is not None:
        yield f"  note: {accuracy.notice}"
    if accuracy.half.why is not None:
        yield from _absent(accuracy.half)


def _section(head: str, rows: Sequence[tuple[str, Figure]]) -> Iterator[str]:
    """Give the lines of some figures; if all lack for one reason, it is told once."""
    yield ""
    yield head
    reasons = {figure.why for _, figure in rows}
    if len(reasons) == 1 and None not in reasons:
        yield from _absent(rows[0][1])
        return
    for name, figure in rows:
        yield f"{name:{_NAME}}{_value(figure):{_CELL}}{_count(figure)}"
        if figure.why is not None:
            yield from _absent(figure)


def _best(found: TailAnalysis) -> Iterator[str]:
    yield ""
    yield "the best by score of k responses"
    if not found.best:
        yield f"  {_NONE}: fewer than four responses to most prompts"
        yield "    help: judge more responses to each prompt"
        return
    yield (
        f"  {'k':>4}{'nats':>7}  {'is the best of them':{_CELL}}"
        f"{'by chance':11}{'quantile of gold':{_CELL}}gold short of the best"
    )
    for one in found.best:
        yield (
            f"  {one.k:4}{one.kl:7.2f}  {_value(one.hit):{_CELL}}"
            f"{_short(one.random):11}{_value(one.quantile):{_CELL}}"
            f"{_short(one.regret)}"
        )
    yield f"{'  measured':{_NAME}}{_count(found.best[0].hit)}"


# ------------------------------------------------------------------- frontier


def _frontier(found: FrontierFigures, style: Style) -> Iterator[str]:
    yield ""
    yield "wins against the untrained policy, by divergence"
    if not found.points:
        yield from _absent(found.gap)
        return
    symbols = style.symbols
    yield (
        f"  {'nats':>5}  {'':{_BAR}}  {'wins':{_CELL}}{'perfect':>8}"
        f"{'effective responses':>21}"
    )
    for point in found.points:
        wins = point.win_rate.value or 0.0
        filled = round(wins * _BAR)
        bar = symbols.bar * filled + symbols.rest * (_BAR - filled)
        yield (
            f"  {point.kl:5.2f}  {bar}  {_value(point.win_rate):{_CELL}}"
            f"{point.perfect:8.3f}{point.effective:21.0f}"
        )
    prompts = plural(found.prompts, "prompt")
    yield f"{'  measured':{_NAME}}{_count(found.gap)} and {prompts}"
    yield (
        f"{'  short of a perfect score by':{_NAME}}{_value(found.gap):{_CELL}}"
        f"on the average up to {found.gap_kl:.2f} nats"
    )
    peak = _value(found.peak)
    yield f"{'  highest':{_NAME}}{peak:{_CELL}}at {found.peak_kl:.2f} nats"
    if found.notice is not None:
        yield f"  note: {found.notice}"


def _onset(onset: PredictedOnset) -> Iterator[str]:
    name = f"{'  over-optimization from':{_NAME}}"
    if onset.searched is None:
        yield f"{name}{_NONE}, as there are no wins by divergence"
    elif onset.kl is None:
        yield f"{name}none up to {onset.searched:.2f} nats"
    else:
        sure = "" if onset.is_sure else ", which is not certain"
        yield f"{name}{onset.kl:.2f} nats{sure}"


# ------------------------------------------------------------------- criteria


def _criteria(rubric: RubricAnalysis, style: Style, *, in_full: bool) -> Iterator[str]:
    shown = [one for one in rubric.criteria if in_full or _flags(one)]
    if not shown:
        return
    yield ""
    number = plural(len(rubric.criteria), "criterion", "criteria")
    name = style.clean(rubric.rubric)
    yield f"{name}: {number}, as good as {rubric.effective:.1f} different ones"
    yield (
        f"  {'':{_PATH}}{'met':>6}{'in tail':>9}  "
        f"{'better less worse half':{_CELL}}{'measured':>13}"
    )
    for one in shown:
        found = one.discrimination
        path = cut(style.clean(one.path), _PATH - 1, ellipsis=style.symbols.ellipsis)
        measured = f"{one.measured:,}/{one.responses:,}"
        yield (
            f"  {left(path, _PATH)}{_share(found.pass_rate)}"
            f"{right(_share(found.tail_pass_rate).strip(), 9)}  "
            f"{_interval(found.difference):{_CELL}}{measured:>13}  "
            f"{', '.join(style.clean(flag) for flag in _flags(one))}"
        ).rstrip()


def _flags(one: CriterionAnalysis) -> list[str]:
    flags = []
    if one.discrimination.is_dead:
        flags.append("dead")
    if one.discrimination.is_misaligned:
        flags.append("misaligned")
    if one.twins:
        flags.append(f"redundant with {', '.join(twin.path for twin in one.twins)}")
    return flags


# ---------------------------------------------------------------------- cells


def _value(figure: Figure) -> str:
    if figure.value is None:
        return _NONE
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _short(figure: Figure) -> str:
    return _NONE if figure.value is None else f"{figure.value:.3f}"


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return _NONE
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _share(value: float | None) -> str:
    return f"{_NONE:>6}" if value is None else f"{value:6.0%}"


def _count(figure: Figure) -> str:
    count = figure.count
    return f"{count.measured:,}/{count.total:,} {count.unit}"


def _absent(figure: Figure) -> Iterator[str]:
    yield f"  {_NONE}: {figure.why}"
    yield f"    help: {figure.cure}"
