"""What got through, who was fooled, who kills what, and what would close it."""

import attrs
import pytest

import rubricdsl
from rubricdsl.api import open_project
from rubricdsl.audit.credits import Count, credits_of
from rubricdsl.audit.drawing import bases, junk, mutants
from rubricdsl.audit.findings import Findings
from rubricdsl.audit.gates import Ground, gates, one_line
from rubricdsl.audit.kills import killers, mutation_results
from rubricdsl.audit.mutations import MUTATIONS
from rubricdsl.audit.probes import PROBES
from rubricdsl.audit.remedies import Bench, Evidence, best_responses, remedies
from rubricdsl.audit.tops import tops
from rubricdsl.audit.trials import Judged, Outcome, probe_results
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.model.audit import MutationOffer, ProbeOffer, Weakness
from rubricdsl.model.scorecard import Status
from tests.audit.conftest import response

# All of it is checked, so that scores are those of the engine, and nobody is asked.
RUBRIC = """\
rubric checked
prompt: How often should she drink, and how much, with a fever like this one?
[2] drinks: Recommends small drinks.
    check: contains(response, "drinks", case = no)
[1] often: Says every 5 minutes.
    check: contains(response, "5 minutes")
[1] sentences: Has short sentences.
    check: words(response) <= 30 * sentences(response)
[-1] socks: Recommends socks.
    check: contains(response, "socks")
[info] note: Is polite.
    check: contains(response, "please")
"""
GOOD = "Offer small drinks. Do so every 5 minutes. Call us after 2 days."
POOL = [GOOD, "Offer drinks.", "Wait for 5 minutes.", "Wait."]
HOST = open_project().host
SOURCE = rubricdsl.loads(RUBRIC)
BOUND = open_project().bind(SOURCE)
BY_NAME = {probe.name: probe for probe in PROBES}


def judge(rubric, texts):
    return rubricdsl.evaluate_sync(
        rubric, [response(text, f"r{n}") for n, text in enumerate(texts)]
    )


def attacked(probes, *, source=SOURCE, pool=POOL, mutations=(), share=0.25):
    """Audit a rubric of checks with the pure parts, as the command does."""
    bound = open_project().bind(source)
    responses = [response(text, f"r{n}") for n, text in enumerate(pool)]
    cards = rubricdsl.evaluate_sync(source, responses)
    found = tops(cards, share)
    base = bases([bound] * len(pool), responses, cards, {})
    made, damaged = junk(probes, base, 0), mutants(mutations, base, 0, 3)
    attempts = (*made.attempts, *damaged.attempts)
    judged = [
        Judged(attempt=attempt, card=card)
        for attempt, card in zip(
            attempts,
            rubricdsl.evaluate_sync(source, [a.response for a in attempts]),
            strict=True,
        )
    ]
    results = probe_results(probes, judged, made.not_made, found)
    counted = credits_of([bound], results)
    best = best_responses(responses, cards, found)
    evidence = Evidence(
        rubric=source,
        bound=bound,
        best=[one for some in best.values() for one in some],
        results=results,
        credits=counted,
    )
    bench = Bench(functions=HOST.check_functions, facts=ResponseFacts)
    mutated = mutation_results(mutations, judged, damaged.not_made)
    return Findings(
        top=share,
        rubrics=(bound,),
        pool=cards,
        tops=found,
        bases=base,
        probes=results,
        credits=counted,
        remedies=remedies(evidence, bench),
        mutations=mutated,
        killers=killers([bound], mutated),
    )


def probe(name, texts, **more):
    return ProbeOffer(
        name=name,
        description="d",
        attacks="a",
        weakness=more.pop("weakness", Weakness.KEYWORDS),
        make=lambda _: texts,
        **more,
    )


# ------------------------------------------------------------------------- tops


@pytest.mark.parametrize(
    ("share", "size", "bar"),
    [(0.1, 1, 1.0), (0.25, 1, 1.0), (0.3, 2, 0.75), (1, 4, 0.25)],
)
def test_the_top_begins_at_the_quantile(share, size, bar):
    (top,) = tops(judge(SOURCE, POOL), share)
    assert (top.size, top.bar, top.scored) == (size, bar, 4)


def test_what_every_response_reaches_is_no_top():
    source = rubricdsl.loads('rubric r\n[1] a: Is A.\n    check: response == "A"\n')
    (top,) = tops(judge(source, ["b", "c"]), 0.5)
    assert top.bar is None
    assert "0" in top.why
    found = attacked([BY_NAME["empty"]], source=source, pool=["b", "c"])
    assert found.measured == 0
    assert not found.is_complete
    assert any("no probe is held" in spot for spot in found.blind_spots())


def test_without_any_score_there_is_no_top():
    cards = [
        attrs.evolve(card, score=None, status=Status.INCOMPLETE)
        for card in judge(SOURCE, POOL)
    ]
    (top,) = tops(cards, 0.5)
    assert (top.bar, top.scored, top.size) == (None, 0, 0)
    assert bases([BOUND] * 4, [response()] * 4, cards, {}) == ()


def test_gold_says_what_is_good_and_score_where_nobody_does():
    responses = [response(text, f"r{n}") for n, text in enumerate(POOL)]
    cards = judge(SOURCE, POOL)
    (by_score,) = bases([BOUND] * 4, responses, cards, {})
    (by_gold,) = bases([BOUND] * 4, responses, cards, {("p", "r3"): 1.0})
    assert by_score.response.response_id == "r0"
    assert by_gold.response.response_id == "r3"


# ----------------------------------------------------------------------- trials


def test_junk_gets_through_where_it_scores_as_the_best_do():
    found = attacked([probe("x", ["drinks 5 minutes", "drinks", "nothing"])])
    (result,) = found.probes
    assert [t.outcome for t in result.trials] == ["through", "stopped", "stopped"]
    assert (result.measured, result.prompts) == (3, 1)
    assert result.upper == pytest.approx(0.8647, abs=1e-4)
    assert found.is_complete


def test_a_wrong_number_that_costs_nothing_got_through():
    found = attacked(
        [BY_NAME["wrong_numbers_x3"], BY_NAME["wrong_numbers_d3"]],
        pool=["Offer drinks. Wait 2 days.", "Wait."],
    )
    assert [len(result.through) for result in found.probes] == [1, 1]
    # Here a check looks at the number.
    seen = attacked([BY_NAME["wrong_numbers_d3"]])
    assert (seen.through, seen.measured) == (0, 1)


def test_what_a_canary_caught_is_measured_and_did_not_get_through():
    found = attacked([probe("x", ["drinks 5 minutes"])])
    (trial,) = found.probes[0].trials
    caught = attrs.evolve(
        trial, card=attrs.evolve(trial.card, score=None, status=Status.SUSPECT)
    )
    result = attrs.evolve(found.probes[0], trials=(caught,))
    assert caught.outcome is Outcome.CAUGHT
    assert (result.caught, result.measured, len(result.through)) == (1, 1, 0)
    assert attrs.evolve(found, probes=(result,)).is_complete


def test_without_a_verdict_nothing_is_known():
    found = attacked([probe("x", ["drinks 5 minutes"])])
    (trial,) = found.probes[0].trials
    lost = attrs.evolve(
        trial, card=attrs.evolve(trial.card, score=None, status=Status.INCOMPLETE)
    )
    result = attrs.evolve(found.probes[0], trials=(lost,))
    assert (result.measured, result.upper, result.prompts) == (0, None, 0)
    broken = attrs.evolve(found, probes=(result,))
    assert not broken.is_complete
    assert any(spot.startswith("x: 1 of 1") for spot in broken.blind_spots())


def test_a_probe_that_raises_takes_nothing_with_it():
    def raises(_):
        raise RuntimeError("no licence")

    broken = attrs.evolve(probe("bad", []), make=raises)
    no_text = probe("none", [None])
    nothing = probe("nothing", [])
    found = attacked([broken, no_text, nothing, probe("x", ["drinks"])])
    assert [len(result.trials) for result in found.probes] == [0, 0, 0, 1]
    spots = " ".join(found.blind_spots())
    assert "no licence" in spots
    assert "gave NoneType and no text" in spots
    assert "nothing (p): nothing can be made" in spots


# ---------------------------------------------------------------------- credits


def test_credit_is_counted_by_criterion_and_probe():
    found = attacked([probe("x", ["drinks", "socks"]), probe("y", ["5 minutes"])])
    by_path = {credit.path: credit for credit in found.credits}
    assert set(by_path) == {"drinks", "often", "sentences", "socks"}
    assert by_path["drinks"].by_probe == {"x": Count(1, 2), "y": Count(0, 1)}
    assert by_path["sentences"].fooled == Count(3, 3)
    # A penalty is fooled where it does not fire.
    assert by_path["socks"].by_probe == {"x": Count(1, 2), "y": Count(1, 1)}
    assert not by_path["socks"].helps


def test_wrong_numbers_fool_only_what_speaks_of_numbers():
    source = rubricdsl.loads(
        "rubric r\n[1] a: Says 5 minutes.\n[1] b: Is kind.\n[1] c: Is c.\n"
        "    check: words(response) > 0\n"
    )
    bound = open_project().bind(source)
    (found,) = probe_results([BY_NAME["wrong_numbers_x3"]], [], [], [])
    assert [credit.by_probe for credit in credits_of([bound], [found])] == [{}, {}, {}]


# ------------------------------------------------------------------------ kills


def test_mutants_are_killed_by_what_changes_for_the_worse():
    def make(_):
        return ["Do so every 5 minutes.", f"{GOOD} socks", "Nothing.", f"{GOOD} Well."]

    own = MutationOffer(name="m", description="d", make=make)
    found = attacked([], mutations=[attrs.evolve(own, make=lambda r: make(r)[:3])])
    (result,) = found.mutations
    assert (result.killed, len(result.measured), result.rewarded) == (3, 3, 0)
    kills = {one.path: one.kills for one in found.killers}
    assert kills == {"drinks": 2, "often": 1, "sentences": 0, "socks": 1}
    assert all(one.chances == 3 for one in found.killers)
    spared = attacked([], mutations=[attrs.evolve(own, make=lambda r: make(r)[3:])])
    assert [m.change for m in spared.mutations[0].survivors] == [0]
    assert spared.mutations[0].interval.low == 0


def test_our_mutations_show_what_a_rubric_does_not_look_at():
    found = attacked([], mutations=MUTATIONS)
    killed = {r.offer.name: (r.killed, len(r.measured)) for r in found.mutations}
    assert killed["drop_fact"] == (2, 3)
    assert killed["swap_numbers"] == (1, 1)
    assert killed["reorder"] == (0, 3)
    assert {one.path for one in found.killers if one.kills} == {"drinks", "often"}


def test_a_mutation_never_gives_the_original():
    own = MutationOffer(name="m", description="d", make=lambda _: [GOOD, "Wait."])
    found = attacked([], mutations=[own])
    assert [m.attempt.response.text for m in found.mutations[0].mutants] == ["Wait."]


# --------------------------------------------------------------------- remedies


def added(remedy):
    return rubricdsl.loads(f"{RUBRIC}{remedy.lines}\n")


def test_a_gate_is_proposed_that_stops_the_junk_and_none_of_the_best():
    found = attacked([probe("x", ["drinks, 5 minutes, fluids, care"])])
    assert found.through == 1
    gate = next(one for one in found.remedies if one.criterion is None)
    assert (gate.stops, gate.harms) == (Count(1, 1), Count(0, 1))
    assert gate.probes == ("x",)
    again = attacked(
        [probe("x", ["drinks, 5 minutes, fluids, care"])], source=added(gate)
    )
    assert again.through == 0


def test_padding_is_closed_by_a_check_of_the_length():
    padded = probe("x", [f"{GOOD} {'Word. ' * 80}"], weakness=Weakness.LENGTH)
    found = attacked([padded])
    assert found.through == 1
    (gate,) = [one for one in found.remedies if one.criterion is None]
    assert gate.lines == (
        "[never] too_long: Takes more than 50 words.\n    check: words(response) > 50"
    )
    closed = attacked([padded], source=added(gate))
    assert closed.through == 0
    assert [r for r in closed.remedies if r.criterion is None] == []


@pytest.mark.parametrize("weakness", Weakness)
def test_every_gate_can_be_pasted(weakness):
    bench = Bench(functions=HOST.check_functions, facts=ResponseFacts)
    strange = 'Take 3 "doses" {{x}} \x1b[31m\u202eof\n\n"""2 mg.'
    for reference in (None, "Every 5 minutes."):
        ground = Ground(
            rubric=attrs.evolve(BOUND, reference=reference),
            best=[response(GOOD)],
            base=response(f"{strange} Wait for all of 3 long days, then call."),
        )
        found = gates(weakness, ground)
        assert found
        for gate in found:
            criterion = bench.parsed(gate)
            assert criterion is not None
            assert criterion.name == gate.criterion.name


def test_a_name_that_is_taken_is_not_given_again():
    source = rubricdsl.loads(RUBRIC.replace("drinks:", "lists_keywords:"))
    found = attacked([probe("x", ["drinks, 5 minutes, fluids, care"])], source=source)
    gate = next(one for one in found.remedies if one.criterion is None)
    assert gate.lines.startswith("[never] lists_keywords_2:")


def test_a_check_that_junk_meets_is_tied_to_what_matters():
    """Here by hand: without a judge there is nothing that junk cannot meet."""
    source = rubricdsl.loads(
        "rubric r\n[3] heavy: Says why.\n[1] light: Says how.\n"
        "[1] mean of g\n    [1] short: Is short.\n"
        "        check: words(response) < 30\n"
    )
    bound = open_project().bind(source)
    found = attacked([probe("x", ["drinks 5 minutes"])])
    (trial,) = found.probes[0].trials
    card = trial.card
    short = attrs.evolve(card.criteria[2], path="g.short", name="short", value=1.0)
    heavy = attrs.evolve(card.criteria[0], path="heavy", value=0.0, share=0.6)
    light = attrs.evolve(card.criteria[1], path="light", value=0.0, share=0.2)
    card = attrs.evolve(card, rubric="r", criteria=(heavy, light, short))
    base = attrs.evolve(trial.attempt.base, card=card, rubric=bound)
    trial = attrs.evolve(
        trial, card=card, attempt=attrs.evolve(trial.attempt, base=base)
    )
    result = attrs.evolve(found.probes[0], trials=(trial,))
    evidence = Evidence(
        rubric=source,
        bound=bound,
        best=[],
        results=[result],
        credits=credits_of([bound], [result]),
    )
    bench = Bench(functions=HOST.check_functions, facts=ResponseFacts)
    (remedy,) = [one for one in remedies(evidence, bench) if one.criterion == "g.short"]
    assert remedy.lines == (
        "    [1] short: Is short.\n        check: words(response) < 30\n"
        "        needs: heavy"
    )
    assert remedy.stops is None


def test_texts_from_responses_are_put_on_one_harmless_line():
    assert one_line("a\n b\x1b[31m {{x}}\u202e ") == "a b [31m { {x} }"
    assert one_line(" \n ") == ""
