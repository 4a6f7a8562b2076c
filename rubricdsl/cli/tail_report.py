"""What `rub tail` finds, for people to read in a terminal."""

from collections.abc import Sequence

from rubricdsl.analysis.bootstrap import Interval
from rubricdsl.analysis.tail.figures import Figure
from rubricdsl.analysis.tail.records import (
    CriterionAnalysis,
    FrontierFigures,
    HumanCeiling,
    PredictedOnset,
    RubricAnalysis,
    TailAnalysis,
)
from rubricdsl.cli.drawing import Column, blocks, draw_line, draw_table
from rubricdsl.cli.output import plural

# With more rubrics, only their criteria that something is wrong with are told.
_TOLD_IN_FULL = 3
_NONE = "n/a"
_NAME = Column(title="")
_RESTS_ON = Column(title="rests on")


def draw_analysis(found: TailAnalysis) -> None:
    """Draw all that was found on standard output."""
    _draw_population(found)
    _draw_accuracies(found)
    if found.population.rated:
        _draw_people("on the same pairs of the tail", found.human)
    if found.preferences is not None:
        _draw_people("on the same pairs that they compared", found.preferences.human)
    _draw_best(found)
    _draw_top(found)
    _draw_figures(
        f"leaks: the worst {found.leak.bad:.0%} by gold among the best "
        f"{found.leak.top:.0%} by score",
        [
            ("of all responses", found.leak.bad_at_top),
            ("the other way round", found.leak.good_at_bottom),
            ("more than noise explains", found.leak.excess),
        ],
    )
    _draw_frontier(found.frontier)
    _draw_figures("training", [("gold rises with the score by", found.slope)])
    _draw_onset(found.onset)
    _draw_figures(
        "what else the score follows", [("length, at equal gold", found.length)]
    )
    for rubric in found.rubrics:
        _draw_criteria(rubric, in_full=len(found.rubrics) <= _TOLD_IN_FULL)


def _draw_population(found: TailAnalysis) -> None:
    population, target = found.population, found.target
    raters = preferences = ""
    if population.preferences:
        preferences = f", {plural(population.preferences, 'preference')}"
    if population.annotators:
        raters = f" by {plural(population.annotators, 'annotator')}"
    draw_line(
        f"{plural(population.responses, 'response')} to "
        f"{plural(population.prompts, 'prompt')}: {population.scored:,} scored, "
        f"{population.rated:,} rated{preferences}{raters}"
    )
    draw_line(
        "all stand for the untrained policy (--base SOURCE names its responses)"
        if population.base is None
        else f"the untrained policy is {population.base}: "
        f"{plural(population.base_responses, 'response')}"
    )
    aim = "" if target.kl is None else f", which is what matters at {target.kl:g} nats"
    draw_line(f"the tail: the best {target.share:.1%} by gold{aim}")
    draw_line("")


# ------------------------------------------------------------------- sections


def _draw_figures(title: str, rows: Sequence[tuple[str, Figure]]) -> None:
    """Draw figures below each other, and say why those that lack do."""
    if any(figure.value is not None for _, figure in rows):
        draw_table(
            [_NAME, Column(title=""), _RESTS_ON],
            [[name, _value(figure), _count(figure)] for name, figure in rows],
            title=title,
        )
    else:
        draw_line(title)
    _draw_reasons([figure for _, figure in rows])


def _draw_reasons(figures: Sequence[Figure]) -> None:
    reasons = dict.fromkeys(
        (one.why, one.cure) for one in figures if one.why is not None
    )
    for why, cure in reasons:
        draw_line(f"  n/a: {why}")
        draw_line(f"    help: {cure}")
    if reasons:
        draw_line("")


def _draw_people(where: str, found: HumanCeiling) -> None:
    _draw_figures(
        f"people, each against the others, {where}",
        [
            ("people are right", found.people),
            ("the rubric is right", found.rubric),
            ("people are better by", found.gap),
        ],
    )


def _draw_accuracies(found: TailAnalysis) -> None:
    columns = {"everywhere": found.accuracy, "in the tail": found.tail}
    if found.preferences is not None:
        columns["compared by people"] = found.preferences.accuracy
    rows = [
        (name, *(_value(getattr(one, attribute)) for one in columns.values()))
        for name, attribute in (
            ("a tie is wrong", "strict"),
            ("a tie is half right", "half"),
            ("tied", "tie_rate"),
            ("without ties", "decisive"),
        )
    ]
    rows.append(("rests on", *(_count(one.half) for one in columns.values())))
    draw_table(
        [_NAME, *(Column(title=title) for title in columns)],
        rows,
        title="pairs in the right order",
    )
    for one in columns.values():
        if one.notice is not None:
            draw_line(f"  note: {one.notice}")
    _draw_reasons([one.half for one in columns.values()])


def _draw_best(found: TailAnalysis) -> None:
    title = "the best by score of k responses"
    if not found.best:
        draw_line(title)
        draw_line("  n/a: fewer than four responses to most prompts")
        draw_line("    help: judge more responses to each prompt")
        draw_line("")
        return
    draw_table(
        [
            Column(title="k", number=True),
            Column(title="nats", number=True),
            Column(title="is the best of them"),
            Column(title="by chance", number=True),
            Column(title="quantile of gold"),
            Column(title="short of the best", number=True),
        ],
        [
            [
                str(one.k),
                f"{one.kl:.2f}",
                _value(one.hit),
                _short(one.random),
                _value(one.quantile),
                _short(one.regret),
            ]
            for one in found.best
        ],
        title=f"{title} (rests on {_count(found.best[0].hit)})",
    )


def _draw_top(found: TailAnalysis) -> None:
    ceiling = found.ceiling
    _draw_figures(
        "where scores end, and what is tied there",
        [
            ("responses with a full score", ceiling.full),
            ("sharing the best of their prompt", ceiling.best),
            ("no policy wins more than", ceiling.win_rate),
            ("the best two are tied", found.ties.tied),
            (f"scores among the best {found.ties.top}", found.ties.levels),
        ],
    )
    if ceiling.kl is not None:
        draw_line(f"  nothing is to be gained beyond {ceiling.kl:.2f} nats")
        draw_line("")


# ------------------------------------------------------------------- frontier


def _draw_frontier(found: FrontierFigures) -> None:
    title = "wins against the untrained policy, by divergence"
    if not found.points or found.gap_kl is None or found.peak_kl is None:
        draw_line(title)
        _draw_reasons([found.gap])
        return
    draw_table(
        [
            Column(title="nats", number=True),
            Column(title=""),
            Column(title="wins"),
            Column(title="perfect", number=True),
            Column(title="effective responses", number=True),
        ],
        [
            [
                f"{point.kl:.2f}",
                blocks([point.win_rate.value], 0.0, 1.0),
                _value(point.win_rate),
                f"{point.perfect:.3f}",
                f"{point.effective:.0f}",
            ]
            for point in found.points
        ],
        title=f"{title} (rests on {_count(found.gap)}, "
        f"{plural(found.prompts, 'prompt')})",
    )
    draw_line(f"  highest at {found.peak_kl:.2f} nats: {_value(found.peak)}")
    draw_line(
        f"  short of a perfect score, on the average up to {found.gap_kl:.2f} nats: "
        f"{_value(found.gap)}"
    )
    if found.notice is not None:
        draw_line(f"  note: {found.notice}")
    draw_line("")


def _draw_onset(onset: PredictedOnset) -> None:
    if onset.searched is None:
        told = f"{_NONE}, since there are no wins by divergence"
    elif onset.kl is None:
        told = f"none up to {onset.searched:.2f} nats"
    else:
        sure = "" if onset.is_sure else ", which is not certain"
        told = f"from {onset.kl:.2f} nats on{sure}"
    draw_line(f"  over-optimization: {told}")
    draw_line("")


# ------------------------------------------------------------------- criteria


def _draw_criteria(rubric: RubricAnalysis, *, in_full: bool) -> None:
    shown = [one for one in rubric.criteria if in_full or _flags(one)]
    if not shown:
        return
    number = plural(len(rubric.criteria), "criterion", "criteria")
    draw_table(
        [
            Column(title="criterion"),
            Column(title="met or avoided", number=True),
            Column(title="in tail", number=True),
            Column(title="better less worse half"),
            _RESTS_ON,
            Column(title=""),
        ],
        [_criterion(one) for one in shown],
        title=f"{rubric.rubric}: {number}, as good as {rubric.effective:.1f} "
        "different ones",
    )


def _criterion(one: CriterionAnalysis) -> list[str]:
    found = one.discrimination
    return [
        one.path,
        _share(found.pass_rate),
        _share(found.tail_pass_rate),
        _interval(found.difference),
        f"{one.measured:,}/{one.responses:,}",
        ", ".join(_flags(one)),
    ]


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
    return _NONE if value is None else f"{value:.0%}"


def _count(figure: Figure) -> str:
    count = figure.count
    return f"{count.measured:,}/{count.total:,} {count.unit}"
