"""promptfoo: the assertions of a test case become the criteria of a rubric.

Read are a configuration with ``tests``, a list of tests, or a list of assertions.
promptfoo's score is the weighted mean of the assertions; a test passes if all do, or
from its ``threshold`` on.  Assertions that a check can decide become checks, those
for a model judged criteria; code is never run and is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import define

from rubricdsl.formats.fields import (
    FieldError,
    Fields,
    kind_of,
    needed_objects,
    needed_text,
    optional_members,
    optional_number,
    optional_text,
)
from rubricdsl.formats.foreign.deterministic import (
    Assertion,
    assertion_of,
    check_of,
    said,
)
from rubricdsl.formats.foreign.documents import Entry, Notation, read_entries
from rubricdsl.formats.foreign.drafting import Draft, imported, mark_of, stem_of
from rubricdsl.formats.foreign.flattening import weight_of
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import (
    Bind,
    json_file,
    number,
    prompt_text,
    refuse_empty,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import Expression
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Group, Info, Kind, Node, Rubric

_HINT = "give {tests: [{assert: [{type, value, weight}]}]}"
_TEST_KEYS = frozenset({"description", "vars", "assert", "threshold"})
_DOCUMENT_KEYS = frozenset(
    {"tests", "defaultTest", "prompts", "description", "assertionTemplates", "assert"}
)
_ASSERTION_KEYS = frozenset({"type", "value", "weight", "metric"})
_SET = "assert-set"
_JUDGED = "llm-rubric"
_MODEL_GRADED = frozenset({_JUDGED, "model-graded-closedqa", "g-eval", "search-rubric"})
_VARIABLE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
_PROMPT = "{{prompt}}"
_FILE = "file://"


def read_promptfoo(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read tests, as YAML or JSON; raises RubricError (D109) for what cannot be."""
    entries = read_entries(data, name, Notation.JSON_OR_YAML)
    tests = (test for entry in entries for test in _tests(entry))
    yield from imported(tests, name, _rubric, hint=_HINT)


def write_promptfoo(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a test for each rubric, as JSON, which promptfoo reads as it does YAML."""
    tests: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for index, ledger in enumerate(ledgers):
        bound = bind(ledger.rubric)
        ledger.rubric_but(frozenset({"prompt", "conversation", "passing"}))
        if ledger.rubric.passing is None:
            instead = "the test passes where all assertions do"
            ledger.lose("", "that it has no pass mark", instead)
        writer = _Writer(ledger, paths, f"tests[{index}].assert")
        asserts = writer.assertions(bound.root, writer.where)
        refuse_empty(asserts, ledger.rubric, "promptfoo")
        test: dict[str, Plain] = {"description": bound.name}
        prompt = prompt_text(bound, ledger)
        if prompt is not None:
            test["vars"] = {"prompt": prompt}
        test["assert"] = asserts
        if ledger.rubric.passing not in (None, 1.0):
            test["threshold"] = ledger.rubric.passing
        tests.append(test)
    return json_file({"prompts": [_PROMPT], "tests": tests}, paths, ledgers)


PROMPTFOO = RubricFormatOffer(
    name="promptfoo",
    description="promptfoo: the assertions of each test, weighted",
    read=read_promptfoo,
    write=write_promptfoo,
)


# --------------------------------------------------------------------- writing


@define
class _Writer:
    ledger: Ledger
    paths: list[tuple[str, str]]
    where: str

    def assertions(self, group: Group, where: str) -> list[Plain]:
        """Give the assertions of a group's nodes, those left out reported."""
        found: list[Plain] = []
        for node in group.nodes:
            weight = weight_of(node, self.ledger)
            if weight is None:
                continue
            if weight < 0:
                self.ledger.lose(node.path, "a negative weight")
                continue
            self.paths.append((f"{where}[{len(found)}]", node.path))
            record = (
                self._set(node, f"{where}[{len(found)}].assert")
                if isinstance(node, Group)
                else self._assertion(node)
            )
            record["metric"] = node.name
            found.append(
                record if weight == 1 else {**record, "weight": number(weight)}
            )
        return found

    def _set(self, group: Group, where: str) -> dict[str, Plain]:
        if group.kind is not Kind.MEAN:
            instead = "weighed as a mean, so that scores differ"
            self.ledger.lose(group.path, f"`{group.kind} of`", instead)
        self.ledger.node_but(group, frozenset({"passing", "kind"}))
        if group.text is not None:
            self.ledger.lose(group.path, "its text")
        record: dict[str, Plain] = {"type": _SET, "assert": []}
        record["assert"] = self.assertions(group, where)
        if group.passing != 1:
            record["threshold"] = group.passing
        return record

    def _assertion(self, criterion: Criterion) -> dict[str, Plain]:
        found = None if criterion.check is None else assertion_of(criterion.check)
        if found is None:
            self.ledger.node_but(criterion, frozenset())
            return {"type": _JUDGED, "value": criterion.text}
        self.ledger.node_but(criterion, frozenset({"check"}))
        if criterion.text != said(found):
            self.ledger.lose(criterion.path, "its text beside the check")
        record: dict[str, Plain] = {"type": found.kind}
        return record if found.value is None else {**record, "value": found.value}


# --------------------------------------------------------------------- reading


def _tests(entry: Entry) -> Iterator[Entry]:
    """Give an entry for each test, with what the document says for all of them."""
    document = entry.value
    if isinstance(document, list):
        is_tests = all(isinstance(t, dict) and "assert" in t for t in document)
        document = {"tests": document} if is_tests else {"assert": document}
    if not isinstance(document, dict) or "assert" in document:
        yield Entry({"test": document, "document": {}}, entry.span, entry.where)
        return
    tests = document.get("tests")
    if not isinstance(tests, list):
        yield Entry(document, entry.span, entry.where)
        return
    for index, test in enumerate(tests):
        value: Plain = {"test": test, "document": document}
        yield Entry(value, entry.span, f"{entry.where} tests[{index}]".strip())


def _rubric(fields: Fields, draft: Draft) -> Rubric:
    test = optional_members(fields, "test")
    document = optional_members(fields, "document")
    if test is None or document is None:
        raise FieldError("it has no tests that are written out", _HINT)
    draft.lose_members(document, "the document:", _DOCUMENT_KEYS)
    draft.lose_members(test, "", _TEST_KEYS)
    default = document.get("defaultTest")
    shared: Fields = default if isinstance(default, dict) else {}
    draft.lose_members(shared, "defaultTest", _TEST_KEYS)
    if default is not None and not isinstance(default, dict):
        draft.lose("defaultTest", "a default that is in another file", "left out")
    variables = {**_variables(shared), **_variables(test)}
    reader = _Reader(draft, variables, _templates(document))
    nodes = [
        node
        for fields_of, where in ((shared, "defaultTest.assert"), (test, "assert"))
        if fields_of.get("assert") is not None
        for node in reader.nodes(needed_objects(fields_of, "assert"), where, "")
    ]
    threshold = optional_number(test, "threshold")
    if threshold is None:
        threshold = optional_number(shared, "threshold")
    description = optional_text(test, "description")
    label = description or f"{stem_of(draft.file)} {draft.where}"
    return Rubric(
        name=draft.rubric_name(label),
        items=tuple(nodes),
        prompt=_prompt(document, variables, draft),
        passing=1.0 if threshold is None else _share(threshold),
    )


def _share(threshold: float) -> float:
    if not 0 <= threshold <= 1:
        raise FieldError(f"the threshold {threshold:g} is not in [0, 1]", _HINT)
    return threshold


def _variables(test: Fields) -> dict[str, str]:
    values = test.get("vars")
    if not isinstance(values, dict):
        return {}
    return {
        name: str(value)
        for name, value in values.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def _templates(document: Fields) -> Mapping[str, Plain]:
    return optional_members(document, "assertionTemplates") or {}


def _prompt(document: Fields, variables: Mapping[str, str], draft: Draft) -> str | None:
    prompts = document.get("prompts")
    texts = (
        [p for p in prompts if isinstance(p, str)] if isinstance(prompts, list) else []
    )
    if isinstance(prompts, str):
        texts = [prompts]
    if len(texts) == 1 and not texts[0].startswith(_FILE):
        if texts[0] == _PROMPT and "prompt" not in variables:
            return None
        return draft.optional_text(_filled(texts[0], variables), "prompts")
    if prompts:
        draft.lose("prompts", "prompts that are several, or files", "left out")
    elif variables:
        draft.lose(
            "vars", "the variables of the prompt", "left out but in the criteria"
        )
    return None


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)


@define
class _Reader:
    """The assertions of one test."""

    draft: Draft
    variables: Mapping[str, str]
    templates: Mapping[str, Plain]

    def nodes(self, entries: Sequence[Fields], where: str, above: str) -> list[Node]:
        """Give a node for each assertion that can be said."""
        found: list[Node] = []
        for index, entry in enumerate(entries):
            here = f"{where}[{index}]"
            node = self._node(self._resolved(entry, here), here, above)
            if node is not None:
                found.append(node)
        return found

    def _resolved(self, entry: Fields, where: str) -> Fields:
        reference = optional_text(entry, "$ref")
        if reference is None:
            return entry
        template = self.templates.get(reference.rpartition("/")[2])
        if not isinstance(template, dict):
            raise FieldError(f"{where}: there is no {reference}", "define the template")
        return {**template, **{k: v for k, v in entry.items() if k != "$ref"}}

    def _node(self, entry: Fields, where: str, above: str) -> Node | None:
        kind = needed_text(entry, "type")
        weight = optional_number(entry, "weight")
        weight = 1.0 if weight is None else weight
        if weight < 0:
            raise FieldError(f"{where} has a negative weight", "promptfoo has none")
        metric = optional_text(entry, "metric")
        if kind == _SET:
            return self._group(entry, where, above, weight)
        self.draft.lose_members(entry, where, _ASSERTION_KEYS)
        value = self._value(entry.get("value"))
        text, check = self._asked(Assertion(kind, value), where)
        if text is None:
            return None
        name = self.draft.own_name(metric) if metric else self.draft.name(text)
        self.draft.path(where, f"{above}{name}")
        kept = self.draft.text(text, where)
        return Criterion(name=name, mark=mark_of(weight), text=kept, check=check)

    def _group(
        self, entry: Fields, where: str, above: str, weight: float
    ) -> Group | None:
        known = frozenset({"type", "assert", "threshold", "weight", "metric"})
        self.draft.lose_members(entry, where, known)
        name = self.draft.own_name(optional_text(entry, "metric") or "assertions")
        self.draft.path(where, f"{above}{name}")
        threshold = optional_number(entry, "threshold")
        inner = needed_objects(entry, "assert")
        nodes = self.nodes(inner, f"{where}.assert", f"{above}{name}.")
        if not any(not isinstance(node.mark, Info) for node in nodes):
            self.draft.lose(where, "a set in which nothing counts", "left out")
            return None
        return Group(
            name=name,
            mark=mark_of(weight),
            passing=1.0 if threshold is None else _share(threshold),
            items=tuple(nodes),
        )

    def _value(self, value: Plain) -> Plain:
        if isinstance(value, str):
            return _filled(value, self.variables)
        if isinstance(value, list):
            return [self._value(part) for part in value]
        return value

    def _asked(
        self, assertion: Assertion, where: str
    ) -> tuple[str | None, Expression | None]:
        """Give what is asked, and the check that decides it, if one does."""
        kind, value = assertion.kind, assertion.value
        bare = kind.removeprefix("not-")
        if _names_file(value):
            self.draft.lose(where, f"`{kind}` with a file", "left out")
            return None, None
        if bare in _MODEL_GRADED:
            return self._judged(assertion, where), None
        check = check_of(assertion)
        if check is None:
            instead = "left out: no check here comes to it"
            self.draft.lose(where, f"the assertion `{kind}`", instead)
            return None, None
        if bare == "word-count":
            self.draft.lose(
                where, "words told apart by blanks", "words as Unicode has them"
            )
        return said(assertion), check

    def _judged(self, assertion: Assertion, where: str) -> str:
        kind, value = assertion.kind, assertion.value
        parts = value if isinstance(value, list) else [value]
        if not parts or not all(isinstance(part, str) and part for part in parts):
            raise FieldError(f"{where} has {kind_of(value)} for a text", _HINT)
        text = "\n".join(str(part) for part in parts)
        if kind != _JUDGED:
            self.draft.lose(where, f"how `{kind}` asks", "asked as yes or no")
        instead = "yes or no"
        self.draft.lose("", "scores of a model between 0 and 1", instead)
        return f"Not so: {text}" if kind.startswith("not-") else text


def _names_file(value: Plain) -> bool:
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(part, str) and part.startswith(_FILE) for part in parts)
