"""What the tests of colouring share: samples, and a small TextMate tokenizer.

No Python package that tokenizes by TextMate grammars is looked after, so this one
does what the grammar uses: match, begin and end, captures, nested patterns, includes.
Its results on the samples were compared with those of vscode-textmate.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rubricdsl.language.grammar import grammar_file

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "grammars" / "README.md").read_text("utf-8")


def _samples() -> dict[str, str]:
    examples = re.findall(r"^```rub\n(.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)
    found = {f"reference {number}": text for number, text in enumerate(examples)}
    files = [
        *(p for p in (ROOT / "examples").rglob("*.rub") if p.is_file()),
        *(ROOT.parent / "shared" / "conformance" / "good").glob("*.rub"),
    ]
    return found | {path.name: path.read_text("utf-8") for path in sorted(files)}


SAMPLES = _samples()


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> str:
    """Give one rubric after the other: of the reference, the examples, and ours."""
    return SAMPLES[request.param]


Rule = Mapping[str, Any]
# A row of scopes for each line: the innermost scope of each character.
Scopes = list[list[str]]


@pytest.fixture(scope="session")
def scopes() -> Callable[[str], Scopes]:
    """Give a function that says the innermost scope of each character of a text."""
    grammar = json.loads(grammar_file("rubric.tmLanguage.json").read_text("utf-8"))
    return _Tokenizer(grammar).scopes


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class _Tokenizer:
    def __init__(self, grammar: Rule) -> None:
        self.grammar = grammar

    def scopes(self, text: str) -> Scopes:
        """Colour a text line by line, with what is open from line to line."""
        rows: Scopes = []
        self.open: list[Rule] = []
        for line in text.split("\n"):
            self.row = [""] * (len(line) + 1)
            self.line(f"{line}\n")
            rows.append(self.row[: len(line)])
        return rows

    def paint(self, start: int, end: int, scope: str | None) -> None:
        if scope:
            self.row[start:end] = [scope] * (min(end, len(self.row)) - start)

    def rules(self, patterns: list[Rule]) -> Iterator[Rule]:
        for rule in patterns:
            if "include" in rule:
                inner = self.grammar["repository"][rule["include"].removeprefix("#")]
                yield from self.rules([inner])
            elif "match" in rule or "begin" in rule:
                yield rule
            else:
                yield from self.rules(rule["patterns"])

    def line(self, line: str) -> None:
        at = 0
        while at < len(line):
            current = self.open[-1] if self.open else {}
            content = current.get("contentName")
            match, rule = self.next(line, at)
            if match is None:
                self.paint(at, len(line) - 1, content)
                return
            self.paint(at, match.start(), content)
            if rule is None:
                self.captures(match, current.get("endCaptures", {}))
                self.open.pop()
            else:
                self.paint(*match.span(), rule.get("name"))
                begins = "begin" in rule
                captures = rule.get("beginCaptures" if begins else "captures", {})
                self.captures(match, captures)
                self.open += [rule] if begins else []
            # What matches nothing, and ends or changes nothing, must not stop us.
            stuck = match.end() == at and (rule is None or "begin" not in rule)
            at = max(at + stuck, match.end())

    def next(self, line: str, at: int) -> tuple[re.Match[str] | None, Rule | None]:
        """Find what matches first: the end of what is open, or else a rule."""
        current = self.open[-1] if self.open else self.grammar
        candidates: list[tuple[re.Match[str] | None, Rule | None]] = []
        if self.open:
            candidates.append((_compiled(current["end"]).search(line, at), None))
        for rule in self.rules(current.get("patterns", [])):
            pattern = _compiled(rule.get("match", rule.get("begin")))
            candidates.append((pattern.search(line, at), rule))
        found = [(match, rule) for match, rule in candidates if match]
        return min(found, key=lambda pair: pair[0].start(), default=(None, None))

    def captures(self, match: re.Match[str], captures: Mapping[str, Rule]) -> None:
        for number, rule in captures.items():
            start, end = match.span(int(number))
            if start < 0:
                continue
            self.paint(start, end, rule["name"])
            for inner in self.rules(rule.get("patterns", [])):
                for found in _compiled(inner["match"]).finditer(match[int(number)]):
                    a, b = found.span()
                    self.paint(start + a, start + b, inner.get("name"))
