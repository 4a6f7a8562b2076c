"""What a run would take, told: for people, and as a record."""

from collections.abc import Iterator

from rubricdsl.cli.output import plural
from rubricdsl.judging.efforts import Effort, Estimate, Learnt
from rubricdsl.model.digest import Plain


def plan_document(plan: Estimate, latency: float | None) -> dict[str, Plain]:
    """Give an estimate as a record; a request takes ``latency`` seconds."""
    document = effort_record(plan.most, latency)
    document["responses"] = plan.responses
    least = effort_record(plan.least, latency)
    for name in ("questions", "checks", "calls", "tokens"):
        document[f"{name}_least"] = least[name]
    document["judges"] = [
        {
            "judge": load.judge,
            "calls": load.calls,
            "concurrency": load.concurrency,
            "learnt": _learnt(load.learnt),
        }
        for load in plan.most.loads
    ]
    document["unmeasured"] = dict(plan.unmeasured)
    return document


def _learnt(learnt: Learnt | None) -> dict[str, Plain] | None:
    if learnt is None:
        return None
    return {
        "calls": learnt.calls,
        "completion": learnt.completion_tokens,
        "timed": learnt.timed,
        "seconds": learnt.seconds,
    }


def effort_record(effort: Effort, latency: float | None) -> dict[str, Plain]:
    """Give what a run takes as a record."""
    usage = effort.usage
    return {
        "questions": effort.questions,
        "cached": effort.cached,
        "checks": effort.checks,
        "calls": effort.calls,
        "tokens": {
            "prompt": None if usage is None else usage.prompt_tokens,
            "completion": None if usage is None else usage.completion_tokens,
        },
        "cost": None if usage is None else usage.cost,
        "seconds": effort.seconds(latency),
    }


def plan_lines(
    plan: Estimate, latency: float | None, depends_on: str = "verdicts"
) -> Iterator[str]:
    """Say what a run would take, and what it ``depends_on`` how much that is."""
    most, least = plan.most, plan.least
    yield f"{plural(plan.responses, 'response')}"
    yield f"  questions  {_range(least.questions, most.questions)}"
    yield f"  cached     {_range(least.cached, most.cached)}"
    yield f"  checks     {_range(least.checks, most.checks)}"
    yield f"  calls      {_range(least.calls, most.calls)}"
    for load in most.loads:
        if len(most.loads) > 1:
            yield f"    {load.judge}: {load.calls:,}"
    if most.usage is None or least.usage is None:
        yield "  tokens     not known: a judge cannot tell"
    else:
        prompt = _range(least.usage.prompt_tokens, most.usage.prompt_tokens)
        completion = _range(least.usage.completion_tokens, most.usage.completion_tokens)
        yield f"  tokens     {prompt} to read, {completion} to write{_written(most)}"
        if most.usage.cost is not None:
            yield f"  cost       {most.usage.cost:.4g} at most"
    seconds = most.seconds(latency)
    if seconds is not None and (latency is not None or most.calls):
        timed = sum(load.learnt.timed for load in most.loads if load.learnt)
        source = f" (as in {plural(timed, 'earlier call')})" * (latency is None)
        yield f"  seconds    {seconds:,.1f} at most{source}"
    if not plan.is_exact:
        yield f"How much is asked depends on {depends_on}."
    for kind, count in plan.unmeasured.items():
        yield f"{plural(count, 'verdict')} cannot be had as it stands: {kind}"


def _written(effort: Effort) -> str:
    """Say of how many calls was learnt what a judge writes."""
    learnt = [load.learnt for load in effort.loads if load.learnt is not None]
    calls = sum(one.calls for one in learnt if one.completion_tokens is not None)
    return f" (as in {plural(calls, 'earlier call')})" if calls else ""


def _range(least: int, most: int) -> str:
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"
