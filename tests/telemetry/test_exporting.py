"""Telemetry of the command: where it goes, and what it takes."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.telemetry import telemetry_listener
from rubricdsl.telemetry.exporting import Pace, exported
from tests.cli import chat_server

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CONSOLE = {"OTEL_TRACES_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "console"}
RUBRIC = """\
rubric short
passing: 0.5
[3] brief: Has at most five words.
    check: words(response) <= 5
[1] polite: Says please.
    check: contains(response, "please", case = no)
"""
Rub = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def rub(tmp_path: Path) -> Rub:
    """Give a runner of ``rub`` in a folder with a rubric and responses."""
    (tmp_path / "short.rub").write_text(RUBRIC, "utf-8")
    rows = ["Close the door.", "Please close the door behind you now."]
    (tmp_path / "r.jsonl").write_text(
        "".join(
            json.dumps({"response_id": f"r{n}", "response": row}) + "\n"
            for n, row in enumerate(rows)
        ),
        "utf-8",
    )

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rubricdsl", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": "", "PYTHONIOENCODING": "utf-8", **environ},
            timeout=120,
            check=False,
        )

    return run


EVAL = ("eval", "short.rub", "--responses", "r.jsonl")


def told(stderr: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the spans and the events that the console was told."""
    decoder, place = json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    while (place := stderr.find("{\n", place)) >= 0:
        record, place = decoder.raw_decode(stderr, place)
        found.append(record)
    return [r for r in found if "kind" in r], [r for r in found if "event_name" in r]


def test_the_command_tells_its_run_and_leaves_stdout_to_the_results(rub: Rub) -> None:
    done = rub(
        *EVAL, "--otel", "--json", TRACEPARENT=f"00-{TRACE}-{SPAN}-01", **CONSOLE
    )
    assert done.returncode == 0
    results = json.loads(done.stdout)["results"]
    spans, events = told(done.stderr)
    assert Counter(span["name"] for span in spans) == {
        "rubricdsl.run": 1,
        "rubricdsl.response": 2,
    }
    assert {span["context"]["trace_id"] for span in spans} == {f"0x{TRACE}"}
    (run,) = (span for span in spans if span["name"] == "rubricdsl.run")
    assert run["parent_id"] == f"0x{SPAN}"
    assert {
        span["resource"]["attributes"]["service.name"] for span in (*spans, *events)
    } == {"rub"}
    assert {event["event_name"] for event in events} == {"gen_ai.evaluation.result"}
    values = {
        (a["gen_ai.response.id"], a["gen_ai.evaluation.name"]): a[
            "gen_ai.evaluation.score.value"
        ]
        for a in (event["attributes"] for event in events)
    }
    assert len(values) == len(events) == 6
    for row in results:
        assert values[row["response_id"], "short"] == row["score"]
        for criterion in row["criteria"]:
            name = f"short.{criterion['name']}"
            assert values[row["response_id"], name] == criterion["value"]


def test_the_variables_decide_what_is_told_and_who_tells(rub: Rub) -> None:
    environ = {**CONSOLE, "OTEL_LOGS_EXPORTER": "none", "OTEL_SERVICE_NAME": "ci"}
    spans, events = told(rub(*EVAL, "--otel", **environ).stderr)
    assert len(spans) == 3
    assert not events
    assert spans[0]["resource"]["attributes"]["service.name"] == "ci"
    disabled = rub(*EVAL, "--otel", OTEL_SDK_DISABLED="true", **CONSOLE)
    assert disabled.returncode == 0
    assert told(disabled.stderr) == ([], [])


def test_nobody_is_told_unless_asked_to(rub: Rub) -> None:
    assert told(rub(*EVAL, **CONSOLE).stderr) == ([], [])


def test_ranking_tells_as_well(rub: Rub) -> None:
    done = rub("rank", *EVAL[1:], "--top", "1", "--otel", **CONSOLE)
    spans, events = told(done.stderr)
    assert len(spans) == 3
    assert events


def test_reasons_alone_are_refused(rub: Rub) -> None:
    done = rub(*EVAL, "--otel-reasons", **CONSOLE)
    assert done.returncode == 2
    assert "D401 --otel-reasons is of use only with --otel" in done.stderr


def test_a_command_that_is_interrupted_has_told_what_it_scored(
    rub: Rub, tmp_path: Path
) -> None:
    (tmp_path / "a.rub").write_text("rubric a\n[1] a: Says Ottawa.\n", "utf-8")
    rows = [{"response_id": f"r{i}", "response": f"Ottawa, {i}."} for i in range(60)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    process: list[subprocess.Popen[str]] = []
    answered = 0

    async def answer(request: Any) -> Any:
        nonlocal answered
        answered += 1
        if answered == 6:
            process[0].send_signal(signal.SIGINT)
        return await chat_server.answer_yes(request)

    with chat_server.serving(answer) as base_url:
        process.append(
            subprocess.Popen(
                [sys.executable, "-m", "rubricdsl", "eval", "a.rub", "--responses",
                 "a.jsonl", "--concurrency", "1", "--otel", "--format", "jsonl",
                 "--judge", f"openai:m?base_url={base_url}"],
                cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, **CONSOLE},
            )
        )  # fmt: skip
        stdout, stderr = process[0].communicate(timeout=60)
    assert process[0].returncode == 130, stderr
    spans, events = told(stderr)
    (run,) = (span for span in spans if span["name"] == "rubricdsl.run")
    assert run["attributes"]["error.type"] == "cancelled"
    assert run["status"]["status_code"] == "ERROR"
    rows = [json.loads(line) for line in stdout.splitlines()[1:]]
    complete = {row["response_id"] for row in rows if row["status"] == "complete"}
    assert 0 < len(complete) < 60
    assert {e["attributes"]["gen_ai.response.id"] for e in events} == complete


# ------------------------------------------------------------------- what it takes


@pytest.mark.parametrize(
    ("environ", "code", "problem", "way"),
    [
        (
            {"OTEL_TRACES_EXPORTER": "smoke"},
            "D108",
            "OTEL_TRACES_EXPORTER: no exporter `smoke`",
            "such as otlp, console or none",
        ),
        (
            {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none, drums"},
            "D108",
            "OTEL_LOGS_EXPORTER: no exporter `drums`",
            "name another in OTEL_LOGS_EXPORTER",
        ),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "morse"},
            "D401",
            "OTEL_EXPORTER_OTLP_PROTOCOL names the protocol `morse`",
            "http/protobuf, grpc",
        ),
    ],
)
def test_an_exporter_that_is_not_there(
    environ: dict[str, str], code: str, problem: str, way: str
) -> None:
    with pytest.raises(RubricError) as caught, exported(environ, reasons=False):
        pass
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert problem in diagnostic.message
    assert diagnostic.hint is not None
    assert way in diagnostic.hint


@pytest.mark.parametrize(
    ("environ", "package"),
    [
        ({}, "opentelemetry-exporter-otlp-proto-http"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
            "opentelemetry-exporter-otlp-proto-grpc",
        ),
    ],
)
def test_the_package_of_an_exporter_is_named(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], package: str
) -> None:
    monkeypatch.setattr("rubricdsl.telemetry.exporting.entry_points", lambda **_: ())
    with pytest.raises(RubricError) as caught, exported(environ, reasons=False):
        pass
    assert f'pip install "{package}"' in str(caught.value.diagnostics[0].hint)


def without(package: str, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code where a package cannot be found."""
    hidden = (
        "import sys, importlib.util as u\n"
        "found = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {package!r} "
        "else found(name, *a)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", hidden + code],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


@pytest.mark.parametrize("package", ["opentelemetry", "opentelemetry.sdk"])
def test_without_the_extra_the_command_says_what_to_install(
    rub: Rub, tmp_path: Path, package: str
) -> None:
    code = (
        "from rubricdsl.cli.dispatch import run\n"
        f"sys.exit(run([*{EVAL!r}, '--otel']))\n"
    )
    done = without(package, code, tmp_path)
    assert done.returncode == 2
    assert "D108 --otel needs OpenTelemetry, which is not installed" in done.stderr
    assert 'pip install "rubricdsl[otel]"' in done.stderr
    assert not (tmp_path / ".rub").exists()


def test_without_the_extra_python_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rubricdsl.telemetry.setup.find_spec", lambda _: None)
    with pytest.raises(RubricError, match="D108 a listener for telemetry") as caught:
        telemetry_listener()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.hint == 'pip install "rubricdsl[otel]"'


def test_nothing_is_imported_unless_it_is_used(rub: Rub, tmp_path: Path) -> None:
    code = (
        "import sys, rubricdsl.telemetry\n"
        "from rubricdsl.cli.dispatch import run\n"
        f"run([*{EVAL!r}, '--no-cache'])\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0


# ------------------------------------------------------------------------ the pace


def test_a_quick_exporter_is_waited_for_again_and_again() -> None:
    flushed = 0

    def flush() -> None:
        nonlocal flushed
        flushed += 1

    pace = Pace(clock=lambda: 0.0)
    for _ in range(10_000):
        pace.took(flush)
    assert flushed == 10_000 // 1024


def test_a_slow_exporter_is_waited_for_once() -> None:
    now, flushed = 0.0, 0

    def flush() -> None:
        nonlocal now, flushed
        now += 10.0
        flushed += 1

    pace = Pace(clock=lambda: now)
    for _ in range(10_000):
        pace.took(flush)
    assert flushed == 1


def test_no_event_is_dropped_though_many_come_at_once(rub: Rub, tmp_path: Path) -> None:
    rows = [{"response_id": f"r{n}", "response": "Please."} for n in range(2_000)]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    done = rub(*EVAL, "--no-cache", "--otel", **CONSOLE)
    assert "dropping" not in done.stderr
    spans, events = told(done.stderr)
    assert (len(spans), len(events)) == (2_001, 6_000)
