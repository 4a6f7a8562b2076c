"""Writing OpenAI graders: a ``multi`` grader whose formula is the weighted mean."""

from collections.abc import Sequence

from rubricdsl.formats.foreign.flattening import Weighed, scored, weighed
from rubricdsl.formats.foreign.grader_words import (
    ANY_CASE,
    METRICS,
    NO,
    OPERATIONS,
    OUTPUT,
    REFERENCE,
    REFERENCE_TEXT,
    YES,
)
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    json_file,
    number,
    only,
    refuse_empty,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import Call, Compare, Constant, Expression, Name
from rubricdsl.model.protocols import ExportedFile
from rubricdsl.model.rubric import Criterion, LevelScale, Rubric

DEFAULT_MODEL = "gpt-4.1-mini"
"""The model named where the rubric names none of OpenAI's."""


def write_openai_graders(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write the one rubric as a ``multi`` grader."""
    ledger = Ledger(only(rubrics, "openai-graders"))
    bound = bind(ledger.rubric)
    ledger.rubric_but(frozenset())
    found = list(scored(weighed(bound, ledger), ledger))
    refuse_empty(found, ledger.rubric, "openai-graders")
    model = _model(ledger)
    graders: dict[str, Plain] = {
        one.criterion.name: _grader(one.criterion, model, ledger) for one in found
    }
    document: Plain = {
        "type": "multi",
        "name": bound.name,
        "graders": graders,
        "calculate_output": _formula(found),
    }
    paths = [(one.criterion.name, one.path) for one in found]
    return json_file(document, paths, [ledger])


def _model(ledger: Ledger) -> str:
    models = [m for judge in ledger.rubric.judges for m in judge.models]
    own = next((m.partition("/")[2] for m in models if m.startswith("openai/")), None)
    if own is None:
        instead = f"{DEFAULT_MODEL}, as one must be named"
        ledger.lose("", "that no model of OpenAI is named", instead)
    return own or DEFAULT_MODEL


def _formula(found: Sequence[Weighed]) -> str:
    terms = " + ".join(f"{_shown(one.weight)} * {one.criterion.name}" for one in found)
    terms = terms.replace("+ -", "- ")
    positive = sum(one.weight for one in found if one.weight > 0)
    if all(one.weight > 0 for one in found):
        return f"({terms}) / {_shown(positive)}"
    if positive:
        return f"min(1, max(0, ({terms}) / {_shown(positive)}))"
    negative = sum(-one.weight for one in found)
    return f"min(1, max(0, 1 + ({terms}) / {_shown(negative)}))"


def _shown(value: float) -> str:
    return str(number(value))


def _grader(criterion: Criterion, model: str, ledger: Ledger) -> Plain:
    checked = _checked(criterion.check)
    if checked is not None:
        ledger.node_but(criterion, frozenset({"check"}))
        ledger.lose(criterion.path, "its text beside the check")
        return {"name": criterion.name, **checked}
    asked: Plain = [
        {"role": "developer", "content": criterion.text},
        {"role": "user", "content": OUTPUT},
    ]
    grader: dict[str, Plain] = {"name": criterion.name, "model": model, "input": asked}
    if isinstance(criterion.scale, LevelScale):
        if criterion.scale.levels:
            ledger.lose(criterion.path, "what its levels say", "the ends of the scale")
        ends = [number(criterion.scale.low), number(criterion.scale.high)]
        ledger.node_but(criterion, frozenset({"scale"}))
        instead = "the score counts as it is: scale it in the formula"
        if ends != [0, 1]:
            ledger.lose(criterion.path, "that a level is a share of the scale", instead)
        return {"type": "score_model", **grader, "range": list(ends)}
    ledger.node_but(criterion, frozenset())
    labels: dict[str, Plain] = {"labels": [YES, NO], "passing_labels": [YES]}
    return {"type": "label_model", **grader, **labels}


def _checked(check: Expression | None) -> dict[str, Plain] | None:
    operations = {symbol: word for word, symbol in OPERATIONS.items()}
    match check:
        case Compare(operator, Name("response"), right) if operator in operations:
            operation, wanted = operations[operator], right
        case Call("contains", (Name("response"), right), named):
            operation, wanted = "ilike" if named == ANY_CASE else "like", right
            if named not in ((), ANY_CASE):
                return None
        case Call("similarity", (Name("response"), Name("reference")), named):
            metric = dict(named).get("metric", Constant("rouge_l"))
            metrics = {ours: theirs for theirs, ours in METRICS.items()}
            if not isinstance(metric, Constant) or metric.value not in metrics:
                return None
            return {
                "type": "text_similarity",
                "input": OUTPUT,
                "reference": REFERENCE,
                "evaluation_metric": metrics[str(metric.value)],
            }
        case _:
            return None
    reference = REFERENCE if wanted == REFERENCE_TEXT else None
    if isinstance(wanted, Constant) and isinstance(wanted.value, str):
        reference = wanted.value
    if reference is None:
        return None
    return {
        "type": "string_check",
        "input": OUTPUT,
        "reference": reference,
        "operation": operation,
    }
