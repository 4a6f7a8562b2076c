"""The fault matrix: what must come of every way in which a judge's server goes wrong.

The rubric has three criteria, whose truth is 0.625.  Three tables say what must
happen: a fault that strikes one question for good leaves just that verdict missing,
with its kind; one that passes leaves no trace; and what is only odd is no fault.  Two
more hold faults that strike the whole server, and those that end the run for a judge.
Each test counts what the server was asked.
"""

import socket
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from attrs import frozen

from tests.faults.conftest import RESPONSE, SCORE, VERDICTS, Evaluate, Run
from tests.faults.modes import ANSI
from tests.faults.server import FaultyServer, by_statement, plan

# No question is asked more often than this, whatever happens.
MOST_ATTEMPTS = 5

RIVER = "ZQ7"


@frozen
class Struck:
    """What a fault that strikes one question for good must come to.

    ``words`` stand in the reason; ``least`` and ``most`` bound how often the question
    is asked.
    """

    kind: str
    words: str = ""
    least: int = 1
    most: int = 1


def again(kind: str, words: str = "", most: int = MOST_ATTEMPTS) -> Struck:
    """Asked more than once, since that can help."""
    return Struck(kind, words, least=2, most=most)


def unreadable(words: str = "") -> Struck:
    """Asked once more, with a fresh sample, and then given up."""
    return Struck("judge_unparseable", words, least=2, most=3)


PEER = "127.0.0.1"
ONE_QUESTION = {
    # transport
    "closed": again("transport_peer_drop", PEER),
    "reset": again("transport_peer_drop", PEER),
    "reset_mid_body": again("transport_peer_drop", PEER),
    "short_body": again("transport_peer_drop", PEER),
    "lost_chunk": again("transport_peer_drop", PEER),
    "bad_gzip": again("transport_peer_drop", PEER),
    "not_http": again("transport_peer_drop", PEER),
    "huge_header": again("transport_peer_drop", PEER),
    "hang": Struck("transport_timeout", "2 s"),
    "slow_headers": Struck("transport_timeout", "2 s"),
    "slow_body": Struck("transport_timeout", "2 s"),
    "huge_body": Struck("transport_local_resource", "8 MiB"),
    "endless_body": Struck("transport_local_resource", "8 MiB"),
    "gzip_bomb": Struck("transport_local_resource", "8 MiB"),
    # statuses that pass
    "limited": again("rate_limited", "429"),
    "limited=soon": again("rate_limited", "429"),
    "limited=-3": again("rate_limited", "429"),
    "limited=NaN": again("rate_limited", "429"),
    "limited=1e400": again("rate_limited", "429"),
    "limited=0": again("rate_limited", "429"),
    "limited=86400": Struck("rate_limited", "86400"),
    "limited=Wed,%2021%20Oct%202099%2007:28:00%20GMT": Struck("rate_limited", "429"),
    "http=408": again("transport_timeout", "408"),
    "http=409": again("provider_unavailable", "409"),
    "http=425": again("provider_unavailable", "425"),
    "http=500": again("provider_unavailable", "500"),
    "http=502": again("provider_unavailable", "502"),
    "http=503": again("provider_unavailable", "503"),
    "http=504": again("provider_unavailable", "504"),
    "http=507": Struck("provider_unavailable", "507", most=MOST_ATTEMPTS),
    "http=529": again("provider_unavailable", "529"),
    "http=599": Struck("provider_unavailable", "599", most=MOST_ATTEMPTS),
    # statuses that do not
    "http=400": Struck("request_rejected", "this is 400"),
    "http=404": Struck("request_rejected", "this is 404"),
    "http=405": Struck("request_rejected", "this is 405"),
    "http=413": Struck("request_rejected", "this is 413"),
    "http=418": Struck("request_rejected", "this is 418"),
    "http=422": Struck("request_rejected", "this is 422"),
    "http=300": Struck("request_rejected", "redirect"),
    "context": Struck("request_rejected", "4096"),
    "terminal_codes": Struck("request_rejected", "pwned"),
    "redirect": Struck("request_rejected", "redirect"),
    "redirect=http://user:pw%40evil.invalid/": Struck("request_rejected", "redirect"),
    # bodies
    "html": unreadable("text/html"),
    "empty_body": unreadable("empty body"),
    "bad_json": unreadable("no JSON"),
    "cut_body": unreadable("no JSON"),
    "list_body": unreadable("no JSON object"),
    "deep_body": unreadable("no JSON"),
    "not_utf8": unreadable("no JSON"),
    "no_choices": unreadable("no choices"),
    "two_choices": unreadable("one choice"),
    "no_message": unreadable("no message"),
    # messages
    "null_content": unreadable("no content"),
    "blank_content": unreadable("no content"),
    "tool_call": unreadable("calls a tool"),
    "refusal": Struck("judge_refused", "I cannot do that", most=2),
    "refuses_in_colour": Struck("judge_refused", "pwned", most=2),
    "content_filter": Struck("judge_refused", "filter", most=2),
    "says_key": Struck("judge_refused", "[redacted]", most=2),
    "length": Struck("judge_truncated", "max_tokens", most=3),
    "length_after_all": Struck("judge_truncated", "max_tokens", most=3),
    # contents
    "cut_verdict": unreadable("not one JSON object"),
    "wrong_schema": unreadable(),
    "bare_word": unreadable("not one JSON object"),
    "missing_field": unreadable("not answered"),
    "value=%22perhaps%22": unreadable("perhaps"),
    "value=%22%22": unreadable(),
    "value=null": unreadable(),
    "value=[]": unreadable(),
    "value={%22answer%22:%22yes%22}": unreadable("object"),
    "value=1": unreadable(),
    "value=0.5": unreadable(),
    "value=NaN": unreadable("NaN"),
    "value=Infinity": unreadable("Infinity"),
    "value=-Infinity": unreadable("Infinity"),
    "value=1e400": unreadable(),
    "value=" + "9" * 5000: unreadable(),
    "two_fences": unreadable("not one JSON object"),
    "duplicate_keys": unreadable("duplicate"),
    "two_objects": unreadable("not one JSON object"),
    "quoted_verdict": unreadable("not one JSON object"),
    "deep_content": unreadable(),
    "say=%7B%22c1%22:%22n/a%22%7D": unreadable("n/a"),
    "say=%7B%22c1%22:%22yes\\u0000%22%7D": unreadable(),
}


@pytest.mark.parametrize("fault", ONE_QUESTION)
def test_one_question_struck_for_good(
    server: FaultyServer, evaluate: Evaluate, fault: str
) -> None:
    server.faults = plan(f"{fault}~{RIVER}")
    run = evaluate(server.base)
    expected = ONE_QUESTION[fault]
    assert run.errors() == {"river": expected.kind}, run.err
    assert expected.words in run.reasons()
    assert expected.kind in run.err
    assert run.verdicts() == {**VERDICTS, "river": None}
    row = run.row
    assert (row["status"], row["score"], run.code) == ("incomplete", None, 3)
    assert row["coverage"] < 1
    low, high = row["interval"]
    assert low <= SCORE <= high
    assert expected.least <= len(server.asked_of(RIVER)) <= expected.most
    assert len(server.asked_of("Ottawa.")) >= 1
    assert len(server.asked_of("largest")) == 1
    # The deadline of 2 s is one for all attempts.
    assert run.header["run"]["seconds"] < 6


PASSES = {
    # The fault, and how many requests more than the three it may cost.
    "reset_at_accept@1": 0,
    "closed_at_accept@1": 0,
    "closed@1": 1,
    "reset@2": 2,
    "reset_mid_body@1": 1,
    "short_body@1": 1,
    "lost_chunk@1": 1,
    "bad_gzip@1": 1,
    "limited@2": 2,
    "limited=1@1": 1,
    "limited=0.3@1": 1,
    "limited=soon@1": 1,
    "limited=-1@1": 1,
    "http=408@1": 1,
    "http=500@2": 2,
    "http=502@1": 1,
    "http=503@2": 2,
    "http=529@2": 2,
    "html@1": 1,
    "empty_body@1": 1,
    "bad_json@1": 1,
    "not_utf8@1": 1,
    "no_choices@1": 1,
    "null_content@1": 1,
    "tool_call@1": 1,
    "length@1": 1,
    "cut_verdict@1": 1,
    "missing_field@1": 1,
    "value=NaN@1": 1,
    "duplicate_keys@1": 1,
    "two_objects@1": 1,
}


@pytest.mark.parametrize("fault", PASSES)
def test_a_fault_that_passes_leaves_no_trace(
    server: FaultyServer, evaluate: Evaluate, fault: str
) -> None:
    server.faults = plan(fault)
    run = evaluate(server.base, query="ask=each&concurrency=3&timeout=15")
    assert (run.row["score"], run.verdicts()) == (SCORE, VERDICTS), run.err
    assert run.code == 0
    assert len(server.asked) == 3 + PASSES[fault]
    assert max(server.counts().values()) <= 1 + PASSES[fault]


def test_retry_after_is_waited_for(server: FaultyServer, evaluate: Evaluate) -> None:
    server.faults = plan(f"limited=2~{RIVER}@1")
    run = evaluate(server.base, query="ask=each&concurrency=3&timeout=15")
    first, second = server.asked_of(RIVER)
    assert 2.0 <= second.at - first.at < 8
    assert run.row["score"] == SCORE


def test_a_wait_beyond_the_deadline_is_not_begun(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan(f"limited=600~{RIVER}")
    run = evaluate(server.base, query="ask=each&concurrency=3&timeout=60")
    assert run.errors() == {"river": "rate_limited"}
    assert "600" in run.reasons()
    assert run.header["run"]["seconds"] < 20


ODD = {
    "byte_order_mark": "",
    "other_content_type": "",
    "case_of_words": "",
    "fenced": "",
    "extra_fields": "never asked|not asked",
    "two_replies": "",
    "other_model": "another-model",
    "no_usage": "",
    "usage=-5": "",
    "usage=99999999999999999999": "",
    "usage=1e400": "",
    "usage=NaN": "",
    "usage=%22many%22": "",
    "logprobs=NaN": "",
    "logprobs=Infinity": "",
    "logprobs=1e400": "",
    "logprobs=-1e400": "",
    "logprobs=5": "",
    "logprobs=%22x%22": "",
}


@pytest.mark.parametrize("fault", ODD)
def test_what_is_only_odd_is_no_fault(
    server: FaultyServer, evaluate: Evaluate, fault: str
) -> None:
    server.faults = plan(fault)
    priced = "ask=each&concurrency=3&price_prompt=1&price_completion=1"
    run = evaluate(server.base, query=priced)
    assert (run.row["score"], run.verdicts()) == (SCORE, VERDICTS), run.err
    assert len(server.asked) == 3
    assert any(word in run.err for word in ODD[fault].split("|")), run.err
    tokens = run.row["tokens"]
    assert 0 <= tokens["prompt"] < 1e12
    assert 0 <= tokens["completion"] < 1e12
    assert run.row["cost"] is None or 0 <= run.row["cost"] < 1e9
    for criterion in run.row["criteria"]:
        probability = criterion["probability"]
        assert probability is None or 0 <= probability <= 1


def test_names_that_act_on_a_terminal_are_shown_harmless(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": f"{ANSI} {n}", "response": f"{n}."} for n in range(2)]
    server.faults = plan("refuses_in_colour~1.")
    run = evaluate(server.base, responses=rows)
    assert [row["response_id"] for row in run.rows] == [f"{ANSI} {n}" for n in range(2)]


# ------------------------------------------------------------- the whole server


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def assert_nothing_was_judged(run: Run, kind: str, words: str) -> None:
    assert run.code == 3
    assert run.errors() == dict.fromkeys(VERDICTS, kind), run.err
    assert words in run.reasons()
    assert words in run.err


def test_a_refused_connection_is_told_in_seconds(
    closed_port: int, evaluate: Evaluate
) -> None:
    run = evaluate(f"http://127.0.0.1:{closed_port}/v1", query="ask=each")
    assert_nothing_was_judged(run, "transport_unreachable", f"127.0.0.1:{closed_port}")
    assert run.header["run"]["seconds"] < 10


def test_a_name_without_address_is_told_in_seconds(evaluate: Evaluate) -> None:
    run = evaluate("http://no-such-host.invalid/v1", query="ask=each")
    assert_nothing_was_judged(
        run, "transport_unreachable", "no address was found for no-such-host.invalid:80"
    )
    assert run.header["run"]["seconds"] < 10


def test_a_certificate_that_nobody_vouches_for(evaluate: Evaluate) -> None:
    with FaultyServer(tls=True) as server:
        run = evaluate(server.base, query="ask=each&concurrency=1")
        assert_nothing_was_judged(run, "transport_unreachable", "certificate")
        assert server.asked == []
        # It is not tried again: no certificate gets better by waiting.
        assert server.connections <= 3
    assert run.header["run"]["seconds"] < 10


def test_tls_spoken_to_in_clear(evaluate: Evaluate) -> None:
    with FaultyServer(tls=True) as server:
        base = server.base.replace("https", "http")
        run = evaluate(base, query="ask=each&concurrency=1&timeout=3")
        assert server.asked == []
    assert set(run.errors().values()) <= {
        "transport_peer_drop",
        "transport_unreachable",
    }
    assert run.verdicts() == dict.fromkeys(VERDICTS)


def test_a_plain_server_spoken_to_in_tls(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    base = server.base.replace("http", "https")
    run = evaluate(base, query="ask=each&concurrency=1&timeout=3")
    kinds = set(run.errors().values())
    assert kinds <= {"transport_peer_drop", "transport_unreachable"}, run.err
    assert run.verdicts() == dict.fromkeys(VERDICTS)
    assert server.asked == []


def test_a_server_that_resets_every_connection(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan("reset_at_accept")
    run = evaluate(server.base)
    kinds = set(run.errors().values())
    assert kinds <= {"transport_peer_drop", "transport_unreachable"}, run.err
    assert run.verdicts() == dict.fromkeys(VERDICTS)
    assert 1 <= server.connections <= 3 * MOST_ATTEMPTS


def test_no_redirect_is_followed(evaluate: Evaluate) -> None:
    with FaultyServer() as other, FaultyServer() as server:
        target = quote(f"{other.base}/chat/completions", safe="/:")
        server.faults = plan(f"redirect={target}")
        run = evaluate(server.base)
        assert_nothing_was_judged(run, "request_rejected", other.base[7:-3])
        assert (len(server.asked), other.connections) == (3, 0)


def test_a_proxy_of_the_environment_is_not_used(
    server: FaultyServer, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key goes to the address that was given, and to no other."""
    with FaultyServer() as other:
        monkeypatch.setenv("http_proxy", other.base)
        assert evaluate(server.base).row["score"] == SCORE
        assert other.connections == 0


# ------------------------------------------------------------ the end of a judge

ENDS = {
    "quota": ("quota_exhausted", "quota"),
    "http=402": ("quota_exhausted", "402"),
    "http=401": ("auth_failed", "OPENAI_API_KEY"),
    "http=403": ("auth_failed", "OPENAI_API_KEY"),
    "echoes_key=401": ("auth_failed", "[redacted]"),
    "echoes_key=403": ("auth_failed", "[redacted]"),
}
MANY = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(40)]


@pytest.mark.parametrize("fault", ENDS)
def test_what_will_not_get_better_ends_the_judge(
    server: FaultyServer, evaluate: Evaluate, fault: str
) -> None:
    kind, words = ENDS[fault]
    server.faults = plan(fault)
    run = evaluate(server.base, query="ask=each&concurrency=4", responses=MANY)
    assert run.code == 3
    assert {c["error"]["kind"] for row in run.rows for c in row["criteria"]} == {kind}
    assert words in run.reasons()
    # What was in flight when the first answer came is all that was sent.
    assert 1 <= len(server.asked) <= 4


@pytest.mark.parametrize(("fault", "more"), [("quota", 0), ("http=401", 2)])
def test_what_was_judged_before_the_end_is_kept(
    server: FaultyServer, evaluate: Evaluate, fault: str, more: int
) -> None:
    """A key that was good may be refused a few times before that is believed."""
    server.faults = plan(
        f"{fault}~Ottawa,%20and%20that%20is%20where%20it%20stands.%2020"
    )
    run = evaluate(server.base, query="ask=each&concurrency=1", responses=MANY)
    assert run.code == 3
    complete = [row for row in run.rows if row["status"] == "complete"]
    assert len(complete) == 20
    assert all(row["score"] == SCORE for row in complete)
    assert 61 <= len(server.asked) <= 61 + more
    assert max(server.counts().values()) == 1


# ---------------------------------------------------------------- no storm


def missing(run: Run) -> Counter[str]:
    """Count what could not be had, by kind."""
    return Counter(
        c["error"]["kind"] for row in run.rows for c in row["criteria"] if c["error"]
    )


def test_an_outage_in_the_middle_is_no_storm(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    """A server that is gone after thirty requests, and does not come back."""
    server.faults = plan("http=503@30-")
    run = evaluate(
        server.base,
        "--max-seconds",
        "4",
        query="ask=each&concurrency=8&timeout=60",
        responses=MANY,
    )
    assert run.code == 3
    assert missing(run).total() == 120 - 30
    assert missing(run).keys() <= {"provider_unavailable", "budget_exhausted"}
    # Two windows of requests until that is plain, and single probes since.
    assert len(server.asked) <= 30 + 2 * 8 + 4
    assert run.header["run"]["seconds"] < 15


def test_an_outage_that_ends_costs_nothing_but_time(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan("http=503@10")
    run = evaluate(
        server.base, query="ask=each&concurrency=8&timeout=60", responses=MANY
    )
    assert run.code == 0, run.err
    assert len(server.asked) == 130


def test_a_narrow_server_is_not_pressed(evaluate: Evaluate) -> None:
    """A server that takes four at once gets all its questions, and few too many."""
    answers = by_statement(dict.fromkeys(STATEMENTS, "yes"))
    with FaultyServer(answers, capacity=4, delay=0.02) as server:
        run = evaluate(
            server.base, query="ask=each&concurrency=32&timeout=60", responses=MANY
        )
        assert run.code == 0, run.err
        assert {row["status"] for row in run.rows} == {"complete"}
        assert max(server.counts().values()) == 1
        assert server.turned_away <= 120


def test_a_run_begins_softly(evaluate: Evaluate) -> None:
    """With `auto`, the first requests come a few at a time."""
    answers = by_statement(dict.fromkeys(STATEMENTS, "yes"))
    with FaultyServer(answers, delay=0.2) as server:
        run = evaluate(
            server.base, "--concurrency", "auto", query="ask=each", responses=MANY
        )
        assert run.code == 0
        begun = server.asked[0].at
        assert len([a for a in server.asked if a.at - begun < 0.15]) <= 16


# ------------------------------------------------------------- all in one request


def test_an_item_that_is_lacking_is_asked_for_alone(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan("lacks=ZQ7@1")
    run = evaluate(server.base, query="ask=together")
    assert run.row["score"] == SCORE
    whole, alone = server.asked
    assert len(whole.statements) == 3
    assert list(alone.statements.values()) == [STATEMENTS[1]]


def test_an_item_that_is_always_lacking_is_the_only_one_missing(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan("lacks=ZQ7")
    run = evaluate(server.base, query="ask=together")
    assert run.errors() == {"river": "judge_unparseable"}
    assert run.verdicts() == {**VERDICTS, "river": None}
    assert 2 <= len(server.asked) <= 4
    assert all(list(a.statements.values()) == [STATEMENTS[1]] for a in server.asked[1:])


@pytest.mark.parametrize("number", ["-1", "2.5", "6", "1e400", "NaN", "%22five%22"])
def test_a_level_out_of_range_is_no_level(evaluate: Evaluate, number: str) -> None:
    with FaultyServer(lambda *_: 3, f"value={number}~how") as server:
        run = evaluate(server.base, rubric=LEVELS)
        assert run.errors() == {"clear": "judge_unparseable"}, run.err
        assert run.verdicts() == {"clear": None, "kind": "level 3"}
        assert len(server.asked_of("how")) in {2, 3}


STATEMENTS = (
    "States that the capital is Ottawa.",
    "States that ZQ7 it lies on the river.",
    "States that it is the largest city.",
)
LEVELS = """\
rubric capital
[2] clear: Says how clearly the capital is named.
    levels: 1 to 5
[1] kind: Is kind to whoever asked.
    levels: 1 to 5
"""
