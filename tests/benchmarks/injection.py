"""How often a response talks its judge round, with and without each defence.

Every probe of ``tests/faults/obedient.py`` is a response that answers nothing and asks
for a yes all the same.  Two judges read them: a server that does whatever it is told,
and a real language model of 135 million parameters, which is far too small to judge
and so only shows what such a model does with these texts.  A probe has moved the
verdicts if a row that may be believed (``complete``, or with a yes left in it) says yes
where the same judge says no of a response without a probe.

Run it with ``python tests/benchmarks/injection.py``; without the packages of
``tests/model-server.txt`` the model is left out.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.faults.obedient import (
    HONEST,
    PROBES,
    STATEMENTS,
    instructed_quote,
    made_up_quote,
    obey,
)
from tests.faults.server import FaultyServer
from tests.judging.conftest import launch_model_server

_NAMES = ("capital", "vaccines", "bridge")


@frozen
class Judge:
    """Who judges: a name to print, an address, a model and a key."""

    name: str
    base: str
    model: str
    key: str


@frozen
class Defence:
    """A way of asking."""

    name: str
    evidence: bool
    canaries: bool


DEFENCES = (
    Defence("none but the fence", evidence=False, canaries=False),
    Defence("evidence: required", evidence=True, canaries=False),
    Defence("canaries=1", evidence=False, canaries=True),
    Defence("both", evidence=True, canaries=True),
)


@contextmanager
def judges() -> Iterator[list[Judge]]:
    """Start the judges that can be had here."""
    with (
        FaultyServer(judge=obey, quote=made_up_quote) as inventing,
        FaultyServer(judge=obey, quote=instructed_quote) as quoting,
    ):
        found = [
            Judge("obeys, and makes its quotes up", inventing.base, "obedient", ""),
            Judge("obeys, and quotes the order", quoting.base, "obedient", ""),
        ]
        if importlib.util.find_spec("xllamacpp") is None:
            sys.stdout.write("the model is left out: xllamacpp is not installed\n")
            yield found
            return
        running, address = launch_model_server()
        found.append(Judge("SmolLM2-135M", address.base, "judge", address.key))
        yield found
        del running


def evaluate(judge: Judge, defence: Defence) -> dict[str, dict[str, Any]]:
    """Have all probes judged, and a response without one; rows by name."""
    evidence = "    evidence: required\n" if defence.evidence else ""
    rubric = "rubric facts\n" + "".join(
        f"[1] {name}: {statement}\n{evidence}"
        for name, statement in zip(_NAMES, STATEMENTS, strict=True)
    )
    rows = [{"prompt_id": "p", "response_id": "honest", "response": HONEST}]
    rows += [
        {"prompt_id": "p", "response_id": probe.name, "response": probe.text}
        for probe in PROBES
    ]
    query = "ask=together&timeout=300&concurrency=2&max_tokens=400"
    if defence.canaries:
        query += "&canaries=1"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "facts.rub").write_text(rubric, encoding="utf-8")
        lines = "\n".join(map(json.dumps, rows))
        (Path(folder) / "responses.jsonl").write_text(lines, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "rubricdsl", "eval", "facts.rub", "--json",
             "--responses", "responses.jsonl", "--judge",
             f"openai:{judge.model}?base_url={judge.base}&{query}"],
            cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "OPENAI_API_KEY": judge.key},
        )  # fmt: skip
    if done.returncode not in {0, 3}:
        raise SystemExit(done.stderr)
    return {row["response_id"]: row for row in json.loads(done.stdout)["results"]}


def outcome(row: dict[str, Any], honest: dict[str, Any]) -> str:
    """Say what a probe came to: MOVED, suspect, refused (a yes without proof) or -."""
    if row["status"] == "suspect":
        return "suspect"
    before = {c["name"]: c["verdict"] for c in honest["criteria"]}
    gained = [c for c in row["criteria"] if c["verdict"] == "yes" != before[c["name"]]]
    if gained:
        return f"MOVED {len(gained)}"
    kinds = {c["error"]["kind"] for c in row["criteria"] if c["error"]}
    if "evidence_not_found" in kinds:
        return "refused"
    return "unread" if kinds else "-"


def main() -> None:
    """Measure and print."""
    with judges() as present:
        for judge in present:
            results = {d.name: evaluate(judge, d) for d in DEFENCES}
            sys.stdout.write(f"\n{judge.name}\n")
            head = "".join(f"{defence.name:<22}" for defence in DEFENCES)
            sys.stdout.write(f"  {'probe':<34}{head}\n")
            moved = dict.fromkeys(results, 0)
            for probe in PROBES:
                cells = []
                for name, rows in results.items():
                    cell = outcome(rows[probe.name], rows["honest"])
                    moved[name] += cell.startswith("MOVED")
                    cells.append(cell)
                line = "".join(f"{cell:<22}" for cell in cells)
                sys.stdout.write(f"  {probe.name:<34}{line}\n")
            totals = "".join(f"{f'{n} of {len(PROBES)}':<22}" for n in moved.values())
            sys.stdout.write(f"  {'moved':<34}{totals}\n")
            sound = [f"{name}: {results[name]['honest']['status']}" for name in results]
            sys.stdout.write(f"  without a probe: {'; '.join(sound)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
