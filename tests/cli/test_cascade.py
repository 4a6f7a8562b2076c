"""``rub cascade`` and what it leads to, from the outside."""

import json
from random import Random

import pytest

PROMPTS = 12
RUBRIC = """\
rubric facts
judge: thrifty
[2] dose: States the dose.
[1] fluids: States that fluids matter.
[1] doctor: Says when to see a doctor.

judge thrifty
    model: "scripted/cheap.jsonl", "scripted/dear.jsonl"
    votes: cascade
    ask: each
"""


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def judged(rub, tmp_path):
    """Give a folder with what two judges and people say of some responses."""
    draw = Random(5)  # noqa: S311 - no secret
    responses, cheap, dear, gold = [], [], [], []
    for prompt in range(PROMPTS):
        for number in range(4):
            ids = {"prompt_id": f"p{prompt}", "response_id": f"r{number}"}
            responses.append({**ids, "response": f"Text {prompt} {number}."})
            for name in ("dose", "fluids", "doctor"):
                at = {**ids, "criterion": name}
                probability = round(draw.random(), 3)
                truth = draw.random() < probability
                said = probability >= 0.5
                right = draw.random() < 0.97
                gold.append({**at, "verdict": "yes" if truth else "no"})
                cheap.append(
                    {
                        **at,
                        "verdict": "yes" if said else "no",
                        "probability": probability,
                    }
                )
                dear.append({**at, "verdict": "yes" if truth == right else "no"})
    for name, rows in (
        ("responses", responses),
        ("cheap", cheap),
        ("dear", dear),
        ("gold", gold),
    ):
        write(tmp_path / f"{name}.jsonl", rows)
    (tmp_path / "facts.rub").write_text(RUBRIC, "utf-8")
    for name in ("cheap", "dear"):
        done = rub(
            *("eval", "facts.rub", "--responses", "responses.jsonl"),
            *("--judge", f"scripted:{name}.jsonl", "--out", f"by_{name}.jsonl"),
        )
        assert done.returncode == 0, done.stderr
    return tmp_path


ARGUMENTS = ("cascade", "by_cheap.jsonl", "--then", "by_dear.jsonl", "--gold")


def test_what_is_chosen_can_be_pasted_and_does_what_it_says(rub, judged):
    done = rub(*ARGUMENTS, "gold.jsonl", "--within", "0.05", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdicts"] == PROMPTS * 4 * 3
    assert found["cheap_accuracy"]["value"] < found["dear_accuracy"]["value"]
    choice = found["choice"]
    assert 0 < choice["asked_on"] < 1
    assert choice["accuracy"] >= found["dear_accuracy"]["value"] - 0.05 - 1e-9
    text = rub(*ARGUMENTS, "gold.jsonl", "--within", "0.05").stdout
    assert f"{choice['asked_on']:.1%} asked on" in text
    lines = text[text.index("[judges.NAME]") :].replace("NAME", "thrifty")
    (judged / "rub.toml").write_text(lines, "utf-8")
    done = rub(
        *("eval", "facts.rub", "--responses", "responses.jsonl"),
        *("--out", "by_both.jsonl"),
    )
    assert done.returncode == 0, done.stderr
    rows = [
        json.loads(line) for line in (judged / "by_both.jsonl").read_text().splitlines()
    ][1:]
    gold = {
        (one["prompt_id"], one["response_id"], one["criterion"]): one["verdict"]
        for one in map(json.loads, (judged / "gold.jsonl").read_text().splitlines())
    }
    cells = [(row, cell) for row in rows for cell in row["criteria"]]
    asked_on = sum(len(cell["ballots"]) == 2 for _, cell in cells)
    assert asked_on / len(cells) == pytest.approx(choice["asked_on"])
    right = sum(
        gold[row["prompt_id"], row["response_id"], cell["path"]] == cell["verdict"]
        for row, cell in cells
    )
    assert right / len(cells) == pytest.approx(choice["accuracy"])


def test_a_plan_says_how_far_a_cascade_may_go(rub, judged):
    done = rub("plan", "facts.rub", "--responses", "responses.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    questions = PROMPTS * 4 * 3
    record = json.dumps(json.loads(done.stdout))
    assert str(questions) in record
    assert str(2 * questions) in record


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"votes": "3, cascade"}, "each judge once"),
        ({"votes": "cascade"}, None),
    ],
)
def test_a_cascade_asks_each_judge_once(rub, judged, change, said):
    text = RUBRIC.replace("votes: cascade", f"votes: {change['votes']}")
    (judged / "other.rub").write_text(text, "utf-8")
    done = rub("check", "other.rub")
    assert (done.returncode == 0) == (said is None)
    assert said is None or said in done.stdout + done.stderr


def test_what_the_dear_judge_did_not_say_is_not_wrong(rub, judged):
    rows = (judged / "dear.jsonl").read_text().splitlines(keepends=True)
    (judged / "dear.jsonl").write_text("".join(rows[:-10]), "utf-8")
    done = rub(
        *("eval", "facts.rub", "--responses", "responses.jsonl"),
        *("--judge", "scripted:dear.jsonl", "--out", "some.jsonl"),
    )
    assert done.returncode == 3
    arguments = ("--then", "some.jsonl", "--gold", "gold.jsonl", "--json")
    done = rub("cascade", "by_cheap.jsonl", *arguments)
    assert done.returncode == 0, done.stderr
    assert "10 verdicts left out" in done.stderr
    assert json.loads(done.stdout)["verdicts"] == PROMPTS * 4 * 3 - 10


def test_a_step_is_one_judge(rub, judged):
    text = RUBRIC.replace("    votes: cascade\n", "").replace(
        ', "scripted/dear.jsonl"', ""
    )
    text = text.replace("see a doctor.", "see a doctor.\n    judge: other")
    text += '\njudge other\n    model: "scripted/dear.jsonl"\n'
    (judged / "two.rub").write_text(text, "utf-8")
    done = rub(
        *("eval", "two.rub", "--responses", "responses.jsonl", "--out", "two.jsonl")
    )
    assert done.returncode == 0, done.stderr
    done = rub(
        "cascade", "two.jsonl", "--then", "by_dear.jsonl", "--gold", "gold.jsonl"
    )
    assert done.returncode == 2
    assert "two.jsonl holds verdicts of 2 judges" in done.stderr
    assert "help:" in done.stderr


def test_what_cannot_be_compared_is_refused(rub, judged):
    done = rub(
        "cascade", "by_dear.jsonl", "--then", "by_cheap.jsonl", "--gold", "gold.jsonl"
    )
    assert done.returncode == 2
    assert "holds no probabilities" in done.stderr
    write(judged / "other.jsonl", [{"prompt_id": "p", "response_id": "r", "gold": 1}])
    done = rub(*ARGUMENTS, "other.jsonl")
    assert done.returncode == 2
    assert "no verdicts on the same" in done.stderr
    (judged / "rub.toml").write_text(
        '[judges.thrifty]\nrule = "any"\ndecisive = [0.1, 0.9]\n', "utf-8"
    )
    done = rub("eval", "facts.rub", "--responses", "responses.jsonl")
    assert done.returncode == 2
    assert 'is for `rule = "cascade"`' in done.stderr
