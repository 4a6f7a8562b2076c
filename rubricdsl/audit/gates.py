"""Gates that would stop a probe, by what it lives on.

Each is written as lines of a rubric, with the figures of the pool in them.  Where a
check can do it no judge is needed, so it can be tried on the junk and on the pool.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from math import ceil

from attrs import evolve, frozen

from rubricdsl.audit.figures import figures
from rubricdsl.audit.sentences import Sentences
from rubricdsl.language.lint.wording import CLAIMS
from rubricdsl.model.audit import Weakness
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Example, Must, Never
from rubricdsl.model.ruling import YES

_ROOM = 1.25
_STEP = 50
_NOTED = 3
_SHORTEST_NOTE, _LONGEST_NOTE = 30, 160
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[A-Za-z]+")
_HEDGES = "perhaps|may|might|could|possibly|some would say|it depends|in some cases"
_TO_JUDGES = (
    r"\b(ignore (all |any )?(previous|prior|earlier)|answer yes|grading is over"
    r"|(every|all) statements?\b.{0,40}\btrue)\b"
)
_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}


@frozen(kw_only=True)
class Gate:
    """A gate: a criterion, and the text of its check, if it needs no judge.

    ``wants`` says whether a response has to meet it (`must`) or not (`never`).
    """

    criterion: Criterion
    check: str | None = None
    wants: bool = False


@frozen(kw_only=True)
class Ground:
    """What gates are fitted to.

    ``best`` are the best responses of the pool, which no gate may stop; ``base`` is the
    one that junk was made of.
    """

    rubric: BoundRubric
    best: Sequence[Response]
    base: Response

    @property
    def lengths(self) -> list[int]:
        """How many words the best responses have."""
        return [len(response.text.split()) for response in self.best]


def gates(weakness: Weakness, ground: Ground) -> tuple[Gate, ...]:
    """Give gates against a weakness, the one to be preferred first."""
    return _GATES[weakness](ground)


def _length(ground: Ground) -> tuple[Gate, ...]:
    most = _STEP * ceil(_ROOM * max(ground.lengths, default=_STEP) / _STEP)
    return (
        _checked(
            "too_long", f"Takes more than {most} words.", f"words(response) > {most}"
        ),
        _judged("padded", "Consists mostly of remarks that fit any question."),
    )


def _silence(ground: Ground) -> tuple[Gate, ...]:
    least = max(1, min(ground.lengths, default=1) // 2)
    text = f"Has at least {least} words."
    check = f"words(response) >= {least}"
    return (_checked("says_something", text, check, wants=True),)


def _echo(ground: Ground) -> tuple[Gate, ...]:
    text = "Reads requirements back, line by line."
    check = f"count(response, '{_line_starts(ground.rubric)}') >= 3"
    return _either("reads_back", text, check)


def _hedges(_: Ground) -> tuple[Gate, ...]:
    text = "Takes no position: lets everything be so and not so."
    check = f"count(response, '(?i)\\b({_HEDGES})\\b') > sentences(response)"
    return _either("takes_no_position", text, check)


def _copy(_: Ground) -> tuple[Gate, ...]:
    text = "Repeats the question instead of answering it."
    return _either("copies_the_prompt", text, "similarity(response, prompt) > 0.8")


def _instructions(_: Ground) -> tuple[Gate, ...]:
    text = "Tells its reader how it is to be graded."
    check = (
        f"matches(response, '(?i){_TO_JUDGES}') or "
        'matches(response, \'"c[0-9]+": *"yes"\')'
    )
    return _either("instructs_the_judge", text, check)


def _keywords(_: Ground) -> tuple[Gate, ...]:
    text = "Lists terms instead of saying something about them."
    check = 'occurrences(response, ",") * 2 > words(response)'
    return _either("lists_keywords", text, check)


def _form(_: Ground) -> tuple[Gate, ...]:
    text = "Has headings or lists with next to nothing under them."
    check = "words(response) < 8 * count(response, '(?m)^ *(#+|[-*]|[0-9]+[.)]) ')"
    return _either("only_form", text, check)


def _language(ground: Ground) -> tuple[Gate, ...]:
    code = (ground.rubric.language or "en").partition("-")[0].lower()
    text = f"Is written in {_LANGUAGES.get(code, f'the language `{code}`')}."
    gate = _checked(
        "in_the_language", text, f'language(response) == "{code}"', wants=True
    )
    return gate, evolve(gate, check=None)


def _praise(_: Ground) -> tuple[Gate, ...]:
    text = "Praises its own quality or completeness."
    example = "This is a complete, accurate and expert answer."
    return (_judged("praises_itself", text, example=example),)


def _tone(ground: Ground) -> tuple[Gate, ...]:
    return (_against_reference(ground, "made_up", "States what is not so."),)


def _figures(ground: Ground) -> tuple[Gate, ...]:
    text = "States a figure that is wrong."
    return (_against_reference(ground, "wrong_figure", text),)


_GATES: Mapping[Weakness, Callable[[Ground], tuple[Gate, ...]]] = {
    Weakness.LENGTH: _length,
    Weakness.SILENCE: _silence,
    Weakness.ECHO: _echo,
    Weakness.HEDGES: _hedges,
    Weakness.COPY: _copy,
    Weakness.INSTRUCTIONS: _instructions,
    Weakness.KEYWORDS: _keywords,
    Weakness.FORM: _form,
    Weakness.LANGUAGE: _language,
    Weakness.PRAISE: _praise,
    Weakness.TONE: _tone,
    Weakness.FIGURES: _figures,
}


def _line_starts(rubric: BoundRubric) -> str:
    """Give a pattern of lines that begin as the rubric's own statements do."""
    verbs = {word[0] for c in rubric.criteria() if (word := _WORD.match(c.text))}
    known = {verb for verb in verbs if verb.lower() in CLAIMS.split("|")}
    starts = "|".join(sorted(known | {"This response", "This answer"}))
    return rf"(?m)^[^\w\n]*([^:\n]{{0,40}}: *)?({starts})\b"


def _against_reference(ground: Ground, name: str, text: str) -> Gate:
    """Have facts compared with the reference, or with what a good response says."""
    if ground.rubric.reference is not None:
        text = "Contradicts the reference in a fact or a figure."
        return _judged(name, text, sees=("response", "reference"))
    return _judged(name, text, note=_facts(ground.base))


def _facts(base: Response) -> str | None:
    """Give what a good response says with figures, for a person to look over."""
    told = [
        line
        for core in Sentences.of(base.text).cores
        if any(figures(core))
        and (line := one_line(core))[:1].isalnum()
        and _SHORTEST_NOTE <= len(line) <= _LONGEST_NOTE
    ]
    if not told:
        return None
    return f"What {base.response_id} says, if it is right: {' '.join(told[:_NOTED])}"


def one_line(text: str) -> str:
    """Put a text on one line of a rubric, in which nothing stands for anything."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    flat = _BLANKS.sub(" ", shown).strip()
    return flat.replace("{{", "{ {").replace("}}", "} }")


def _checked(name: str, text: str, check: str, *, wants: bool = False) -> Gate:
    mark = Must() if wants else Never()
    return Gate(
        criterion=Criterion(name=name, mark=mark, text=text), check=check, wants=wants
    )


def _either(name: str, text: str, check: str) -> tuple[Gate, ...]:
    """Give a gate by a check, and the same for a judge."""
    return _checked(name, text, check), _judged(name, text)


def _judged(
    name: str,
    text: str,
    *,
    note: str | None = None,
    example: str | None = None,
    sees: tuple[str, ...] | None = None,
) -> Gate:
    return Gate(
        criterion=Criterion(
            name=name,
            mark=Never(),
            text=text,
            note=note,
            sees=sees,
            examples=() if example is None else (Example(YES, example),),
        )
    )
