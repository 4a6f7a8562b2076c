"""Responses that people annotated, as pools: what is a criterion, and what is gold.

Neither set has an overall judgement, so gold is made of annotations that no criterion
uses: whoever orders responses by it was never told what the rubric is told.

`mrbench_v2`: responses of tutors to a pupil's mistake.  Gold is how far the response
helps the pupil on: *providing guidance* and *actionability*, each 0, 1 or 2, added up.
Criteria are the six other annotations.

`summeval`: summaries, each trait from 1 to 5, the mean of three experts.  Gold is
*relevance*: whether what matters is in the summary.  Criteria are the three others.

The annotators of gold and criteria are the same, so a part of what they share is their
general impression, and accuracies are higher than with gold of other people's.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from attrs import frozen

from rubricdsl.analysis.bootstrap import Interval, bootstrap_mean
from rubricdsl.analysis.pairs import pair_counts, tail_of
from rubricdsl.api import evaluate_sync, load
from rubricdsl.model.edit import Edit
from rubricdsl.model.response import Response
from rubricdsl.refinement.planning import Wishes
from rubricdsl.refinement.pools import Key, draw, key_of
from rubricdsl.refining.front import refine_sync

DATA = Path(__file__).parents[4] / "shared" / "data"

_STEPS = {"No": 0, "To some extent": 1, "Yes": 2}
_TONES = {"Offensive": 0, "Neutral": 1, "Encouraging": 2}

_TUTORING = """rubric tutoring
weights: 1 to 3
[1] mistake_found: Recognises the mistake in the pupil's answer.
    level 0: Does not.
    level 1: To some extent.
    level 2: Does.
[1] mistake_placed: Points to where the mistake is.
    level 0: Does not.
    level 1: To some extent.
    level 2: Does.
[1] coherent: Is consistent with what the pupil said.
    level 0: Is not.
    level 1: To some extent.
    level 2: Is.
[1] human: Sounds natural.
    level 0: Does not.
    level 1: To some extent.
    level 2: Does.
[1] kind: Is kind to the pupil.
    level 0: Is offensive.
    level 1: Is neutral.
    level 2: Is encouraging.
[1] keeps_answer: Leaves the final answer to the pupil.
"""
_SUMMARIES = """rubric summaries
weights: 1 to 3
[1] coherence: Is well structured.
    levels: 1 to 5
    level 1: Is a heap of sentences.
    level 5: Builds up from sentence to sentence.
[1] consistency: Says only what the article says.
    levels: 1 to 5
    level 1: Much is made up.
    level 5: All is in the article.
[1] fluency: Its sentences read well.
    levels: 1 to 5
    level 1: Hardly a sentence is right.
    level 5: There is no mistake.
"""
_TRAITS = ("coherence", "consistency", "fluency")


@frozen
class DataSet:
    """A set: its rubric, and what its annotations mean there.

    ``verdicts`` gives the recorded verdict on each criterion, ``gold`` how good the
    response is, both from its annotations by name.
    """

    name: str
    folder: str
    rubric: str
    verdicts: Callable[[Mapping[str, Any]], Mapping[str, str]]
    gold: Callable[[Mapping[str, Any]], float]

    @property
    def is_there(self) -> bool:
        """Whether the data are there."""
        return (DATA / self.folder / "labels.jsonl.gz").is_file()


def _tutoring(labels: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "mistake_found": f"level {_STEPS[labels['Mistake_Identification']]}",
        "mistake_placed": f"level {_STEPS[labels['Mistake_Location']]}",
        "coherent": f"level {_STEPS[labels['Coherence']]}",
        "human": f"level {_STEPS[labels['humanlikeness']]}",
        "kind": f"level {_TONES[labels['Tutor_Tone']]}",
        "keeps_answer": "yes" if labels["Revealing_of_the_Answer"] == "No" else "no",
    }


def _helpful(labels: Mapping[str, Any]) -> float:
    return _STEPS[labels["Providing_Guidance"]] + _STEPS[labels["Actionability"]]


def _at_least(number: int) -> str:
    """Say what a criterion that asks for so much, of 5, is about."""
    return f"is rated {number} of 5 or better"


def _in_steps() -> str:
    """Ask for each trait in steps, so that criteria overlap as people's often do."""
    lines = [
        f"[1] {trait}_{step}: Its {trait} {_at_least(step)}.\n"
        for trait in _TRAITS
        for step in (2, 3, 4, 5)
    ]
    return "rubric steps\nweights: 1 to 3\n" + "".join(lines)


TUTORING = DataSet("mrbench_v2", "mrbench_v2", _TUTORING, _tutoring, _helpful)
KEYED_WRONG = DataSet(
    "mrbench_v2, one criterion turned round",
    "mrbench_v2",
    _TUTORING.replace(
        "keeps_answer: Leaves the final answer to the pupil.",
        "lost: Does not point to where the mistake is.",
    ),
    lambda labels: {
        **_tutoring(labels),
        "lost": "yes" if labels["Mistake_Location"] == "No" else "no",
    },
    _helpful,
)
SUMMARIES = DataSet(
    "summeval",
    "summeval",
    _SUMMARIES,
    lambda labels: {trait: f"level {labels[trait]:.6f}" for trait in _TRAITS},
    lambda labels: float(labels["relevance"]),
)
IN_STEPS = DataSet(
    "summeval, traits in steps",
    "summeval",
    _in_steps(),
    lambda labels: {
        f"{trait}_{step}": "yes" if labels[trait] >= step - 1e-6 else "no"
        for trait in _TRAITS
        for step in (2, 3, 4, 5)
    },
    lambda labels: float(labels["relevance"]),
)
SETS = (TUTORING, KEYED_WRONG, SUMMARIES, IN_STEPS)


@frozen
class Outcome:
    """What refining on some prompts did to pairs of the others.

    Accuracies are those of pairs of which both responses are in the better half by
    gold, a tie counting one half, on the average over prompts.
    """

    edits: Sequence[Edit]
    before: Interval
    after: Interval
    change: Interval
    stop: str


def refined(  # noqa: PLR0913 - how it is refined, by name
    data: DataSet,
    folder: Path,
    *,
    seed: int,
    gate: bool = True,
    strategies: tuple[str, ...] = ("prune", "reweigh"),
    most_prompts: int | None = None,
    shuffled: bool = False,
) -> Outcome:
    """Refine on half of the prompts, and measure on the others.

    Everything goes the ordinary way: responses, recorded verdicts, and a rubric in a
    file.  ``shuffled`` deals the gold of each prompt out anew among its responses to
    refine by: then there is nothing to learn.
    """
    labels = labels_of(data)
    responses = list(responses_of(data, labels))
    prompts = sorted({one.prompt_id for one in responses})
    prompts.sort(key=lambda prompt: draw(seed, "half", prompt))
    prompts = prompts[:most_prompts]
    half = set(prompts[: len(prompts) // 2])
    rest = set(prompts) - half
    rubric, recorded = folder / "rubric.rub", folder / "verdicts.jsonl"
    rubric.write_text(data.rubric)
    with recorded.open("w") as file:
        for key, said in labels.items():
            for name, verdict in data.verdicts(said).items():
                row = {"prompt_id": key[0], "response_id": key[1]}
                json.dump({**row, "criterion": name, "verdict": verdict}, file)
                file.write("\n")
    judge = f"scripted:{recorded}"
    gold = {key: data.gold(said) for key, said in labels.items()}
    (result,) = refine_sync(
        rubric,
        [one for one in responses if one.prompt_id in half],
        judge=judge,
        gold=_shuffled(gold, seed) if shuffled else gold,
        wishes=Wishes(strategies=strategies, gate=gate),
        seed=seed,
    )
    test = [one for one in responses if one.prompt_id in rest]
    accuracies = []
    for text in (data.rubric, result.text):
        rubric.write_text(text)
        cards = evaluate_sync(load(rubric), test, judge=judge)
        accuracies.append(_accuracy(test, gold, [card.score for card in cards]))
    before, after = accuracies
    return Outcome(
        result.edits,
        _interval(before),
        _interval(after),
        _interval([b - a for a, b in zip(before, after, strict=True)]),
        f"{result.stop.kind}: {result.stop.reason}",
    )


def _accuracy(
    responses: Sequence[Response],
    gold: Mapping[Key, float],
    scores: Sequence[float | None],
) -> list[float]:
    """Give the accuracy of each prompt; NaN for one without a pair."""
    prompts = [one.prompt_id for one in responses]
    good = [gold[key_of(one)] for one in responses]
    known = [float("nan") if score is None else score for score in scores]
    tail = tail_of(prompts, good, 0.5)
    counts = pair_counts(prompts, good, known, among=tail.members)
    return [float(one) for one in counts.half]


def _interval(values: Sequence[float]) -> Interval:
    found = bootstrap_mean(values)
    assert found is not None
    return found


def labels_of(data: DataSet) -> dict[Key, dict[str, Any]]:
    """Give the annotations of each response that has all of them."""
    found: dict[Key, dict[str, Any]] = {}
    for row in rows_of(data, "labels"):
        key = row["prompt_id"], row["response_id"]
        found.setdefault(key, {})[row["criterion_id"]] = row["value"]
    most = max(map(len, found.values()))
    return {key: said for key, said in found.items() if len(said) == most}


def responses_of(
    data: DataSet, labels: Mapping[Key, Mapping[str, Any]]
) -> Iterator[Response]:
    """Give the responses that have annotations."""
    asked = {row["prompt_id"]: row["prompt"] for row in rows_of(data, "rubrics")}
    for row in rows_of(data, "responses"):
        if (row["prompt_id"], row["response_id"]) in labels:
            yield Response(
                text=row["text"] or "-",
                prompt_id=row["prompt_id"],
                response_id=row["response_id"],
                prompt=asked[row["prompt_id"]],
                source=row["source_model"],
            )


def rows_of(data: DataSet, name: str) -> Iterator[dict[str, Any]]:
    """Give the rows of one of the files of a set."""
    with gzip.open(DATA / data.folder / f"{name}.jsonl.gz", "rt") as file:
        yield from map(json.loads, file)


def _shuffled(gold: Mapping[Key, float], seed: int) -> dict[Key, float]:
    by_prompt: dict[str, list[Key]] = {}
    for key in gold:
        by_prompt.setdefault(key[0], []).append(key)
    dealt: dict[Key, float] = {}
    for keys in by_prompt.values():
        others = sorted(keys, key=lambda key: draw(seed, "dealt", *key))
        dealt |= {key: gold[other] for key, other in zip(keys, others, strict=True)}
    return dealt


def mean_of(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Give the accuracies before and after, on the average over splits."""
    before = mean(one.before.estimate for one in outcomes)
    return before, mean(one.after.estimate for one in outcomes)
