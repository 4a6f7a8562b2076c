#!/bin/sh
# The main job on real input, offline: score responses with the rubrics of three people,
# and sharpen one of them.
# Run by `make demo`; `rub` is on the PATH.
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-demo-results}
mkdir -p "$out"

run() {
    echo
    echo "\$ rub $*"
    rub "$@"
}

run check examples
run eval examples/doctor/fever_full.rub --responses examples/doctor/responses.jsonl \
    --out "$out/doctor.jsonl" --top 5
run eval examples/teacher/misconceptions.rub --responses examples/teacher/responses.jsonl \
    --out "$out/teacher.jsonl" --top 4
run eval examples/release/release.rub --responses examples/release/responses.jsonl \
    --out "$out/release.jsonl" --top 4
run refine examples/doctor/fever.rub --responses examples/doctor/responses.jsonl \
    --gold examples/doctor/gold.jsonl --held-out 0.5 \
    --proposer scripted:examples/doctor/proposals.jsonl --dry-run
echo
echo "All responses, with every verdict and its evidence, are in $out/*.jsonl"
