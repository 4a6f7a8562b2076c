"""Imports: what is brought along, and what is refused."""

from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import Loaded, load_file, project_root
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Group, Must, NaPolicy, Weight


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "rub.toml").write_text("")
    (tmp_path / "sub").mkdir()
    return tmp_path


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.rub").write_text(text, "utf-8")


def _codes(loaded: Loaded) -> list[str]:
    return [
        f"{d.code} {Path(d.span.file).name}:{d.span.line}" for d in loaded.diagnostics
    ]


def test_an_include_brings_its_own_settings(
    project: Path, functions: FunctionTable
) -> None:
    _write(
        project / "sub",
        shared='rubric s\nn/a: skip\njudge: strict\nparam who: text = "all"\n'
        "[1] plain: Is plain to {{who}}.\n[2] mean of g\n    [1] part: P.\n"
        '        needs: other\n    [1] other: O.\njudge strict\n    model: "a/b"\n',
    )
    _write(
        project,
        main='rubric m\nuse "sub/shared.rub" as s\n[3] a: A.\n'
        '[must] include s.plain as clear (who = "children")\n[2] include s.g\n'
        'judge: own\njudge own\n    model: "c/d"\ntest "t"\n    given g.part: n/a\n'
        "    expect score: 1\n",
    )
    (rubric,) = load_file(project / "main.rub", functions).checked()
    bound = bind(rubric, functions)
    nodes = {node.path: node for node in bound.walk()}
    assert list(nodes) == ["a", "clear", "g", "g.part", "g.other"]
    clear, part = nodes["clear"], nodes["g.part"]
    assert not isinstance(clear, Group)
    assert not isinstance(part, Group)
    assert (clear.mark, clear.text) == (Must(), "Is plain to children.")
    assert (clear.na, clear.judge) == (NaPolicy.SKIP, "s.strict")
    assert part.needs == ("g.other",)
    assert nodes["a"].judge == "own"
    assert bound.judge_spec("s.strict").models == ("a/b",)


def test_a_whole_rubric_is_included_as_a_mean_group(
    project: Path, functions: FunctionTable
) -> None:
    _write(project, shared="rubric s\n[1] x: X.\n[2] y: Y.\n")
    _write(project, main='rubric m\nuse "shared.rub" as s\n[4] include s as part\n')
    (rubric,) = load_file(project / "main.rub", functions).checked()
    (group,) = bind(rubric, functions).root.items
    assert isinstance(group, Group)
    assert (group.name, group.mark) == ("part", Weight(4.0))
    assert [node.path for node in group.nodes] == ["part.x", "part.y"]


def test_one_rubric_of_a_file_is_chosen(
    project: Path, functions: FunctionTable
) -> None:
    _write(project, two="rubric p\n[1] a: X.\nrubric q\n[1] b: Y.\n")
    _write(project, main='rubric m\nuse "two.rub#q" as s\n[1] include s.b\n')
    assert load_file(project / "main.rub", functions).sound
    _write(
        project, main='rubric m\nuse "two.rub" as s\nuse "two.rub#z" as t\n[1] a: X.\n'
    )
    assert _codes(load_file(project / "main.rub", functions)) == [
        "E305 main.rub:2",
        "E305 main.rub:3",
    ]


def test_a_circle_is_reported_at_each_member(
    project: Path, functions: FunctionTable
) -> None:
    _write(
        project,
        a='rubric a\n[1] x: X.\nuse "b.rub" as b\n',
        b='rubric b\nuse "c.rub" as c\n[1] x: X.\n',
        c='rubric c\n[1] x: X.\n[1] y: Y.\nuse "a.rub" as a\n',
        d='rubric d\nuse "a.rub" as a\n[1] x: X.\n',
        e='rubric e\nuse "e.rub" as e\n[1] x: X.\n',
    )
    circle = ["E306 a.rub:3", "E306 b.rub:2", "E306 c.rub:4"]
    assert sorted(_codes(load_file(project / "a.rub", functions))) == circle
    assert sorted(_codes(load_file(project / "d.rub", functions))) == circle
    assert _codes(load_file(project / "e.rub", functions)) == ["E306 e.rub:2"]


def test_errors_of_an_import_are_reported_there(
    project: Path, functions: FunctionTable
) -> None:
    _write(project, bad="rubric b\n[0] x: X.\n")
    _write(project, main='rubric m\nuse "bad.rub" as b\n[1] include b.x\n')
    loaded = load_file(project / "main.rub", functions)
    assert _codes(loaded) == ["E412 bad.rub:2"]
    with pytest.raises(RubricError, match="E412"):
        loaded.checked()


def test_imports_stay_in_the_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory, functions: FunctionTable
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.rub"
    outside.write_text("rubric x\n[1] a: X.\n")
    (project / "link.rub").symlink_to(outside)
    (project / "loop.rub").symlink_to(project / "loop.rub")
    _write(
        project,
        main='rubric m\nuse "link.rub" as a\nuse "../../x.rub" as b\n'
        'use "loop.rub" as c\nuse "sub" as d\n[1] a: X.\n',
    )
    loaded = load_file(project / "main.rub", functions)
    assert _codes(loaded) == [f"E305 main.rub:{line}" for line in (2, 3, 4, 5)]
    assert all(str(project) not in d.hint + d.message for d in loaded.diagnostics)


def test_the_project_is_the_nearest_folder_with_a_project_file(project: Path) -> None:
    assert project_root(project / "sub" / "r.rub") == project.resolve()
    (project / "sub" / "rub.toml").write_text("")
    assert project_root(project / "sub" / "r.rub") == (project / "sub").resolve()


def test_includes_cannot_grow_without_bound(
    project: Path, functions: FunctionTable
) -> None:
    _write(project, r0="rubric r0\n[1] x: X.\n[1] y: Y.\n")
    for n in range(1, 25):
        text = f'rubric r{n}\nuse "r{n - 1}.rub" as s\n[1] include s as a\n'
        _write(project, **{f"r{n}": text + "[1] include s as b\n"})
    loaded = load_file(project / "r24.rub", functions)
    assert {d.code for d in loaded.diagnostics} == {"E305"}


def test_a_file_that_is_not_there_is_an_error(
    project: Path, functions: FunctionTable
) -> None:
    with pytest.raises(RubricError, match="D101"):
        load_file(project / "nowhere.rub", functions)


def test_an_include_cannot_leave_behind_what_it_needs(
    project: Path, functions: FunctionTable
) -> None:
    _write(project, s="rubric s\n[1] a: A.\n    needs: b\n[1] b: B.\n")
    _write(project, main='rubric m\nuse "s.rub" as s\n[1] include s.a\n')
    assert _codes(load_file(project / "main.rub", functions)) == ["E304 main.rub:3"]
