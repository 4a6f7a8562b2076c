"""``rub refine`` from the outside: source in, source out, and what it took."""

import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import rubricdsl
from rubricdsl.model.response import Response
from rubricdsl.refinement.gate import junk_for
from tests.cli.chat_server import said, serving
from tests.refinement.benches import manuscript

WORKED = Path(__file__).resolve().parents[1] / "refinement" / "worked_example"
# The day, and which of the two was drawn first.
DRAWN = re.compile(r'on = \d{4}-\d\d-\d\d|\("r\d", "r\d"\)')
CRITERIA = [f"c{n:02}" for n in range(20)]
LARGE = "rubric large\n" + "".join(
    f"[{n % 3 + 1}] {name}: Names the point {name}.\n"
    for n, name in enumerate(CRITERIA)
)


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def rows(count: int, *, prompt: str = "p", first: int = 0) -> list[dict[str, object]]:
    return [
        {
            "prompt_id": prompt,
            "prompt": "What are the points?",
            "response_id": f"r{n:02}",
            "response": f"Answer {prompt} {n} says this and that.",
        }
        for n in range(first, first + count)
    ]


def rewording(rounds: int, names: Sequence[str], prompt: str = "p"):
    return [
        {
            "prompt_id": prompt,
            "round": number,
            "edits": [
                {
                    "op": "reword",
                    "criterion": name,
                    "text": f"Names the point {name}, round {number}.",
                    "reason": "It was not clear.",
                }
                for name in names
            ],
        }
        for number in range(1, rounds + 1)
    ]


class Counting:
    """A judge behind HTTP that says yes or no by a hash, and counts what it is sent."""

    def __init__(self) -> None:
        self.bodies: Counter[bytes] = Counter()

    async def answer(self, request):
        """Answer."""
        body = await request.json()
        self.bodies[json.dumps(body["messages"][-1]["content"]).encode()] += 1
        schema = body["response_format"]["json_schema"]["schema"]
        words = re.sub(r"[0-9a-f]{12,}", "", body["messages"][-1]["content"])
        yes = hashlib.sha256(words.encode()).digest()[0] % 2
        answer = dict.fromkeys(schema["properties"], "yes" if yes else "no")
        return said(json.dumps(answer))

    @property
    def calls(self) -> int:
        """All that was sent."""
        return sum(self.bodies.values())


@pytest.fixture
def counting():
    judge = Counting()
    with serving(judge.answer) as address:
        yield judge, f"openai:test?base_url={address}&ask=each"


def refine(rub, *more: str, **environ):
    return rub("refine", "r.rub", "--responses", "r.jsonl", *more, **environ)


# ------------------------------------------------------------- source to source


def test_the_worked_example_of_the_paper(rub, tmp_path):
    for file in WORKED.iterdir():
        shutil.copy(file, tmp_path)
    shared = ("--responses", "responses.jsonl", "--judge")
    before = rub(
        "eval", "before.rub", *shared, "scripted:verdicts_before.jsonl", "--json"
    )
    points = {
        r["response_id"]: r["points"] for r in json.loads(before.stdout)["results"]
    }
    assert points == {"r1": 18, "r2": 18}
    done = rub(
        *("refine", "before.rub", *shared, "scripted:verdicts_before.jsonl"),
        *("--proposer", "scripted:proposals.jsonl", "--preset", "1-good", "--no-gate"),
    )
    assert done.returncode == 0, done.stderr
    wanted = (WORKED / "after.rub").read_text("utf-8")
    assert DRAWN.sub("", done.stdout) == DRAWN.sub("", wanted)
    (tmp_path / "refined.rub").write_text(done.stdout, "utf-8")
    after = rub(
        "eval", "refined.rub", *shared, "scripted:verdicts_after.jsonl", "--json"
    )
    found = {r["response_id"]: r for r in json.loads(after.stdout)["results"]}
    assert found["r1"]["score"] == pytest.approx(25 / 27)
    assert found["r2"]["score"] == pytest.approx(22 / 27)
    assert rub("fmt", "--check", "refined.rub").returncode == 0
    assert rub("test", "refined.rub").returncode == 0
    told = rub("diff", "before.rub", "refined.rub").stdout
    assert all(name in told for name in ("gels", "mechanism", "disclaimer"))


# ------------------------------------------------------------------------ calls


@pytest.mark.parametrize(("more", "calls"), [((), 536), (("--keep-used",), 608)])
def test_calls_are_the_ideal_with_the_gate_off(rub, tmp_path, counting, more, calls):
    judge, spec = counting
    (tmp_path / "r.rub").write_text(LARGE, "utf-8")
    write_rows(tmp_path / "r.jsonl", rows(16))
    write_rows(tmp_path / "proposals.jsonl", rewording(4, CRITERIA[:6]))
    told = refine(
        rub,
        *("--judge", spec, "--proposer", "openai:nobody", "--no-gate", "--plan"),
        *("--plan-edits", "6", "--json", *more),
    )
    foretold = json.loads(told.stdout)
    assert judge.calls == 0
    done = refine(
        rub,
        *("--judge", spec, "--proposer", "scripted:proposals.jsonl", "--no-gate"),
        *("--json", *more),
    )
    assert done.returncode == 0, done.stderr
    assert judge.calls == calls
    assert foretold["calls"] == calls
    assert foretold["calls_least"] == 16 * 20
    assert foretold["refinement"]["proposals"] == 4
    assert max(judge.bodies.values()) == 1
    (rubric,) = json.loads(done.stdout)["rubrics"]
    assert [len(one["accepted"]) for one in rubric["rounds"]] == [6, 6, 6, 6]
    assert sum(one["calls"] for one in rubric["rounds"]) == calls
    assert rubric["stop"] == "rounds_done"


def test_calls_of_the_gate_are_what_the_plan_said(rub, tmp_path, counting):
    judge, spec = counting
    (tmp_path / "r.rub").write_text(LARGE, "utf-8")
    write_rows(tmp_path / "r.jsonl", rows(16))
    write_rows(tmp_path / "held.jsonl", rows(5, first=16))
    write_rows(tmp_path / "proposals.jsonl", rewording(1, CRITERIA[:6]))
    (tmp_path / "new.rub").write_text(
        re.sub(r"(point c0[0-5])\.", r"\1, round 1.", LARGE), "utf-8"
    )
    like = Response(
        text="", prompt_id="p", response_id="r", prompt="What are the points?"
    )
    junk = [
        {
            "prompt_id": "p",
            "prompt": "What are the points?",
            "response_id": one.response_id,
            "response": one.text,
        }
        for one in junk_for(manuscript(LARGE).bound, like)
    ]
    write_rows(tmp_path / "proof.jsonl", [*rows(5, first=16), *junk])
    shared = ("--judge", spec, "--store", "store.sqlite")

    def planned(rubric: str, responses: str) -> int:
        done = rub("plan", rubric, "--responses", responses, *shared, "--json")
        return int(json.loads(done.stdout)["calls"])

    pool, proof = planned("r.rub", "r.jsonl"), planned("r.rub", "proof.jsonl")
    assert (pool, proof) == (320, 20 * (5 + len(junk)))
    changed = planned("new.rub", "proof.jsonl") - planned("r.rub", "proof.jsonl")
    assert changed == 0
    wanted = (
        *("--proposer", "scripted:proposals.jsonl", "--held-out", "held.jsonl"),
        *("--rounds", "1", *shared, "--json"),
    )
    told = json.loads(refine(rub, *wanted, "--plan", "--plan-edits", "6").stdout)
    assert judge.calls == 0
    assert not (tmp_path / "store.sqlite").exists()
    assert not (tmp_path / ".rub").exists()
    done = refine(rub, *wanted)
    assert done.returncode == 0, done.stderr
    assert told["calls"] == judge.calls
    assert told["calls_least"] == told["refinement"]["begin"]["calls"] == pool + proof
    assert told["refinement"]["gate"]["calls"] == judge.calls - pool - proof
    assert judge.calls == pool + proof + 6 * (5 + len(junk))
    assert max(judge.bodies.values()) == 1
    # All that any edit came to is known now.
    assert planned("new.rub", "proof.jsonl") == 0


def test_the_plan_of_several_rounds_with_the_gate_is_kept(rub, tmp_path, counting):
    judge, spec = counting
    (tmp_path / "r.rub").write_text(LARGE, "utf-8")
    write_rows(tmp_path / "r.jsonl", rows(16))
    write_rows(tmp_path / "held.jsonl", rows(5, first=16))
    write_rows(tmp_path / "proposals.jsonl", rewording(4, CRITERIA[:6]))
    wanted = (
        *("--judge", spec, "--proposer", "scripted:proposals.jsonl"),
        *("--held-out", "held.jsonl", "--json"),
    )
    told = json.loads(refine(rub, *wanted, "--plan", "--plan-edits", "6").stdout)
    done = refine(rub, *wanted)
    assert done.returncode == 0, done.stderr
    (rubric,) = json.loads(done.stdout)["rubrics"]
    accepted = sum(len(one["accepted"]) for one in rubric["rounds"])
    assert told["calls_least"] <= judge.calls <= told["calls"]
    if accepted == 4 * 6:
        assert judge.calls == told["calls"]
    assert told.keys() >= {"questions", "cached", "checks", "tokens", "cost", "judges"}


def test_the_plan_is_told_in_words_and_nothing_is_refined(rub, tmp_path):
    (tmp_path / "r.rub").write_text(LARGE, "utf-8")
    write_rows(tmp_path / "r.jsonl", rows(8))
    told = refine(rub, "--proposer", "openai:nobody", "--preset", "1-good", "--plan")
    assert told.returncode == 0, told.stderr
    assert "1 rubric, 1 round at most, with 4 edits in each" in told.stdout
    assert "depends on verdicts, and on what is proposed" in told.stdout
    assert "proposer   1 call at most" in told.stdout
    assert not (tmp_path / ".rub").exists()
    both = refine(rub, "--proposer", "openai:nobody", "--plan", "--in-place")
    assert both.returncode == 2
    assert "--in-place and --plan exclude each other" in both.stderr


# ------------------------------------------------------------ where results go


@pytest.fixture
def small(tmp_path):
    """Give a folder with a rubric, a pool, recorded verdicts and proposals."""
    for file in WORKED.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "before.rub").rename(tmp_path / "r.rub")
    (tmp_path / "responses.jsonl").rename(tmp_path / "r.jsonl")
    return tmp_path


WITH = (
    *("--judge", "scripted:verdicts_before.jsonl", "--no-gate"),
    *("--proposer", "scripted:proposals.jsonl", "--preset", "1-good"),
)


def test_a_dry_run_prints_the_diff_and_writes_nothing(rub, small):
    before = (small / "r.rub").read_bytes()
    done = refine(rub, *WITH, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("--- r.rub\n+++ r.rub (refined)\n@@")
    assert "+[2] gels: " in done.stdout
    assert (small / "r.rub").read_bytes() == before


def test_in_place_and_out_write_what_stdout_shows(rub, small):
    shown = refine(rub, *WITH)
    refine(rub, *WITH, "--out", "new.rub")
    assert (small / "new.rub").read_text("utf-8") == shown.stdout
    refine(rub, *WITH, "--out", "folder/")
    assert (small / "folder" / "r.rub").read_text("utf-8") == shown.stdout
    done = refine(rub, *WITH, "--in-place")
    assert done.returncode == 0, done.stderr
    assert (small / "r.rub").read_text("utf-8") == shown.stdout


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--out", "a", "--in-place"), "exclude each other"),
        (("--held-out", "0.5"), "only to the gate"),
        (("--strategy", "rtd"), "exclude each other"),
        (("--select", "top3"), "no pair selector is called `top3`"),
    ],
)
def test_usage_is_refused_before_anything_is_asked(rub, small, more, words):
    done = refine(rub, *WITH, *more)
    assert done.returncode == 2
    assert words in done.stderr
    assert "D401" in done.stderr
    assert not done.stdout


def test_without_proposer_and_gold_there_is_nothing_to_refine_by(rub, small):
    done = refine(rub, "--judge", "scripted:verdicts_before.jsonl", "--no-gate")
    assert done.returncode == 2
    assert "neither a proposer nor gold" in done.stderr


def test_too_few_responses_for_a_gate_are_refused_with_the_way_out(rub, small):
    done = refine(
        rub,
        *("--judge", "scripted:verdicts_before.jsonl"),
        *("--proposer", "scripted:proposals.jsonl"),
    )
    assert done.returncode == 2
    assert "--no-gate" in done.stderr


def test_what_does_not_apply_is_kept_with_its_reason(rub, small):
    write_rows(
        small / "proposals.jsonl",
        [
            {
                "prompt_id": "warfarin",
                "round": 1,
                "edits": [
                    {"op": "remove", "criterion": "nobody"},
                    {"op": "add", "name": "gels", "text": "Names gels.", "mark": "9"},
                    {"op": "remove", "criterion": "warmth"},
                ],
            }
        ],
    )
    done = refine(rub, *WITH, "--json")
    assert done.returncode == 0, done.stderr
    (rubric,) = json.loads(done.stdout)["rubrics"]
    (one,) = rubric["rounds"]
    assert [entry["edit"]["op"] for entry in one["accepted"]] == ["remove"]
    whys = [entry["why"] for entry in one["rejected"]]
    assert "E304" in whys[0]
    assert "E401" in whys[1]
    (record,) = (small / ".rub" / "refinements").glob("*.json")
    assert json.loads(record.read_text("utf-8")) == json.loads(done.stdout)


# -------------------------------------------------------------------- batches


def test_one_rubric_for_each_of_many_prompts_in_one_run(rub, tmp_path, counting):
    judge, spec = counting
    count = 60
    text = "# All prompts.\n\n" + "\n".join(
        f"rubric q{n}\nfor: p{n}\n\n"
        + "".join(f"[1] {name}: Names {name} of {n}.\n" for name in CRITERIA[:3])
        for n in range(count)
    )
    (tmp_path / "r.rub").write_text(text, "utf-8")
    write_rows(
        tmp_path / "r.jsonl",
        [row for n in range(count) for row in rows(4, prompt=f"p{n}")],
    )
    proposals = [
        row for n in range(count) for row in rewording(2, CRITERIA[:1], f"p{n}")
    ]
    # One prompt's proposal is of no use to anybody, and one has none.
    proposals[0]["edits"] = [{"op": "remove", "criterion": "nobody"}]
    write_rows(tmp_path / "proposals.jsonl", proposals[:-2])
    done = refine(
        rub,
        *("--judge", spec, "--proposer", "scripted:proposals.jsonl", "--no-gate"),
        *("--rounds", "2", "--out", "new.rub", "--json"),
    )
    assert done.returncode == 0, done.stderr
    results = {one["name"]: one for one in json.loads(done.stdout)["rubrics"]}
    assert len(results) == count
    assert max(judge.bodies.values()) == 1
    assert judge.calls == count * 12 + count * 2 - 2 * 2
    new = (tmp_path / "new.rub").read_text("utf-8")
    assert new.startswith("# All prompts.\n\nrubric q0\n")
    names = [rubric.name for rubric in rubricdsl_rubrics(new)]
    assert names == [f"q{n}" for n in range(count)]
    last = text[text.index(f"rubric q{count - 1}") :]
    assert new.endswith(last)
    assert results[f"q{count - 1}"]["stop"] == "nothing_proposed"


def rubricdsl_rubrics(text: str):
    from rubricdsl.api import open_project

    return open_project().load_text(text).checked()


def test_the_package_offers_it():
    assert "refine" in rubricdsl.__all__


# ------------------------------------------------------------- stopped, gone on


def test_killed_at_any_moment_it_goes_on_and_comes_to_the_same(rub, tmp_path, counting):
    judge, spec = counting
    (tmp_path / "r.rub").write_text(LARGE, "utf-8")
    write_rows(tmp_path / "r.jsonl", rows(12))
    write_rows(tmp_path / "proposals.jsonl", rewording(4, CRITERIA[:6]))
    arguments = [
        *("--judge", spec, "--proposer", "scripted:proposals.jsonl", "--no-gate"),
        *("--json", "--store"),
    ]
    whole = refine(rub, *arguments, "whole.sqlite")
    needed = judge.calls
    judge.bodies.clear()
    command = [
        *(sys.executable, "-m", "rubricdsl", "refine", "r.rub"),
        *("--responses", "r.jsonl", *arguments, "torn.sqlite", "--resume"),
    ]
    for calls in (30, 150, 260):
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            killer = threading.Thread(target=_kill, args=(process, judge, calls))
            killer.start()
            process.communicate(timeout=60)
            killer.join()
    again = refine(rub, *arguments, "torn.sqlite", "--resume")
    assert again.returncode == 0, again.stderr

    def settled(text):
        (rubric,) = json.loads(text)["rubrics"]
        rounds = [
            {k: v for k, v in one.items() if k not in {"calls", "verdicts"}}
            for one in rubric["rounds"]
        ]
        return rubric["source"], rounds, rubric["stop"]

    assert settled(again.stdout) == settled(whole.stdout)
    # Only what was in flight when it was killed was asked again.
    assert judge.calls <= needed + 3 * 64


def _kill(process, judge, calls):
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        if judge.calls >= calls:
            process.send_signal(signal.SIGKILL)
            return
        time.sleep(0.001)
