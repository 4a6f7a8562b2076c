"""Names: where they lead, what is said of them, and renaming them."""

import pytest
from lsprotocol import types

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.lsp.definitions import definition
from rubricdsl.lsp.hovering import hover
from rubricdsl.lsp.renaming import RenameRefusedError, renamable, rename

OTHER = """\
rubric other
param who: text = "all"
[1] mean of group
    [1] plain: Is plain to {{who}}.
[never] harm: Harms.
"""
RUBRIC = """\
rubric main
weights: essential = 5, minor = 1
use "other.rub" as other
judge: careful
param most: number = 3
[essential] short: 😀 has {{most}} words.
    check: words(response) <= most
[minor] formula of mix
    combine: one * two
    [1] one: Text 😀.
        needs: short
    [1] two: Text.
        judge: careful
[minor] include other.group.plain as simple (who = "x")
[minor] include other.group
[must] include other
judge careful
    model: "a/b"
[1] all of both
    [1] x: X.
test "t"
    with: most = 4
    given all: yes
    response good: One.
    response bad: Two two.
    expect order: good > bad
    expect good.short: yes
    expect other.group.plain: yes
"""


@pytest.fixture
def project(open_text):
    """Open both files; give the readings by their names."""
    return {"other.rub": open_text(OTHER, "other.rub"), "a.rub": open_text(RUBRIC)}


def place_of(text: str, needle: str, nth: int = 0) -> types.Position:
    """Give the position of the last character of the nth occurrence of a text."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(needle, at + 1)
    before = text[: at + len(needle) - 1].split("\n")
    units = len(before[-1].encode("utf-16-le")) // 2
    return types.Position(len(before) - 1, units)


@pytest.mark.parametrize(
    ("needle", "file", "target"),
    [
        ("needs: short", "a.rub", "[essential] short"),
        ("combine: one", "a.rub", "[1] one"),
        ("* two", "a.rub", "[1] two"),
        ("        judge: careful", "a.rub", "judge careful"),
        ("{{most", "a.rub", "param most"),
        ("<= most", "a.rub", "param most"),
        ("with: most", "a.rub", "param most"),
        ("[essential", "a.rub", "weights: essential"),
        ("> bad", "a.rub", "response bad"),
        ("expect good", "a.rub", "response good"),
        ("expect good.short", "a.rub", "[essential] short"),
        ("other.group.plain as", "other.rub", "rubric other"),
        ("include other.group", "other.rub", "mean of group"),
        ("include other.group.plain", "other.rub", "[1] plain"),
        ("(who", "other.rub", "param who"),
        ('use "other.rub', "other.rub", "rubric other"),
        ("expect other.group.plain", "other.rub", "[1] plain"),
    ],
)
def test_definitions(project, library, needle, file, target):
    if needle.endswith(" as"):
        position = place_of(RUBRIC, "include other")
    else:
        position = place_of(RUBRIC, needle)
    found = definition(library, project["a.rub"], position)
    assert found is not None
    assert found.uri == project[file].document.uri
    text = {"a.rub": RUBRIC, "other.rub": OTHER}[file]
    expected = place_of(text, target)
    row = text.split("\n")[expected.line]
    if target.startswith("rubric"):
        assert found.range.start == types.Position(expected.line, 0)
    else:
        name = target.split()[-1]
        assert row[found.range.start.character : found.range.end.character] == name
        assert found.range.end.character == expected.character + 1


@pytest.mark.parametrize(
    "needle", ["rubric mai", "[must", "check", "words", "response"]
)
def test_what_is_declared_nowhere(project, library, needle):
    found = definition(library, project["a.rub"], place_of(RUBRIC, needle))
    assert found is None or needle.startswith("rubric")


def told(reading, position):
    """Give the text of a hover."""
    found = hover(reading, position)
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


@pytest.mark.parametrize(
    ("needle", "said"),
    [
        ("[essential] short", "Share of the score: "),
        ("[essential] short", "What it changes: not met, the score is"),
        ("[essential] short", "words(response) <= 3"),
        ("[1] one", "the judge `careful`"),
        ("needs", "only if these are met"),
        ("[must", "its group is worth 0"),
        ("formula", "over the names of the children"),
        ("    check", "no judge is asked"),
        ("words(response", "The text of the answer"),
        ("check: words", ") → number"),
        ("{{most", "a number; 3 unless said otherwise"),
        ("judge careful", "a/b; asked together; 1 vote."),
        ("[essential", "each weighs 5"),
        ("include other", "rubric other"),
        ("include other.group.plain", "Is plain to"),
        ("(who", "a text"),
        ("expect good.short: yes", "worth 1"),
        ("> bad", "Two two."),
        ("expect", "What must come out"),
        ("include", "imported file"),
        ("given all", "Every criterion"),
        ("[1] all", "all children are met"),
    ],
)
def test_hovers(project, needle, said):
    assert said in told(project["a.rub"], place_of(RUBRIC, needle))


def test_a_hover_explains_every_function(open_text):
    for function in builtin_functions():
        name = function.signature.name
        text = f"rubric r\n[1] a: X.\n    check: {name}()\n"
        assert function.signature.meaning in told(open_text(text), place_of(text, name))


def test_text_of_a_rubric_stays_text(open_text):
    text = "rubric r\n[1] a: Uses ``` and <b> and [x](y).\n"
    found = told(open_text(text), place_of(text, "[1] a"))
    assert "````text\nUses ``` and <b> and [x](y).\n````" in found


def test_levels_and_marks_in_a_hover(open_text):
    text = "rubric r\n[1] a: X.\n    levels: 0 to 4\n[1] b: X.\n[cap 0.5] c: Y.\n"
    reading = open_text(text)
    levels = told(reading, place_of(text, "[1] a"))
    assert "at its lowest level, the score is 0 to 0.5; " in levels
    assert "at its highest level, it is 0.5 to 1." in levels
    cap = told(reading, place_of(text, "[cap 0.5] c"))
    assert "worth at most this" in cap
    assert "not met, the score is 0 to 0.5; met, it is 0 to 1." in cap


# ---------------------------------------------------------------- renaming


@pytest.fixture
def renamed(project, library, applied):
    """Give a function that renames in a file, and gives the texts of both."""

    def texts(file: str, needle: str, new: str, nth: int = 0) -> dict[str, str]:
        source = {"a.rub": RUBRIC, "other.rub": OTHER}
        position = place_of(source[file], needle, nth)
        reading = project[file]
        assert renamable(reading, position) is not None
        edit = rename(library, reading, position, new)
        by_uri = {project[name].document.uri: name for name in source}
        assert edit.changes is not None
        changed = {by_uri[uri]: edits for uri, edits in edit.changes.items()}
        return {
            name: applied(source[name], list(changed.get(name, []))) for name in source
        }

    return texts


@pytest.mark.parametrize("needle", ["[essential] short", "needs: short", "good.short"])
def test_a_criterion_keeps_its_old_name_in_was(renamed, needle):
    texts = renamed("a.rub", needle, "brief")
    assert "brief: 😀 has {{most}} words.\n" in texts["a.rub"]
    assert "    was: short\n" in texts["a.rub"]
    assert "needs: brief\n" in texts["a.rub"]
    assert "expect good.brief: yes\n" in texts["a.rub"]
    assert texts["other.rub"] == OTHER


def test_a_formula_follows(renamed):
    texts = renamed("a.rub", "combine: one", "first")
    assert "combine: first * two" in texts["a.rub"]
    assert "[1] first: Text 😀." in texts["a.rub"]


@pytest.mark.parametrize(
    ("file", "needle"),
    [("other.rub", "[1] plain"), ("a.rub", "include other.group.plain")],
)
def test_an_imported_criterion_is_renamed_in_its_own_file(renamed, file, needle):
    texts = renamed(file, needle, "easy")
    assert "[1] easy: Is plain to {{who}}.\n        was: plain\n" in texts["other.rub"]
    assert "include other.group.easy as simple" in texts["a.rub"]
    assert "expect other.group.easy: yes" in texts["a.rub"]


def test_an_include_keeps_the_name_that_it_took_over(renamed):
    texts = renamed("other.rub", "mean of group", "set")
    assert "include other.set as group\n" in texts["a.rub"]
    assert "include other.set.plain as simple" in texts["a.rub"]
    assert "expect other.set.plain: yes" in texts["a.rub"]


@pytest.mark.parametrize(
    ("needle", "new", "lines"),
    [
        ("{{most", "many", ["param many:", "{{many}}", "<= many", "with: many"]),
        (
            "judge careful",
            "kind",
            ["judge: kind\nparam", "judge: kind\n[", "judge kind"],
        ),
        ("> bad", "worse", ["response worse:", "> worse"]),
        ("[essential", "big", ["weights: big = 5", "[big] short"]),
        (
            "as other",
            "o",
            ["as o\n", "include o.group.plain as simple", "include o as other"],
        ),
    ],
)
def test_other_names(renamed, needle, new, lines):
    texts = renamed("a.rub", needle, new)
    for line in lines:
        assert line in texts["a.rub"]
    assert texts["other.rub"] == OTHER


@pytest.mark.parametrize(
    "file_and_needle", [("other.rub", "param who"), ("a.rub", "(who")]
)
def test_a_parameter_of_an_import(renamed, file_and_needle):
    texts = renamed(*file_and_needle, "reader")
    assert "param reader:" in texts["other.rub"]
    assert "{{reader}}" in texts["other.rub"]
    assert '(reader = "x")' in texts["a.rub"]


@pytest.mark.parametrize(
    ("needle", "new", "reason"),
    [
        ("[essential] short", "two", "E301"),
        ("[essential] short", "a-b", "no.*legal name"),
        ("[essential] short", "a.b", "no.*legal name"),
        ("[essential] short", "must", "reserved"),
        ("{{most", "response", "E308"),
        ("> bad", "good", "E301"),
        ("words", "x", "nothing that can be renamed"),
    ],
)
def test_what_is_refused(project, library, needle, new, reason):
    position = place_of(RUBRIC, needle)
    with pytest.raises(RenameRefusedError, match=reason):
        rename(library, project["a.rub"], position, new)


def test_a_file_with_errors_is_not_renamed_in(open_text, library):
    text = "rubric r\n[1] a: X.\n[0] b: Y.\n"
    with pytest.raises(RenameRefusedError, match="E412"):
        rename(library, open_text(text), place_of(text, "[1] a"), "c")


def test_a_judge_of_rub_toml_is_not_renamed(project, library, tmp_path):
    (tmp_path / "rub.toml").write_text(
        '[judges.careful]\nbackend = "openai"\n', "utf-8"
    )
    with pytest.raises(RenameRefusedError, match=r"rub\.toml says who"):
        rename(library, project["a.rub"], place_of(RUBRIC, "judge careful"), "kind")


def test_files_that_are_not_open_follow(open_text, library, tmp_path, applied):
    (tmp_path / "deep").mkdir()
    importer = tmp_path / "deep" / "b.rub"
    text = 'rubric b\nuse "../o.rub" as o\n[1] include o.x\n'
    importer.write_text(text, "utf-8")
    (tmp_path / "rub.toml").write_text("", "utf-8")
    source = "rubric o\n[1] x: X.\n"
    edit = rename(library, open_text(source, "o.rub"), place_of(source, "[1] x"), "y")
    assert edit.changes is not None
    follows = applied(text, edit.changes[importer.as_uri()])
    assert follows == text.replace("o.x", "o.y as x")


# ---------------------------------------------------------------- documents


def test_only_what_changed_is_loaded_again(project, library, open_text):
    alone = open_text("rubric alone\n[1] a: X.\n", "alone.rub")
    main = project["a.rub"].document.uri
    library.put(project["other.rub"].document.uri, OTHER + "# changed\n")
    assert library.read(alone.document.uri) is alone
    assert library.read(main) is not project["a.rub"]
    again = library.read(main)
    library.put(alone.document.uri, "rubric alone\n[1] a: Y.\n")
    assert library.read(main) is again


def test_closing_gives_the_word_back_to_the_disk(project, library, tmp_path):
    (tmp_path / "other.rub").write_text("rubric other\n", "utf-8")
    main = project["a.rub"].document.uri
    assert library.read(main).loaded.sound
    library.close(project["other.rub"].document.uri)
    assert not library.read(main).loaded.sound
