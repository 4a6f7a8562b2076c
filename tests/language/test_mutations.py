"""Whatever a file holds, loading ends: with a model, or with diagnostics in it."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.binding import bind
from rubricdsl.language.characters import Source
from rubricdsl.language.loading import Loaded, load_file, load_text
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric
from rubricdsl.testing.strategies.drawn import drawn_files
from rubricdsl.testing.strategies.sources import source_rubrics

ROOT = Path(__file__).resolve().parents[2]
# 2,000 files in a usual run, 20,000 in the nightly profile.
MANY = 20 * settings().max_examples
PARTS = 10
# Beyond this something grows faster than the file; it is no measure of speed.
MOST_CPU_SECONDS = 1.0

# A file with something of everything, for random edits.
EXAMPLE = """\
# A comment.
rubric trip
version: 1.2.0
title: A trip
tags: axis = accuracy, expert
weights: essential = 5, minor = 1
judge: careful
passing: 0.6
param n: number = 3
param who: text = "a \\"friend\\""

prompt
    system: Be brief.
    user:
        | Write {{n}} lines
        |   to {{who}}.

[must] runs: Says something.
    check: words(response) >= n and not contains(response, "x, y")
[essential] mean of facts: The facts are right.
    note: \"\"\"
        As of today.
        \"\"\"
    [1] window: Names the window.
        needs: runs
        example yes: From May to June.
    [cap 0.5] own:
        | Written by hand,
        | line by line.
    [bonus 1] extra: Adds a tip.
        n/a: skip
[-2] padding: Repeats itself.
[minor] formula of mix
    combine: clear * (0.5 + 0.5 * kind)
    [1] clear: How clear?
        levels: 0 to 4
        level 0 "none": Not.
        level 4: Very.
    [1] kind: Is kind.
        answers: yes, partly, no
[info] similar: Like the reference.
    check: similarity(response, reference, metric = "rouge_l")

judge careful
    model: "a/b", "c/d"
    votes: 3, unanimous
    instructions: Quote the line.

history
    round 1: by = "me", on = 2026-10-02, compared = ("a", "b")

test "arithmetic"
    given all: yes
    given facts.window: no
    given clear: level 2
    expect score: about 0.5
    expect mix: >= 0.1
test "order"
    with: n = 1
    response good: Dear friend, go in May.
    response bad: No.
    expect order: good > bad by 0.2
    expect good.runs: yes
"""
_PIECES = (
    '"', "'", '"""', "[", "]", ":", "|", "#", "(", ")", "=", ",", "\t", "    ", "\n",
    "\x00", "\u202e", "\u200d", "n/a", "-", "1e9", "9" * 400, "mean of g", "[1] ",
    "rubric ", "level ", "expect ", "given ", "{{x}}", "not ", "\r", "\ufeff", "to",
)  # fmt: skip


def _mutated(text: str, seed: int, edits: int) -> str:
    """Delete, double and swap lines and characters, and put pieces in."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(edits):
        lines = text.split("\n")
        here, there = rng.randrange(len(lines)), rng.randrange(len(lines))
        at = rng.randrange(len(text) + 1)
        match rng.randrange(8):
            case 0:
                del lines[here]
            case 1:
                lines.insert(there, lines[here])
            case 2:
                lines[here], lines[there] = lines[there], lines[here]
            case 3:
                lines[here] = " " * rng.randrange(9) + lines[here].lstrip()
            case 4:
                text = text[:at] + text[at + rng.randrange(1, 4) :]
                continue
            case 5:
                lines[here] = lines[here][: rng.randrange(len(lines[here]) + 1)]
            case _:
                text = text[:at] + rng.choice(_PIECES) + text[at:]
                continue
        text = "\n".join(lines)
    return text


def _assert_inside(diagnostics: tuple[Diagnostic, ...], text: str) -> None:
    lines = Source.of(text).lines or ("",)
    for diagnostic in diagnostics:
        span = diagnostic.span
        assert 1 <= span.line <= span.end_line <= max(len(lines), 1), diagnostic
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1, diagnostic
        assert (span.line, span.column) < (span.end_line, span.end_column), diagnostic


def _survives(text: str, functions: FunctionTable) -> Loaded:
    loaded = load_text(text, functions, folder=Path(__file__).parent)
    _assert_inside(loaded.diagnostics, text)
    if loaded.sound:
        for rubric in loaded.rubrics:
            again = load_text(print_rubric(rubric), functions, folder=Path())
            assert again.checked() == (rubric,)
            values: dict[str, float | str] = {
                p.name: 1.0 if p.type == "number" else "x" for p in rubric.params
            }
            bind(rubric, functions, values)
    return loaded


def test_the_example_is_sound(functions: FunctionTable) -> None:
    assert _survives(EXAMPLE, functions).diagnostics == ()


@settings(max_examples=3 * settings().max_examples)
@given(seed=st.integers(0, 2**32), edits=st.integers(1, 12))
def test_edited_files_are_read_or_explained(
    functions: FunctionTable, seed: int, edits: int
) -> None:
    _survives(_mutated(EXAMPLE, seed, edits), functions)


@given(rubric=source_rubrics(), seed=st.integers(0, 2**32))
def test_edited_rubrics_are_read_or_explained(
    functions: FunctionTable, rubric: Rubric, seed: int
) -> None:
    _survives(_mutated(print_rubric(rubric), seed, 3), functions)


@given(text=drawn_files(), seed=st.integers(0, 2**32), edits=st.integers(0, 3))
def test_what_the_grammar_allows_is_read_or_explained(
    functions: FunctionTable, text: str, seed: int, edits: int
) -> None:
    _survives(_mutated(text, seed, edits), functions)


@pytest.mark.parametrize("part", range(PARTS))
def test_many_edited_files_are_read_or_explained(
    functions: FunctionTable, part: int
) -> None:
    """Every seed is a file of its own; run with ``-rP`` to see the figures."""
    below = (ROOT / "examples").rglob("*.rub")
    examples = sorted(path for path in below if path.is_file())
    texts = [EXAMPLE, *(path.read_text("utf-8") for path in examples)]
    slowest = explained = 0.0
    seeds = range(part, MANY, PARTS)
    for seed in seeds:
        text = _mutated(texts[seed // PARTS % len(texts)], seed, 1 + seed % 12)
        start = time.thread_time()
        loaded = _survives(text, functions)
        slowest = max(slowest, time.thread_time() - start)
        explained += not loaded.sound
    figures = f"{len(seeds)} files, {explained:.0f} with errors"
    print(f"{figures}, slowest {slowest:.3f} s of CPU")  # noqa: T201 - for people
    assert 0 < explained < len(seeds), "neither all sound nor all broken"
    assert slowest < MOST_CPU_SECONDS


@given(text=st.text())
def test_any_text_is_read_or_explained(functions: FunctionTable, text: str) -> None:
    _survives(text, functions)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_explained(
    functions: FunctionTable, tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.rub"
    path.write_bytes(b"rubric r\n[1] a: X.\n" + data)
    load_file(path, functions)


@settings.get_profile("costly")
@given(seed=st.integers(0, 2**32))
def test_edited_examples_are_read_or_explained(
    functions: FunctionTable, conformance: Path, seed: int
) -> None:
    for path in sorted(conformance.glob("good/*.rub")):
        text = _mutated(path.read_text("utf-8"), seed, 4)
        loaded = load_text(text, functions, folder=path.parent)
        _assert_inside(loaded.diagnostics, text)


def test_every_prefix_is_read_or_explained(load: Callable[[str], Loaded]) -> None:
    for end in range(0, len(EXAMPLE), 7):
        _assert_inside(load(EXAMPLE[:end]).diagnostics, EXAMPLE[:end])
