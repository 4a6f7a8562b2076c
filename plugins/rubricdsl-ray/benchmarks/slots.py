"""What limits a run on many machines: a simulation of up to 10,000 judge slots.

What things cost is measured here, on one core each: a message to the keeper and a
verdict in it, a response on its way through the driver, and what an actor does for a
request.  Then a run is simulated event by event: slots that wait for their judge
(log-normal, mean 1 s), actors of 64 slots whose one core serves their requests in
turn, one message of each actor under way to the keeper, which serves messages in turn,
as the driver does responses.  Nothing else is in the way: no network, no judge limits.

Run it from the root of the repository:
``python plugins/rubricdsl-ray/benchmarks/slots.py [--seconds S]``.
"""

import argparse
import heapq
import pickle
import random
import tempfile
import time
from collections import deque
from pathlib import Path

import ray
from attrs import define, field, frozen

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.digest import digest
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import YES
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status
from rubricdsl_ray.cluster import connected, packed
from rubricdsl_ray.keeper import Keeper
from rubricdsl_ray.messages import News, Spent

PER_ACTOR = 64
CRITERIA = 20
# The engine's own CPU for a request and its answer, over HTTP: see
# tests/benchmarks/engine.py, which measures it beside the bare client.
ENGINE = 130e-6
LATENCY = 1.0
# The engine hands in together what comes within this time, in seconds.
_GATHERED = 0.025
SPREAD = 0.5


@frozen
class Costs:
    """Seconds of one core: of the keeper, the driver and an actor."""

    message: float
    verdict: float
    response: float
    request: float


# ------------------------------------------------------------------ what it costs


def _verdicts(count: int, start: int = 0) -> tuple[tuple[VerdictKey, Verdict], ...]:
    judge = digest("judge")
    found = []
    for n in range(start, start + count):
        key = VerdictKey(digest(n // CRITERIA), digest("q", n % CRITERIA), judge)
        provenance = Provenance(
            judge="openai:m", question=key.question, response=key.response, at=0.0
        )
        reason = "The second sentence says so in other words."
        verdict = Verdict(ruling=YES, reason=reason, provenance=provenance)
        found.append((key, verdict))
    return tuple(found)


def _news(verdicts: tuple[tuple[VerdictKey, Verdict], ...]) -> News:
    usage = Usage(prompt_tokens=300, completion_tokens=20)
    spent = tuple(Spent(key.judge, usage, 900, 1.0) for key, _ in verdicts)
    return News(block=0, verdicts=verdicts, spent=spent)


class MeasuredKeeper(Keeper):
    """A keeper that tells what its process has taken."""

    def taken(self) -> float:
        """Give the CPU seconds of the whole process, what Ray takes among them."""
        return time.process_time()


def keeper_costs(folder: Path) -> tuple[float, float]:
    """Measure a message, and a verdict, with a real keeper behind real calls of Ray.

    What other processes of the machine do makes no difference to CPU time.
    """
    keeper = (
        ray.remote(MeasuredKeeper)
        .options(num_cpus=0)
        .remote(folder / "s.sqlite", durable=False, limits=Limits(), slots=1)
    )
    taken: dict[int, float] = {}
    start = 0
    for size, count in ((1, 600), (64, 200)):
        news = []
        for _ in range(count):
            verdicts = _verdicts(size, start)
            # A block is begun once, and so are its claims made.
            ray.get(keeper.begin.remote(0, [key for key, _ in verdicts]))
            news.append(_news(verdicts))
            start += size
        before = ray.get(keeper.taken.remote())
        ray.get([keeper.keep.remote(one) for one in news])
        taken[size] = (ray.get(keeper.taken.remote()) - before) / count
    before = ray.get(keeper.taken.remote())
    keys = [key for key, _ in _verdicts(64 * CRITERIA * 4, start)]
    for block in range(4):
        part = keys[block * 64 * CRITERIA : (block + 1) * 64 * CRITERIA]
        ray.get(keeper.begin.remote(block, part))
    begun = (ray.get(keeper.taken.remote()) - before) / len(keys)
    ray.kill(keeper)
    verdict = max(0.0, (taken[64] - taken[1]) / 63)
    return taken[1] - verdict, verdict + begun


def driver_cost() -> float:
    """Measure what the driver does for a response: unpickle its scorecard."""
    criteria = tuple(
        CriterionResult(
            name=f"c{n}", path=f"c{n}", mark="1", verdict=verdict, value=1.0,
            weight=1.0, share=1 / CRITERIA,
        )
        for n, (_, verdict) in enumerate(_verdicts(CRITERIA))
    )  # fmt: skip
    card = Scorecard(
        rubric="r", rubric_version=None, rubric_digest=digest("r"), prompt_id="p",
        response_id="r", score=1.0, points=20.0, passed=None, status=Status.COMPLETE,
        coverage=1.0, interval=None, gates=(), criteria=criteria, groups=(),
    )  # fmt: skip
    rows = [packed(card) for _ in range(2000)]
    before = time.process_time()
    for one in rows:
        pickle.loads(one)  # noqa: S301 - made here
    return (time.process_time() - before) / len(rows)


# -------------------------------------------------------------------- simulation


@define
class Station:
    """Somebody who serves one after another; ``busy`` seconds in all."""

    free_at: float = 0.0
    busy: float = 0.0

    def serve(self, now: float, cost: float) -> float:
        """Take work that comes now; gives when it is done."""
        self.free_at = max(now, self.free_at) + cost
        self.busy += cost
        return self.free_at


@define
class Actor:
    """An actor: its core, the verdicts that wait to be kept, and what is under way."""

    core: Station = field(factory=Station)
    waiting: deque[float] = field(factory=deque)
    is_sending: bool = False
    answers: int = 0


@frozen
class Simulated:
    """How a simulated run went."""

    rate: float
    ideal: float
    keeper: float
    driver: float
    actor: float
    messages: float
    kept_after: float


def simulate(slots: int, costs: Costs, *, seconds: float, seed: int = 0) -> Simulated:
    """Let slots ask for so many seconds."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    mu = -(SPREAD**2) / 2
    actors = [Actor() for _ in range(-(-slots // PER_ACTOR))]
    keeper, driver = Station(), Station()
    events: list[tuple[float, int, int]] = []
    answers = messages = 0
    delays: list[float] = []

    def ask(now: float, number: int) -> None:
        latency = LATENCY * rng.lognormvariate(mu, SPREAD)
        heapq.heappush(events, (now + latency, 0, number))

    def send(now: float, actor: Actor, number: int) -> None:
        nonlocal messages
        batch = list(actor.waiting)
        actor.waiting.clear()
        messages += 1
        done = keeper.serve(now, costs.message + costs.verdict * len(batch))
        delays.extend(done - answered for answered in batch)
        heapq.heappush(events, (done, 1, number))

    for slot in range(slots):
        # Nobody starts everything at once.
        ask(rng.random() * LATENCY, slot // PER_ACTOR)
    while events:
        now, kind, number = heapq.heappop(events)
        if now > seconds:
            break
        actor = actors[number]
        if kind == 0:
            answers += 1
            done = actor.core.serve(now, costs.request)
            actor.waiting.append(done)
            actor.answers += 1
            if actor.answers % CRITERIA == 0:
                driver.serve(now, costs.response)
            ask(done, number)
            if not actor.is_sending:
                actor.is_sending = True
                heapq.heappush(events, (done + _GATHERED, 1, number))
        elif actor.waiting:
            send(now, actor, number)
        else:
            actor.is_sending = False
    late = sorted(delays)
    return Simulated(
        rate=answers / seconds,
        ideal=slots / LATENCY,
        keeper=keeper.busy / seconds,
        driver=driver.busy / seconds,
        actor=max(actor.core.busy for actor in actors) / seconds,
        messages=messages / seconds,
        kept_after=late[int(0.99 * len(late))] if late else 0.0,
    )


def main() -> None:
    """Measure, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with connected(None), tempfile.TemporaryDirectory() as name:
        message, verdict = keeper_costs(Path(name))
    costs = Costs(message, verdict, driver_cost(), ENGINE)
    print(
        f"keeper: {costs.message * 1e6:.0f} us a message, {costs.verdict * 1e6:.0f} us "
        f"a verdict; driver: {costs.response * 1e6:.0f} us a response; actor: "
        f"{costs.request * 1e6:.0f} us a request"
    )
    print(
        "  slots  actors  per second  of ideal  keeper  driver  actor  "
        "messages/s  kept after (p99)"
    )
    for slots in (64, 640, 2560, 5120, 10_000):
        run = simulate(slots, costs, seconds=options.seconds)
        print(
            f"{slots:7,}{-(-slots // PER_ACTOR):8}{run.rate:12,.0f}"
            f"{run.rate / run.ideal:10.2f}{run.keeper:8.2f}{run.driver:8.2f}"
            f"{run.actor:7.3f}{run.messages:12,.0f}{run.kept_after:16.2f} s"
        )


if __name__ == "__main__":
    main()
