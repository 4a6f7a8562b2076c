"""The judge and the chat model with a real model, which is far too small to judge."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import attrs
import pytest

from rubricdsl.cli import main
from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.chat import ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import Turn
from rubricdsl.model.ruling import FailureKind, RulingWord
from rubricdsl.testing.backend_suite import sample_request
from rubricdsl_llamacpp import chat, judge
from rubricdsl_llamacpp.chat import LlamaCppChat
from rubricdsl_llamacpp.judge import LlamaCppJudge
from tests.judging.gguf_files import cut_model, smollm2

pytestmark = pytest.mark.model

# The context is long enough for every prompt here but those that must not fit.
_OPTIONS = {"n_ctx": 2048.0, "parallel": 2.0, "threads": 1.0}


@pytest.fixture(scope="module")
def cut_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut a model of one layer, which knows nothing and is quick."""
    file = tmp_path_factory.mktemp("cut") / "cut.gguf"
    cut_model(smollm2(), file, layers=1)
    return file


@pytest.fixture(scope="module")
def whole() -> Iterator[JudgeSettings]:
    """Keep the model in memory, so that not every test loads it anew."""
    yield from held(smollm2())


@pytest.fixture(scope="module")
def cut(cut_file: Path) -> Iterator[JudgeSettings]:
    """Keep the smaller model in memory."""
    yield from held(cut_file)


def held(file: Path) -> Iterator[JudgeSettings]:
    settings = JudgeSettings(backend="llamacpp", model=str(file), options=_OPTIONS)
    made = judge.create(settings, {})
    made.prepare()
    yield settings
    asyncio.run(made.close())


T = TypeVar("T")
SOON = 20.0

# So long an answer takes minutes, even of the smaller model.
ENDLESS = ChatRequest(
    messages=(Turn("user", "Say yes."),),
    schema={"type": "array", "items": {"const": "y z"}, "minItems": 1_900},
)


def with_judge(
    settings: JudgeSettings, talk: Callable[[LlamaCppJudge], Awaitable[T]]
) -> T:
    async def scenario() -> T:
        made = judge.create(settings, {})
        try:
            return await talk(made)
        finally:
            await made.close()

    return asyncio.run(scenario())


def with_chat(
    settings: JudgeSettings, talk: Callable[[LlamaCppChat], Awaitable[T]]
) -> T:
    async def scenario() -> T:
        made = chat.create(settings, {})
        try:
            return await talk(made)
        finally:
            await made.close()

    return asyncio.run(scenario())


def test_answers_are_bound_to_the_words_of_each_scale(whole: JudgeSettings) -> None:
    request = sample_request(("levels", "quoted"))
    reply = with_judge(whole, lambda made: made.judge(request))
    answers = {answer.id: answer for answer in reply.answers}
    assert list(answers) == ["c1", "c2"]
    assert all(answer.ruling is not None for answer in reply.answers)
    levels = answers["c1"].ruling
    assert levels is not None
    assert levels.word is RulingWord.LEVEL
    assert reply.usage.cost == 0
    assert reply.usage.prompt_tokens > 200
    assert reply.model is not None
    assert "smollm2" in reply.model.casefold()


def test_the_likelier_answer_is_the_one_that_is_given(whole: JudgeSettings) -> None:
    reply = with_judge(whole, lambda made: made.judge(sample_request()))
    (answer,) = reply.answers
    assert answer.probability is not None
    assert (answer.probability > 0.5) is (str(answer.ruling) == "yes")


def test_what_does_not_fit_is_told_with_both_numbers(cut: JudgeSettings) -> None:
    request = sample_request(response="word " * 6_000)
    with pytest.raises(JudgeError) as caught:
        with_judge(cut, lambda made: made.judge(request))
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    assert caught.value.too_long
    assert not caught.value.transient
    reason = caught.value.failure.reason
    assert "n_ctx" in reason
    given, limit = (int(w.strip(";")) for w in reason.split() if w[:1].isdigit())
    assert given > 6_000
    assert limit == 2048


def test_an_answer_that_is_cut_is_none(cut: JudgeSettings) -> None:
    short = attrs.evolve(cut, options={**cut.options, "max_tokens": 2.0})
    with pytest.raises(JudgeError) as caught:
        with_judge(short, lambda made: made.judge(sample_request()))
    assert caught.value.failure.kind == FailureKind.JUDGE_TRUNCATED


def test_the_loop_goes_on_while_the_model_answers(cut: JudgeSettings) -> None:
    turns = 0

    async def talk(made: LlamaCppJudge) -> None:
        nonlocal turns
        made.prepare()
        asked = asyncio.create_task(made.judge(sample_request()))
        while not asked.done():
            turns += 1
            await asyncio.sleep(0)
        await asked

    with_judge(cut, talk)
    assert turns > 10


def test_what_nobody_waits_for_is_stopped(cut_file: Path) -> None:
    """The memory is given back as soon as the thread has let go of it."""
    settings = JudgeSettings(backend="llamacpp", model=str(cut_file))

    async def talk(made: LlamaCppChat) -> None:
        task = asyncio.create_task(made.complete(ENDLESS))
        await asyncio.wait({task}, timeout=1.0)
        assert not task.done()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        async with asyncio.timeout(SOON):
            await made.close()

    with_chat(settings, talk)


def test_messages_are_completed_by_a_schema(cut: JudgeSettings) -> None:
    schema: dict[str, Plain] = {
        "type": "object",
        "properties": {"a": {"enum": ["b"]}},
        "required": ["a"],
    }
    messages = (Turn("system", "Be brief."), Turn("user", "Give \ud800 a letter."))
    request = ChatRequest(messages=messages, schema=schema)
    reply = with_chat(cut, lambda made: made.complete(request))
    assert json.loads(reply.text) == {"a": "b"}
    assert not reply.truncated
    assert reply.usage.completion_tokens > 3


def test_the_same_seed_gives_the_same_answer(whole: JudgeSettings) -> None:
    short = attrs.evolve(whole, options={**whole.options, "max_tokens": 12.0})
    ask = ChatRequest(messages=(Turn("user", "Name an animal."),), seed=5)

    async def talk(made: LlamaCppChat) -> list[str]:
        again = attrs.evolve(ask, attempt=1)
        return [(await made.complete(r)).text for r in (ask, ask, again)]

    first, second, other = with_chat(short, talk)
    assert first == second != other


def test_a_file_that_cannot_be_loaded_is_told(cut_file: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(cut_file.read_bytes()[: 20 * 2**20])
    settings = JudgeSettings(backend="llamacpp", model=str(torn))
    with pytest.raises(JudgeError) as caught:
        with_judge(settings, lambda made: made.judge(sample_request()))
    assert caught.value.failure.kind == FailureKind.TRANSPORT_LOCAL_RESOURCE
    assert "torn.gguf" in caught.value.failure.reason
    assert not caught.value.transient


def test_the_command_says_that_it_is_ready(
    cut: JudgeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = f"llamacpp:{cut.model}?n_ctx=2048&parallel=2&threads=1"
    assert main(["judges", "--check", spec]) == 0
    assert "ready" in capsys.readouterr().out


_INTERRUPTED = """\
import os, signal, sys
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_llamacpp.judge import create
made = create(JudgeSettings(backend="llamacpp", model=sys.argv[1]), {})
made.prepare()
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_still_reaches_the_program(cut_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(cut_file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "interrupted\n", done.stderr
    assert done.returncode == 0


_NO_LIBRARY = """\
import asyncio, sys
from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import sample_request
from rubricdsl_llamacpp.judge import create
made = create(JudgeSettings(backend="llamacpp", model=sys.argv[1]), {})
made.prepare()
try:
    asyncio.run(made.judge(sample_request()))
except JudgeError as error:
    print(error)
"""


def test_a_missing_system_library_is_named(cut_file: Path, tmp_path: Path) -> None:
    package = tmp_path / "xllamacpp.py"
    said = "libgomp.so.1: cannot open shared object file: No such file or directory"
    package.write_text(f"raise ImportError({said!r})\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _NO_LIBRARY, str(cut_file)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert "transport_local_resource" in done.stdout, done.stderr
    assert "libgomp1" in done.stdout
