"""Which replies are read, and how: the table, and that nothing is ever picked out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.replies import read_reply
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import AnswerScale, Level, LevelScale
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, FailureKind, Ruling

PLAIN = {name: Question(text=f"Is {name}.") for name in ("c1", "c2", "c3")}
WRONG = "wrong"

Read = dict[str, Ruling | str]


def read(content: str, questions: dict[str, Question] | None = None) -> Read:
    """Give rulings by id, `WRONG` for answers that are none."""
    reply = read_reply(content, questions or PLAIN)
    return {a.id: a.ruling if a.ruling is not None else WRONG for a in reply.answers}


ACCEPTED: dict[str, Read] = {
    '{"c1":"yes","c2":"no","c3":"yes"}': {"c1": YES, "c2": NO, "c3": YES},
    '{"c1":"Yes.","c2":"YES (clearly)","c3":"yes"}': {
        "c1": YES,
        "c2": WRONG,
        "c3": YES,
    },
    '{"C1":"yes"}': {"c1": YES},
    '{"C1":"yes","c1":"no"}': {"c1": WRONG},
    '{"c1":true,"c2":false,"c3":true}': {"c1": YES, "c2": NO, "c3": YES},
    '[{"c1":"yes"},{"c2":"no"},{"c3":"no"}]': {"c1": YES, "c2": NO, "c3": NO},
    '[{"c1":"yes"},{"c1":"no"},{"c3":"no"}]': {"c1": WRONG, "c3": NO},
    '{"c1":"yes"}': {"c1": YES},
    "{}": {},
    '{"c1":{"answer":"yes"},"c2":"no"}': {"c1": WRONG, "c2": NO},
    '{"c1":"yes","c9":"no"}': {"c1": YES},
    '```json\n{"c1":"yes"}\n```': {"c1": YES},
    '```\n{"c1":"yes"}\n```\n': {"c1": YES},
    '\ufeff {"c1":" NO "}\n': {"c1": NO},
    '{"c1":null,"c2":1,"c3":"n/a"}': {"c1": WRONG, "c2": WRONG, "c3": WRONG},
    '{"c1":"partly","c2":"","c3":["yes"]}': {"c1": WRONG, "c2": WRONG, "c3": WRONG},
}


@pytest.mark.parametrize("content", ACCEPTED)
def test_what_is_read(content: str) -> None:
    assert read(content) == ACCEPTED[content]


@pytest.mark.parametrize(
    "content",
    [
        'The braces {so} come first. {"c1":"yes"}',
        '{"c1":"yes"} is my answer',
        '{"c1":"yes"}{"c1":"no"}',
        '{"c1":"yes","c1":"yes"}',
        '{"c1":"yes"',
        '```json\n{"c1":"yes"}\n```\n```json\n{"c1":"no"}\n```',
        '{"c1":NaN}',
        '{"c1":1e400}',
        '"yes"',
        "yes",
        "",
        "null",
        '[["c1","yes"]]',
        '[{"c1":"yes","c2":"no"}]',
        "[" * 100_000,
        '{"c1":' * 5_000 + '"yes"' + "}" * 5_000,
    ],
)
def test_what_is_not_read(content: str) -> None:
    with pytest.raises(JudgeError) as caught:
        read(content)
    assert caught.value.failure.kind == FailureKind.JUDGE_UNPARSEABLE


def test_what_was_not_asked_is_reported() -> None:
    reply = read_reply('{"c1":"yes","c9":"no"}', PLAIN)
    assert reply.notices == ("an answer to 'c9', which was not asked",)


def test_an_object_is_an_answer_only_where_quotes_are_asked_for() -> None:
    quoted = {"c1": Question(text="Is one.", evidence=True)}
    content = '{"c1":{"quote":"it is one","answer":"yes","more":1}}'
    (answer,) = read_reply(content, quoted).answers
    assert answer.ruling == YES
    assert answer.evidence == "it is one"
    assert read('{"c1":{"quote":"it is one"}}', quoted) == {"c1": WRONG}
    assert read('{"c1":"yes"}', quoted) == {"c1": YES}


def test_only_the_words_of_the_scale_are_answers() -> None:
    three = AnswerScale(("yes", "partly", "no"))
    questions = {"c1": Question(text="Is one.", scale=three, may_abstain=True)}
    assert read('{"c1":"Partly"}', questions) == {"c1": PARTLY}
    assert read('{"c1":"N/A"}', questions) == {"c1": NA}


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ('"level 2"', Ruling.level(2)),
        ('"Level 2."', Ruling.level(2)),
        ('"2"', Ruling.level(2)),
        ("2", Ruling.level(2)),
        ("true", WRONG),
        ('"yes"', WRONG),
        ('"level two"', WRONG),
        ('"level 2 or 3"', WRONG),
    ],
)
def test_levels(said: str, read_as: Ruling | str) -> None:
    levels = (Level(0.0, None, "Bad."), Level(2.0, "fine", "Good."))
    questions = {"c1": Question(text="How?", scale=LevelScale(0.0, 2.0, levels))}
    assert read(f'{{"c1":{said}}}', questions) == {"c1": read_as}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text() | _JSON.map(json.dumps))
def test_any_text_is_read_or_refused(content: str) -> None:
    ids: set[str] = set()
    kind: str = FailureKind.JUDGE_UNPARSEABLE
    try:
        ids = {answer.id for answer in read_reply(content, PLAIN).answers}
    except JudgeError as error:
        kind = error.failure.kind
    assert kind == FailureKind.JUDGE_UNPARSEABLE
    assert ids <= PLAIN.keys()


@given(st.text(min_size=1).filter(str.strip), st.sampled_from(["before", "after"]))
def test_nothing_is_picked_out_of_a_longer_text(words: str, side: str) -> None:
    verdict = '{"c1":"yes","c2":"yes","c3":"yes"}'
    content = words + verdict if side == "before" else verdict + words
    if words.strip().strip("\ufeff").strip():
        with pytest.raises(JudgeError):
            read_reply(content, PLAIN)
