"""``rub reliability`` asks a real server again and again."""

import importlib.util
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("chat_server", HERE / "chat_server.py")
assert SPEC is not None
assert SPEC.loader is not None
chat_server = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(chat_server)

RUBRIC = """\
rubric r

[1] a: Says A.
[1] b: Says B.
[1] c: Says C.
[1] short: Is short.
    check: words(response) < 50
"""


def prepare(folder: Path) -> None:
    (folder / "r.rub").write_text(RUBRIC)
    rows = [{"prompt_id": "p", "response": f"Response {n}."} for n in range(4)]
    (folder / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


async def yes_to_the_last(request):
    """Say yes to whatever stands last, and no to all else."""
    body = await request.json()
    names = list(body["response_format"]["json_schema"]["schema"]["properties"])
    answers = dict.fromkeys(names, "no") | {names[-1]: "yes"}
    return chat_server.said(json.dumps(answers))


def asked(rub, base_url: str, *arguments: str):
    return rub(
        *("reliability", "r.rub", "--responses", "r.jsonl"),
        *("--judge", f"openai:m?base_url={base_url}", *arguments),
        OPENAI_API_KEY="sk-test",
    )


def test_a_judge_that_minds_only_the_place_is_found_out(rub, tmp_path):
    prepare(tmp_path)
    with chat_server.serving(yes_to_the_last) as base_url:
        done = asked(rub, base_url, "--repeats", "6", "--json")
        again = asked(rub, base_url, "--repeats", "6", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["repeats"], report["judge_calls"]) == (6, 24)
    (judge,) = report["judges"]
    assert judge["judge"] == "openai:m"
    assert (judge["questions"], judge["answers"]) == (12, 72)
    assert judge["flip_rate"] > 0.3
    assert judge["position"]["effect"] > 0.8
    assert judge["position"]["p_value"] < 0.01
    assert judge["position"]["by_third"] == [0.0, 0.0, 1.0]
    assert [c["path"] for c in judge["criteria"]] == ["a", "b", "c"]
    assert report["panel"] is None
    assert json.loads(again.stdout) == report
    assert not (tmp_path / ".rub").exists()


def test_the_table(rub, tmp_path):
    prepare(tmp_path)
    with chat_server.serving(chat_server.answer_yes) as base_url:
        done = asked(rub, base_url)
    assert done.returncode == 0, done.stderr
    assert "openai:m                             0.0%  unknown   +0.0%" in done.stdout
    assert "12 judge calls" in done.stderr


def test_once_is_not_enough(rub, tmp_path):
    prepare(tmp_path)
    done = rub(
        *("reliability", "r.rub", "--responses", "r.jsonl"),
        *("--judge", "scripted:none.jsonl", "--repeats", "1"),
    )
    assert done.returncode == 2
    assert "D401 asked once" in done.stderr


def test_a_judge_that_fails_leaves_the_report_incomplete(rub, tmp_path):
    prepare(tmp_path)
    (tmp_path / "said.jsonl").write_text("")
    done = rub(
        *("reliability", "r.rub", "--responses", "r.jsonl", "--json"),
        *("--judge", "scripted:said.jsonl", "--repeats", "2"),
    )
    assert done.returncode == 3
    (judge,) = json.loads(done.stdout)["judges"]
    assert (judge["flip_rate"], judge["position"]) == (None, None)
