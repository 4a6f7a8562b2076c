"""The judge as the engine sees it."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rubricdsl_presence
from rubricdsl.diagnostics import JudgeError, RubricError
from rubricdsl.model.judgement import (
    Answer,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import EstimatingBackend, JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, Example, Level, LevelScale, Scale
from rubricdsl.model.ruling import NO, YES, Failure
from rubricdsl_presence.judge import PresenceJudge

OptionValue = str | float | bool

SKY = (
    "Sunlight holds every colour. Gas molecules in the air scatter short waves such as"
    " blue far more than long ones, an effect called Rayleigh scattering.\n\n"
    "- Violet is scattered even more, but our eyes hardly see it.\n"
    "- At sunset the light travels 40 times further through the air."
)


def judge_with(**options: OptionValue) -> PresenceJudge:
    (offer,) = rubricdsl_presence.rubricdsl_judge_backends()
    assert set(options) <= set(offer.options)
    judge = offer.create(JudgeSettings(backend="presence", options=options), {})
    assert isinstance(judge, PresenceJudge)
    return judge


@pytest.fixture(scope="module", params=["meaning", "words"])
def judge(request: pytest.FixtureRequest) -> PresenceJudge:
    return judge_with(reading=str(request.param))


def ask(
    judge: PresenceJudge, text: str, *questions: Question | str, **seen: str
) -> JudgeReply:
    asked = {
        f"c{n}": Question(text=q) if isinstance(q, str) else q
        for n, q in enumerate(questions, start=1)
    }
    response = Response(text=text, prompt_id="p", response_id="r")
    request = JudgeRequest(
        questions=asked, seen=seen or {"response": text}, response=response
    )
    reply: JudgeReply = asyncio.run(judge.judge(request))
    assert [answer.id for answer in reply.answers] == list(asked)
    return reply


def failure(answer: Answer) -> Failure:
    assert answer.failure is not None
    assert answer.ruling is None
    assert answer.probability is None
    return answer.failure


def certainty(answer: Answer) -> float:
    assert answer.probability is not None
    assert 0.0 <= answer.probability <= 1.0
    return answer.probability


def probability(judge: PresenceJudge, text: str, question: str) -> float:
    (answer,) = ask(judge, text, question).answers
    assert answer.probability is not None
    return answer.probability


def test_what_is_stated_is_found_with_its_sentence(judge: PresenceJudge) -> None:
    (answer,) = ask(judge, SKY, "Names Rayleigh scattering").answers
    assert answer.ruling == YES
    assert certainty(answer) > 0.5
    assert answer.evidence is not None
    assert answer.evidence in SKY
    assert "Rayleigh" in answer.evidence


def test_the_sentence_that_says_most_is_quoted(judge: PresenceJudge) -> None:
    """Though it holds a denial, and another sentence has none."""
    text = (
        "How the child behaves tells you more. Have the child examined if the fever"
        " lasts five days or comes back after a day without it. Does the child have"
        " another illness, or has the child had a rash?"
    )
    (answer,) = ask(
        judge, text, "Says to have the child examined if the fever lasts five days"
    ).answers
    assert answer.ruling == YES
    assert answer.evidence is not None
    assert "lasts five days" in answer.evidence


def test_what_is_absent_is_not_found(judge: PresenceJudge) -> None:
    (answer,) = ask(judge, SKY, "Mentions the Treaty of Versailles").answers
    assert answer.ruling == NO
    assert answer.evidence is None


def test_a_paraphrase_is_nearer_than_another_topic() -> None:
    judge = judge_with(reading="meaning")
    near = probability(judge, SKY, "Says that shorter wavelengths are deflected more")
    far = probability(judge, SKY, "Says that interest rates are rising")
    assert near > far + 0.1


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (
            "Says that sunset light travels 40 times further",
            "Says that sunset light travels 90 times further",
        ),
        (
            "Says that short waves are scattered more",
            "Says that short waves are never scattered more",
        ),
        ("Names Rayleigh scattering", "Names Compton scattering"),
    ],
)
def test_made_false_with_the_same_words_is_less_probable(
    judge: PresenceJudge, true: str, false: str
) -> None:
    assert probability(judge, SKY, true) > probability(judge, SKY, false)


@pytest.mark.parametrize(
    ("affirmed", "denied"),
    [
        ("Mentions violet", "Does not mention violet"),
        ("Says that the sky is green", "Never says that the sky is green"),
        ("Recommends sunglasses", "Avoids recommending sunglasses"),
        ("Names Rayleigh scattering", "Omits Rayleigh scattering"),
    ],
)
def test_denying_turns_the_probability_round(
    judge: PresenceJudge, affirmed: str, denied: str
) -> None:
    yes, no = ask(judge, SKY, affirmed, denied).answers
    assert certainty(no) == pytest.approx(1.0 - certainty(yes), abs=1e-12)
    assert (yes.ruling == YES) == (no.ruling == NO)


@pytest.mark.parametrize("text", ["", " \n\t", "...", "---", "**", ":", "| | |"])
def test_an_empty_response_states_nothing(judge: PresenceJudge, text: str) -> None:
    stated, left_out = ask(
        judge, text, "Mentions violet", "Does not mention violet"
    ).answers
    assert (stated.ruling, stated.probability) == (NO, 0.0)
    assert (left_out.ruling, left_out.probability) == (YES, 1.0)


@pytest.mark.parametrize(
    "unrelated",
    [
        "The ferry to the island leaves twice a day.",
        "Bake the dough until it is golden.",
        "Our office is closed on public holidays.",
    ],
)
@pytest.mark.parametrize(
    "claim", ["Names Rayleigh scattering", "Mentions sunset", "Mentions violet"]
)
def test_an_unrelated_sentence_does_not_hurt(
    judge: PresenceJudge, claim: str, unrelated: str
) -> None:
    alone = probability(judge, SKY, claim)
    assert probability(judge, f"{SKY}\n\n{unrelated}", claim) >= alone - 1e-5
    assert probability(judge, f"{unrelated}\n\n{SKY}", claim) >= alone - 1e-5


def test_the_order_and_company_of_questions_do_not_matter(judge: PresenceJudge) -> None:
    texts = ["Mentions violet", "Names Compton", "Explains why sunsets are red"]
    forth = ask(judge, SKY, *texts).answers
    back = ask(judge, SKY, *reversed(texts)).answers
    for one, other in zip(forth, reversed(back), strict=True):
        assert one.ruling == other.ruling
        assert one.probability == pytest.approx(other.probability, abs=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "The response is well written",
        "Uses bullet points",
        "Is factually correct",
        "Clearly explains the process",
    ],
)
def test_what_it_cannot_judge_it_leaves_to_others(
    judge: PresenceJudge, text: str
) -> None:
    (answer,) = ask(judge, SKY, text).answers
    assert failure(answer).kind == "judge_unsupported"
    assert "--judge openai:MODEL" in failure(answer).reason


@pytest.mark.parametrize(
    "scale",
    [
        AnswerScale(("yes", "partly", "no")),
        AnswerScale(("yes", "partly")),
        LevelScale(0, 1, (Level(0, None, "none"), Level(1, None, "some"))),
    ],
)
def test_scales_of_more_than_yes_and_no_are_left_to_others(
    judge: PresenceJudge, scale: Scale
) -> None:
    question = Question(text="Mentions violet", scale=scale)
    (answer,) = ask(judge, SKY, question).answers
    assert failure(answer).kind == "judge_unsupported"


def test_good_and_unsupported_questions_go_together(judge: PresenceJudge) -> None:
    reply = ask(judge, SKY, "Is polite", "Mentions violet", "Rhymes")
    assert [a.failure is None for a in reply.answers] == [False, True, False]


def test_nothing_can_be_quoted_for_what_is_left_out(judge: PresenceJudge) -> None:
    question = Question(text="Does not mention lasers", evidence=True)
    (answer,) = ask(judge, SKY, question).answers
    assert failure(answer).kind == "judge_unsupported"
    assert "evidence" in failure(answer).reason


def test_it_says_that_note_and_examples_were_not_read(judge: PresenceJudge) -> None:
    question = Question(
        text="Mentions violet", note="any shade", examples=(Example(YES, "purple"),)
    )
    (answer,) = ask(judge, SKY, question).answers
    assert answer.reason == "the criterion's note and examples not read"


def test_only_what_is_judged_is_searched(judge: PresenceJudge) -> None:
    seen = {
        "prompt": "Is violet a colour?",
        "response": "It is.",
        "reference": "violet",
    }
    (answer,) = ask(judge, "It is.", "Mentions violet", **seen).answers
    assert answer.ruling == NO


def test_an_artifact_is_searched(judge: PresenceJudge) -> None:
    seen = {"response": "See the report.", "report": "Violet is scattered most."}
    (answer,) = ask(judge, seen["response"], "Mentions violet", **seen).answers
    assert answer.ruling == YES
    assert answer.evidence == "Violet is scattered most."


def test_without_a_response_to_see_nothing_is_judged(judge: PresenceJudge) -> None:
    (answer,) = ask(judge, SKY, "Mentions violet", prompt="violet?").answers
    assert failure(answer).kind == "judge_unsupported"


def test_the_pieces_read_are_counted_and_known_beforehand(
    judge: PresenceJudge,
) -> None:
    asked = {"c1": Question(text="Names a short wave."), "c2": Question(text="Is fun.")}
    request = JudgeRequest(
        questions=asked,
        seen={"prompt": "Why is the sky blue?", "response": "Blue is scattered."},
        response=Response(text="Blue is scattered.", prompt_id="p", response_id="r"),
    )
    reply = asyncio.run(judge.judge(request))
    # blue is scattered . / names a short wave . / is fun .
    assert reply.usage == Usage(prompt_tokens=12)
    assert judge.estimate(request) == reply.usage


@given(response=st.text(), statements=st.lists(st.text(), min_size=1, max_size=3))
def test_what_any_request_takes_is_known_beforehand(
    response: str, statements: list[str]
) -> None:
    judge = judge_with(reading="words")
    request = JudgeRequest(
        questions={f"c{n}": Question(text=t) for n, t in enumerate(statements)},
        seen={"response": response},
        response=Response(text=response, prompt_id="p", response_id="r"),
    )
    assert isinstance(judge, EstimatingBackend)
    assert judge.estimate(request) == asyncio.run(judge.judge(request)).usage


def test_the_threshold_decides(judge: PresenceJudge) -> None:
    strict = judge_with(threshold=0.99)
    (answer,) = ask(strict, SKY, "Names Rayleigh scattering").answers
    assert answer.ruling == NO
    lenient = judge_with(threshold=0.01)
    (answer,) = ask(lenient, SKY, "Mentions the ozone layer").answers
    assert answer.ruling == YES


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        (JudgeSettings(backend="presence", model="large"), "D202"),
        (JudgeSettings(backend="presence", options={"threshold": 2.0}), "D203"),
        (JudgeSettings(backend="presence", options={"threshold": "high"}), "D203"),
        (JudgeSettings(backend="presence", options={"threshold": True}), "D203"),
        (JudgeSettings(backend="presence", options={"reading": "tea leaves"}), "D203"),
        (JudgeSettings(backend="presence", options={"reading": 1.0}), "D203"),
        (JudgeSettings(backend="presence", options={"weights": 1.0}), "D203"),
    ],
)
def test_bad_settings_are_refused(settings_: JudgeSettings, code: str) -> None:
    (offer,) = rubricdsl_presence.rubricdsl_judge_backends()
    with pytest.raises(RubricError) as caught:
        offer.create(settings_, {})
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_foreign_weights_are_not_used(tmp_path: Path) -> None:
    weights = tmp_path / "model.onnx"
    weights.write_bytes(b"not the weights")
    reply = ask(judge_with(weights=str(weights)), SKY, "Mentions violet")
    assert reply.model == "recall"
    (notice,) = reply.notices
    assert "not the file that this judge was fitted with" in notice
    assert "\n" not in notice
    with pytest.raises(RubricError) as caught:
        judge_with(weights=str(weights), reading="meaning")
    assert [d.code for d in caught.value.diagnostics] == ["D205"]


def test_missing_weights_are_said(tmp_path: Path) -> None:
    reply = ask(judge_with(weights=str(tmp_path / "none")), SKY, "Mentions violet")
    assert reply.model == "recall"
    assert "cannot be read" in reply.notices[0]


def test_asking_for_words_is_no_fallback() -> None:
    reply = ask(judge_with(reading="words"), SKY, "Mentions violet")
    assert (reply.model, reply.notices) == ("recall", ())


def test_both_readings_have_their_own_identity() -> None:
    meaning, words = judge_with(reading="meaning"), judge_with(reading="words")
    assert meaning.template != words.template
    assert meaning.template == judge_with().template


def test_it_works_without_numpy() -> None:
    program = """
import asyncio, sys
sys.modules["numpy"] = None
import rubricdsl_presence
from rubricdsl.model.judgement import JudgeRequest, Question
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
(offer,) = rubricdsl_presence.rubricdsl_judge_backends()
judge = offer.create(JudgeSettings(backend="presence"), {})
reply = asyncio.run(judge.judge(JudgeRequest(
    questions={"c1": Question(text="Mentions violet")},
    seen={"response": "Violet fades."},
    response=Response(text="Violet fades.", prompt_id="p", response_id="r"))))
print(reply.model, reply.answers[0].ruling, len(reply.notices))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["recall", "yes", "1"]


def test_the_hook_imports_nothing_heavy() -> None:
    program = (
        "import sys, rubricdsl_presence as p; p.rubricdsl_judge_backends();"
        "print([m for m in ('numpy', 'rubricdsl_presence.judge') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the judge used the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    reply = ask(judge_with(reading="meaning"), SKY, "Mentions violet")
    assert reply.model == "minilm-l6-v2"


def test_the_event_loop_is_not_blocked() -> None:
    judge = judge_with(reading="meaning")
    text = "\n".join(f"Item {n} weighs {n} grams and is blue." for n in range(300))

    async def run() -> int:
        request = JudgeRequest(
            questions={"c1": Question(text="Mentions a red item")},
            seen={"response": text},
            response=Response(text=text, prompt_id="p", response_id="r"),
        )
        task = asyncio.create_task(judge.judge(request))
        turns = 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        await task
        await judge.close()
        return turns

    assert asyncio.run(run()) > 10


def test_an_endless_response_is_refused(judge: PresenceJudge) -> None:
    text = "Yes. " * 5000
    with pytest.raises(JudgeError, match=r"5,000 sentences.*4,000"):
        ask(judge, text, "Mentions violet")


WORDS = judge_with(reading="words")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=80))
def test_any_response_is_judged_by_words(text: str, topic: str) -> None:
    question = f"Mentions {topic}"
    (answer,) = ask(WORDS, text, question).answers
    if answer.failure is None:
        assert certainty(answer) >= 0.0
        assert answer.evidence is None or answer.evidence in text


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=200))
def test_any_response_is_judged_by_meaning(text: str) -> None:
    judge = judge_with(reading="meaning")
    (answer,) = ask(judge, text, "Mentions a ship in the harbour").answers
    assert certainty(answer) >= 0.0
