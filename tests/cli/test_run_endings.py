"""What is refused before a run, and said at its end: only what is true and of use."""

import json

import pytest
from aiohttp import web

from tests.cli import chat_server

RUBRIC = """\
rubric capital
[2] names: Names Ottawa as the capital.
[1] river: Names the river.
[1] short: Has at most ten words.
    check: words(response) <= 10
"""
ARGUMENTS = ("eval", "capital.rub", "--responses", "r.jsonl")
PRICES = "&price_prompt=1&price_completion=1"


@pytest.fixture
def capital(tmp_path):
    (tmp_path / "capital.rub").write_text(RUBRIC, "utf-8")
    rows = [{"response_id": f"r{i}", "response": f"Ottawa, {i}."} for i in range(6)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "r.jsonl").write_text(lines, "utf-8")
    return tmp_path


def spec(base_url: str, query: str = "") -> str:
    return f"openai:test?base_url={base_url}&ask=each{query}"


async def refuse_the_key(request: web.Request) -> web.Response:
    return web.json_response({"error": {"message": "bad key"}}, status=401)


# ------------------------------------------------------------------ before it runs


@pytest.mark.parametrize("query", ["", "&price_prompt=1"])
def test_a_bound_on_costs_takes_prices(rub, capital, query):
    judge = spec("http://127.0.0.1:9/v1", query)
    for command in ("eval", "rank"):
        top = ("--top", "1") if command == "rank" else ()
        done = rub(command, *ARGUMENTS[1:], *top, "--judge", judge, "--max-cost", "1")
        assert done.returncode == 2
        assert done.stdout == ""
        assert "D208 the prices of openai:test are not known" in done.stderr
        assert "price_prompt and price_completion" in done.stderr


def test_a_judge_that_is_no_model_costs_nothing(rub, capital):
    row = {"prompt_id": "p", "criterion": "names", "verdict": "yes"}
    rows = [
        {**row, "criterion": name, "response_id": f"r{i}"}
        for name in ("names", "river")
        for i in range(6)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (capital / "v.jsonl").write_text(text, "utf-8")
    lines = (capital / "r.jsonl").read_text("utf-8").replace("{", '{"prompt_id": "p", ')
    (capital / "r.jsonl").write_text(lines, "utf-8")
    scripted = ("--judge", "scripted:v.jsonl")
    done = rub(*ARGUMENTS, *scripted, "--max-cost", "0")
    assert done.returncode == 0, done.stderr
    # What it reads is not written over.
    for flag in ("--record", "--out"):
        done = rub(*ARGUMENTS, *scripted, flag, "./v.jsonl")
        assert done.returncode == 2
        assert f"D111 {flag}: ./v.jsonl is what a judge of this run" in done.stderr
    assert (capital / "v.jsonl").read_text("utf-8") == text


@pytest.mark.parametrize(
    ("arguments", "variable", "said"),
    [
        ((), "nosuch", "D201 there is no judge backend `nosuch` (named by RUB)"),
        ((), "no such", "D202 the judge SPEC in RUB_JUDGE `no such` does not begin"),
        ((), "openai:m?up=1", "D203 the judge backend `openai` has no option `up`"),
        (("--judge", "nosuch"), "", "backend `nosuch` (named by --judge)"),
        (("--judge", "own=nosuch"), "", "backend `nosuch` (named by --judge own=)"),
    ],
)
def test_who_named_a_judge_that_is_not_there(rub, capital, arguments, variable, said):
    block = "judge: own\njudge own\n    votes: 1\n"
    text = RUBRIC.replace("capital\n", f"capital\n{block}", 1)
    (capital / "capital.rub").write_text(text, "utf-8")
    variables = {"RUB_JUDGE": variable} if variable else {}
    done = rub(*ARGUMENTS, *arguments, **variables)
    assert done.returncode == 2
    assert said.replace("RUB)", "the environment variable RUB_JUDGE)") in done.stderr


def test_a_judge_block_names_its_own(rub, capital):
    block = 'judge: own\njudge own\n    model: "nosuch/m"\n'
    text = RUBRIC.replace("capital\n", f"capital\n{block}", 1)
    (capital / "capital.rub").write_text(text, "utf-8")
    done = rub(*ARGUMENTS)
    assert done.returncode == 2
    assert "`nosuch` (named by the judge block `own`)" in done.stderr


# ------------------------------------------------------------------- when it ends


def test_a_budget_that_is_spent_is_one_cause(rub, capital):
    with chat_server.serving(chat_server.answer_yes) as base_url:
        judge = spec(base_url, f"{PRICES}&concurrency=3")
        plan = rub("plan", *ARGUMENTS[1:], "--judge", judge, "--json")
        # The server counts far fewer tokens than are expected, so some requests fit.
        bound = f"{json.loads(plan.stdout)['cost'] / 12 * 1.2:.6f}"
        done = rub(*ARGUMENTS, "--judge", judge, "--max-cost", bound)
        assert done.returncode == 3
        assert done.stderr.count("budget_exhausted") == 1
        assert "(--max-cost) leaves no room\n" in done.stderr
        assert "what was judged is kept; to go on: rub eval" in done.stderr
        # Nothing fits into this one, however often the command is given.
        done = rub(*ARGUMENTS, "--judge", judge, "--max-cost", "0", "--store", "s")
    assert done.returncode == 3
    assert "kept" not in done.stderr
    assert "to go on, once the budget is larger: rub eval" in done.stderr


def test_a_wrong_key_is_to_be_mended_first(rub, capital):
    with chat_server.serving(refuse_the_key) as base_url:
        arguments = (*ARGUMENTS, "--judge", spec(base_url))
        done = rub(*arguments, "--out", "o.jsonl")
        assert done.returncode == 3
        assert "kept" not in done.stderr
        assert "to go on, once the judge takes the key: rub eval" in done.stderr
        uncached = rub(*arguments, "--no-cache")
    assert uncached.returncode == 3
    assert "auth_failed" in uncached.stderr
    for word in ("resume", "kept", "go on"):
        assert word not in uncached.stderr
    assert "resume" not in (capital / "o.jsonl").read_text("utf-8")


def test_what_cannot_be_had_is_not_promised(rub, capital):
    (capital / "v.jsonl").write_text("", "utf-8")
    done = rub(*ARGUMENTS, "--judge", "scripted:v.jsonl")
    assert done.returncode == 3
    assert "not_recorded" in done.stderr
    assert "go on" not in done.stderr


# ------------------------------------------------------------------- to be resumed


def test_what_has_changed_of_a_judge_is_named(rub, capital):
    nobody = "http://127.0.0.1:9/v1"
    out = ("--out", "o.jsonl")
    first = rub(*ARGUMENTS, *out, "--judge", spec(nobody), OPENAI_API_KEY="sk-secret77")
    assert first.returncode == 3
    elsewhere = spec("http://127.0.0.1:8/v1", "&temperature=0.5&max_tokens=9")
    again = (*ARGUMENTS, *out, "--resume", "--judge")
    done = rub(*again, elsewhere, OPENAI_API_KEY="sk-another77")
    assert done.returncode == 2
    assert (
        "D402 o.jsonl is of another run: the judge `openai:test` has changed: "
        f"base_url was {nobody}, and is http://127.0.0.1:8/v1, "
        "max_tokens was not set, and is 9, temperature was not set, and is 0.5\n"
    ) in done.stderr
    done = rub(*again, spec(nobody).replace("ask=each", "ask=together"))
    assert "has changed: ask was each, and is together\n" in done.stderr
    done = rub(*again, spec(nobody).replace("test", "other"))
    assert "the judge was `openai:test`, and is `openai:other`\n" in done.stderr
    # The time that a question may take makes no other run of it, nor does the key.
    done = rub(*again, spec(nobody, "&timeout=9"), OPENAI_API_KEY="sk-another77")
    assert done.returncode == 3
    assert "sk-" not in (capital / "o.jsonl").read_text("utf-8")
