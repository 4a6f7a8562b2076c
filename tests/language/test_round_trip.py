"""Laws of printing: what is printed reads back, and prints the same again."""

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given

from rubricdsl.language.binding import bind
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.loading import load_text
from rubricdsl.language.parsing import parse
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.testing.strategies.sources import source_rubrics
from rubricdsl.testing.strategies.texts import texts


def _read(text: str) -> Rubric:
    syntax = parse(Source.of(text))
    assert not syntax.diagnostics
    built = build("<text>", syntax.rubrics[0])
    assert not built.found
    return built.rubric


@given(source_rubrics(uses=("shared", "other")))
def test_what_is_printed_reads_back(rubric: Rubric) -> None:
    assert _read(print_rubric(rubric)) == rubric


@given(source_rubrics(uses=("shared",)))
def test_printing_is_idempotent(rubric: Rubric) -> None:
    printed = print_rubric(rubric)
    assert print_rubric(_read(printed)) == printed


@given(source_rubrics())
def test_generated_rubrics_load_and_keep_their_digest(
    functions: FunctionTable, rubric: Rubric
) -> None:
    arguments: dict[str, float | str] = {
        param.name: 3.0 if param.type == "number" else "three"
        for param in rubric.params
    }
    first, second = (
        bind(
            load_text(print_rubric(r), functions, folder=Path()).checked()[0],
            functions,
            arguments,
        )
        for r in (rubric, _read(print_rubric(rubric)))
    )
    assert first.digest == second.digest
    assert first == second
    paths = [node.path for node in first.walk()]
    assert len(set(paths)) == len(paths)


@given(texts())
def test_every_text_survives_as_the_text_of_a_criterion(text: str) -> None:
    rubric = Rubric(name="r", items=(Criterion(name="a", mark=Weight(1.0), text=text),))
    assert _read(print_rubric(rubric)) == rubric


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "a\n", "\na", " a", "a ", "a\n\n b \n", '"""', '""" ', "| a", "\t"],
)
def test_blanks_and_empty_lines_survive(text: str) -> None:
    criterion = Criterion(name="a", mark=Weight(1.0), text=text, note=text, why=text)
    assert _read(print_rubric(Rubric(name="r", items=(criterion,)))).items == (
        criterion,
    )


@given(source_rubrics())
def test_the_digest_leaves_out_what_no_judge_sees(
    functions: FunctionTable, rubric: Rubric
) -> None:
    arguments: dict[str, float | str] = {
        param.name: 3.0 if param.type == "number" else "x" for param in rubric.params
    }
    bare = evolve(rubric, why=None, tests=(), history=())
    commented = "# a comment\n" + print_rubric(bare).replace("\n\n", "\n# more\n\n")
    read = load_text(commented, functions, folder=Path()).checked()[0]
    whole = bind(rubric, functions, arguments)
    assert bind(read, functions, arguments).digest == whole.digest
    other = evolve(rubric, name=f"{rubric.name}_2")
    assert bind(other, functions, arguments).digest != whole.digest


def test_good_examples_print_to_themselves(
    functions: FunctionTable, conformance: Path
) -> None:
    for path in sorted(conformance.glob("good/*.rub")):
        source = path.read_text("utf-8")
        (rubric,) = load_text(source, functions, folder=path.parent).checked()
        (again,) = load_text(
            print_rubric(rubric), functions, folder=path.parent
        ).checked()
        assert again == rubric, path.name
        assert bind(again, functions).digest == bind(rubric, functions).digest
