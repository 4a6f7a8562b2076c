"""``rub test``: the tests written in rubrics, in all three tiers."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import rubricdsl
from rubricdsl.cases import CaseResult, Outcome, RubricFile, Session, Tier
from rubricdsl.cases.coverage import RubricCoverage, coverage, findings
from rubricdsl.cases.explaining import explanation
from rubricdsl.cases.junit import junit_xml
from rubricdsl.cases.selection import matcher, searched
from rubricdsl.cli.coverage_table import coverage_lines, coverage_record
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import find_files, load, open_project
from rubricdsl.cli.output import (
    SourceLines,
    plural,
    print_json,
    report,
    report_json,
    say,
)
from rubricdsl.cli.progress import ProgressView
from rubricdsl.cli.stopping import until_stopped
from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.loops import run_async
from rubricdsl.model.digest import Plain
from rubricdsl.model.execution import JudgeOptions
from rubricdsl.project import pick

DESCRIPTION = """\
Run the tests written in rubrics.  Verdicts that a test fixes, and checks, need nothing
else (tier `arithmetic`).  Where a judge must decide, its verdicts are read from
NAME.verdicts.jsonl beside the rubric (`recorded`), or a judge is asked (`live`, only
with --judge); where there is neither, the test is skipped, and says so."""
EPILOG = """\
examples:
  rub test examples
  rub test examples/teacher --coverage -k padded

A verdict is recorded with digests of the question and of the response: a criterion that
was reworded, or a response that was changed, must be judged again.

exit codes: 0 no test failed, 1 a test failed or a rubric has errors (with --strict also
gaps in coverage), 2 bad usage, 3 no test failed but some verdicts could not be had,
130 interrupted"""
_SIGNS = {
    Outcome.PASSED: "ok",
    Outcome.FAILED: "FAILED",
    Outcome.SKIPPED: "skipped",
    Outcome.ERROR: "ERROR",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or -")
    parser.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="[NAME=]SPEC",
        help="ask this judge what tests need, or in place of the judge block NAME",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="keep what --judge says in NAME.verdicts.jsonl beside each rubric file",
    )
    parser.add_argument(
        "--tier",
        action="append",
        choices=[str(tier) for tier in Tier],
        help="run only tests of this tier (may be given several times)",
    )
    parser.add_argument(
        "-k",
        dest="pattern",
        metavar="PATTERN",
        help="run tests whose rubric, title or tags hold these words; and, or, not, ()",
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="show what of each rubric no test has seen",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="gaps in coverage count as errors (implies --coverage)",
    )
    parser.add_argument("--junit", metavar="FILE", help="write results as JUnit XML")
    parser.add_argument(
        "--format",
        choices=("text", *_REPORTS),
        default="text",
        help="how to print what is wrong (default: text)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one document with every test"
    )


def _report_github(diagnostics: Sequence[Diagnostic]) -> None:
    from rubricdsl.diagnostics.github import render_github

    sys.stdout.writelines(f"{line}\n" for line in render_github(diagnostics))


def _report_sarif(diagnostics: Sequence[Diagnostic]) -> None:
    from rubricdsl.diagnostics.sarif import render_sarif

    log = render_sarif(diagnostics, version=rubricdsl.__version__)
    sys.stdout.write(f"{log}\n")


_REPORTS: Mapping[str, Callable[[Sequence[Diagnostic]], None]] = {
    "json": report_json,
    "github": _report_github,
    "sarif": _report_sarif,
}


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    _check(options)
    selected = matcher(options.pattern) if options.pattern is not None else None
    files, errors = _load(options.paths)
    session = Session(
        files,
        judge=(
            JudgeOptions(specs=tuple(options.judge), origin="--judge")
            if options.judge
            else None
        ),
        tiers=[Tier(tier) for tier in options.tier or Tier],
        selected=lambda rubric, test: (
            selected is None or selected(searched(rubric, test))
        ),
        renews=options.record,
    )
    interrupted = run_async(_ask(session)) if session.awaits_judge else False
    results = session.results
    with_coverage = options.coverage or options.strict
    covered = coverage(session.rubrics, results) if with_coverage else ()
    gaps = list(findings(covered))
    if options.junit:
        with whole_file(options.junit) as file:
            file.write(junit_xml(results, errors))
    recordings = session.record() if options.record else ()
    _print(options, results, errors, covered, gaps)
    _tell(options, session, recordings)
    return _exit(options, results, errors, gaps, interrupted=interrupted)


def _check(options: argparse.Namespace) -> None:
    """Refuse, before anything runs, what makes no sense or cannot be written."""
    if options.record and not options.judge:
        fail(
            "D401",
            "--record keeps what a judge says, and no judge is named",
            hint="add --judge SPEC, as in: rub test --judge presence --record PATH",
        )
    if options.junit and not os.access(Path(options.junit).parent, os.W_OK):
        fail(
            "D111",
            f"--junit: {options.junit} cannot be written",
            hint="name a file in a folder that exists and can be written to",
        )


def _load(paths: Sequence[str]) -> tuple[list[RubricFile], list[Diagnostic]]:
    files: list[RubricFile] = []
    errors: list[Diagnostic] = []
    for file in find_files(paths):
        project = open_project(file)
        loaded = load(file, project)
        if not loaded.sound:
            errors += [d for d in loaded.diagnostics if d.severity == "error"]
            continue
        if file.name:
            pick(loaded.rubrics, file.name, file.path)
        files.append(
            RubricFile(
                path=file.path,
                project=project,
                rubrics=tuple(loaded.rubrics),
                name=file.name,
            )
        )
    return files, errors


async def _ask(session: Session) -> bool:
    progress = ProgressView()
    try:
        work = session.ask(listener=progress)
        _, interrupted = await until_stopped(work, session.cancel)
    finally:
        progress.clear()
    return interrupted


# -------------------------------------------------------------------- printing


def _print(
    options: argparse.Namespace,
    results: Sequence[CaseResult],
    errors: Sequence[Diagnostic],
    covered: Sequence[RubricCoverage],
    gaps: Sequence[Diagnostic],
) -> None:
    if options.json:
        print_json(_document(results, errors, covered, gaps))
        return
    if options.format != "text":
        failures = [d for result in results for d in result.diagnostics]
        _REPORTS[options.format]([*errors, *failures, *gaps])
        return
    report(errors, lines=SourceLines(), file=sys.stdout)
    _print_results(results)
    for line in coverage_lines(covered):
        sys.stdout.write(safe_text(line) + "\n")
    if options.strict:
        report(gaps, lines=SourceLines(), file=sys.stdout)


def _print_results(results: Sequence[CaseResult]) -> None:
    lines = SourceLines()
    rubric = None
    for result in results:
        if (result.span.file, result.rubric) != rubric:
            rubric = result.span.file, result.rubric
            sys.stdout.write(safe_text(f"{result.rubric}  ({result.span.file})") + "\n")
        tier = "" if result.tier is Tier.ARITHMETIC else f" [{result.tier}]"
        text = f"  {_SIGNS[result.outcome]:8}{result.title}{tier}"
        sys.stdout.write(safe_text(" ".join(text.split("\n"))) + "\n")
        if result.reason:
            sys.stdout.write(safe_text(f"          {result.reason}") + "\n")
        for failure in result.failures:
            report([failure.diagnostic], lines=lines, file=sys.stdout)
            if failure.comparison is not None:
                for line in explanation(failure.comparison):
                    sys.stdout.write(safe_text(f"    {line}") + "\n")


def _tell(
    options: argparse.Namespace, session: Session, recordings: Sequence[str]
) -> None:
    """Say beside the results what happened."""
    results = session.results
    for notice in session.notices:
        say(f"note: {notice}")
    counts = [
        f"{sum(r.outcome is outcome for r in results)} {outcome}" for outcome in Outcome
    ]
    if session.deselected:
        counts.append(f"{session.deselected} not selected")
    if options.judge:
        counts.append(f"{plural(session.judge_calls, 'request')} to judges")
    say(f"{plural(len(results), 'test')}: {', '.join(counts)}")
    unasked = sum(r.outcome is Outcome.SKIPPED for r in results)
    if unasked and not options.judge:
        tests = plural(unasked, "test")
        say(f"left to a judge (--judge SPEC, --record): {tests}")
    if options.pattern is not None and not results:
        say(f"no test matches -k {options.pattern!r}")
    for path in recordings:
        say(f"recorded: {path}")


def _document(
    results: Sequence[CaseResult],
    errors: Sequence[Diagnostic],
    covered: Sequence[RubricCoverage],
    gaps: Sequence[Diagnostic],
) -> dict[str, Plain]:
    document: dict[str, Plain] = {
        "errors": [_diagnostic(error) for error in errors],
        "tests": [_test(result) for result in results],
        "summary": {
            str(outcome): sum(r.outcome is outcome for r in results)
            for outcome in Outcome
        },
    }
    if covered:
        document["coverage"] = [coverage_record(rubric) for rubric in covered]
        document["gaps"] = [_diagnostic(gap) for gap in gaps]
    return document


def _test(result: CaseResult) -> dict[str, Plain]:
    return {
        "rubric": result.rubric,
        "title": result.title,
        "file": result.span.file,
        "line": result.span.line,
        "tier": str(result.tier),
        "outcome": str(result.outcome),
        "reason": result.reason or None,
        "scores": {
            name or "": None if card.score is None else card.score
            for name, card in result.cards.items()
        },
        "failures": [
            {
                **_diagnostic(failure.diagnostic),
                "explanation": [
                    *(explanation(failure.comparison) if failure.comparison else ())
                ],
            }
            for failure in result.failures
        ],
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Plain]:
    return {
        "file": diagnostic.span.file,
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def _exit(
    options: argparse.Namespace,
    results: Sequence[CaseResult],
    errors: Sequence[Diagnostic],
    gaps: Sequence[Diagnostic],
    *,
    interrupted: bool,
) -> Exit:
    if interrupted:
        return Exit.INTERRUPTED
    outcomes = {result.outcome for result in results}
    if errors or Outcome.FAILED in outcomes or (options.strict and gaps):
        return Exit.NO
    if Outcome.ERROR in outcomes:
        return Exit.INCOMPLETE
    if options.pattern is not None and not results:
        return Exit.USAGE
    return Exit.FINE
