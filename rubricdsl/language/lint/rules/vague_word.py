"""A word that two judges read in two ways.

What it does:
    Looks in what a judge is asked for words that praise without saying what for, such
    as "appropriate", "good" or "etc.". A criterion with levels, a note or examples
    says what it means by the word and is left alone, and so is what stands in quotes.

Why it matters:
    The answer then depends on the judge more than on the response. A response is
    rewarded for sounding good.

Example:
    rubric fever
    [2] advice: Gives appropriate advice on drinking.

Use instead:
    rubric fever
    [2] advice: Recommends offering small drinks often.
"""

import re
from collections.abc import Iterator

from rubricdsl.language.lint.rule import Case, Finding
from rubricdsl.language.lint.subjects import Statement, Subject
from rubricdsl.model.rubric import LevelScale

CODE = "W601"
SUMMARY = "vague word"

_VAGUE = re.compile(
    r"\b(?:(?:in)?appropriate(?:ly)?|(?:in)?adequate(?:ly)?|satisfactor(?:y|ily)|"
    r"reasonabl[ey]|properly|nicely|suitabl[ey]|good|great|nice|excellent|"
    r"high[- ]quality|well[- ]written|helpful(?:ly)?|interesting|"
    r"etc|and so on|and so forth|as needed|if necessary)\b",
    re.IGNORECASE,
)
# Where such a word is part of a term that means one thing.
_TERM = re.compile(
    r"\b(?:good|great) (?:faith|friday|britain|samaritan|deal|many|manufacturing|"
    r"clinical practice)|\bgreat(?:-grand| grand|er)|\bgood(?:s|will|bye)|"
    r"\b(?:common|public|greater) good\b|\bas good as\b|\b\w+-appropriate\b",
    re.IGNORECASE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Give the first vague word of each statement that leaves it open."""
    for statement in subject.english:
        if _is_explained(statement):
            continue
        words = _TERM.sub(lambda match: " " * len(match[0]), statement.words)
        match = _VAGUE.search(words)
        if match is not None:
            word = statement.criterion.text[match.start() : match.end()]
            yield Finding(
                f"judges differ on what is `{word}`",
                subject.within(statement.criterion, *match.span()),
                "say what can be seen in the response, or say in a `note:` what counts",
            )


def _is_explained(statement: Statement) -> bool:
    criterion = statement.criterion
    return bool(criterion.note or criterion.examples) or isinstance(
        criterion.scale, LevelScale
    )


CASES = (
    Case(
        """\
rubric r
[2] tone: Uses an appropriate tone.
[1] long:
    | Lists the side effects,
    | their frequency, etc.
[1] quoted: Says "have a nice day" at the end.
[1] noted: Gives a good reason.
    note: A reason is good if it names a cost.
[1] term: Names the Good Friday agreement.
""",
        lines=(2, 5),
    ),
    Case(
        """\
rubric r
[2] checked: Has a reasonable length.
    check: words(response) < 300
[1] levels: How helpful is it?
    level 0: It names no step.
    level 1: It names a step.
"""
    ),
    Case(
        """\
rubric r
language: de
[1] ton: Der Rat ist gut, etc.
"""
    ),
)
