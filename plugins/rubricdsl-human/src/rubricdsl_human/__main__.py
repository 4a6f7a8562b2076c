"""``python -m rubricdsl_human``: how far people are, and what they said as gold."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.output import report
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.diagnostics.render import safe_text
from rubricdsl_human.answers import Answers, read_answers
from rubricdsl_human.judge import DEFAULT_FOLDER

_EPILOG = """\
`status` says how much of what they were asked people have answered, and `gold` writes
their answers as rows that `rub agree --gold` and `rub tail --gold` read.

exit codes: 0 done, 2 bad input"""


def main() -> int:
    """Run the command of the process's arguments."""
    parser = argparse.ArgumentParser(
        "python -m rubricdsl_human",
        description="Look into a folder of sheets.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("status", "gold"))
    parser.add_argument("folder", nargs="?", default=DEFAULT_FOLDER)
    options = parser.parse_args()
    folder = Path(options.folder)
    write = {"status": status_lines, "gold": gold_lines}[options.command]
    try:
        if not folder.is_dir():
            fail(
                "D101",
                f"there is no folder of sheets {folder}",
                hint="name the folder that the judge writes its sheets to",
            )
        for line in write(read_answers(folder)):
            sys.stdout.write(safe_text(line) + "\n")
    except RubricError as error:
        report(error.diagnostics)
        return Exit.USAGE
    return Exit.FINE


def status_lines(answers: Answers) -> Iterator[str]:
    """Say of each person how much is answered."""
    for name in answers.annotators:
        put = answers.put.get(name, set())
        given = sum((name, item) in answers.given for item in put)
        yield f"{name}: {given} of {len(put)} answered"


def gold_lines(answers: Answers) -> Iterator[str]:
    """Give a row of gold for each answer and each criterion that asked for it."""
    for (name, item), given in sorted(answers.given.items()):
        for rubric, path, prompt_id, response_id in sorted(answers.known[item].askers):
            row = {
                "rubric": rubric,
                "prompt_id": prompt_id,
                "response_id": response_id,
                "criterion": path,
                "verdict": given.ruling.record,
                "annotator": name,
            }
            yield json.dumps(row)


if __name__ == "__main__":
    sys.exit(main())
