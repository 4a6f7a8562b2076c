"""``rub eval --until-within`` from the outside, with a real chat server that wavers."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from attrs import field, mutable

from rubricdsl.formats.results import read_results
from tests.cli import chat_server

RUBRIC = """\
rubric sky
[4] cause: Names scattering as the cause.
[2] waves: States that short waves are scattered more than long ones.
[1] brief: Has at most thirty words.
    check: words(response) <= 30
"""
TEXTS = ("Short waves are scattered more.", "Because the sea is blue.")
ARGUMENTS = ("sky.rub", "--responses", "r.jsonl")
CLOSE = ("--until-within", "0.05", "--most-votes", "4")


@mutable(eq=False)
class Waverer:
    """Says no, yes, yes, … to the first question, and yes to all others."""

    base_url: str = ""
    calls: int = 0
    said: Counter[str] = field(factory=Counter)
    lock: threading.Lock = field(factory=threading.Lock)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        body = await request.json()
        text = json.dumps(body["messages"])
        about = next(response for response in TEXTS if response in text)
        with self.lock:
            self.calls += 1
            self.said[about] += 1
            times = self.said[about]
        schema = body["response_format"]["json_schema"]["schema"]
        names = list(schema["properties"])
        answers = dict.fromkeys(names, "yes")
        if times == 1:
            answers[names[0]] = "no"
        return chat_server.said(json.dumps(answers))

    @property
    def judge(self) -> tuple[str, str]:
        """The arguments that name it."""
        return "--judge", f"openai:m?base_url={self.base_url}"


@pytest.fixture
def sky(tmp_path: Path) -> Path:
    """Give a folder with a rubric and responses."""
    (tmp_path / "sky.rub").write_text(RUBRIC, "utf-8")
    rows = [
        {"prompt_id": "p", "response_id": f"r{n}", "response": text}
        for n, text in enumerate(TEXTS)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "r.jsonl").write_text(lines, "utf-8")
    return tmp_path


@pytest.fixture
def waverer() -> Iterator[Waverer]:
    """Give a judge that wavers."""
    judge = Waverer()
    with chat_server.serving(judge.answer) as base_url:
        judge.base_url = base_url
        yield judge


def test_rows_hold_all_votes_and_say_how_well_scores_are_known(
    rub, sky, waverer
) -> None:
    done = rub("eval", *ARGUMENTS, *waverer.judge, *CLOSE, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert waverer.calls == 8
    for row in rows:
        cause, waves, brief = row["criteria"]
        assert [b["verdict"] for b in cause["ballots"]] == ["no", "yes", "yes", "yes"]
        assert cause["verdict"] == "yes"
        assert len(waves["ballots"]) == 4
        assert "ballots" not in brief
        assert row["noise"]["votes"] == 8
        assert row["noise"]["half_width"] > 0.05
        assert row["interval"] == [1, 1]
    assert "0 of 2 scores known within 0.05, on 16 votes" in done.stderr


def test_what_is_known_well_enough_is_asked_once(rub, sky, waverer) -> None:
    done = rub("eval", *ARGUMENTS, *waverer.judge, "--until-within", "1", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert waverer.calls == 2
    assert all(row["noise"]["votes"] == 2 for row in rows)
    assert all("ballots" not in c for row in rows for c in row["criteria"])
    assert "2 of 2 scores known within 1, on 4 votes" in done.stderr
    plain = rub("eval", *ARGUMENTS, *waverer.judge, "--json")
    assert "noise" not in json.loads(plain.stdout)["results"][0]
    assert waverer.calls == 2


def test_a_run_goes_on_where_its_budget_ended(rub, sky, waverer) -> None:
    arguments = (*ARGUMENTS, *waverer.judge, *CLOSE, "--out", "out.jsonl")
    first = rub("eval", *arguments, "--max-calls", "5")
    assert first.returncode == 0, first.stderr
    assert waverer.calls == 5
    other = rub("eval", *ARGUMENTS, *waverer.judge, "--out", "out.jsonl", "--resume")
    assert other.returncode == 2
    assert "known as well as" in other.stderr
    again = rub("eval", *arguments, "--resume")
    assert again.returncode == 0, again.stderr
    assert waverer.calls == 8
    cards = read_results(str(sky / "out.jsonl")).scorecards
    assert [card.noise and card.noise.votes for card in cards] == [8, 8]


def test_votes_that_fail_are_in_the_table_of_failures(rub, sky) -> None:
    judge = Waverer()

    async def answer(request: web.Request) -> web.StreamResponse:
        if judge.calls >= len(TEXTS):
            judge.calls += 1
            error = {"error": {"message": "the content filter has it"}}
            return web.json_response(error, status=400)
        return await judge.answer(request)

    with chat_server.serving(answer) as base_url:
        judge.base_url = base_url
        done = rub("eval", *ARGUMENTS, *judge.judge, *CLOSE, "--json")
    assert done.returncode == 0, done.stderr
    assert judge.calls > len(TEXTS)
    rows = json.loads(done.stdout)["results"]
    failed = [
        ballot
        for row in rows
        for criterion in row["criteria"]
        for ballot in criterion.get("ballots", ())
        if ballot["error"] is not None
    ]
    assert failed
    assert f"{len(failed)} votes could not be had, and counted for nothing" in (
        done.stderr
    )
    assert f"{len(failed)} {failed[0]['error']['kind']} (cause, waves)" in done.stderr
    assert "verdicts could not be had" not in done.stderr


def test_a_plan_says_what_it_takes_at_least_and_at_most(rub, sky, waverer) -> None:
    done = rub("plan", *ARGUMENTS, *waverer.judge, *CLOSE, "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (plan["calls_least"], plan["calls"]) == (2, 8)
    assert (plan["questions_least"], plan["questions"]) == (4, 16)
    lines = rub("plan", *ARGUMENTS, *waverer.judge, *CLOSE).stdout
    assert "calls      2 to 8" in lines
    assert "How much is asked depends on verdicts." in lines
    assert waverer.calls == 0


BEST = (*ARGUMENTS, "--top", "1", *CLOSE, "--flip-rate", "0.1")


def test_a_ranking_asks_again_about_the_border(rub, sky, waverer) -> None:
    plain = rub("rank", *ARGUMENTS, "--top", "1", *waverer.judge, "--no-cache")
    assert plain.returncode == 0, plain.stderr
    few, waverer.calls = waverer.calls, 0
    waverer.said.clear()
    done = rub("rank", *BEST, *waverer.judge, "--json")
    assert done.returncode == 0, done.stderr
    assert few < waverer.calls
    rows = json.loads(done.stdout)["results"]
    assert sorted(row["rank"] for row in rows) == [1, 2]
    for row in rows:
        assert set(row["rank_doubt"]) == {"border", "place"}
        assert 0 <= row["rank_doubt"]["border"] <= 1
    votes = sum(row["noise"]["votes"] for row in rows)
    assert 4 < votes <= 16
    assert f"on {votes} votes" in done.stderr
    assert "the best 1 decided within 0.05 for " in done.stderr
    risk = max(row["rank_doubt"]["border"] for row in rows)
    is_decided = risk <= 0.05
    assert ("0.05 for 1 of 1 prompt" in done.stderr) is is_decided
    assert ("not for p: what may not be asked any more" in done.stderr) is (
        not is_decided
    )
    places = "decided: 1" if is_decided else "not decided: 1"
    assert f"places of p: {places}" in done.stderr


def test_a_table_marks_places_that_are_not_decided(rub, sky, waverer) -> None:
    arguments = (*ARGUMENTS, "--top", "1", *waverer.judge, "--most-votes", "1")
    done = rub("rank", *arguments, "--until-within", "0.01", "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "1?" in done.stdout
    assert "the best 1 decided within 0.01 for 0 of 1 prompt" in done.stderr
    cards = read_results(str(sky / "out.jsonl")).scorecards
    standings = [card.standing for card in cards if card.standing is not None]
    doubts = [s.doubt for s in standings if s.doubt is not None]
    assert len(doubts) == len(cards)
    assert all(doubt.border > 0.05 for doubt in doubts)
    other = rub("rank", *arguments, "--until-within", "0.2", "--out", "out.jsonl")
    assert other.returncode == 0, other.stderr


def test_a_judge_that_is_no_model_is_never_asked_again(rub, sky) -> None:
    done = rub("eval", *ARGUMENTS, *CLOSE, "--json")
    assert done.returncode in {0, 3}, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert all(row["noise"] == {"half_width": None, "votes": 0} for row in rows)
    assert "nothing was asked again" in done.stderr
    plan = json.loads(rub("plan", *ARGUMENTS, *CLOSE, "--no-cache", "--json").stdout)
    assert plan["calls_least"] == plan["calls"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--most-votes", "3"), "only with --until-within"),
        (("--flip-rate", "0.1"), "only with --until-within"),
        (("--until-within", "0"), "over 0"),
        (("--until-within", "0.1", "--flip-rate", "0.5"), "under 0.5"),
    ],
)
@pytest.mark.parametrize("command", ["eval", "plan", "rank"])
def test_options_that_make_no_sense_are_refused(
    rub, sky, command: str, options: tuple[str, ...], said: str
) -> None:
    top = ("--top", "1") if command == "rank" else ()
    done = rub(command, *ARGUMENTS, *top, *options)
    assert done.returncode == 2
    assert said in done.stderr
