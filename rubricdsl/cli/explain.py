"""``rub explain``: why a response scored as it did, and what would change that."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from attrs import frozen

from rubricdsl.analysis.explanation.explaining import WrongRubricError, explain
from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import load_sound
from rubricdsl.cli.output import print_json, say
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.formats.explanation import explanation_lines, explanation_record
from rubricdsl.formats.results import result_rows, scorecard_row
from rubricdsl.formats.rows import Row, RowProblem, sound
from rubricdsl.formats.terminal import Style
from rubricdsl.model.digest import Plain
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.scorecard import Scorecard

DESCRIPTION = """\
Say why a response scored as it did: what each criterion brings, which gates fired and
what the score would be without them, and what one better verdict is worth.  With
--against, also in what it differs from another response to the same prompt, and the
smallest change of weights that turns their order."""
EPILOG = """\
examples:
  rub explain examples/doctor/results.jsonl --response r12
  rub explain examples/doctor/results.jsonl --response r16 --against r15

Results do not hold how groups count, nor what needs what.  So the score is worked out
anew by the rubric: that of --rubric, or else the file that the results name, if it is
there and has not changed since.  Without it, what cannot be known is left out.

Weights keep their signs, and verdicts are those of the results.  A share is the part of
the whole score that a criterion decides.

exit codes: 0 done, 2 bad input, no such response, or several of that name"""

_MOST_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "results", metavar="RESULTS", help="what `rub eval --out` wrote, or -"
    )
    parser.add_argument(
        "--response", required=True, metavar="ID", help="the response to explain"
    )
    parser.add_argument(
        "--prompt", metavar="ID", help="its prompt, where several have such a response"
    )
    parser.add_argument(
        "--against", metavar="ID", help="another response to the same prompt"
    )
    parser.add_argument(
        "--rubric", metavar="PATH", help="the rubric that scored it, or PATH#NAME"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    found = _Found.read(options)
    named = _bound(options.rubric) if options.rubric else None
    card = found.card(options, named)
    other = found.against(options, card) if options.against else None
    rubric = _rubric_of(card, named, found.run, options)
    try:
        explanation = explain(card, rubric, other)
    except WrongRubricError as error:
        fail(
            "D401",
            f"the rubric {card.rubric} did not lead to these results: {error}",
            hint="score the responses again, or leave out what was changed by hand",
        )
    if options.json:
        print_json(explanation_record(explanation))
        return Exit.FINE
    columns = shutil.get_terminal_size((100, 24)).columns
    style = Style(width=columns, encoding=sys.stdout.encoding)
    for line in explanation_lines(explanation, style):
        sys.stdout.write(safe_text(line) + "\n")
    if rubric is None and card.score is not None:
        say("note: the rubric that scored it was not found; name it with --rubric PATH")
    return Exit.FINE


# ------------------------------------------------------------------- responses


@frozen(eq=False)
class _Found:
    """The rows of a results file that were asked for, and the ids of all."""

    run: Mapping[str, Plain]
    cards: Sequence[Scorecard]
    ids: Sequence[tuple[str, str]]

    @classmethod
    def read(cls, options: argparse.Namespace) -> "_Found":
        """Read the rows; raises RubricError for a file that is no results file."""
        wanted = {options.response, options.against}
        cards: list[Scorecard] = []
        ids: dict[tuple[str, str], None] = {}

        def problems(rows: Iterator[Row | RowProblem]) -> Iterator[RowProblem | None]:
            for row in rows:
                card = scorecard_row(row)
                if isinstance(card, RowProblem):
                    yield card
                    continue
                ids[card.prompt_id, card.response_id] = None
                if card.response_id in wanted:
                    cards.append(card)

        run, rows = result_rows(options.results)
        sound(problems(rows))
        return cls(run, cards, tuple(ids))

    def card(
        self, options: argparse.Namespace, named: Sequence[BoundRubric] | None
    ) -> Scorecard:
        """Give the response to explain; raises RubricError (D401) if it is not one."""
        found = [card for card in self.cards if card.response_id == options.response]
        if options.prompt is not None:
            found = [card for card in found if card.prompt_id == options.prompt]
        prompts = list(dict.fromkeys(card.prompt_id for card in found))
        if not found:
            self._none(options)
        if len(prompts) > 1:
            fail(
                "D401",
                f"{len(prompts)} prompts have a response {options.response!r}",
                hint=f"add --prompt ID: {_listed(prompts)}",
            )
        if len(found) > 1 and named is not None:
            digests = {rubric.digest for rubric in named}
            found = [card for card in found if card.rubric_digest in digests] or found
        if len(found) > 1:
            rubrics = _listed([card.rubric for card in found])
            fail(
                "D401",
                f"{options.response!r} was scored {len(found)} times",
                hint=f"name a rubric with --rubric PATH#NAME: {rubrics}",
            )
        return found[0]

    def against(self, options: argparse.Namespace, card: Scorecard) -> Scorecard:
        """Give the response to compare with; raises RubricError (D401) likewise."""
        found = [c for c in self.cards if c.response_id == options.against]
        here = [
            c
            for c in found
            if (c.prompt_id, c.rubric_digest) == (card.prompt_id, card.rubric_digest)
        ]
        if options.against == options.response:
            fail("D401", "a response has no order with itself", hint="name another")
        if here:
            return here[0]
        others = [r for p, r in self.ids if p == card.prompt_id]
        why = f"by {card.rubric} for {card.prompt_id!r}"
        return fail(
            "D401",
            f"no response {options.against!r} was scored {why} in {options.results}",
            hint=f"it has {_near(options.against, others)}",
        )

    def _none(self, options: argparse.Namespace) -> None:
        prompts = list(dict.fromkeys(prompt for prompt, _ in self.ids))
        if options.prompt is not None and options.prompt not in prompts:
            fail(
                "D401",
                f"{options.results} has no prompt {options.prompt!r}",
                hint=f"it has {_near(options.prompt, prompts)}",
            )
        there = [r for p, r in self.ids if options.prompt in {None, p}]
        fail(
            "D401",
            f"{options.results} has no response {options.response!r}",
            hint=f"it has {_near(options.response, there)}",
        )


def _near(word: str, known: Sequence[str]) -> str:
    """Name what may have been meant, or else the first of all."""
    several = list(dict.fromkeys(known))
    return _listed(get_close_matches(word, several, n=_MOST_NAMED) or several)


def _listed(names: Sequence[str]) -> str:
    told = ", ".join(names[:_MOST_NAMED]) or "none"
    more = len(names) - _MOST_NAMED
    return f"{told} and {more} more" if more > 0 else told


# --------------------------------------------------------------------- rubrics


def _bound(path: str) -> list[BoundRubric]:
    rubrics, project = load_sound([path])
    return [project.bind_open(rubric) for rubric in rubrics]


def _rubric_of(
    card: Scorecard,
    named: Sequence[BoundRubric] | None,
    run: Mapping[str, Plain],
    options: argparse.Namespace,
) -> BoundRubric | None:
    """Give the rubric that scored a response, by its digest.

    Raises RubricError (D401) where one was named that is not it.
    """
    if named is not None:
        for rubric in named:
            if rubric.digest == card.rubric_digest:
                return rubric
        fail(
            "D401",
            f"{options.rubric} does not hold the rubric that scored "
            f"{card.response_id!r}: {card.rubric} {card.rubric_digest}",
            hint="name the file as it was then, or score the responses again",
        )
    for path in _named_in(run):
        try:
            bound = _bound(path)
        except RubricError:
            continue
        for rubric in bound:
            if rubric.digest == card.rubric_digest:
                return rubric
    return None


def _named_in(run: Mapping[str, Plain]) -> Iterator[str]:
    """Give the rubric files that a run was made with, as far as they are there."""
    settings = run.get("options")
    paths = settings.get("rubrics") if isinstance(settings, dict) else None
    for path in paths if isinstance(paths, list) else ():
        if isinstance(path, str):
            file = Path(path.partition("#")[0])
            if file.is_dir() or (file.suffix == ".rub" and file.is_file()):
                yield path
