"""Sets that people annotated, as results and gold: what is a rubric, and who is gold.

`summeval` and `mrbench_v2` are those of `tests/refinement/strategies/real_data.py`.

`wmt23_sxs_ende`: translations in which three professionals marked errors.  The rubric's
verdicts are what the first of them (by name) marked, gold is minus the penalty of the
other two, each an annotator: how good a translation is to somebody else.

`hanna`: stories that three people rated from 1 to 5 by six traits.  The rubric's
verdicts are the ratings of the first, gold is the mean rating of the other two, each
an annotator.

So in the latter two the rubric is as good as a person, and no better.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from attrs import frozen

sys.path.insert(0, str(Path(__file__).parents[3]))

from rubricdsl.api import evaluate_sync, load
from rubricdsl.formats.results import write_results
from rubricdsl.model.response import Response
from tests.refinement.strategies.real_data import (
    KEYED_WRONG,
    SUMMARIES,
    TUTORING,
    DataSet,
    labels_of,
    responses_of,
    rows_of,
)

_TRANSLATION = """rubric translation
weights: -5 to 5
[5] sound: Has no major error.
[-2] inexact: Has a minor error of accuracy.
[-1] clumsy: Has a minor error of style.
[-1] slips: Has a minor error of fluency.
[1] flawless: Has no error at all.
"""
_TRAITS = {
    "relevant": "RE",
    "coherent": "CH",
    "empathy": "EM",
    "surprise": "SU",
    "engaging": "EG",
    "complex": "CX",
}
_STORY = "rubric story\n" + "".join(
    f"[1] {name}: Is {name}.\n    levels: 1 to 5\n    level 1: Not at all.\n"
    "    level 5: Very.\n"
    for name in _TRAITS
)
# A folder and a rubric; the rest of it is not used here.
_TRANSLATIONS = DataSet("", "wmt23_sxs_ende", _TRANSLATION, dict, len)
_STORIES = DataSet("", "hanna", _STORY, dict, len)

Row = dict[str, Any]


@frozen
class Annotated:
    """A set: ``rows`` gives its responses, the verdicts on them, and gold."""

    name: str
    data: DataSet
    rows: Callable[[DataSet], tuple[Sequence[Response], list[Row], list[Row]]]

    def write(self, folder: Path) -> None:
        """Write ``results.jsonl``, ``gold.jsonl`` and ``responses.jsonl``."""
        responses, verdicts, gold = self.rows(self.data)
        rubric = folder / "rubric.rub"
        rubric.write_text(self.data.rubric)
        recorded = _written(folder / "verdicts.jsonl", verdicts)
        _written(folder / "gold.jsonl", gold)
        _written(
            folder / "responses.jsonl",
            [
                {
                    "prompt_id": one.prompt_id,
                    "response_id": one.response_id,
                    "response": one.text,
                    "source": one.source,
                }
                for one in responses
            ],
        )
        cards = evaluate_sync(load(rubric), responses, judge=f"scripted:{recorded}")
        write_results(str(folder / "results.jsonl"), {}, cards)


def _described(data: DataSet) -> tuple[Sequence[Response], list[Row], list[Row]]:
    labels = labels_of(data)
    responses = list(responses_of(data, labels))
    verdicts = [
        row
        for key, said in labels.items()
        for row in _verdicts(key, data.verdicts(said))
    ]
    gold = [_gold(key, data.gold(said)) for key, said in labels.items()]
    return responses, verdicts, gold


def _translations(data: DataSet) -> tuple[Sequence[Response], list[Row], list[Row]]:
    by_response: dict[tuple[str, str], list[Row]] = {}
    for row in rows_of(data, "labels"):
        by_response.setdefault((row["prompt_id"], row["response_id"]), []).append(row)
    verdicts: list[Row] = []
    gold: list[Row] = []
    for key, rows in by_response.items():
        judge, *others = sorted(rows, key=lambda row: str(row["annotator"]))
        verdicts += _verdicts(key, _errors(judge["errors"]))
        gold += [_gold(key, one["value"], one["annotator"]) for one in others]
    labels: dict[tuple[str, str], Row] = {key: {} for key in by_response}
    return list(responses_of(data, labels)), verdicts, gold


def _errors(errors: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    marked = {(kind.partition("/")[0], weight) for kind, weight in errors}
    weights = {weight for kind, weight in marked if kind != "Source issue"}
    found = {
        "sound": "Major" not in weights,
        "inexact": ("Accuracy", "Minor") in marked,
        "clumsy": ("Style", "Minor") in marked,
        "slips": ("Fluency", "Minor") in marked,
        "flawless": not weights,
    }
    return {name: "yes" if met else "no" for name, met in found.items()}


def _stories(data: DataSet) -> tuple[Sequence[Response], list[Row], list[Row]]:
    cells: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for row in rows_of(data, "labels"):
        key = row["prompt_id"], row["response_id"]
        by_rater = cells.setdefault(key, {}).setdefault(row["annotator"], {})
        by_rater[row["criterion_id"]] = row["value"]
    verdicts: list[Row] = []
    gold: list[Row] = []
    for key, raters in cells.items():
        judge, *others = sorted(raters)
        verdicts += _verdicts(
            key,
            {name: f"level {raters[judge][t]}" for name, t in _TRAITS.items()},
        )
        gold += [_gold(key, mean(raters[one].values()), one) for one in others]
    # The texts of most stories are not there, and not needed: verdicts are recorded.
    responses = [
        Response(text="-", prompt_id=prompt, response_id=response, source=response)
        for prompt, response in cells
    ]
    return responses, verdicts, gold


def _verdicts(key: tuple[str, str], said: Mapping[str, str]) -> Iterator[Row]:
    for name, verdict in said.items():
        yield {
            "prompt_id": key[0],
            "response_id": key[1],
            "criterion": name,
            "verdict": verdict,
        }


def _gold(key: tuple[str, str], value: float, annotator: str | None = None) -> Row:
    row: Row = {"prompt_id": key[0], "response_id": key[1], "gold": value}
    return row if annotator is None else {**row, "annotator": annotator}


def _written(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SETS = {
    "summeval": Annotated("summeval", SUMMARIES, _described),
    "mrbench_v2": Annotated("mrbench_v2", TUTORING, _described),
    "mrbench_v2, keyed wrong": Annotated(
        "mrbench_v2, keyed wrong", KEYED_WRONG, _described
    ),
    "wmt23_sxs_ende": Annotated("wmt23_sxs_ende", _TRANSLATIONS, _translations),
    "hanna": Annotated("hanna", _STORIES, _stories),
}
