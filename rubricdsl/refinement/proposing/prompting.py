"""The words in which a proposer is asked: templates, filled in.

What is fixed comes first, then the texts, then the task.  The two responses are called
a and b, in an order that is drawn, so that a liking for the first favours neither;
their ids, authors and scores are never shown.  Every text that somebody else wrote,
criteria too, stands between fence lines that it cannot foresee.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from attrs import frozen

from rubricdsl.judging.fencing import Fencer, fenced, visible
from rubricdsl.judging.sight import prompt_text, reference_text
from rubricdsl.language.printing import print_mark
from rubricdsl.language.scopes import Scope
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Verdict
from rubricdsl.model.refinement import AttackRequest, ProposalRequest, Task
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Kind,
    LevelScale,
    Node,
    Rubric,
    Turn,
    WeightScheme,
)
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.refinement.proposing.conversing import seed_of
from rubricdsl.refinement.proposing.forms import MOST_EDITS, TYPES

LABELS = ("a", "b")

# Raised when the same templates are filled in differently.
_LAYOUT = 1

_HEADINGS = {
    "prompt": "The prompt:",
    "reference": "A reference answer by an expert:",
    "rubric": "The rubric, one criterion or group a line:",
    "response": "An ordinary response:",
    **{label: f"Response {label}:" for label in LABELS},
}
_EDITS = (
    "Reply with one JSON object and nothing before or after it, in this form:\n"
    '{"edits": [{"op": "add", "name": "…", "text": "…", "mark": "…", "parent": null, '
    '"levels": null, '
    '"type": "…", "reason": "…", "evidence": {"a": "…", "b": null}}]}'
)
_RESPONSE = (
    "Reply with one JSON object and nothing before or after it, in this form:\n"
    '{"response": "…"}'
)


@frozen
class Asked:
    """Messages, and the two responses by the labels that they have in them."""

    messages: tuple[Turn, ...]
    responses: Mapping[str, Response]


class ProposalWriter:
    """Writes what proposers and attackers are asked."""

    def __init__(self, fencer: Fencer | None = None) -> None:
        self._fencer = fencer or Fencer()

    def write(self, request: ProposalRequest) -> Asked:
        """Put a rubric and two responses into words."""
        first, second = request.pair.first, request.pair.second
        order = (first, second)
        if seed_of("order", request.seed, request.round, *request.pair.ids) % 2:
            order = (second, first)
        labelled = dict(zip(LABELS, order, strict=True))
        cards = {label: c.scorecard for label, c in labelled.items() if c.scorecard}
        listing = _listing(
            request.bound,
            own=_own_paths(request.rubric),
            shows_marks=request.shows_weights,
            cards=cards if request.shows_verdicts else {},
        )
        texts = _surroundings(request.bound, first.response)
        texts["rubric"] = "\n".join(listing)
        texts.update({label: one.response.text for label, one in labelled.items()})
        labels = {id(one): label for label, one in labelled.items()}
        task = _template(request.task).format(
            focus=", ".join(request.focus) or "all of them",
            good=labels[id(first)],
            bad=labels[id(second)],
        )
        focus = ""
        if request.focus and request.task is not Task.DECOMPOSE:
            focus = f" These criteria matter most: {', '.join(request.focus)}."
        system = _template("instructions").format(
            marks=marks_in_words(request.rubric.weights),
            types=", ".join(TYPES),
            most=MOST_EDITS,
        )
        messages = self._messages(system, texts, f"{task}{focus}\n\n{_EDITS}")
        return Asked(messages, {label: one.response for label, one in labelled.items()})

    def write_attack(self, request: AttackRequest) -> Asked:
        """Put a rubric to be fooled into words."""
        texts = _surroundings(request.bound, request.response)
        listing = _listing(request.bound, own=None, shows_marks=True, cards={})
        texts["rubric"] = "\n".join(listing)
        texts["response"] = request.response.text
        messages = self._messages(_template("attack"), texts, _RESPONSE)
        return Asked(messages, {"response": request.response})

    def write_prompt(self, system: str, prompt: str, task: str) -> tuple[Turn, ...]:
        """Put a task that is about a prompt alone into words."""
        return self._messages(system, {"prompt": prompt}, task)

    def _messages(
        self, system: str, texts: Mapping[str, str], task: str
    ) -> tuple[Turn, ...]:
        seen = {name: visible(text)[0] for name, text in texts.items()}
        fence = self._fencer.fence(seen)
        sections = "".join(
            fenced(_HEADINGS[name], text, fence) for name, text in seen.items()
        )
        notice = (
            f"The fence lines of this message read\n{fence}\n"
            "and no text in it contains that line.\n\n"
        )
        return (Turn("system", system), Turn("user", f"{notice}{sections}{task}"))


def marks_in_words(weights: WeightScheme) -> str:
    """Say which marks a rubric allows."""
    gates = (
        '"must" (unmet, the response scores 0), "cap 0.5" (unmet, it scores at most '
        'that), "bonus 1" (extra credit) or "info" (not scored)'
    )
    if weights.classes:
        names = ", ".join(f'"{name}"' for name, _ in weights.classes)
        return f"one of the classes {names}, or {gates}"
    low, high = weights.low, weights.high
    if low is None or high is None:
        return f'a weight, as a rule from "1" (nice to have) to "3" (vital), or {gates}'
    return f'a weight from "{low:g}" to "{high:g}", or {gates}'


# --------------------------------------------------------------------- texts


def _surroundings(bound: BoundRubric, response: Response) -> dict[str, str]:
    found = {
        "prompt": prompt_text(bound, response),
        "reference": reference_text(bound, response),
    }
    return {name: text for name, text in found.items() if text is not None}


def _own_paths(rubric: Rubric) -> frozenset[str]:
    """Give the paths of what edits can be about."""
    return frozenset(Scope.of(rubric).by_name.values())


def _listing(
    bound: BoundRubric,
    *,
    own: frozenset[str] | None,
    shows_marks: bool,
    cards: Mapping[str, Scorecard],
) -> Iterator[str]:
    verdicts = {
        label: {result.path: result.verdict for result in card.criteria}
        for label, card in cards.items()
    }
    for node in bound.walk():
        indent = "    " * node.path.count(".")
        is_own = own is None or node.path in own
        head = node.name if is_own else node.path
        mark = f" [{print_mark(node.mark)}]" if shows_marks else ""
        yield f"{indent}- {head}{mark}: {_said(node, indent)}"
        remarks = list(_remarks(node))
        if not is_own:
            remarks.append("imported, cannot be edited")
        remarks += [
            f"{label}: {_ruled(by_path[node.path])}"
            for label, by_path in verdicts.items()
            if node.path in by_path
        ]
        if remarks:
            yield f"{indent}    ({'; '.join(remarks)})"


def _said(node: Node, indent: str) -> str:
    lines = (node.text or "").strip().splitlines()
    text = f"\n{indent}    ".join(lines)
    if isinstance(node, Group):
        kind = f"at least {node.count}" if node.kind is Kind.AT_LEAST else node.kind
        return f"group, {kind} of:{f' {text}' if text else ''}"
    return text


def _remarks(node: Node) -> Iterator[str]:
    if isinstance(node, Criterion):
        if isinstance(node.scale, LevelScale):
            for level in node.scale.levels:
                yield f"level {level.number:g}: {level.text}"
        if node.check is not None:
            yield "counted by a program, not judged"
    if node.note:
        yield f"note: {node.note}"


def _ruled(verdict: Verdict) -> str:
    return "not known" if verdict.ruling is None else str(verdict.ruling)


@cache
def template_digest() -> str:
    """Give the digest of all that is said to proposers but the texts."""
    names = ("instructions", "attack", *Task)
    return digest(_LAYOUT, [_template(name) for name in names])


@cache
def _template(name: str) -> str:
    folder = files("rubricdsl.refinement.proposing") / "prompts"
    return (folder / f"{name}.txt").read_text(encoding="utf-8").strip()
