"""GitHub and SARIF output: escaped, valid, and true to the diagnostics."""

import json
import re
from urllib.parse import unquote

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import Applicability, Diagnostic, Edit, Fix, Severity
from rubricdsl.diagnostics.github import render_github
from rubricdsl.diagnostics.sarif import render_sarif, uri
from rubricdsl.model.source import ARGUMENTS, Span

SPAN = Span("a b/r:1.rub", 2, 3, 2, 9)
FIX = Fix("write blanks", (Edit(SPAN, "x\n"), Edit(Span("a", 1, 1, 1, 1), "y")))


def closed(required: str, **properties: object) -> dict[str, object]:
    """An object with these properties and no others, as the SARIF schema has them."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def array(items: object, least: int = 0) -> dict[str, object]:
    return {"type": "array", "items": items, "minItems": least}


# The part of the OASIS schema of SARIF 2.1.0 that this program writes, by hand: the
# same required properties, types, least numbers and enumerations.  The schema itself
# is in no Python package.
TEXT = {"type": "string"}
MESSAGE = closed("text", text=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
PLACE = {"type": "integer", "minimum": 1}
REGION = closed("", startLine=PLACE, startColumn=PLACE, endLine=PLACE, endColumn=PLACE)
ARTIFACT = closed("", uri={"type": "string", "format": "uri-reference"})
PHYSICAL = closed("", artifactLocation=ARTIFACT, region=REGION)
REPLACEMENT = closed(
    "deletedRegion", deletedRegion=REGION, insertedContent=closed("", text=TEXT)
)
CHANGE = closed(
    "artifactLocation replacements",
    artifactLocation=ARTIFACT,
    replacements=array(REPLACEMENT, 1),
)
RESULT = closed(
    "message",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=MESSAGE,
    locations=array(closed("", physicalLocation=PHYSICAL)),
    fixes=array(
        closed("artifactChanges", description=MESSAGE, artifactChanges=array(CHANGE, 1))
    ),
)
RULE = closed(
    "id",
    id=TEXT,
    shortDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=closed("", level=LEVEL),
)
DRIVER = closed(
    "name",
    name=TEXT,
    version=TEXT,
    rules={**array(RULE), "uniqueItems": True},
)
RUN = closed(
    "tool",
    tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=array(RESULT),
)
LOG = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **closed("version runs", version={"enum": ["2.1.0"]}, runs=array(RUN)),
}
LOG["properties"] = {**LOG["properties"], "$schema": TEXT}  # type: ignore[dict-item]

texts = st.text(max_size=30)
spans = st.builds(
    lambda file, line, column, length: Span(file, line, column, line, column + length),
    st.sampled_from(["r.rub", "-", "a b/ü:%.rub", "../x,y.rub", "/srv/r.rub"]),
    st.integers(1, 99),
    st.integers(1, 99),
    st.integers(0, 9),
)
diagnostics = st.builds(
    Diagnostic,
    st.sampled_from(["E101", "W602", "D401", "acme:X001"]),
    texts,
    st.one_of(spans, st.just(ARGUMENTS)),
    texts,
    st.sampled_from(Severity),
    st.sampled_from([None, FIX]),
)


def sarif(found):
    return json.loads(render_sarif(found, version="1.2.3"))


@given(st.lists(diagnostics, max_size=5))
def test_sarif_is_valid_and_says_all(found):
    log = sarif(found)
    jsonschema.validate(log, LOG)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for diagnostic, result in zip(found, run["results"], strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == diagnostic.code
        assert diagnostic.message in result["message"]["text"]
        assert diagnostic.hint in result["message"]["text"]
        assert ("locations" in result) is (diagnostic.span != ARGUMENTS)


def test_sarif_places_a_finding_and_its_fix():
    found = Diagnostic("E101", "a tab", SPAN, "no tabs", Severity.ERROR, FIX)
    (result,) = sarif([found])["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/r%3A1.rub"}
    assert place["region"] == {
        "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 9,
    }  # fmt: skip
    changes = result["fixes"][0]["artifactChanges"]
    assert [c["artifactLocation"]["uri"] for c in changes] == ["a", "a%20b/r%3A1.rub"]
    assert changes[1]["replacements"][0]["insertedContent"] == {"text": "x\n"}


def test_sarif_offers_no_unsafe_fix():
    unsafe = Fix("delete", FIX.edits, Applicability.UNSAFE)
    found = Diagnostic("W660", "unused", SPAN, "delete it", Severity.WARNING, unsafe)
    (result,) = sarif([found])["runs"][0]["results"]
    assert result["level"] == "warning"
    assert "fixes" not in result


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("-", "stdin:"),
        ("./a/b.rub", "a/b.rub"),
        ("../ü.rub", "../%C3%BC.rub"),
        ("/srv/a b.rub", "file:///srv/a%20b.rub"),
    ],
)
def test_uris(file, expected):
    assert uri(file) == expected


@given(st.lists(diagnostics, max_size=5))
def test_github_commands_are_one_line_each_and_read_back(found):
    lines = list(render_github(found))
    assert len(lines) == len(found)
    for diagnostic, line in zip(found, lines, strict=True):
        assert len(line.splitlines()) == 1
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert match is not None
        assert "\x1b" not in line
        properties = dict(pair.split("=", 1) for pair in match[2].split(","))
        assert unquote(properties["title"]) == diagnostic.code
        if diagnostic.span != ARGUMENTS:
            assert unquote(properties["file"]) == diagnostic.span.file
            assert int(properties["line"]) == diagnostic.span.line


def test_github_escapes_what_would_end_a_command():
    found = Diagnostic("W601", "100% a\nb::c", SPAN, "x\r", Severity.INFO)
    (line,) = render_github([found])
    assert line == (
        "::notice file=a b/r%3A1.rub,line=2,endLine=2,col=3,endColumn=8,title=W601"
        "::100%25 a%0Ab::c (help: x%0D)"
    )


def test_github_gives_no_columns_over_several_lines():
    found = Diagnostic("W601", "m", Span("r.rub", 2, 3, 4, 1), "h")
    (line,) = render_github([found])
    assert line == "::error file=r.rub,line=2,endLine=4,title=W601::m (help: h)"
