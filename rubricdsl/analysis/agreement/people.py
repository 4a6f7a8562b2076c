"""Annotators beside each other: what a judge can at most be asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations

import numpy as np

from rubricdsl.analysis import confusion
from rubricdsl.analysis.agreement.bodies import Body, Matched
from rubricdsl.analysis.agreement.cells import Scale, value_on
from rubricdsl.analysis.agreement.raters import (
    TWO_ANSWERS,
    interval_alpha,
    on_tables,
    rater_agreement,
)
from rubricdsl.analysis.agreement.records import PeopleAgreement, PersonAgreement
from rubricdsl.analysis.alpha import coincidences
from rubricdsl.analysis.figures import Figure, mean_figure
from rubricdsl.model.ruling import Ruling


def people_agreement(body: Body, annotators: Sequence[str]) -> PeopleAgreement:
    """Hold annotators, at least two, beside each other."""
    labels = {name: body.of_annotator(name) for name in annotators}
    with_others = tuple(
        _person(body, name, labels[name], "the others", body.of_majority(without=name))
        for name in annotators
    )
    kappas = [
        (
            one.raters.kappa
            if len(body.values) <= TWO_ANSWERS
            else one.raters.weighted_kappa
        )
        for one in with_others
    ]
    return PeopleAgreement(
        alpha=_alpha_of_all(body, labels),
        ceiling=mean_figure(kappas, lacking="no annotator has a kappa with the others"),
        with_others=with_others,
        pairs=tuple(
            _person(body, one, labels[one], other, labels[other])
            for one, other in combinations(annotators, 2)
        ),
    )


def _person(
    body: Body,
    annotator: str,
    own: Sequence[Ruling | None],
    reference: str,
    labels: Sequence[Ruling | None],
) -> PersonAgreement:
    matched = Matched.of(body, own, labels)
    return PersonAgreement(
        annotator=annotator,
        reference=reference,
        compared=len(matched.rows),
        raters=rater_agreement(body, matched),
    )


def _alpha_of_all(body: Body, labels: Mapping[str, Sequence[Ruling | None]]) -> Figure:
    units: list[list[float]] = [
        [
            value
            for said in labels.values()
            if (ruling := said[number]) is not None
            and (value := value_on(body.scale, ruling)) is not None
        ]
        for number in range(len(body.cells))
    ]
    repeated = sum(len(unit) > 1 for unit in units)
    if not repeated:
        return Figure.missing("no cell has labels of two annotators")
    if body.scale is Scale.NUMBERS:
        return interval_alpha(body.resampling, units)
    size = len(body.values)
    places = {value: number for number, value in enumerate(body.values)}
    terms = [
        np.ravel(coincidences(Counter(places[value] for value in unit), size))
        for unit in units
    ]
    statistic = partial(
        confusion.alpha_of_tables, metric=body.metric, values=np.array(body.values)
    )
    return body.resampling.figure(
        body.resampling.sums(np.array(terms)),
        on_tables(size, statistic),
        items=repeated,
        lacking="all say the same of everything",
    )
