"""JUnit XML: parsed by a real parser, whatever a rubric holds."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.cases import CaseFailure, CaseResult, Outcome, Tier
from rubricdsl.cases.junit import junit_xml
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.source import NOWHERE, Span

TEXTS = st.text(st.characters(categories=None), max_size=30)


def result(outcome, *, title="t", reason="", message="m"):
    failed = Diagnostic("E501", message, NOWHERE, message)
    return CaseResult(
        rubric="r", title=title, span=NOWHERE, tier=Tier.ARITHMETIC, outcome=outcome,
        reason=reason, seconds=0.25,
        failures=(CaseFailure(diagnostic=failed),) if outcome == "failed" else (),
    )  # fmt: skip


@given(st.lists(st.builds(result, st.sampled_from(Outcome), title=TEXTS, reason=TEXTS,
                          message=TEXTS)), TEXTS)  # fmt: skip
def test_any_text_gives_xml_with_one_testcase_for_each_test(results, message):
    broken = Diagnostic("E201", message, Span("bad.rub", 1, 1, 1, 1), "h")
    root = ET.fromstring(junit_xml(results, [broken]))  # noqa: S314 - our own
    cases = root.findall("./testsuite/testcase")
    assert len(cases) == len(results) + 1 == int(root.get("tests", ""))
    for outcome, tag, tally in (
        (Outcome.FAILED, "failure", "failures"),
        (Outcome.SKIPPED, "skipped", "skipped"),
        (Outcome.ERROR, "error", "errors"),
    ):
        expected = sum(r.outcome is outcome for r in results) + (tag == "error")
        assert len(root.findall(f"./testsuite/testcase/{tag}")) == expected
        assert root.get(tally) == str(expected)
    for case, tested in zip(cases, results, strict=False):
        assert case.get("classname") == "r"
        assert case.get("time") == "0.250"
        # A parser gives blanks for what it reads as line ends in attributes.
        legal = [c for c in tested.title if c.isprintable() and c.isascii()]
        assert [
            c
            for c in case.get("name", "")
            if c.isprintable() and c.isascii() and c != " "
        ] == [c for c in legal if c != " "]


def test_a_failure_holds_its_explanation(place):
    failed = place.run(
        'rubric r\n[1] a: A.\ntest "t"\n    given a: no\n    expect score: 1\n'
    )
    root = ET.fromstring(junit_xml([failed], []))  # noqa: S314 - our own
    failure = root.find("./testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("type") == "E501"
    assert failure.get("message") == "`score` is 0, not 1"
    assert "-1.0000  a  no against yes" in (failure.text or "")
