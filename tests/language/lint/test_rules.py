"""Every rule keeps what its documentation and its cases promise."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.language.lint.discovery import rules
from rubricdsl.language.lint.proving import failures
from rubricdsl.language.lint.rule import Case, Rule, RuleError
from rubricdsl.language.lint.rules import question
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import Loaded, load_file, load_text

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}
Load = Callable[[str], Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_in_empty_folder(text: str) -> Loaded:
        return load_text(text, FUNCTIONS, folder=tmp_path)

    return load_in_empty_folder


@pytest.mark.parametrize("code", rules())
def test_a_rule_keeps_its_word(code: str, load: Load) -> None:
    assert list(failures(rules()[code], load)) == []


def test_every_lint_of_the_table_is_a_rule() -> None:
    assert list(rules()) == [code for code in CODES if code.startswith("W")]
    assert all(rule.summary == CODES[rule.code] for rule in rules().values())


def test_the_case_runner_sees_what_is_wrong(load: Load) -> None:
    rule = rules()["W609"]
    silent = evolve(rule, check=lambda _: iter(()))
    assert any("speaks at (), not (2, 5)" in each for each in failures(silent, load))
    assert any("nothing to say of its example" in e for e in failures(silent, load))
    broken = evolve(rule, cases=(Case("rubric r\n[0] a: X.\n", lines=(2,)),))
    told = list(failures(broken, load))
    assert any("has errors" in each for each in told)
    assert any("no case in which it is silent" in each for each in told)
    loud = evolve(rule, cases=(Case("rubric r\n[1] a: Is it short?\n"),))
    assert any("no case in which it speaks" in each for each in failures(loud, load))


def test_the_case_runner_sees_a_wrong_fix(load: Load) -> None:
    rule = rules()["W660"]
    source = "rubric r\nweights: a = 1\n[1] b: Is short.\n"
    for fixed, complaint in ((None, "does not say"), ("rubric r\n", "makes this")):
        wrong = evolve(
            rule, cases=(Case(source, (2,), fixed), Case("rubric r\n[1] a: X.\n"))
        )
        assert any(complaint in each for each in failures(wrong, load))


def test_a_module_that_is_no_rule_is_refused() -> None:
    module = ModuleType("odd")
    with pytest.raises(RuleError, match="odd has no CODE, SUMMARY, CASES, check"):
        Rule.of(module)
    for name in ("CODE", "SUMMARY", "CASES", "check"):
        setattr(module, name, getattr(question, name))
    with pytest.raises(RuleError, match="headings"):
        Rule.of(module)
    module.__doc__ = question.__doc__
    assert Rule.of(module).code == "W609"
    module.CODE = "Q1"  # type: ignore[attr-defined]
    with pytest.raises(RuleError, match="'Q1'"):
        Rule.of(module)


def test_a_rule_from_elsewhere_runs_beside_ours(load: Load) -> None:
    theirs = evolve(rules()["W609"], code="acme:Q001")
    loaded = load("rubric r\n[1] a: Is it short?\n# rub: allow W609 (x)\n")
    found = lint(loaded, rules=[*rules().values(), theirs])
    assert [d.code for d in found] == ["W609", "acme:Q001", "W662"]


def _lints(folder: Path, *, strict: bool = False) -> set[str]:
    found: set[str] = set()
    for path in sorted(p for p in folder.rglob("*.rub") if p.is_file()):
        loaded = load_file(path, FUNCTIONS)
        assert loaded.sound
        for diagnostic in lint(loaded, Choice(strict=strict)):
            found.add(f"{path.name}:{diagnostic.span.line} {diagnostic.code}")
    return found


def test_our_examples_give_no_lint() -> None:
    # A version that is there to be compared with: the next one bounds the length.
    old = {"invitation-1.rub:2 W622"}
    assert _lints(ROOT / "examples") <= old


def test_the_conformance_examples_give_only_what_is_right() -> None:
    if not SHARED.is_dir():
        pytest.skip("the folder `shared` is not beside this checkout")
    # In the style of the paper every criterion adds points; nothing bounds the length.
    right = {"tdap.rub:2 W622", "tdap.rub:2 W623"}
    assert _lints(SHARED / "conformance" / "good") == right


def test_lints_of_tests_run_only_when_strict() -> None:
    codes = {line.split()[1] for line in _lints(ROOT / "examples", strict=True)}
    usual = {line.split()[1] for line in _lints(ROOT / "examples")}
    assert codes - usual <= {"W640", "W641", "W642"}
    assert "W640" in codes
