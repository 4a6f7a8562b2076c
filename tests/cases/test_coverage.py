"""What tests have seen of a rubric."""

from rubricdsl.cases.coverage import coverage, findings

RUBRIC = """\
rubric seen
[must] runs: Runs.
[never] rude: Is rude.
[cap 0.5] all of both
    [1] a: A.
    [1] b: B.
[1] tone: Tone?
    levels: 1 to 3
    level 1: Low.
    level 3: High.
    passing: 0.5
[1] half: Half.
    answers: yes, partly, no
    n/a: skip
[1] later: Later.
    needs: half
[1] long: Long.
    check: min(1, words(response) / 10)
"""
ALL = "    given all: yes\n    given rude: no\n"
ONE = f'test "one"\n{ALL}    expect score: 1\n'


def seen(place, text):
    place.write("r.rub", text)
    session = place.session("r.rub")
    (rubric,) = coverage(session.rubrics, session.results)
    return rubric, {node.path: node for node in rubric.nodes}


def test_one_side_is_not_both(place):
    rubric, nodes = seen(place, RUBRIC + ONE)
    assert (rubric.tests, rubric.orders) == (1, 0)
    unseen = {path: node.unseen for path, node in nodes.items()}
    assert unseen == {
        "runs": ("no", "fired"),
        "rude": ("yes", "fired"),
        "both": ("fired",),
        "both.a": ("no",),
        "both.b": ("no",),
        "tone": ("no", "level 1", "level 2"),
        "half": ("no", "partly", "n/a"),
        "later": ("no", "unmet need"),
        "long": ("no",),
    }
    assert nodes["tone"].rulings == {"level 3": 1}
    assert (nodes["runs"].fired, nodes["runs"].quiet) == (0, 1)


def test_every_gap_can_be_closed(place):
    more = [
        "    given runs: no\n", "    given rude: yes\n", "    given a: no\n",
        "    given b: no\n", "    given tone: level 1\n", "    given tone: level 2\n",
        "    given half: no\n", "    given half: partly\n", "    given half: n/a\n",
    ]  # fmt: skip
    tests = "".join(
        f'test "{number}"\n{ALL}{line}    expect score: <= 1\n'
        for number, line in enumerate(more)
    )
    order = (
        'test "order"\n    given all: yes\n    given rude: no\n'
        "    given long: 0.5\n    response x: x\n    response y: y\n"
        "    expect order: x > y\n"
    )
    rubric, nodes = seen(place, RUBRIC + ONE + tests + order)
    assert {path: node.unseen for path, node in nodes.items() if node.unseen} == {}
    assert nodes["later"].unmet_needs == 3
    assert nodes["long"].rulings == {"yes": 10, "number": 2}
    assert list(findings([rubric])) == []


def test_findings_are_warnings_with_a_place(place):
    rubric, _ = seen(place, RUBRIC + ONE)
    found = list(findings([rubric]))
    assert [d.code for d in found].count("W641") == 3
    assert found[-1].code == "W642"
    assert all(d.severity == "warning" and d.hint for d in found)
    first = found[0]
    assert (first.message, first.span.line) == (
        "no test sees `runs` come out no", 2,
    )  # fmt: skip


def test_tests_that_were_not_decided_show_nothing(place):
    text = RUBRIC + 'test "judged"\n    response: x\n    expect runs: yes\n'
    rubric, nodes = seen(place, text)
    assert (rubric.tests, nodes) == (0, {})
    assert [d.code for d in findings([rubric])] == ["W642"]


def test_failed_tests_show_what_they_saw(place):
    _, nodes = seen(place, RUBRIC + ONE.replace("score: 1", "score: 0"))
    assert nodes["runs"].yes == 1
