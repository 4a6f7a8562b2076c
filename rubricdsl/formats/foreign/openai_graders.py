"""OpenAI graders: string checks, similarities, and questions to a model.

A ``multi`` grader becomes a formula over its parts, or plain weights where its
formula is a weighted mean.  Read are one grader, a list, or an object with
``graders`` or ``testing_criteria``; a list counts as a mean.  Templates stand for the
response (``{{sample.output_text}}``) and for the reference (any ``{{item.…}}``).
A ``python`` grader is never run, and left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import attrs
from attrs import define

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    needed_objects,
    needed_text,
    optional_members,
    optional_number,
    optional_text,
)
from rubricdsl.formats.foreign.arithmetic import mean_weights, read_formula
from rubricdsl.formats.foreign.documents import Entry, Notation, read_entries
from rubricdsl.formats.foreign.drafting import (
    Draft,
    imported,
    level_scale,
    mark_of,
    stem_of,
)
from rubricdsl.formats.foreign.grader_words import (
    ANY_CASE,
    METRICS,
    NO,
    OPERATIONS,
    REFERENCE,
    REFERENCE_TEXT,
    RESPONSE,
    YES,
)
from rubricdsl.formats.foreign.grader_writing import write_openai_graders
from rubricdsl.language.formula_rules import check_formula
from rubricdsl.model.expression import Call, Compare, Constant, Expression
from rubricdsl.model.protocols import ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Group,
    Kind,
    Node,
    Rubric,
    Scale,
    Weight,
)

_HINT = "give {type, name, …} with a type of string_check, label_model, multi, …"
_TEMPLATE = re.compile(r"\s*\{\{\s*([\w.]+)\s*\}\}\s*")
_LIKE = {"like": (), "ilike": ANY_CASE}


def read_openai_graders(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read graders; raises RubricError (D109) for what cannot be read."""
    entries = read_entries(data, name, Notation.JSON)
    yield from imported(map(_as_object, entries), name, _rubric, hint=_HINT)


OPENAI_GRADERS = RubricFormatOffer(
    name="openai-graders",
    description="OpenAI graders: string checks, similarity, models, and multi",
    read=read_openai_graders,
    write=write_openai_graders,
)


def _as_object(entry: Entry) -> Entry:
    if isinstance(entry.value, list):
        return Entry({"graders": entry.value}, entry.span, entry.where)
    return entry


def _rubric(document: Fields, draft: Draft) -> Rubric:
    reader = _Reader(draft)
    if "type" in document:
        name = optional_text(document, "name")
        nodes = (
            reader.multi(document)
            if document["type"] == "multi"
            else [reader.node(document, "", "")]
        )
    else:
        key = "testing_criteria" if "testing_criteria" in document else "graders"
        known = frozenset({key, "name"})
        draft.lose_members(document, "", known)
        name = optional_text(document, "name")
        listed = needed_objects(document, key)
        nodes = [reader.node(g, f"{key}[{i}]", "") for i, g in enumerate(listed)]
        draft.lose("", "that graders count one by one", "their mean")
    return Rubric(
        name=draft.rubric_name(name or stem_of(draft.file)),
        items=tuple(node for node in nodes if node is not None),
    )


@define
class _Reader:
    """The graders of one document."""

    draft: Draft

    def multi(self, grader: Fields) -> list[Node | None]:
        """Give the nodes of a ``multi`` grader: weighted, or a formula over them."""
        known = frozenset({"type", "name", "graders", "calculate_output"})
        self.draft.lose_members(grader, "", known)
        parts = self._parts(grader)
        group_name = self.draft.own_name(optional_text(grader, "name") or "formula")
        names: dict[str, str] = {}
        nodes: list[Criterion] = []
        for key, part in parts.items():
            node = self.node(part, f"graders.{key}", "")
            if node is not None:
                nodes.append(node)
                names[key] = node.name
        text = needed_text(grader, "calculate_output")
        try:
            formula = read_formula(text, names)
        except FieldError as error:
            instead = "the mean of its parts, so that scores differ"
            self.draft.lose("calculate_output", f"{text!r}: {error.message}", instead)
            return list(nodes)
        weights = mean_weights(formula)
        if weights is not None and weights.keys() == set(names.values()):
            return [_weighed(node, weights[node.name]) for node in nodes]
        return [self._formula(group_name, formula, nodes)]

    def _formula(
        self, name: str, formula: Expression, nodes: Sequence[Criterion]
    ) -> Group:
        functions = {f.signature.name: f.signature for f in builtin_functions()}
        group = Group(
            name=name,
            mark=Weight(1.0),
            kind=Kind.FORMULA,
            combine=formula,
            items=tuple(nodes),
        )
        found = list(check_formula(group, formula, functions))
        if found:
            instead = "clipped into 0 to 1"
            self.draft.lose("calculate_output", "scores beyond 0 and 1", instead)
            group = _free(group)
            found = list(check_formula(group, formula, functions))
        if found:
            what = f"its formula cannot be said: {found[0].message}"
            raise FieldError(what, found[0].hint)
        self.draft.paths[:] = [(i, f"{name}.{path}") for i, path in self.draft.paths]
        return group

    def _parts(self, grader: Fields) -> Mapping[str, Fields]:
        parts = optional_members(grader, "graders")
        if parts is None:
            raise FieldError("`graders` is missing", _HINT)
        if "type" in parts:
            # The reference shows one grader there, too.
            parts = {needed_text(parts, "name"): dict(parts)}
        if not all(isinstance(part, dict) for part in parts.values()):
            raise FieldError("`graders` is no object of graders", _HINT)
        return {key: part for key, part in parts.items() if isinstance(part, dict)}

    def node(self, grader: Fields, where: str, above: str) -> Criterion | None:
        """Give the criterion of a grader; None for one that is left out."""
        kind = needed_text(grader, "type")
        own_name = optional_text(grader, "name") or where or kind
        readers = {
            "string_check": self._string_check,
            "text_similarity": self._similarity,
            "label_model": self._label_model,
            "score_model": self._score_model,
        }
        if kind not in readers:
            instead = "left out: code is never run" if kind == "python" else "left out"
            self.draft.lose(where, f"a grader of the type `{kind}`", instead)
            return None
        criterion = readers[kind](grader, where)
        if criterion is None:
            return None
        name = self.draft.own_name(own_name)
        self.draft.path(own_name, f"{above}{name}")
        return _named(criterion, name)

    def _string_check(self, grader: Fields, where: str) -> Criterion | None:
        known = frozenset({"type", "name", "input", "reference", "operation"})
        self.draft.lose_members(grader, where, known)
        sides = self._sides(grader, where)
        if sides is None:
            return None
        left, right = sides
        operation = needed_text(grader, "operation")
        said = f'"{right.value}"' if isinstance(right, Constant) else "the reference"
        if operation in _LIKE:
            check: Expression = Call("contains", (left, right), _LIKE[operation])
            return _checked_criterion(f"Contains {said}.", check)
        if operation not in OPERATIONS:
            raise FieldError(f"{where}: there is no operation `{operation}`", _HINT)
        word = "" if operation == "eq" else "not "
        symbol = "==" if operation == "eq" else "!="
        check = Compare("==" if symbol == "==" else "!=", left, right)
        return _checked_criterion(f"Is {word}just {said}.", check)

    def _similarity(self, grader: Fields, where: str) -> Criterion | None:
        known = frozenset(
            {"type", "name", "input", "reference", "evaluation_metric"}
            | {"pass_threshold"}
        )
        self.draft.lose_members(grader, where, known)
        sides = self._sides(grader, where)
        metric = needed_text(grader, "evaluation_metric")
        if metric not in METRICS:
            what = f"the similarity `{metric}`"
            self.draft.lose(where, what, "left out: it is not measured here")
            return None
        if sides is None:
            return None
        if metric != "rouge_l":
            self.draft.lose(where, f"the similarity `{metric}`", METRICS[metric])
        named = (("metric", Constant(METRICS[metric])),)
        passing = optional_number(grader, "pass_threshold")
        check = Call("similarity", sides, named)
        found = _checked_criterion("Is like the reference.", check)
        return found if passing is None else _passing(found, passing)

    def _sides(
        self, grader: Fields, where: str
    ) -> tuple[Expression, Expression] | None:
        """Give what is compared: the response, and the reference or a text."""
        given = [needed_text(grader, "input"), needed_text(grader, "reference")]
        sides = [self._side(text, where) for text in given]
        if sides[0] != RESPONSE and sides[1] == RESPONSE:
            sides.reverse()
        if sides[0] != RESPONSE or sides[1] is None:
            what = "a comparison that is not of the response, or with a mixed template"
            self.draft.lose(where, what, "left out")
            return None
        return sides[0], sides[1]

    def _side(self, text: str, where: str) -> Expression | None:
        match = _TEMPLATE.fullmatch(text)
        if match is None:
            return None if "{{" in text else Constant(text)
        if match[1] in {"sample.output_text", "sample.output_json"}:
            return RESPONSE
        if match[1].startswith("item."):
            if text != REFERENCE:
                self.draft.lose(where, f"`{text}`", "taken to be the reference")
            return REFERENCE_TEXT
        return None

    def _label_model(self, grader: Fields, where: str) -> Criterion:
        known = frozenset({"type", "name", "input", "labels", "passing_labels"})
        self.draft.lose_members(grader, where, known)
        labels, passing = _texts(grader, "labels"), _texts(grader, "passing_labels")
        text = self._asked(grader, where)
        if [label.casefold() for label in labels] != [YES, NO] or passing != labels[:1]:
            instead = "asked as yes or no, the labels in the text"
            self.draft.lose(where, f"the labels {', '.join(labels)}", instead)
            text = f"{text}\nThe label is {' or '.join(passing)}."
        return Criterion(name="", mark=Weight(1.0), text=text)

    def _score_model(self, grader: Fields, where: str) -> Criterion:
        known = frozenset({"type", "name", "input", "range", "pass_threshold"})
        self.draft.lose_members(grader, where, known)
        ends = grader.get("range")
        numbers = [
            float(n)
            for n in (ends if isinstance(ends, list) else [0, 1])
            if isinstance(n, int | float) and not isinstance(n, bool)
        ]
        if len(numbers) != 2 or numbers[0] >= numbers[1]:  # noqa: PLR2004 - its ends
            raise FieldError(f"{where}: `range` is not [low, high]", _HINT)
        scale: Scale = AnswerScale()
        if numbers != [0, 1]:
            scale = level_scale(numbers[0], numbers[1], (), stated=True)
            instead = "its share of the range, from 0 to 1"
            self.draft.lose(where, "a score as it is", instead)
        instead = "yes or no" if numbers == [0, 1] else "whole levels"
        self.draft.lose(where, "scores between whole numbers", instead)
        found = Criterion(
            name="", mark=Weight(1.0), text=self._asked(grader, where), scale=scale
        )
        passing = optional_number(grader, "pass_threshold")
        if passing is None:
            return found
        return _passing(found, (passing - numbers[0]) / (numbers[1] - numbers[0]))

    def _asked(self, grader: Fields, where: str) -> str:
        """Give what the messages ask, but those that only hand over the response."""
        texts: list[str] = []
        for message in needed_objects(grader, "input"):
            content = message.get("content")
            if isinstance(content, dict):
                content = content.get("text")
            if not isinstance(content, str):
                self.draft.lose(where, "a message that is no text", "left out")
            elif not _TEMPLATE.fullmatch(content):
                texts.append(content)
        if not texts:
            raise FieldError(f"{where} asks nothing", _HINT)
        return self.draft.text("\n\n".join(texts), where)


def _texts(fields: Fields, key: str) -> list[str]:
    values = fields.get(key)
    texts = values if isinstance(values, list) else []
    found = [text for text in texts if isinstance(text, str)]
    if not found or len(found) < len(texts):
        raise FieldError(f"`{key}` is no list of texts", _HINT)
    return found


def _checked_criterion(text: str, check: Expression) -> Criterion:
    return Criterion(name="", mark=Weight(1.0), text=text, check=check)


def _named(criterion: Criterion, name: str) -> Criterion:
    return attrs.evolve(criterion, name=name)


def _weighed(criterion: Criterion, weight: float) -> Criterion:
    return attrs.evolve(criterion, mark=mark_of(weight))


def _passing(criterion: Criterion, passing: float) -> Criterion:
    if not 0 <= passing <= 1:
        raise FieldError("`pass_threshold` is not within the scale", _HINT)
    return attrs.evolve(criterion, passing=passing)


def _free(group: Group) -> Group:
    return attrs.evolve(group, monotone=False)
