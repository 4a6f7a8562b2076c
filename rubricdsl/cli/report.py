"""``rub report``: results as one page that needs nothing beside it."""

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rubricdsl.cli.analysis_extra import require_analysis
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.numbers import seed
from rubricdsl.cli.output import say, standard_input
from rubricdsl.cli.pages import write_html
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.formats.audits import read_audit
from rubricdsl.formats.gold import Gold, read_gold
from rubricdsl.formats.refinements import ToldRefinement, read_refinements
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.results import Results, read_results
from rubricdsl.formats.rows import sound
from rubricdsl.model.response import Response
from rubricdsl.project import pick

if TYPE_CHECKING:
    from rubricdsl.changes.differences import Difference
    from rubricdsl.report.page import Material
    from rubricdsl.report.run_comparison import RunComparison
    from rubricdsl.report.sections.refinement import RefinedWay

DESCRIPTION = """\
Write a report of results: one HTML file with all that is in it, which asks no network
for anything and shows texts as texts, whatever is written in them."""
EPILOG = """\
examples:
  rub report examples/doctor/results.jsonl --out report.html
  rub report examples/doctor/results.jsonl --rubric examples/doctor/fever.rub --responses examples/doctor/responses.jsonl --gold examples/doctor/gold.jsonl --out report.html

On a terminal the report stands there in brief, too; without --out the page goes to
standard output where that is none.  Several files are parts of one run.  With --responses each response is shown with its
text, in which the quotes that judges gave are marked; with --rubric what each criterion says;
with --gold, what `rub tail`
and `rub agree` find, and how each criterion tells good responses apart; with --audit and --refine,
what `rub audit --json` and `rub refine --json` printed of it; with --compare, what
moved since that run.

exit codes: 0 done, 2 bad input"""  # noqa: E501 - examples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "results",
        nargs="+",
        metavar="RESULTS",
        help="what `rub eval --out` wrote, or -",
    )
    parser.add_argument("--out", metavar="FILE", help="where to (default: stdout)")
    parser.add_argument(
        "--compare", metavar="RESULTS", help="results of another run, the earlier one"
    )
    parser.add_argument(
        "--responses", metavar="FILE", help="the responses, to show their texts"
    )
    parser.add_argument(
        "--rubric",
        action="append",
        default=[],
        metavar="PATH",
        help="the rubric, to show what its criteria say; may be repeated",
    )
    parser.add_argument("--gold", metavar="FILE", help="what people said of them")
    parser.add_argument(
        "--audit", metavar="FILE", help="what `rub audit --json` printed"
    )
    parser.add_argument(
        "--refine", metavar="FILE", help="what `rub refine --json` printed"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all that is drawn"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    require_analysis("report")
    from rubricdsl.cli.report_brief import draw_brief
    from rubricdsl.report.page import report

    material = _material(options)
    if options.out is None and not sys.stdout.isatty():
        sys.stdout.buffer.write(report(material).encode())
        return Exit.FINE
    if options.out is None:
        say("note: give --out FILE for the whole page")
    else:
        write_html(options.out, report(material))
    draw_brief(material)
    return Exit.FINE


def _material(options: argparse.Namespace) -> "Material":
    from rubricdsl.report.page import Material

    runs = [_read(path) for path in options.results]
    refined = () if options.refine is None else read_refinements(options.refine)
    if not any(run.scorecards for run in runs):
        fail(
            "D106",
            f"{options.results[0]} holds no results",
            hint="run `rub eval` on some responses",
        )
    return Material(
        runs=runs,
        gold=Gold() if options.gold is None else read_gold(options.gold),
        texts=_texts(options.responses),
        statements=_statements(options.rubric, runs),
        comparison=_comparison(options, runs),
        audit=None if options.audit is None else read_audit(options.audit),
        refinements=tuple(map(_way, refined)),
        seed=options.seed,
    )


def _read(path: str) -> Results:
    return read_results(
        path, stdin=io.BytesIO(standard_input()) if path == "-" else None
    )


def _texts(path: str | None) -> Mapping[tuple[str, str], Response]:
    if path is None:
        return {}
    responses = sound(read_responses(path))
    return {(one.prompt_id, one.response_id): one for one in responses}


def _statements(
    paths: Sequence[str], runs: Sequence[Results]
) -> Mapping[str, Mapping[str, str]]:
    """Give what criteria of the run's rubrics say, by the rubric's name and path."""
    if not paths:
        return {}
    rubrics, project = load_sound(paths)
    used = {
        (card.rubric, card.rubric_digest) for run in runs for card in run.scorecards
    }
    found: dict[str, Mapping[str, str]] = {}
    for rubric in rubrics:
        bound = project.bind(rubric)
        if (bound.name, bound.digest) in used:
            found[bound.name] = {one.path: one.text for one in bound.criteria()}
        elif bound.name in {name for name, _ in used}:
            say(
                f"note: `{bound.name}` was another when this was judged; its texts are "
                "left out"
            )
    if not found:
        fail(
            "D103",
            f"{', '.join(paths)}: no rubric here is one of these results",
            hint="name the file that `rub eval` was given, as it was then",
        )
    return found


def _comparison(
    options: argparse.Namespace, runs: Sequence[Results]
) -> "RunComparison | None":
    if options.compare is None:
        return None
    from rubricdsl.report.run_comparison import run_comparison

    found = run_comparison(
        _read(options.compare).scorecards,
        [card for run in runs for card in run.scorecards],
        names=(options.compare, ", ".join(options.results)),
        seed=options.seed,
    )
    if not found.pairs:
        fail(
            "D103",
            f"{options.compare} holds no response of {options.results[0]}",
            hint="compare runs on the same responses, with the same ids",
        )
    return found


def _way(told: ToldRefinement) -> "RefinedWay":
    from rubricdsl.report.sections.refinement import RefinedWay

    return RefinedWay(told, _difference(told))


def _difference(told: ToldRefinement) -> "Difference | None":
    """Say how a rubric differs in the end; None where that cannot be told."""
    from rubricdsl.changes.comparing import difference
    from rubricdsl.changes.snapshots import Snapshot
    from rubricdsl.cli.inputs import RubricFile, open_project

    if told.begin is None:
        return None
    project = open_project(RubricFile(told.file))
    try:
        old, new = (
            Snapshot.of(
                pick(project.load_text(text).checked(), told.name, told.file),
                project.functions,
            )
            for text in (told.begin, told.source)
        )
    except RubricError:
        say(f"note: the sources of {told.name} cannot be read, so no diff is shown")
        return None
    return difference(old, new)
