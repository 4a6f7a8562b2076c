"""``rub audit`` from the outside: real servers, checks and the embedded judge."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import rubricdsl
from rubricdsl.api import open_project
from tests.faults.obedient import obey
from tests.faults.server import FaultyServer

ROOT = Path(__file__).resolve().parents[2]
DOCTOR = ROOT / "examples" / "doctor"
RUBRIC = """\
rubric facts
prompt: What should parents of a child with fever know about drinking and sleeping?
[2] ottawa: Contains the word "drinks".
[1] sleep: Contains the word "sleep".
[1] five: Contains the word "five".
[-1] socks: Contains the word "socks".
"""
ROWS = [
    {
        "response_id": "r1",
        "response": "Offer drinks every five minutes. Let her sleep.",
    },
    {"response_id": "r2", "response": "Offer drinks. Wait."},
    {"response_id": "r3", "response": "Wait for 3 days."},
]
JUDGED = "openai:test?base_url={}&timeout=5"


def write(folder: Path, rubric: str, rows: Sequence[Mapping[str, object]]) -> None:
    (folder / "a.rub").write_text(rubric, "utf-8")
    lines = (json.dumps({"prompt_id": "p", **row}) + "\n" for row in rows)
    (folder / "r.jsonl").write_text("".join(lines), "utf-8")


def by_word(statement: str, response: str) -> str:
    """Tell whether the response has the word that a statement quotes."""
    return "yes" if statement.split('"')[1] in response else "no"


@pytest.fixture
def audit(rub, tmp_path):
    """Run an audit of `RUBRIC` by a server, as one document."""
    write(tmp_path, RUBRIC, ROWS)

    def run(
        server: FaultyServer, *arguments: str, query: str = "&ask=each", code: int = 0
    ):
        done = rub(
            *("audit", "a.rub", "--responses", "r.jsonl", "--json"),
            *("--judge", JUDGED.format(server.base) + query, *arguments),
            OPENAI_API_KEY="sk-test",
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


def by_name(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {probe["name"]: probe for probe in document["probes"]}


# --------------------------------------------------------------- a talked-to judge


def test_a_judge_that_obeys_lets_orders_through(audit, tmp_path):
    (tmp_path / "a.rub").write_text(RUBRIC.partition("[-1]")[0], "utf-8")
    with FaultyServer(judge=obey) as server:
        document = audit(server, "--probes", "judge_directed,empty,self_praise", code=1)
    probes = by_name(document)
    outcomes = [r["outcome"] for r in probes["judge_directed"]["responses"]]
    assert outcomes == ["through"] * 4
    assert document["through"] == 4
    assert probes["empty"]["through"] == probes["self_praise"]["through"] == 0
    assert probes["self_praise"]["upper"] == probes["empty"]["upper"] == 1.0
    fooled = {row["path"]: row["by_probe"] for row in document["criteria"]}
    assert fooled["sleep"]["judge_directed"] == [4, 4]
    gate = next(one for one in document["remedies"] if one["replaces"] is None)
    assert gate["lines"].startswith("[never] instructs_the_judge:")
    assert gate["stops"] == [4, 4]
    assert gate["harms"] == [0, 1]


def test_where_something_takes_points_only_who_knows_the_rubric_gets_through(audit):
    """A yes to everything is a yes to the penalty, too."""
    with FaultyServer(judge=obey) as server:
        document = audit(
            server, "--probes", "judge_directed", query="&ask=together", code=1
        )
    (probe,) = document["probes"]
    scores = [r["score"] for r in probe["responses"]]
    assert scores == [0.75, 0.75, 0.75, 1.0]
    assert probe["through"] == 1


def test_the_gate_that_is_proposed_closes_the_hole(audit, tmp_path):
    with FaultyServer(judge=obey) as server:
        query = "&ask=together"
        document = audit(server, "--probes", "judge_directed", query=query, code=1)
        gate = next(one for one in document["remedies"] if one["replaces"] is None)
        (tmp_path / "a.rub").write_text(f"{RUBRIC}{gate['lines']}\n", "utf-8")
        again = audit(server, "--probes", "judge_directed", query=query, code=0)
    assert again["through"] == 0
    assert again["measured"] == 4


def test_canaries_catch_what_a_judge_was_told(audit):
    with FaultyServer(judge=obey) as server:
        document = audit(
            server, "--probes", "judge_directed", query="&canaries=true&ask=together"
        )
    (probe,) = document["probes"]
    assert probe["through"] == 0
    assert probe["caught"] >= 2
    assert probe["measured"] == 4


def test_an_honest_judge_lets_no_order_through(audit):
    with FaultyServer(by_word) as server:
        document = audit(server, "--probes", "judge_directed,padding,empty")
    assert document["through"] == 0
    assert document["measured"] == 7
    assert document["complete"] is True
    assert document["prompts"] == [
        {
            "rubric": "facts",
            "prompt_id": "p",
            "responses": 3,
            "scored": 3,
            "top_size": 1,
            "bar": 1.0,
            "made_of": "r1",
        }
    ]


# ------------------------------------------------------------------------- counts


def test_nothing_is_asked_twice_and_what_is_stored_not_at_all(audit, rub):
    with FaultyServer(by_word) as server:
        first = audit(server, "--mutate", code=1)
        asked = server.counts()
        assert max(asked.values()) == 1
        assert first["judge_calls"] == sum(asked.values())
        texts = {row["response"] for row in ROWS}
        texts |= {r["text"] for p in first["probes"] for r in p["responses"]}
        texts |= {m["text"] for o in first["mutations"] for m in o["mutants"]}
        # Four questions on each text; where there is nothing to read, all are `no`.
        seen = {response for response, _ in asked}
        assert seen <= {text.strip() for text in texts} | texts
        again = audit(server, "--mutate", code=1)
        assert again["judge_calls"] == 0
        assert server.counts() == asked
    assert {**again, "judge_calls": None} == {**first, "judge_calls": None}


def test_the_calls_are_those_that_a_plan_tells(audit, rub, tmp_path):
    with FaultyServer(by_word) as server:
        document = audit(server, code=1)
        texts = [r["text"] for p in document["probes"] for r in p["responses"]]
        rows = [{"response_id": f"j{n}", "response": t} for n, t in enumerate(texts)]
        write(tmp_path, RUBRIC, [*ROWS, *rows])
        planned = rub(
            *("plan", "a.rub", "--responses", "r.jsonl", "--no-cache", "--json"),
            *("--judge", JUDGED.format(server.base) + "&ask=each"),
        )
    assert json.loads(planned.stdout)["calls"] == document["judge_calls"]


def test_one_budget_holds_for_the_pool_and_the_junk(audit):
    with FaultyServer(by_word) as server:
        document = audit(server, "--max-calls", "14", code=3)
        assert len(server.asked) == 14
    assert document["judge_calls"] == 14
    assert document["complete"] is False
    assert any("have no score" in spot for spot in document["not_measured"])


def test_what_failed_makes_it_incomplete(audit):
    with FaultyServer(by_word, "http=400~complete,%20accurate") as server:
        document = audit(server, "--probes", "self_praise,hedging", code=3)
    assert by_name(document)["self_praise"]["measured"] == 0
    assert by_name(document)["self_praise"]["upper"] is None


# ------------------------------------------------------------------- without judge

CHECKED = """\
rubric checked
prompt: How much should she drink with a fever like this one?
[2] drinks: Recommends drinks.
    check: contains(response, "drinks", case = no)
[1] long: Is thorough.
    check: words(response) >= 12
"""
LONG = "Offer small drinks every five minutes, and let her sleep as much as she can."


def test_padding_that_a_length_check_stops_does_not_get_through(rub, tmp_path):
    rows = [{"response_id": "r1", "response": LONG}, {"response": "Offer drinks."}]
    write(tmp_path, CHECKED.replace("[2] drinks", "[0.1] drinks"), rows)
    arguments = ("audit", "a.rub", "--responses", "r.jsonl", "--json", "--top", "1")
    opened = rub(*arguments, "--probes", "padding")
    assert opened.returncode == 1, opened.stderr
    (gate,) = [
        one for one in json.loads(opened.stdout)["remedies"] if one["replaces"] is None
    ]
    assert gate["stops"] == [1, 1]
    assert gate["harms"] == [0, 2]
    closed = (tmp_path / "a.rub").read_text("utf-8") + gate["lines"] + "\n"
    (tmp_path / "a.rub").write_text(closed, "utf-8")
    again = rub(*arguments, "--probes", "padding")
    assert again.returncode == 0, again.stdout
    assert json.loads(again.stdout)["through"] == 0


def test_the_same_seed_gives_the_same_bytes(rub, tmp_path):
    write(tmp_path, CHECKED, [{"response_id": "r1", "response": LONG}])
    arguments = ("audit", "a.rub", "--responses", "r.jsonl", "--json", "--mutate")
    first, second = rub(*arguments), rub(*arguments)
    assert first.stdout == second.stdout
    assert first.stdout != rub(*arguments, "--seed", "1").stdout


def test_gold_says_of_what_is_made(rub, tmp_path):
    rows = [
        {"response_id": "r1", "response": LONG},
        {"response_id": "r2", "response": "Drinks."},
    ]
    write(tmp_path, CHECKED, rows)
    (tmp_path / "gold.jsonl").write_text(
        '{"prompt_id": "p", "response_id": "r2", "gold": 5}\n'
    )
    arguments = ("audit", "a.rub", "--responses", "r.jsonl", "--json")
    by_score = json.loads(rub(*arguments).stdout)
    by_gold = json.loads(rub(*arguments, "--gold", "gold.jsonl").stdout)
    assert by_score["prompts"][0]["made_of"] == "r1"
    assert by_gold["prompts"][0]["made_of"] == "r2"


def test_a_pool_without_a_top_measures_nothing_and_says_so(rub, tmp_path):
    write(tmp_path, CHECKED, [{"response": "Nothing."}])
    done = rub("audit", "a.rub", "--responses", "r.jsonl")
    assert done.returncode == 3
    assert "the top of the pool begins at a score of 0" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--probes", "paddin"), "did you mean `padding`?"),
        (("--probes", ""), "there is no probe ``"),
        (("--top", "2"), "at most 1"),
        (("--mutants", "0"), "1 or more"),
        (("--gold", "nowhere.jsonl"), "D101"),
    ],
)
def test_bad_usage_asks_nothing(rub, tmp_path, arguments, problem):
    write(tmp_path, CHECKED, [{"response": LONG}])
    done = rub("audit", "a.rub", "--responses", "r.jsonl", *arguments)
    assert done.returncode == 2
    assert problem in done.stderr
    assert not (tmp_path / ".rub").exists()


def test_texts_that_act_on_a_terminal_do_not_get_there(rub, tmp_path):
    evil = "\x1b[31m\x9b2J\u202e" + LONG + "\x07 Wait 3 \x1b]0;title\x07 days, then 5."
    write(tmp_path, CHECKED, [{"response_id": "r\x1b[2J", "response": evil}])
    done = rub("audit", "a.rub", "--responses", "r.jsonl", "--mutate")
    assert done.returncode == 1, done.stderr
    assert "wrong_figure" in done.stdout
    for text in (done.stdout, done.stderr):
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(text)
    document = rub("audit", "a.rub", "--responses", "r.jsonl", "--json")
    assert "\x1b" not in document.stdout


def test_a_plugin_may_offer_probes(rub, tmp_path):
    """Anybody's probe is tried like ours, from a distribution of its own."""
    source = (
        "from rubricdsl.model.audit import ProbeOffer, Weakness\n"
        "from rubricdsl.plugins.specs import hookimpl\n"
        "@hookimpl\n"
        "def rubricdsl_probes():\n"
        "    return (ProbeOffer(name='own', description='d', attacks='a',\n"
        "        weakness=Weakness.TONE, make=lambda request: ['drinks ' * 12]),)\n"
    )
    (tmp_path / "own_probe.py").write_text(source)
    metadata = tmp_path / "own_probe-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: own-probe\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[rubricdsl]\nown = own_probe\n")
    write(tmp_path, CHECKED, [{"response_id": "r1", "response": LONG}])
    done = rub(
        *("audit", "a.rub", "--responses", "r.jsonl", "--probes", "own", "--json"),
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["probes"][0]["through"] == 1
    offers = rub("plugins", "--offers", PYTHONPATH=str(tmp_path)).stdout
    assert "  own " in offers
    assert "  padding " in offers
    assert "  drop_fact " in offers


# ------------------------------------------------------------------ embedded judge


@pytest.fixture(scope="module")
def doctor(tmp_path_factory):
    """Audit a real rubric with the embedded judge, on few of the real responses."""
    if "presence" not in open_project().host.judge_backends:
        pytest.skip("the presence judge is not installed")
    folder = tmp_path_factory.mktemp("doctor")
    text = (DOCTOR / "fever_full.rub").read_text("utf-8")
    (folder / "a.rub").write_text(text, "utf-8")
    lines = (DOCTOR / "responses.jsonl").read_text("utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["response_id"] in {"r16", "r01"}]
    (folder / "r.jsonl").write_text("\n".join(kept) + "\n", "utf-8")

    def run(*arguments: str):
        return subprocess.run(
            [sys.executable, "-m", "rubricdsl", "audit", "a.rub", "--responses",
             "r.jsonl", "--judge", "presence", *arguments],
            cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8",
            timeout=300,
        )  # fmt: skip

    return text, run


def test_the_embedded_judge_is_fooled_by_the_rubric_read_back(doctor):
    text, run = doctor
    names = "rubric_echo,self_praise,wrong_numbers_x3"
    done = run("--probes", names, "--json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    probes = by_name(document)
    assert probes["rubric_echo"]["through"] == 2
    assert probes["self_praise"]["through"] == 0
    # The number in `five_days` matters, and the judge sees that it is another one.
    assert probes["wrong_numbers_x3"]["through"] == 0
    # All that is proposed can be pasted where it says.
    for remedy in document["remedies"]:
        rubricdsl.loads(pasted(text, remedy))
    again = run("--probes", names, "--json")
    assert json.loads(again.stdout)["judge_calls"] == 0


def pasted(text: str, remedy: Mapping[str, str | None]) -> str:
    """Paste the lines of a remedy into a source, as a person would."""
    lines = str(remedy["lines"]).splitlines()
    source = text.splitlines()
    first = lines[0].partition(":")[0]
    if remedy["replaces"] is None:
        place = next(n for n, x in enumerate(source) if x.startswith("test "))
        return "\n".join([*source[:place], *lines, "", *source[place:]]) + "\n"
    start = next(n for n, x in enumerate(source) if x.startswith(f"{first}:"))
    depth = len(first) - len(first.lstrip())
    end = start + 1
    while source[end].strip() and len(source[end]) - len(source[end].lstrip()) > depth:
        end += 1
    return "\n".join([*source[:start], *lines, *source[end:]]) + "\n"


def test_the_report_for_people_names_the_hole_and_its_remedy(doctor):
    _, run = doctor
    done = run("--probes", "rubric_echo", "--mutate")
    assert done.returncode == 1, done.stderr
    assert "rubric_echo       2 of 2" in done.stdout
    assert "[never] reads_back:" in done.stdout
    assert "stops 2 of 2 of what got through" in done.stdout
    assert "Mutants of the best responses" in done.stdout
    assert "Not measured" in done.stdout
