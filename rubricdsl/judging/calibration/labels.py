"""Labelled verdicts, held against what judges said in a run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from rubricdsl.judging.calibration.curves import Observation
from rubricdsl.judging.calibration.files import Calibration, CalibrationFile
from rubricdsl.judging.calibration.fitting import Fit, TooFewLabelsError, fit
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.ruling import NA, YES, Ruling, RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard

_WORDS = frozenset({RulingWord.YES, RulingWord.NO, RulingWord.PARTLY})


@frozen(kw_only=True)
class LabelledVerdict:
    """What a person, or a reference, says of one criterion of one response.

    ``criterion`` is a name or a path.  Labels of several annotators are kept apart.
    """

    prompt_id: str
    response_id: str
    criterion: str
    ruling: Ruling
    annotator: str | None = None


JudgeKey: TypeAlias = tuple[str, str]
"""A judge's name, and the digest of its prompt template."""


def observations(
    scorecards: Iterable[Scorecard], labels: Iterable[LabelledVerdict]
) -> Mapping[JudgeKey, Sequence[Observation]]:
    """Pair the probabilities of a run with labels, by judge.

    Only verdicts of a single judge count: a panel's probability is nobody's own.  A
    label counts as yes or, with no and partly, as not yes; n/a, levels and numbers
    say nothing about a probability of yes.
    """
    said: dict[tuple[str, str, str], list[CriterionResult]] = defaultdict(list)
    for card in scorecards:
        for result in card.criteria:
            if result.verdict.probability is None or result.verdict.ballots:
                continue
            for name in {result.path, result.name}:
                said[card.prompt_id, card.response_id, name].append(result)
    found: dict[JudgeKey, list[Observation]] = defaultdict(list)
    for label in labels:
        if label.ruling == NA or label.ruling.word not in _WORDS:
            continue
        for result in said.get(
            (label.prompt_id, label.response_id, label.criterion), ()
        ):
            provenance = result.verdict.provenance
            found[provenance.judge, provenance.template].append(
                Observation(
                    result.verdict.probability or 0.0,
                    label.ruling == YES,
                    label.prompt_id,
                )
            )
    return dict(sorted(found.items()))


def fit_calibrations(
    observed: Mapping[JudgeKey, Sequence[Observation]],
    *,
    fitted_by: str,
    seed: int = 0,
) -> CalibrationFile:
    """Fit a calibration for each judge.

    Raises TooFewLabelsError, naming the judge, where one has too few labels.
    """
    return CalibrationFile(
        calibrations=tuple(
            Calibration(judge, template, _fit(judge, values, seed))
            for (judge, template), values in observed.items()
        ),
        fitted_by=fitted_by,
        labels_digest=digest(*_plain(observed)),
    )


def _fit(judge: str, values: Sequence[Observation], seed: int) -> Fit:
    try:
        return fit(values, seed=seed)
    except TooFewLabelsError as error:
        raise TooFewLabelsError(f"{judge} has {error}") from None


def _plain(
    observed: Mapping[JudgeKey, Sequence[Observation]],
) -> Iterator[Plain]:
    for (judge, template), values in observed.items():
        for o in sorted(values, key=lambda o: (o.group, o.probability, o.truth)):
            yield [judge, template, o.group, o.probability, o.truth]
