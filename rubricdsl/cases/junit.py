"""Results of tests as JUnit XML, the form that CI servers read.

One ``testsuite`` for each rubric, one ``testcase`` for each test.  A file with errors
is a testcase in error, so that whoever reads only this file sees it was not tested.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from rubricdsl.cases.explaining import explanation
from rubricdsl.cases.outcomes import CaseResult, Outcome
from rubricdsl.diagnostics import Diagnostic

# What XML 1.0 cannot hold, escaped or not.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TALLIES = {
    "failures": Outcome.FAILED,
    "errors": Outcome.ERROR,
    "skipped": Outcome.SKIPPED,
}


def junit_xml(results: Sequence[CaseResult], errors: Iterable[Diagnostic]) -> bytes:
    """Give the XML of results, and of the errors that kept files from being tested."""
    root = ET.Element("testsuites", name="rub test")
    for (file, rubric), group in groupby(
        results, key=lambda r: (r.span.file, r.rubric)
    ):
        mine = list(group)
        suite = ET.SubElement(root, "testsuite", name=_legal(rubric), file=_legal(file))
        suite.set("tests", str(len(mine)))
        for name, outcome in _TALLIES.items():
            suite.set(name, str(sum(result.outcome is outcome for result in mine)))
        suite.set("time", f"{sum(result.seconds for result in mine):.3f}")
        for result in mine:
            _add_case(suite, result)
    for file, broken in groupby(errors, key=lambda error: error.span.file):
        _add_broken(root, file, list(broken))
    for name in ("tests", *_TALLIES):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.3f}")
    ET.indent(root)
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _add_case(suite: ET.Element, result: CaseResult) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_legal(result.rubric),
        name=_legal(result.title),
        file=_legal(result.span.file),
        line=str(result.span.line),
        time=f"{result.seconds:.3f}",
    )
    match result.outcome:
        case Outcome.FAILED:
            first = result.diagnostics[0]
            failure = ET.SubElement(
                case, "failure", type=first.code, message=_legal(first.message)
            )
            failure.text = _legal("\n".join(_failure_lines(result)))
        case Outcome.ERROR:
            ET.SubElement(
                case, "error", type="incomplete", message=_legal(result.reason)
            )
        case Outcome.SKIPPED:
            ET.SubElement(case, "skipped", message=_legal(result.reason))
        case Outcome.PASSED:
            pass


def _failure_lines(result: CaseResult) -> Iterable[str]:
    for failure in result.failures:
        yield from _lines(failure.diagnostic)
        if failure.comparison is not None:
            yield from explanation(failure.comparison)
    if result.reason:
        yield result.reason


def _add_broken(root: ET.Element, file: str, errors: Sequence[Diagnostic]) -> None:
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_legal(file),
        file=_legal(file),
        tests="1",
        failures="0",
        errors="1",
        skipped="0",
        time="0.000",
    )
    case = ET.SubElement(
        suite, "testcase", classname=_legal(file), name="rub check", time="0.000"
    )
    error = ET.SubElement(
        case, "error", type=errors[0].code, message=_legal(errors[0].message)
    )
    error.text = _legal("\n".join(line for d in errors for line in _lines(d)))


def _lines(diagnostic: Diagnostic) -> Iterable[str]:
    yield f"{diagnostic.span}: {diagnostic.code} {diagnostic.message}"
    yield f"    help: {diagnostic.hint}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)
