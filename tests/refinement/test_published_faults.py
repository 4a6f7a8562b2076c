"""The faults of the implementation that was published with the method: none is here.

Tests are named after the faults.  Where another file shows it already, that is named,
and nothing is shown twice.

1.  A refinement that fails loses other rubrics: here.
2.  What was lost is judged by another rubric: here.  One without criteria is an error:
    ``cli/test_eval.py``.
3.  Silent default rubrics: here.  Drafts: ``cli/test_draft.py``.
4.  A failed verdict is 0: here, ``test_loop.py``, ``judging/test_engine.py``.
5.  An error text becomes a response, sources are dropped: here.  Attacks that fail:
    ``strategies/test_attack_patch.py``.
6.  Only the bare word yes counts: here; the whole table is ``judging/test_replies.py``.
7.  What is missing is no: here.  It is asked again: ``faults/test_matrix.py``.
8.  JSON is picked out of prose: here.  Our own prompt speaks of one form only:
    ``judging/test_prompting.py``.
9.  Scores are sums: here.
10. Weights are cast: here.
11. Equal criteria become one: here.
12. Weights and verdicts are hidden from the proposer: here.
13. Resuming begins anew: ``cli/test_refine.py`` (killed at any moment), and
    ``test_loop.py`` (the journal).
14. Everything is asked again: ``cli/test_refine.py``, counted at the server.  No
    account, no seeds: here.
15. One round is not scored: here, with 12.
16. Ties go by the order of the list: here, and ``selection/``.
17. What failed is asked for in the same way: here, and ``proposing/test_chat.py``.
18. Another model, which nobody chose, repairs answers: here.
19. Options are read and never sent: here.
20. Ids are places in a sample: here, and ``formats/test_responses.py``.
21. What was paid for is lost when a run is cut: ``test_loop.py`` (the journal, cut
    anywhere), ``faults/test_killed.py``, ``formats/test_whole_files.py``.
22. A key for a local server: here.  Servers that block: we start none.
23. Statistics of the first response: here.
24. Functions hide modules: here.  Unused imports are for the linter to find.
25. Who has no majority vanishes: here.  The rules: ``judging/test_panels.py``.
26. Scores are shares of what was answered, the judge sees weights: here.  Ties counted
    in one way only: ``analysis/test_pairs.py``.  Orders drawn without a seed:
    ``judging/reliability/test_positions.py``.
27. Imports of what is in no commit: cannot occur within one package.  Each entry point
    is loaded by ``packaging/test_distributions.py``, each command by its own tests.
"""

import ast
import asyncio
import json
import random
from pathlib import Path

import pytest

import rubricdsl
from rubricdsl.analysis.discrimination import LEAST_RESPONSES, discriminations
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import sound
from rubricdsl.judging.backends.endpoint import OPTIONS
from rubricdsl.language.binding import bind
from rubricdsl.model.edit import Add, Remove
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.refinement import Proposed, StopKind
from rubricdsl.model.ruling import YES, Failure
from rubricdsl.refinement.courses import PRESETS, Course, Stage
from rubricdsl.refinement.drafting.reading import DraftReader
from rubricdsl.refinement.journal import Journal, JournalledProposer
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.refinement.loop import Means, Refinement
from rubricdsl.refinement.pools import Pool
from rubricdsl.refinement.proposing.carrying import Carrier
from rubricdsl.refinement.proposing.chat import ChatProposer
from rubricdsl.refinement.proposing.prompting import ProposalWriter
from rubricdsl.refinement.selection.top2 import Top2
from rubricdsl.refinement.strategies.rtd import Differentiation
from rubricdsl.scoring.scorecards import Scorer
from tests.cli.chat_server import serving
from tests.refinement.benches import KeywordBench, ListedProposer, manuscript, response
from tests.refinement.desk import Desk, adding
from tests.refinement.proposing.material import Parrot, edits

PETS = """\
rubric pets
weights: 1 to 3
[2] cats: Mentions cats.

# About dogs.
[1] dogs: Mentions dogs.
"""
TEXTS = {
    "a": "cats dogs birds",
    "b": "cats dogs fish",
    "c": "cats dogs",
    "d": "cats",
    "e": "dogs",
    "f": "nothing of it",
}
POOL = tuple(response(name, text) for name, text in TEXTS.items())
AWAY = Proposed(failure=Failure("transport_unreachable", "no connection"), calls=1)


def refined(proposer, *, pool=POOL, bench=None, text=PETS, seed=0, **course):
    stage = Stage(name="rtd_iterative", strategy=Differentiation(), rounds=4)
    options = {"stages": (stage,), "selector": Top2(), "selector_name": "top2"}
    refinement = Refinement(
        manuscript(text),
        Pool(responses=tuple(pool)),
        Course(**{**options, "gate": False, **course}),
        Means(bench=bench or KeywordBench(), proposer=proposer, seed=seed),
    )
    return asyncio.run(refinement.run())


def proposing(*names):
    added = (Add(name=n, text=f"Mentions {n}.", mark="1") for n in names)
    return Proposed(edits=tuple(added), calls=1)


def speaking(*answers):
    model = Parrot(*answers)
    return ChatProposer(Carrier(model, name="m"), writer=ProposalWriter()), model


def write_pool(texts=TEXTS, *, prompt="p", **more):
    rows = [
        {"prompt_id": prompt, "prompt": f"What of {prompt}?", "response_id": name}
        | ({"response": text} if text else {})
        | more.get(name, {})
        for name, text in texts.items()
    ]
    with Path("r.jsonl").open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def refining(run, desk, *more, rubric=PETS, **specs):
    """Refine ``r.rub`` by ``r.jsonl`` with a desk that judges and proposes."""
    Path("r.rub").write_text(rubric, "utf-8")
    who = {"judge": desk.spec, "proposer": desk.spec, **specs}
    specs_given = [word for name, spec in who.items() for word in (f"--{name}", spec)]
    how = ("--responses", "r.jsonl", "--no-gate", "--json")
    return run("refine", "r.rub", *specs_given, *how, *more)


# ------------------------------------------- data loss and silent fallbacks


def test_fault_01_no_rubric_is_lost_when_others_are_merged(run, desk):
    """One is refined, one fails, one runs out of responses, and one has none."""
    names = ("good", "away", "spent", "alone")
    pieces = [
        f"# Of {name}.\n{PETS}\n".replace("pets\n", f"{name}\nfor: {name}\n")
        for name in names
    ]
    write_pool(prompt="good")
    write_pool(prompt="away")
    write_pool({"a": "cats", "b": "dogs"}, prompt="spent")
    desk.propose = lambda text: 400 if "What of away?" in text else adding("birds")
    done = refining(run, desk, "--out", "new.rub", rubric="".join(pieces))
    assert done.code == 3, done.err
    new = Path("new.rub").read_text("utf-8")
    assert all(new.count(f"\nrubric {name}\n") == 1 for name in names)
    assert new.count("cats: Mentions cats.") == new.count("# About dogs.") == 4
    assert new.count("birds: Mentions birds.") == 2
    assert pieces[1] in new
    assert new.endswith(pieces[3])
    stops = {name: one["stop"] for name, one in done.rubrics.items()}
    assert stops.items() >= {"away": "failed", "spent": "pool_exhausted"}.items()
    assert "alone" not in stops


def test_fault_02_what_failed_in_a_round_is_refined_from_its_own_rubric():
    bench = KeywordBench()
    result = refined(ListedProposer([AWAY, proposing("birds")]), bench=bench)
    own = {"Mentions cats.", "Mentions dogs.", "Mentions birds."}
    assert {text for text, _ in bench.asked} == own
    assert [item.name for item in result.rubric.items] == ["cats", "dogs", "birds"]


@pytest.mark.parametrize(
    "answer", ["no", "```json", '{"rubrics": []}', '{"edits": 3}', 400], ids=str
)
def test_fault_03_no_default_rubric_stands_in_for_what_could_not_be_had(
    run, desk, answer
):
    desk.propose = lambda _: answer
    write_pool()
    done = refining(run, desk, "--out", "new.rub")
    assert done.code == 3
    assert "nothing could be had from the proposer" in done.err
    assert Path("new.rub").read_text("utf-8") == PETS


def test_fault_04_where_every_verdict_fails_no_two_responses_are_the_best(run, desk):
    desk.judge = lambda *_: 400
    write_pool()
    done = refining(run, desk)
    assert done.code == 3
    assert "no response could be judged" in done.err
    assert not desk.proposed
    assert done.rubrics["pets"]["source"] == PETS


def test_fault_04_a_response_whose_verdict_failed_is_in_no_pair():
    proposer = ListedProposer([proposing(f"word{n}") for n in range(4)])
    result = refined(proposer, bench=KeywordBench(fails=frozenset("ab")))
    pairs = [set(asked.pair.ids) for asked in proposer.requests]
    assert pairs == [{"c", "d"}, {"e", "f"}]
    assert result.stop.kind is StopKind.FAILED
    assert "no response could be judged: it said nothing of use" in result.stop.reason


def test_fault_05_an_error_is_no_response_and_sources_are_kept(run, desk):
    error = {"error": "Error: rate limit of cats dogs", "response": None}
    sources = {n: {"source": "one" if n in "abc" else "two"} for n in TEXTS}
    write_pool({"x": "", **TEXTS}, x=error, **sources)
    refused = refining(run, desk)
    assert refused.code == 2
    assert "r.jsonl:1:1: D103" in refused.err
    assert not desk.calls
    kept = refining(run, desk, "--keep-going", "--select", "top2_far", "--rounds", "1")
    assert kept.code == 3, kept.err
    (record,) = kept.rubrics["pets"]["rounds"]
    assert len({sources[name]["source"] for name in record["pair"]}) == 2
    shown = json.dumps([*desk.judged, *desk.proposed])
    assert "rate limit" not in shown


# --------------------------------------------------------- verdict parsing


def test_fault_06_to_08_a_verdict_is_read_or_failed_and_never_a_silent_no(run, desk):
    answers = {
        "dotted": '{"c1": "Yes."}',
        "upper": '{"C1": "YES"}',
        "truth": '{"c1": true}',
        "denied": '{"c1": "no"}',
        "hedged": '{"c1": "YES (clearly)"}',
        "missing": "{}",
        "nested": '{"c1": {"answer": "yes"}}',
        "prose": 'It names {them}: {"c1": "yes"}',
        "greedy": '{"c1": "no"} {"c1": "yes"}',
    }
    desk.judge = lambda text, _: answers[text]
    desk.propose = lambda _: adding(f"word{len(desk.proposed)}")
    write_pool({name: name for name in answers})
    rubric = "rubric one\n[3] cats: Mentions cats.\n"
    Path("r.rub").write_text(rubric, "utf-8")
    shared = ("--responses", "r.jsonl", "--judge", desk.spec, "--json")
    done = run("eval", "r.rub", *shared)
    assert done.code == 3
    scores = {name: one["score"] for name, one in done.results.items()}
    readable = {"dotted": 1.0, "upper": 1.0, "truth": 1.0, "denied": 0.0}
    assert scores == {**dict.fromkeys(answers), **readable}
    asked = [json.dumps(body["messages"]) for body in desk.judged]
    assert sum("\\nmissing\\n" in one for one in asked) > 1
    pairs = [
        one["pair"]
        for one in refining(run, desk, "--rounds", "1", rubric=rubric).rubrics["one"][
            "rounds"
        ]
    ]
    assert all(set(pair) <= {"dotted", "upper", "truth"} for pair in pairs)
    assert pairs


def test_fault_09_scores_are_shares_and_so_alike_in_every_round():
    seen = []

    class Looking(Top2):
        def select(self, request):
            seen.append({one.key[1]: one.score for one in request.candidates})
            return super().select(request)

    proposer = ListedProposer([proposing("birds"), proposing("fish")])
    refined(proposer, selector=Looking(), excludes_used=False, pool=POOL[:4])
    first, second, third, *_ = seen
    for scores, points, total in (
        (first, (3, 3, 3, 2), 3),
        (second, (4, 3, 3, 2), 4),
        (third, (4, 4, 3, 2), 5),
    ):
        assert list(scores.values()) == pytest.approx([p / total for p in points])


# -------------------------------------------------------- weights and schema


@pytest.mark.parametrize("mark", ["high", None, 0, -4, 50, True, [1]], ids=repr)
def test_fault_10_a_mark_that_is_none_is_refused_and_the_rest_stands(mark):
    wrong = {"op": "add", "name": "birds", "text": "Mentions birds.", "mark": mark}
    right = {"op": "add", "name": "fish", "text": "Mentions fish.", "mark": 2}
    proposer, _ = speaking(edits(wrong, right))
    result = refined(proposer, patience=1)
    assert [item.name for item in result.rubric.items] == ["cats", "dogs", "fish"]
    (one, *_) = result.rounds
    whys = [d.why for d in one.decisions if not d.accepted]
    whys += [unread.reason for unread in one.unread]
    (why,) = whys
    assert any(word in why for word in ("E209", "E401", "E412", "mark"))


@pytest.mark.parametrize("mark", ["3", 3, 2.9, "2.9"], ids=repr)
def test_fault_10_a_mark_that_is_one_is_taken_as_it_stands(mark):
    record = {"op": "add", "name": "birds", "text": "Mentions birds.", "mark": mark}
    proposer, _ = speaking(edits(record), edits())
    assert f"[{mark}] birds: Mentions birds.\n" in refined(proposer).text


TWINS = """\
rubric r
[1] one: Mentions cats.
[1] two: Mentions cats.
[1] dogs: Mentions dogs.
"""


def test_fault_11_equal_criteria_have_names_and_verdicts_of_their_own(run):
    Path("r.rub").write_text(TWINS, "utf-8")
    write_pool({"a": "cats"})
    words = {"one": "yes", "two": "no", "dogs": "no"}
    answer = {"prompt_id": "p", "response_id": "a"}
    rows = ({**answer, "criterion": n, "verdict": v} for n, v in words.items())
    Path("v.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    shared = ("--responses", "r.jsonl", "--judge", "scripted:v.jsonl", "--json")
    done = run("eval", "r.rub", *shared)
    verdicts = {c["name"]: c["verdict"] for c in done.results["a"]["criteria"]}
    assert verdicts == words


def test_fault_11_of_equal_criteria_just_the_one_that_was_named_is_edited():
    removal = Proposed(edits=(Remove(criterion="two"),))
    result = refined(ListedProposer([removal]), text=TWINS)
    assert [item.name for item in result.rubric.items] == ["one", "dogs"]


def test_fault_11_equal_criteria_without_names_get_different_ones():
    reader = DraftReader(
        prompt="What now?",
        functions={f.signature.name: f.signature for f in builtin_functions()},
    )
    record = {"criterion": "Names rest.", "weight": 2}
    rubric = reader.read(json.dumps([record, record]))
    assert len({item.name for item in rubric.items}) == 2


@pytest.mark.parametrize(
    ("more", "calls"),
    [
        ((), 12),
        (("--rounds", "1"), 12),
        *((("--preset", name), 12 * one.scores) for name, one in PRESETS.items()),
    ],
    ids=str,
)
def test_fault_12_and_15_every_mode_scores_and_shows_weights_and_verdicts(
    run, desk, more, calls
):
    """The blind preset alone scores nothing, as its name says, and has no verdicts."""
    write_pool()
    done = refining(run, desk, *more)
    assert done.code == 0, done.err
    first = done.rubrics["pets"]["rounds"][0]
    assert first["verdicts"] == calls
    message = desk.proposed[0]["messages"][-1]["content"]
    assert "- cats [2]: Mentions cats." in message
    assert "- dogs [1]: Mentions dogs." in message
    assert ("a: yes; b: " in message) == (calls > 0)


@pytest.mark.parametrize("hidden", ["weights", "verdicts"])
def test_fault_12_they_are_hidden_where_that_is_wanted(run, desk, hidden):
    write_pool()
    refining(run, desk, "--hide", hidden)
    message = desk.proposed[0]["messages"][-1]["content"]
    assert ("[2]" in message) == (hidden != "weights")
    assert ("a: yes; b: " in message) == (hidden != "verdicts")


# -------------------------------------------------------------- control flow


def test_fault_14_all_that_was_asked_is_accounted_for(run, desk):
    desk.propose = lambda _: adding(f"word{len(desk.proposed)}")
    write_pool()
    done = refining(run, desk, "--rounds", "2")
    rounds = done.rubrics["pets"]["rounds"]
    told = [(one["calls"], one["proposer_calls"]) for one in rounds]
    assert sum(calls for calls, _ in told) == len(desk.judged)
    assert sum(calls for _, calls in told) == len(desk.proposed) == 2
    ledger = json.loads(done.out)["ledger"]
    assert ledger["judge_calls"] == len(desk.judged)
    assert ledger["proposer_calls"] == 2
    spent = {"prompt": 10 * desk.calls, "completion": 2 * desk.calls}
    assert ledger["tokens"] == spent


def test_fault_14_the_seed_decides_all_that_is_drawn(run, desk):
    desk.propose = lambda _: adding("birds")
    write_pool()
    ended = []
    for seed in ("1", "1", "2", "3", "4"):
        done = refining(run, desk, "--preset", "1-good", "--seed", seed)
        ended.append(done.rubrics["pets"])
    assert ended[0] == ended[1]
    assert len({tuple(one["rounds"][0]["pair"]) for one in ended}) > 1


def test_fault_16_ties_are_not_broken_by_the_order_of_the_pool():
    pool = [response(f"r{n}", f"cats dogs {n}") for n in range(8)]
    drawn = set()
    for seed in range(6):
        rounds = [proposing(f"word{n}") for n in range(4)]
        one = refined(ListedProposer(rounds), pool=pool, seed=seed)
        random.Random(seed).shuffle(pool)  # noqa: S311 - an order, no secret
        again = refined(ListedProposer(rounds), pool=pool, seed=seed)
        assert again.text == one.text
        assert [r.pair for r in again.rounds] == [r.pair for r in one.rounds]
        drawn.add(one.rounds[0].pair)
    assert len(drawn) > 3


def test_fault_17_what_was_rubbish_is_asked_for_in_another_way(tmp_path):
    def ask(answers, *, resume):
        proposer, model = speaking(*answers)
        journal = Journal.open(tmp_path / "journal.jsonl", resume=resume)
        result = refined(
            JournalledProposer(proposer, None, journal, Ledger(), "m"), patience=2
        )
        return result, model.requests

    result, requests = ask(["rubbish"], resume=False)
    assert result.stop.kind is StopKind.FAILED
    assert len(requests) == sum(one.proposer_calls for one in result.rounds) == 6
    assert len({one.seed + one.attempt for one in requests}) == 6
    assert len({one.messages for one in requests[:3]}) > 1
    # And rubbish is no answer that would be kept.
    addition = {"op": "add", "name": "birds", "text": "Mentions birds.", "mark": "1"}
    result, requests = ask([edits(addition)], resume=True)
    assert requests
    assert "birds" in result.text


def test_fault_18_nobody_but_the_configured_model_is_asked(run, desk, monkeypatch):
    other = Desk()
    desk.propose = lambda _: adding("birds")[:-9]
    write_pool()
    with serving(other.answer) as other.base:
        monkeypatch.setenv("OPENAI_BASE_URL", other.base)
        done = refining(run, desk)
    assert done.rubrics["pets"]["source"] == PETS
    assert {body["model"] for body in (*desk.judged, *desk.proposed)} == {"desk"}
    assert len(desk.proposed) > 1
    assert not other.calls


SENT = {"temperature": 0.5, "max_tokens": 77}
PRICED = {"price_prompt": 1000, "price_completion": 1000}


def test_fault_19_every_option_is_sent_or_has_its_effect(run, desk, monkeypatch):
    """All of them: an option that is new is to be told of here."""
    assert {*SENT, *PRICED, "base_url", "api_key_env"} == set(OPTIONS)
    monkeypatch.setenv("DESK", "key-of-the-desk")
    given = {**SENT, **PRICED, "api_key_env": "DESK"}
    options = "".join(f"&{name}={value}" for name, value in given.items())
    specs = dict.fromkeys(("judge", "proposer"), desk.spec + options)
    write_pool()
    refining(run, desk, "--rounds", "1", **specs)
    assert desk.judged
    assert desk.proposed
    bodies = [*desk.judged, *desk.proposed]
    assert all(body.items() >= SENT.items() for body in bodies)
    wanted = "Bearer key-of-the-desk"
    assert {one["Authorization"] for one in desk.headers} == {wanted}
    asked = desk.calls
    dear = ("--max-cost", "0.01", "--store", "another.sqlite")
    done = refining(run, desk, *dear, **specs)
    assert done.rubrics["pets"]["stop"] == "budget_exhausted"
    assert desk.calls == asked


@pytest.mark.parametrize("who", ["judge", "proposer"])
def test_fault_19_an_option_that_would_not_be_sent_is_refused(run, desk, who):
    write_pool()
    done = refining(run, desk, **{who: f"{desk.spec}&top_p=0.9"})
    assert done.code == 2
    assert "D203" in done.err
    assert "`top_p`" in done.err
    assert not desk.calls


# ------------------------------------------------------------- around it all


def test_fault_20_ids_do_not_depend_on_what_else_was_read(tmp_path):
    lines = [json.dumps({"prompt": f"Q{n}?", "response": f"A{n}."}) for n in range(40)]

    def ids(name, chosen):
        (tmp_path / name).write_text("\n".join(chosen), "utf-8")
        found = sound(read_responses(str(tmp_path / name)))
        return {one.prompt: (one.prompt_id, one.response_id) for one in found}

    whole = ids("whole.jsonl", lines)
    sample = ids("sample.jsonl", random.Random(0).sample(lines, 9))  # noqa: S311
    assert len(set(whole.values())) == 40
    assert len(sample) == 9
    assert sample.items() <= whole.items()


def test_fault_22_a_server_of_ones_own_needs_no_key(run, desk):
    write_pool()
    done = refining(run, desk)
    assert done.code == 0, done.err
    assert desk.judged
    assert desk.proposed
    assert not any("Authorization" in one for one in desk.headers)


def test_fault_23_statistics_are_of_all_responses():
    count = 2 * LEAST_RESPONSES
    constant = [1.0] * count
    at_last, unknown_first = [*constant[1:], 0.0], [float("nan"), *constant[2:], 0.0]
    values = [constant, at_last, unknown_first]
    gold = list(range(count))
    found = discriminations(["p"] * count, values, gold, share=1.0)
    assert [one.is_dead for one in found] == [True, False, False]
    assert [one.responses for one in found] == [count, count, count - 1]
    assert found[2].pass_rate == pytest.approx(1 - 1 / (count - 1))


def test_fault_24_no_name_of_a_package_hides_one_of_its_modules():
    root = Path(rubricdsl.__file__).parent
    hidden = []
    for init in root.rglob("__init__.py"):
        modules = {one.stem for one in init.parent.iterdir()} - {"__init__"}
        package = ".".join(init.parent.relative_to(root.parent).parts)
        names = {
            alias.asname or alias.name
            for node in ast.walk(ast.parse(init.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module != package
            for alias in node.names
        }
        names |= set(rubricdsl.__all__) if package == "rubricdsl" else set()
        hidden += [f"{package}.{name}" for name in names & modules]
    assert not hidden


def test_fault_25_votes_that_disagree_leave_nobody_out(run, desk):
    """They are cast criterion by criterion: totals need not agree."""
    votes = {True: "yes", False: "no"}
    draws = random.Random(0)  # noqa: S311

    def wavering(text, statements):
        del text
        return json.dumps({name: votes[draws.random() < 0.7] for name in statements})

    desk.judge = wavering
    write_pool({f"r{n}": f"text {n}" for n in range(30)})
    panel = 'models = ["openai/desk"]\nvotes = 3\n'
    panel = f'[judges.panel]\n{panel}base_url = "{desk.base}"\n'
    Path("rub.toml").write_text(panel, "utf-8")
    criteria = "".join(f"[1] c{n}: Names point {n}.\n" for n in range(10))
    Path("r.rub").write_text(f"rubric r\n{criteria}", "utf-8")
    shared = ("--responses", "r.jsonl", "--judge", "panel", "--json")
    done = run("eval", "r.rub", *shared)
    assert done.code == 0, done.err
    assert len(desk.judged) == 3 * 30
    scores = [one["score"] for one in done.results.values()]
    assert len(scores) == 30
    assert None not in scores
    assert len(set(scores)) > 3


def test_fault_26_one_answer_of_ten_is_no_full_score():
    criteria = "".join(f"[1] c{n}: Names point {n}.\n" for n in range(10))
    bound = bind(manuscript(f"rubric r\n{criteria}").rubric, {})
    origin = Provenance(judge="j", response="r")
    failed = Verdict(failure=Failure("judge_unparseable", "?"), provenance=origin)
    verdicts = dict.fromkeys((c.path for c in bound.criteria()), failed)
    verdicts["c0"] = Verdict(ruling=YES, provenance=origin)
    card = Scorer.of(bound).scorecard(POOL[0], verdicts)
    assert card.score is None
    assert card.coverage == pytest.approx(0.1)
    assert card.interval == pytest.approx((0.1, 1.0))


def test_fault_26_a_judge_sees_no_weights_in_any_command(run, desk):
    write_pool()
    refining(run, desk)
    in_refine = len(desk.judged)
    again = ("--judge", desk.spec, "--store", "another.sqlite")
    run("eval", "r.rub", "--responses", "r.jsonl", *again)
    assert len(desk.judged) == 2 * in_refine > 0
    shown = [json.dumps(body["messages"]) for body in desk.judged]
    assert all("Mentions cats." in one for one in shown)
    assert not any("[2]" in one or "weight" in one for one in shown)
