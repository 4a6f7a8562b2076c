"""Which judge is resolved from where."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging.backends.openai import OFFER as OPENAI
from rubricdsl.judging.backends.scripted import ScriptedJudge
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.config import parse_config
from rubricdsl.judging.panels import Panel
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.judgement import Capabilities
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.rubric import (
    Ask,
    BoundRubric,
    Group,
    JudgeSpec,
    VoteRule,
    Weight,
)
from rubricdsl.model.source import Span

CAREFUL = JudgeSpec(
    "careful",
    models=("one/a", "two/b"),
    ask=Ask.EACH,
    votes=2,
    rule=VoteRule.UNANIMOUS,
    temperature=0.5,
    instructions="Be careful.",
)
RUBRIC = BoundRubric(
    name="r",
    root=Group(name="r", mark=Weight(1.0)),
    digest="0",
    judges=(CAREFUL, JudgeSpec("bare", instructions="Be brief.")),
)
CONFIG = """
[judges.careful]
backend = "two"
model = "local"
temperature = 0.25
[judges.shared]
timeout = 5
[judges.panel]
models = ["one/x", "two/y"]
rule = "any"
"""


class Closable(ScriptedJudge):
    """Notes that it was closed."""

    def __init__(self) -> None:
        super().__init__([])
        self.closed = 0

    async def close(self) -> None:
        """Count, and complain the second time."""
        self.closed += 1
        if self.closed > 1:
            raise RuntimeError("closed twice")


def offer(name: str, *options: str) -> JudgeBackendOffer:
    return JudgeBackendOffer(
        name=name,
        description="",
        create=lambda _settings, _environ: Closable(),
        options=options,
    )


OFFERS = {
    "one": offer("one", "temperature"),
    "two": offer("two", "temperature", "base_url"),
    "three": offer("three"),
}


def book(
    *,
    config: str = "",
    override: str | None = None,
    overrides: Mapping[str, str] | None = None,
    default: str | None = "three",
) -> JudgeBook:
    choice = JudgeChoice(
        override=parse_spec(override) if override else None,
        overrides={k: parse_spec(v) for k, v in (overrides or {}).items()},
        default=parse_spec(default) if default else None,
        concurrency=7,
    )
    parsed = parse_config(config, path=Path("rub.toml"))
    return JudgeBook(OFFERS, environ={}, choice=choice, config=parsed)


def names(panel: Panel) -> list[str]:
    return [judge.name for judge in panel.members]


def test_the_block_says_who_decides() -> None:
    panel = book().panel(RUBRIC, "careful")
    assert names(panel) == ["one:a", "two:b"]
    assert (panel.ask, panel.votes, panel.rule) == (Ask.EACH, 2, VoteRule.UNANIMOUS)
    assert panel.instructions == "Be careful."
    assert [j.settings.options["temperature"] for j in panel.members] == [0.5, 0.5]
    assert [j.concurrency for j in panel.members] == [7, 7]


def test_a_judge_that_works_on_few_at_once_is_asked_no_more() -> None:
    """What waits inside a judge waits while its deadline runs."""

    class Narrow(Closable):
        capabilities = Capabilities(at_once=2)

    narrow = evolve(offer("one"), create=lambda _settings, _environ: Narrow())
    for concurrency, used in ((None, 2), (7, 2), (1, 1)):
        choice = JudgeChoice(override=parse_spec("one"), concurrency=concurrency)
        judges = JudgeBook({"one": narrow}, environ={}, choice=choice)
        (judge,) = judges.panel(RUBRIC, None).members
        assert judge.concurrency == used


def test_rub_toml_replaces_the_models_and_keeps_the_manner() -> None:
    panel = book(config=CONFIG).panel(RUBRIC, "careful")
    assert names(panel) == ["two:local"]
    assert (panel.ask, panel.votes) == (Ask.EACH, 2)
    assert panel.members[0].settings.options["temperature"] == 0.25


def test_one_override_replaces_every_judge() -> None:
    judges = book(config=CONFIG, override="one:z?timeout=3&ask=together")
    for name in ("careful", "bare", None):
        panel = judges.panel(RUBRIC, name)
        assert names(panel) == ["one:z"]
        assert (panel.ask, panel.votes) == (Ask.TOGETHER, 1)
        assert panel.members[0].timeout == 3
    assert judges.panel(RUBRIC, "careful").instructions == "Be careful."
    assert (
        "temperature" not in judges.panel(RUBRIC, "careful").members[0].settings.options
    )


def test_an_override_by_name_replaces_only_that_block() -> None:
    judges = book(overrides={"careful": "one:z"})
    assert names(judges.panel(RUBRIC, "careful")) == ["one:z"]
    assert names(judges.panel(RUBRIC, "bare")) == ["three"]


def test_a_spec_may_name_a_judge_of_rub_toml() -> None:
    panel = book(config=CONFIG, override="panel?ask=each").panel(RUBRIC, "careful")
    assert names(panel) == ["one:x", "two:y"]
    assert (panel.rule, panel.ask, panel.votes) == (VoteRule.ANY, Ask.EACH, 1)
    single = book(config=CONFIG, override="careful?temperature=1").panel(RUBRIC, None)
    assert names(single) == ["two:local"]
    assert single.members[0].settings.options["temperature"] == 1


def test_who_names_nobody_gets_the_default() -> None:
    assert names(book().panel(RUBRIC, None)) == ["three"]
    bare = book().panel(RUBRIC, "bare")
    assert names(bare) == ["three"]
    assert bare.instructions == "Be brief."


def test_the_default_keeps_what_a_block_without_models_wants() -> None:
    wants = JudgeSpec("wants", votes=3, temperature=0.5)
    rubric = evolve(RUBRIC, judges=(wants,))
    panel = book(default="one").panel(rubric, "wants")
    assert names(panel) == ["one"]
    assert panel.votes == 3
    assert panel.members[0].settings.options["temperature"] == 0.5
    named = book(config=CONFIG, default="panel").panel(rubric, "wants")
    assert names(named) == ["one:x", "two:y"]
    assert (named.rule, named.votes) == (VoteRule.ANY, 3)


def test_an_unknown_backend_is_reported_where_it_is_named() -> None:
    span = Span("r.rub", 9, 1, 9, 12)
    rubric = evolve(RUBRIC, judges=(JudgeSpec("j", models=("four/a",), span=span),))
    with pytest.raises(RubricError) as caught:
        book().panel(rubric, "j")
    assert caught.value.diagnostics[0].span == span
    config = "\n[judges.j]\nbackend = 'four'"
    with pytest.raises(RubricError) as caught:
        book(config=config).panel(rubric, "j")
    assert str(caught.value.diagnostics[0].span) == "rub.toml:2:1"


def test_without_a_default_the_way_out_is_named() -> None:
    with pytest.raises(RubricError) as caught:
        book(default=None).panel(RUBRIC, None)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "D205"
    assert 'pip install "rubricdsl[presence]"' in diagnostic.hint


@pytest.mark.parametrize(
    ("spec", "code"), [("four:x", "D201"), ("three?temperature=1", "D203")]
)
def test_what_cannot_be_had(spec: str, code: str) -> None:
    with pytest.raises(RubricError, match=code):
        book(override=spec).panel(RUBRIC, None)


def test_options_in_rub_toml_are_held_to_the_backend() -> None:
    config = "[judges.bare]\nbackend = 'three'\nbase_url = 'http://h/v1'"
    with pytest.raises(RubricError, match="D203"):
        book(config=config).panel(RUBRIC, "bare")


def test_a_block_may_ask_for_more_than_a_backend_knows() -> None:
    rubric = evolve(
        RUBRIC, judges=(JudgeSpec("warm", models=("three/a",), temperature=1.0),)
    )
    assert names(book().panel(rubric, "warm")) == ["three:a"]


def test_a_judge_is_made_once_and_closed_once() -> None:
    judges = book(overrides={"careful": "three"})
    one = judges.panel(RUBRIC, "careful").members[0]
    other = judges.panel(RUBRIC, None).members[0]
    assert one is other

    async def close() -> None:
        await judges.close()
        await judges.close()

    asyncio.run(close())
    assert isinstance(one.backend, Closable)
    assert one.backend.closed == 1


class Unwritable(Closable):
    """Has a file of its own, which cannot be written."""

    async def close(self) -> None:
        """Fail as what writes files does."""
        fail("D111", "no space is left", hint="make room")


class Broken(Closable):
    """Has a fault."""

    async def close(self) -> None:
        """Fail as only a fault does."""
        raise RuntimeError("a fault")


@pytest.mark.parametrize(
    ("second", "error"), [(Unwritable, RubricError), (Broken, ExceptionGroup)]
)
def test_a_file_that_cannot_be_written_at_the_end_is_told_as_one(
    second: type[Closable], error: type[Exception]
) -> None:
    kinds: dict[str, type[Closable]] = {"one": Unwritable, "two": second}
    offers = {
        name: JudgeBackendOffer(
            name=name, description="", create=lambda *_, made=kind: made()
        )
        for name, kind in kinds.items()
    }
    judges = JudgeBook(offers, environ={}, choice=JudgeChoice())
    judges.panel(RUBRIC, "careful")
    with pytest.raises(error) as caught:
        asyncio.run(judges.close())
    if isinstance(caught.value, RubricError):
        assert [one.code for one in caught.value.diagnostics] == ["D111"] * 2


def _openai(environ: Mapping[str, str], spec: str = "openai:m") -> JudgeSettings:
    judges = JudgeBook(
        {"openai": OPENAI},
        environ=environ,
        choice=JudgeChoice(override=parse_spec(spec)),
    )
    return judges.panel(RUBRIC, None).members[0].settings


def test_the_address_is_part_of_the_judges_identity() -> None:
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1/"}
    assert _openai(environ).options["base_url"] == "http://127.0.0.1:1/v1"
    keyed = {**environ, "OPENAI_API_KEY": "sk-abcdefgh"}
    assert "sk-abcdefgh" not in repr(_openai(keyed))
    given = _openai(environ, "openai:m?base_url=http://h/v1")
    assert given.options["base_url"] == "http://h/v1"


@pytest.mark.parametrize(
    ("environ", "spec"),
    [
        ({}, "openai:m"),
        ({"OPENAI_API_KEY": "k" * 20}, "openai"),
        ({"OPENAI_API_KEY": "k\nk"}, "openai:m"),
        ({"OPENAI_BASE_URL": "nonsense"}, "openai:m"),
        ({}, "openai:m?base_url=http://h/v1&api_key_env=MISSING"),
    ],
)
def test_a_judge_that_is_not_ready_says_why(
    environ: Mapping[str, str], spec: str
) -> None:
    with pytest.raises(RubricError, match="D205"):
        _openai(environ, spec)
