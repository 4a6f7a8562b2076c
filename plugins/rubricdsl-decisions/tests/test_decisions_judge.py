"""What is asked of a decision model, and what is made of what it says."""

import asyncio
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.cli import main
from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Question
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, Example, Level, LevelScale
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, FailureKind, Ruling
from rubricdsl.testing.backend_suite import LocalServer
from rubricdsl.testing.backend_suite.server import Exchange
from rubricdsl_decisions.decisions import DecisionError, choice, score
from rubricdsl_decisions.judge import OFFER, DecisionsJudge
from rubricdsl_decisions.questions import Form, asked

KEY = "ts-test-0123456789/+abc"
LEVELS = LevelScale(
    1.0,
    3.0,
    (Level(1.0, "poor", "Says little."), Level(3.0, None, "Says all.")),
    stated=True,
)
RUBRIC = {
    "c1": Question(text="Names a city.", note="A town will do."),
    "c2": Question(text="Names a river.", scale=AnswerScale(("yes", "partly", "no"))),
    "c3": Question(text="How much is said?", scale=LEVELS),
    "c4": Question(text="Names a king.", may_abstain=True),
}


def request_of(
    questions: Mapping[str, Question] = RUBRIC, *, text: str = "Paris."
) -> JudgeRequest:
    return JudgeRequest(
        questions=questions,
        seen={"prompt": "Which?", "response": text},
        response=Response(text=text, prompt_id="p", response_id="r"),
        instructions="Be strict.",
    )


def ask(  # noqa: PLR0913 - all that a request can be, by name
    said: object,
    request: JudgeRequest | None = None,
    options: str = "",
    *,
    status: int = 200,
    model: str = "m",
    bodies: list[Any] | None = None,
) -> JudgeReply:
    """Ask at a server that says this, whatever it is asked."""

    async def act(exchange: Exchange) -> None:
        assert exchange.received.headers["authorization"] == f"Bearer {KEY}"
        if bodies is not None:
            bodies.append(exchange.received.document)
        await exchange.answer(said, status)

    async def scenario(base: str) -> JudgeReply:
        settings = parse_spec(f"decisions:{model}?base_url={base}{options}")
        judge = OFFER.create(settings, {"TYPESAFE_API_KEY": KEY, "OPENAI_API_KEY": KEY})
        try:
            return await judge.judge(request or request_of())
        finally:
            await judge.close()

    with LocalServer() as server:
        server.act = act
        return asyncio.run(scenario(server.base))


SYSTEM_ONE = {
    "model": "m",
    "answers": {
        "c1": {"type": "noul", "noul": 0.97},
        "c2": {
            "type": "choice",
            "choice": "partly",
            "confidence": 0.0,
            "probabilities": {"yes": 0.3, "partly": 0.6, "no": 0.1},
        },
        "c3": {
            "type": "score",
            "score": 1.63,
            "confidence": 0.7,
            "legend": {"0": "poor"},
            "probabilities": {"0": 0.08, "1": 0.21, "2": 0.71},
        },
        "c4": {
            "type": "choice",
            "choice": "n/a",
            "confidence": 1.0,
            "probabilities": {"yes": 0.1, "no": 0.2, "n/a": 0.7},
        },
    },
    "usage": {"input_tokens": 1_000, "output_tokens": 0},
}
OPENAI = {
    "model": "m",
    "answers": [
        {"type": "predicate", "name": "c1", "probability": 0.97},
        {
            "type": "choice",
            "name": "c2",
            "choice": "partly",
            "confidence": 0.9,
            "probabilities": [
                {"value": "yes", "probability": 0.3},
                {"value": "partly", "probability": 0.6},
                {"value": "no", "probability": 0.1},
            ],
        },
        {
            "type": "score",
            "name": "c3",
            "score": 1.63,
            "confidence": 0.9,
            "probabilities": [
                {"label": "level 1", "value": 0, "probability": 0.08},
                {"label": "level 2", "value": 1, "probability": 0.21},
                {"label": "level 3", "value": 2, "probability": 0.71},
            ],
        },
        {
            "type": "choice",
            "name": "c4",
            "choice": "n/a",
            "confidence": 0.9,
            "probabilities": [
                {"value": "yes", "probability": 0.1},
                {"value": "no", "probability": 0.2},
                {"value": "n/a", "probability": 0.7},
            ],
        },
    ],
    "usage": {"input_tokens": 1_000, "output_tokens": 4, "total_tokens": 1_004},
}
SAID = {"systemone": SYSTEM_ONE, "openai": OPENAI}


# ------------------------------------------------------------ both shapes, all forms


@pytest.mark.parametrize("shape", SAID)
def test_a_whole_rubric_is_one_request(shape: str) -> None:
    bodies: list[Any] = []
    options = f"&shape={shape}&price_prompt=0.042"
    reply = ask(SAID[shape], options=options, bodies=bodies)
    assert [answer.ruling for answer in reply.answers] == [
        YES,
        PARTLY,
        Ruling.level(3),
        NA,
    ]
    assert [answer.probability for answer in reply.answers] == [0.97, 0.3, None, 0.1]
    assert [answer.reason for answer in reply.answers] == [
        None,
        "probabilities: partly 0.60, yes 0.30, no 0.10",
        "probabilities: level 3 0.71, level 2 0.21, level 1 0.08",
        "probabilities: n/a 0.70, no 0.20, yes 0.10",
    ]
    assert reply.notices == ()
    assert reply.usage.prompt_tokens == 1_000
    assert reply.usage.cost == pytest.approx(0.042 * 1_000 / 1e6)
    assert len(bodies) == 1


def test_the_words_of_systemone() -> None:
    bodies: list[Any] = []
    ask(SYSTEM_ONE, bodies=bodies)
    (body,) = bodies
    assert body.keys() == {"model", "state", "questions"}
    assert "Be strict." in body["state"]
    fence = body["state"].split("which read\n")[1].splitlines()[0]
    assert body["state"].count(fence) == 5
    assert f"{fence}\nParis.\n{fence}" in body["state"]
    c1, c2, c3, c4 = body["questions"].values()
    assert c1["type"] == "noul"
    assert "Names a city." in c1["instructions"]
    assert "Note: A town will do." in c1["instructions"]
    assert c1["criteria"].keys() == {"true", "false"}
    assert (c2["type"], list(c2["criteria"])) == ("choice", ["yes", "partly", "no"])
    assert c3["type"] == "score"
    assert c3["criteria"] == [
        "poor: Says little.",
        "Between the level before and the level after.",
        "Says all.",
    ]
    assert (c4["type"], list(c4["criteria"])) == ("choice", ["yes", "no", "n/a"])


def test_the_words_of_openai() -> None:
    bodies: list[Any] = []
    ask(OPENAI, options="&shape=openai", bodies=bodies)
    (body,) = bodies
    assert body.keys() == {"model", "input", "questions"}
    developer, user = body["input"]
    assert "Be strict." in developer["content"]
    assert "Paris." in user["content"]
    c1, c2, c3, _ = body["questions"]
    assert c1.keys() == {"type", "name", "instructions"}
    assert [c["value"] for c in c2["choices"]] == ["yes", "partly", "no"]
    assert [c["label"] for c in c3["levels"]] == ["level 1", "level 2", "level 3"]
    assert c3["levels"][0]["description"] == "poor: Says little."


def test_a_level_that_may_be_abstained_from_is_a_choice() -> None:
    on = asked(Question(text="How?", scale=LEVELS, may_abstain=True))
    assert on.form is Form.CHOICE
    assert list(on.options) == ["level 1", "level 2", "level 3", "n/a"]
    ten = LevelScale(1.0, 10.0, (Level(1.0, None, "Low."),), stated=True)
    eleven = LevelScale(0.0, 10.0, (Level(0.0, None, "Low."),), stated=True)
    assert asked(Question(text="How?", scale=ten)).form is Form.SCORE
    assert asked(Question(text="How?", scale=eleven)).form is Form.CHOICE


def test_examples_stand_beside_their_statement() -> None:
    question = Question(text="Is {statement}.", examples=(Example(NO, "Nothing."),))
    on = asked(question)
    assert "Is {statement}." in on.instructions
    assert on.instructions.endswith("Example of no: Nothing.")


@pytest.mark.parametrize(
    ("options", "rulings"),
    [
        ("", [YES, NO, YES]),
        ("&threshold=0.8", [YES, NO, NO]),
        ("&threshold=0.1", [YES] * 3),
    ],
)
def test_yes_begins_at_the_threshold(options: str, rulings: list[Ruling]) -> None:
    questions = {name: Question(text="Is.") for name in ("c1", "c2", "c3")}
    nouls = {"c1": 0.97, "c2": 0.1, "c3": 0.5}
    said = {n: {"type": "noul", "noul": p} for n, p in nouls.items()}
    reply = ask({"answers": said}, request_of(questions), options)
    assert [answer.ruling for answer in reply.answers] == rulings
    assert [answer.probability for answer in reply.answers] == [*nouls.values()]


def test_what_wants_a_quote_is_not_asked() -> None:
    questions = {
        "c1": Question(text="A."),
        "c2": Question(text="B.", evidence=True),
        "c3": Question(
            text="C.",
            scale=LevelScale(0.0, 300.0, (Level(0.0, None, "x"),), stated=True),
        ),
    }
    bodies: list[Any] = []
    said = {"answers": {"c1": {"type": "noul", "noul": 1}}}
    reply = ask(said, request_of(questions), bodies=bodies)
    kinds = {a.id: a.failure.kind for a in reply.answers if a.failure}
    assert kinds == dict.fromkeys(("c2", "c3"), FailureKind.JUDGE_UNSUPPORTED)
    assert list(bodies[0]["questions"]) == ["c1"]


# -------------------------------------------------------------------- what is wrong


@frozen
class Wrong:
    """An answer to one question among others, and what is said of it."""

    name: str
    answer: object
    reason: str


def _choice(choice: object, **probabilities: object) -> dict[str, object]:
    return {"type": "choice", "choice": choice, "probabilities": probabilities}


def _score(score: object, *probabilities: object) -> dict[str, object]:
    places = {str(n): p for n, p in enumerate(probabilities)}
    return {"type": "score", "score": score, "probabilities": places}


WRONG = {
    "too large": Wrong("c1", {"type": "noul", "noul": 1.7}, "1.7 as a probability"),
    "negative": Wrong("c1", {"type": "noul", "noul": -0.1}, "-0.1 as a probability"),
    "a text": Wrong("c1", {"type": "noul", "noul": "0.9"}, "'0.9' as a probability"),
    "a truth": Wrong("c1", {"type": "noul", "noul": True}, "True as a probability"),
    "no number": Wrong("c1", {"type": "noul"}, "None as a probability"),
    "another type": Wrong("c1", _choice("yes", yes=1.0), "of type 'choice'"),
    "no object": Wrong("c1", 0.9, "of type 'None'"),
    "no probabilities": Wrong(
        "c2", {"type": "choice", "choice": "yes"}, "gave no prob"
    ),
    "unknown choice": Wrong(
        "c2", _choice("maybe", yes=0.5, partly=0.2, no=0.3), "chose 'maybe'; legal are"
    ),
    "no choice": Wrong("c2", _choice(None, yes=1, partly=0, no=0), "chose None"),
    "unlikely choice": Wrong(
        "c2", _choice("no", yes=0.5, partly=0.2, no=0.3), "chose no, and gave yes as"
    ),
    "one too many": Wrong(
        "c2", _choice("yes", yes=0.5, partly=0.2, no=0.3, maybe=0.0), "of 'maybe', not"
    ),
    "one too few": Wrong(
        "c2", _choice("yes", yes=0.7, no=0.3), "no probability of par"
    ),
    "a sum over one": Wrong(
        "c2", _choice("yes", yes=0.9, partly=0.9, no=0), "sum to 1.8"
    ),
    "score beyond": Wrong("c3", _score(2.5, 0, 0, 1), "2.5 as a score"),
    "score of a text": Wrong("c3", _score("2", 0, 0, 1), "'2' as a score"),
    "a place too many": Wrong("c3", _score(2, 0, 0, 1, 0), "of 'place 3', not asked"),
    "a place too few": Wrong("c3", _score(1, 0, 1), "no probability of level 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_none_and_takes_no_other_with_it(name: str) -> None:
    wrong = WRONG[name]
    said = {"answers": {**SYSTEM_ONE["answers"], wrong.name: wrong.answer}}  # type: ignore[dict-item]
    reply = ask(said)
    ruled = {a.id for a in reply.answers if a.ruling is not None}
    assert ruled == RUBRIC.keys() - {wrong.name}
    (failure,) = [a.failure for a in reply.answers if a.failure is not None]
    assert failure.kind == FailureKind.JUDGE_UNPARSEABLE
    assert wrong.reason in failure.reason


def test_a_refusal_of_one_question_is_its_own() -> None:
    answers = [*OPENAI["answers"][1:], {"type": "refusal", "name": "c1"}]  # type: ignore[index]
    reply = ask({"answers": answers}, options="&shape=openai")
    assert reply.answers[0].failure is not None
    assert reply.answers[0].failure.kind == FailureKind.JUDGE_REFUSED
    assert all(answer.ruling is not None for answer in reply.answers[1:])


def test_duplicate_unknown_and_missing_answers() -> None:
    yes = {"type": "predicate", "probability": 0.9}
    answers = [
        *({**yes, "name": "c1"} for _ in range(2)),
        {**yes, "name": "c2"},
        {**yes, "name": "c9"},
        yes,
    ]
    questions = {name: Question(text="Is.") for name in ("c1", "c2", "c3")}
    said = {"answers": answers}
    reply = ask(said, request_of(questions), "&shape=openai")
    twice, once = reply.answers
    assert (twice.id, once.id, once.ruling) == ("c1", "c2", YES)
    assert twice.failure is not None
    assert twice.failure.reason == "answered twice"
    assert reply.notices == (
        "an answer to 'c9', which was not asked",
        "an answer without a name",
    )


@pytest.mark.parametrize(
    "said",
    [
        b'{"answers": {"c1": {"type": "noul", "noul": NaN}}}',
        b'{"answers": {"c1": {"type": "noul", "noul": 1e400}}}',
        b'{"answers": {"c1": {"type": "noul", "noul": 1},"c1": {"type": "noul"}}}',
        b'{"answers": {}}',
        b'{"answers": []}',
        b'{"result": []}',
        b"[]",
    ],
)
def test_a_reply_that_is_none_is_no_answer(said: bytes) -> None:
    with pytest.raises(JudgeError) as caught:
        ask(said)
    assert caught.value.failure.kind == FailureKind.JUDGE_UNPARSEABLE


def test_a_reply_may_be_wrapped() -> None:
    reply = ask({"result": SYSTEM_ONE, "success": True})
    assert all(answer.ruling is not None for answer in reply.answers)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.sampled_from("ync"))
def test_decided_is_always_the_likeliest(given_: list[float], said: str) -> None:
    on = asked(RUBRIC["c2"])
    pairs = list(zip(on.options, given_, strict=True))
    option = {"y": "yes", "n": "no", "c": "partly"}[said]
    try:
        decision = choice(option, pairs, on)
    except DecisionError:
        return
    assert math.isclose(sum(decision.probabilities.values()), 1, abs_tol=0.05)
    top = max(decision.probabilities.values())
    assert decision.probabilities[decision.option] >= top - 1e-6
    assert score(1.0, pairs, on).probabilities == decision.probabilities


# --------------------------------------------------------------------------- limits


def limited(**options: float) -> DecisionsJudge:
    settings = JudgeSettings(
        backend="decisions", model="m", options={"base_url": "http://h", **options}
    )
    judge = OFFER.create(settings, {})
    assert isinstance(judge, DecisionsJudge)
    return judge


def refused(judge: DecisionsJudge, request: JudgeRequest) -> JudgeError:
    """Ask what is refused before anything is sent: there is no such server."""
    with pytest.raises(JudgeError) as caught:
        asyncio.run(judge.judge(request))
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    return caught.value


def test_what_does_not_fit_is_told_before_it_is_sent() -> None:
    many = {f"c{n}": Question(text="Says this or that.") for n in range(1, 41)}
    judge = limited(request_tokens=700.0)
    error = refused(judge, request_of(many))
    assert error.too_long
    assert error.fitting is not None
    assert 1 < error.fitting < 40
    assert "and it takes 700" in error.failure.reason
    # As many as it says do fit, and one more does not.
    one_more = dict(list(many.items())[: error.fitting + 1])
    assert refused(judge, request_of(one_more)).fitting == error.fitting


def test_a_text_that_is_too_long_is_no_matter_of_the_questions() -> None:
    error = refused(limited(), request_of(text="word " * 40_000))
    assert not error.too_long
    assert "about 37" in error.failure.reason


def test_one_question_that_is_too_long_leaves_the_others() -> None:
    questions = {"c1": Question(text="word " * 1_000), "c2": Question(text="Is.")}
    judge = limited(context_tokens=800.0)
    assert refused(judge, request_of(questions)).fitting == 1
    assert not refused(judge, request_of({"c1": questions["c1"]})).too_long


def test_an_estimate_counts_the_texts_once_for_each_request() -> None:
    many = {f"c{n}": Question(text="Says this or that.") for n in range(1, 41)}
    whole = limited().estimate(request_of(many))
    parts = limited(request_tokens=700.0).estimate(request_of(many))
    assert parts.prompt_tokens > 1.2 * whole.prompt_tokens > 0
    assert whole.cost is None
    priced = limited(price_prompt=2.0)
    usage = priced.estimate(request_of(many))
    assert usage.cost == pytest.approx(2 * usage.prompt_tokens / 1e6)
    assert priced.price(1_000_000, 7) == 2
    quoted = request_of({"c1": Question(text="B.", evidence=True)})
    assert priced.estimate(quoted).cost == 0


def test_a_run_is_cut_into_requests_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    criteria = "\n".join(f"[+1] q{n}: Says this or that {n}." for n in range(30))
    (tmp_path / "r.rub").write_text(f"rubric r\n{criteria}\n", "utf-8")
    row = {"response_id": "a", "response": "It says this and that."}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    sizes: list[int] = []

    async def act(exchange: Exchange) -> None:
        document: Any = exchange.received.document
        sizes.append(len(document["questions"]))
        said = {name: {"type": "noul", "noul": 0.75} for name in document["questions"]}
        await exchange.answer({"answers": said})

    monkeypatch.chdir(tmp_path)
    with LocalServer() as server:
        server.act = act
        limits = "request_tokens=600&max_questions=20"
        spec = f"decisions:m?base_url={server.base}&{limits}"
        command = ["eval", "r.rub", "--responses", "rows.jsonl", "--judge", spec]
        assert main([*command, "--out", "results.jsonl", "--no-cache"]) == 0
    assert sum(sizes) == 30
    assert max(sizes) < 20
    results = (tmp_path / "results.jsonl").read_text("utf-8").replace(" ", "")
    assert results.count('"probability":0.75') == 30


# -------------------------------------------------------- how the services complain


@frozen
class Refusal:
    """An error status with its body, and what it is."""

    status: int
    body: object
    kind: FailureKind
    reason: str
    passes: bool = False
    too_long: bool = False


_LATER = FailureKind.PROVIDER_UNAVAILABLE
REFUSALS = {
    "no key": Refusal(
        401,
        {"error": {"message": "Missing API key"}},
        FailureKind.AUTH_FAILED,
        "Missing API key; check the key in TYPESAFE_API_KEY",
    ),
    "no money": Refusal(
        402, {"error": "Payment required"}, FailureKind.QUOTA_EXHAUSTED, "Payment"
    ),
    "no such model": Refusal(
        404, {"detail": "Unknown model"}, FailureKind.REQUEST_REJECTED, "Unknown model"
    ),
    "too large": Refusal(
        413, {"message": "over 2 MiB"}, FailureKind.REQUEST_REJECTED, "over 2 MiB"
    ),
    "invalid": Refusal(
        422,
        {"detail": [{"loc": ["body", "questions"], "msg": "Too many", "type": "x"}]},
        FailureKind.REQUEST_REJECTED,
        "422: body.questions: Too many",
    ),
    "over the context": Refusal(
        400,
        {"detail": {"message": "maximum context length is 32768 tokens"}},
        FailureKind.REQUEST_REJECTED,
        "32768 tokens",
        too_long=True,
    ),
    "in a hurry": Refusal(
        429, {"error": "slow down"}, FailureKind.RATE_LIMITED, "slow", passes=True
    ),
    "quota": Refusal(
        429,
        {"error": {"code": "insufficient_quota", "message": "pay"}},
        FailureKind.QUOTA_EXHAUSTED,
        "pay",
    ),
    "overloaded": Refusal(529, {"error": "busy"}, _LATER, "529: busy", passes=True),
    "broken": Refusal(500, {"error": "oops"}, _LATER, "500: oops", passes=True),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_has_its_kind(name: str) -> None:
    refusal = REFUSALS[name]

    with pytest.raises(JudgeError) as found:
        ask(refusal.body, status=refusal.status)
    caught = found.value
    kind, reason = caught.failure.kind, caught.failure.reason
    assert (kind, refusal.reason in reason) == (refusal.kind, True), reason
    assert (caught.transient, caught.too_long) == (refusal.passes, refusal.too_long)


# ---------------------------------------------------------- what a verdict may say


def test_an_alias_is_no_other_model() -> None:
    questions = {"c1": Question(text="A.")}
    said = {"model": "jev-1.13", "answers": {"c1": {"type": "noul", "noul": 1}}}

    request = request_of(questions)
    assert ask(said, request, model="jev-latest").notices == ()
    (notice,) = ask(said, request, model="other").notices
    assert "answered as model 'jev-1.13'" in notice


def test_the_key_is_in_no_failure() -> None:
    likely = {"yes": 1.0, "partly": 0.0, "no": 0.0}
    said = {"type": "choice", "choice": KEY, "probabilities": likely}
    (answer,) = ask({"answers": {"c2": said}}).answers
    assert answer.failure is not None
    assert answer.failure.reason.startswith("chose '[redacted]'; legal are")


def test_answers_are_what_the_engine_takes() -> None:
    from rubricdsl.judging.acceptance import Acceptance
    from rubricdsl.judging.quotes import QuoteSource
    from rubricdsl.model.judgement import Provenance

    acceptance = Acceptance(
        source=QuoteSource({"response": "Paris."}),
        provenance=Provenance(judge="j", response="r"),
        at=None,
        redact=str,
    )
    for answer in ask(SYSTEM_ONE).answers:
        assert acceptance.verdict(answer, RUBRIC[answer.id]).ruling == answer.ruling
