"""What a hundred thousand criteria cost: to parse, check, print, bind and score.

Three bodies of rubrics: all PaperBench trees that lie beside the repository, through
the importer; 5,000 rubrics of 20 criteria, each a source of its own, as a data set of
prompts has them; and one file of 32,000 criteria.  Printed are, for each stage at full
size, criteria per second with their spread, the ratios to `json.loads` and to PyYAML's
C loader on the same content in the same round, the exponent of growth over four sizes
(1 is linear; fitted to the least time of each size, with the least and the greatest of
the rounds, which tell how far it can be trusted), and by how much loading it all
raises the peak of memory::

    python tests/benchmarks/scale.py --rounds 3
    python tests/benchmarks/scale.py --small
"""

import argparse
import gc
import importlib
import json
import multiprocessing
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import log
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

import attrs
from attrs import frozen

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.formats.paperbench import read_paperbench
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.rubric import BoundRubric, Item, Rubric
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.meaning import Meaning

TREES = Path(__file__).resolve().parents[3] / "shared" / "data" / "paperbench" / "trees"
FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}
PARTS = (0.125, 0.25, 0.5, 1.0)
# A short run is repeated until it has taken so many seconds: the smallest part would
# else be all noise, and with it the exponent.
ENOUGH = 0.5
RESPONSES = 4
WORDS = [
    *("states", "names", "explains", "a", "correct", "dose", "window", "of", "risk"),
    *("pregnancy", "between", "weeks", "and", "fever", "vaccine", "advice", "to"),
    *("doctor", "clearly", "plainly", "without", "any", "is", "given", "before"),
]
Sources: TypeAlias = tuple[str, ...]


# ------------------------------------------------------------------- content


def tree_sources() -> Sources:
    """Give the PaperBench trees as rubrics; none if they are not at hand."""
    return tuple(
        imported.text
        for path in sorted(TREES.glob("*.json.gz"))
        for imported in read_paperbench(path.read_bytes(), path.name)
    )


def prompt_sources(count: int, seed: int) -> Sources:
    """Give rubrics of 20 criteria, with fields and groups as people write them."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    return tuple(_prompt_rubric(number, draw) for number in range(count))


def _prompt_rubric(number: int, draw: random.Random) -> str:
    rows = [f"rubric prompt_{number}", f"prompt: {_sentence(draw, 30)}"]
    rows += ["judge: careful", "", "judge careful", '    model: "a/b"', ""]
    for each in range(20):
        if each in {8, 14}:
            rows.append(f"[2] mean of part_{each}: {_sentence(draw, 6)}")
        indent = "    " if each >= 8 else ""
        mark = draw.choice(["1", "2", "3", "-1", "must" if each < 2 else "5"])
        rows.append(f"{indent}[{mark}] c_{each}: {_sentence(draw, 18)}")
        below = f"{indent}    "
        rows += [f"{below}tags: axis = {draw.choice(['accuracy', 'safety'])}, expert"]
        if draw.random() < 0.3:
            rows.append(f"{below}n/a: skip")
        if draw.random() < 0.3:
            rows.append(f"{below}why: {_sentence(draw, 10)}")
        if draw.random() < 0.05:
            rows.append(f"{below}check: words(response) <= {draw.randrange(100, 900)}")
    return "\n".join([*rows, ""])


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(draw.choices(WORDS, k=words)).capitalize() + "."


def one_source(criteria: int, seed: int) -> Sources:
    """Give one file of so many criteria, in groups of eight."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    rows = ["rubric large", ""]
    for number in range(criteria):
        if number % 8 == 0:
            rows.append(f"[1] mean of g{number}: {_sentence(draw, 5)}")
        rows.append(f"    [{number % 3 + 1}] c{number}: {_sentence(draw, 26)}")
        if number % 2:
            rows.append("        tags: axis = accuracy, expert")
    return ("\n".join([*rows, ""]),)


@frozen
class Body:
    """Rubrics to measure with; ``part`` gives a share of them."""

    name: str
    part: Callable[[float], Sources]


def bodies(*, small: bool, seed: int) -> list[Body]:
    """Give the bodies of rubrics; the trees only if they are at hand."""
    trees = tree_sources()
    count, criteria = (250, 3_200) if small else (5_000, 32_000)
    prompts = prompt_sources(count, seed)
    found = [
        Body(f"{count:,} prompts", lambda part: prompts[: round(count * part)]),
        Body("one file", lambda part: one_source(round(criteria * part), seed)),
    ]
    if trees:
        # Trees differ, so a share of them is each of them less often.
        times = 8
        few = sorted(trees, key=len)[:2] if small else trees
        name = f"{len(few)} trees, {times} times"
        found.insert(0, Body(name, lambda part: (*few,) * round(times * part)))
    return found


# -------------------------------------------------------------------- stages


def load(sources: Sources) -> list[Rubric]:
    """Parse and check all rubrics."""
    return [
        rubric
        for source in sources
        for rubric in load_text(source, FUNCTIONS, folder=Path()).checked()
    ]


def bind_all(rubrics: Iterable[Rubric]) -> list[BoundRubric]:
    """Bind all rubrics, which gives them their digests."""
    return [bind(rubric, FUNCTIONS) for rubric in rubrics]


def score_all(bound: Iterable[BoundRubric]) -> list[object]:
    """Score a few responses to each rubric."""
    scores: list[object] = []
    for rubric in bound:
        meaning = Meaning.of(rubric)
        paths = [criterion.path for criterion in rubric.criteria()]
        for response in range(RESPONSES):
            rulings: dict[str, Ruling] = {
                path: NO if number % 7 == response else YES
                for number, path in enumerate(paths)
            }
            scores.append(meaning.score(rulings))
    return scores


@frozen(eq=False)
class Content:
    """Rubrics at each stage, and the same in the languages of other parsers."""

    criteria: int
    stages: Mapping[str, Callable[[], object]]

    @classmethod
    def of(cls, sources: Sources) -> "Content":
        """Prepare what each stage begins with."""
        rubrics = load(sources)
        bound = bind_all(rubrics)
        stages: dict[str, Callable[[], object]] = {
            "parse and check": lambda: load(sources),
            "print": lambda: [print_rubric(rubric) for rubric in rubrics],
            "bind and digest": lambda: bind_all(rubrics),
            f"score {RESPONSES} responses": lambda: score_all(bound),
            **_peers([plain(rubric) for rubric in rubrics]),
        }
        return cls(sum(1 for rubric in bound for _ in rubric.criteria()), stages)


def _peers(contents: Sequence[object]) -> Mapping[str, Callable[[], object]]:
    as_json = [json.dumps(content, ensure_ascii=False) for content in contents]
    peers: dict[str, Callable[[], object]] = {
        "json.loads": lambda: [json.loads(text) for text in as_json]
    }
    try:
        yaml: Any = importlib.import_module("yaml")
        loader, dumper = yaml.CSafeLoader, yaml.CSafeDumper
    except (ImportError, AttributeError):
        return peers
    as_yaml = [
        yaml.dump(content, Dumper=dumper, allow_unicode=True, width=10**6)
        for content in contents
    ]
    peers["PyYAML C"] = lambda: [yaml.load(text, Loader=loader) for text in as_yaml]
    return peers


def plain(node: Rubric | Item) -> dict[str, object]:
    """Give what a rubric says as plain data, without what it leaves open."""
    kept: dict[str, object] = {}
    for attribute in attrs.fields(type(node)):
        value = getattr(node, attribute.name)
        if attribute.name == "items":
            kept["items"] = [plain(item) for item in value]
        elif attribute.name == "mark":
            kept["mark"] = {type(value).__name__: getattr(value, "value", None)}
        elif attribute.name == "tags":
            kept |= {"tags": {tag.name: tag.value for tag in value}} if value else {}
        elif isinstance(value, str) and value:
            kept[attribute.name] = str(value)
    return kept


# --------------------------------------------------------------- measurement


def seconds(work: Callable[[], object]) -> float:
    """Give the CPU time of a stage, the mean of some runs if it is short."""
    taken, runs = 0.0, 0
    while taken < ENOUGH:
        start = time.process_time()
        result = work()
        taken += time.process_time() - start
        runs += 1
        del result
    return taken / runs


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Fit the power of the size with which time grows, by least squares of logs."""
    xs, ys = [log(size) for size in sizes], [log(taken) for taken in times]
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum(
        (a - x) ** 2 for a in xs
    )


def peak_growth(work: Callable[[], object]) -> float:
    """Give the megabytes by which some work raises the peak of a fresh process."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_report_growth, args=(work, there))
    process.start()
    growth: float = here.recv()
    process.join()
    return growth


def _report_growth(work: Callable[[], object], connection: Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    del result
    connection.send((after - before) / 1024)


def measure(body: Body, growth: float, rounds: int) -> None:
    """Measure one body of rubrics at all sizes, and print a table."""
    whole = body.part(1.0)
    contents = [Content.of(body.part(part)) for part in PARTS]
    # What is prepared here no stage should have to walk through when it collects.
    gc.collect()
    gc.freeze()
    sizes = [content.criteria for content in contents]
    megabytes = sum(map(len, whole)) / 1e6
    print(f"\n{body.name}: {sizes[-1]:,} criteria, {megabytes:.1f} MB", end="")
    print(f"; loading them raises the peak by {growth:.0f} MB")
    names = list(contents[-1].stages)
    times: dict[str, list[list[float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            times[name].append([seconds(each.stages[name]) for each in contents])
    gc.unfreeze()
    peers = [name for name in names if name in {"json.loads", "PyYAML C"}]
    heads = "".join(f"{'x ' + peer:>14}" for peer in peers)
    print(f"{'':22}{'criteria/s':>12}{'spread':>9}{'exponent':>20}{heads}")
    for name, taken in times.items():
        full = [round_[-1] for round_ in taken]
        spread = (max(full) - min(full)) / statistics.median(full)
        powers = [exponent(sizes, round_) for round_ in taken]
        # The least time at each size is the one that was disturbed least.
        least = [min(each) for each in zip(*taken, strict=True)]
        power = f"{exponent(sizes, least):.2f} [{min(powers):.2f}, {max(powers):.2f}]"
        ratios = "".join(
            f"{statistics.median(_ratios(times[peer], taken)):14.2f}" for peer in peers
        )
        print(
            f"{name:22}{sizes[-1] / statistics.median(full):12,.0f}{spread:9.0%}"
            f"{power:>20}{ratios}"
        )


def _ratios(
    theirs: Sequence[Sequence[float]], ours: Sequence[Sequence[float]]
) -> list[float]:
    return [other[-1] / own[-1] for other, own in zip(theirs, ours, strict=True)]


def main() -> None:
    """Measure all bodies of rubrics."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="a twentieth, to try out")
    options = parser.parse_args()
    print("ratios: how many times as fast as the parser named, in the same round")
    found = bodies(small=options.small, seed=options.seed)
    # First of all: later, a process has room from what it freed, and grows less.
    growths = [peak_growth(partial(load, body.part(1.0))) for body in found]
    for body, growth in zip(found, growths, strict=True):
        measure(body, growth, options.rounds)


if __name__ == "__main__":
    main()
