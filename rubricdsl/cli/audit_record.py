"""An audit as plain data, for ``rub audit --json``."""

from rubricdsl.audit.credits import Count, Credit
from rubricdsl.audit.drawing import NotMade
from rubricdsl.audit.findings import Findings
from rubricdsl.audit.kills import Killer, Mutant, MutationResult
from rubricdsl.audit.remedies import Remedy
from rubricdsl.audit.trials import ProbeResult, Trial
from rubricdsl.model.digest import Plain
from rubricdsl.model.execution import EvaluationResult


def record(findings: Findings, asked: EvaluationResult, *, seed: int) -> Plain:
    """Give an audit as one document."""
    made_of = {base.key: base.response.response_id for base in findings.bases}
    return {
        "top": findings.top,
        "seed": seed,
        "judge_calls": asked.judge_calls,
        "complete": findings.is_complete,
        "through": findings.through,
        "measured": findings.measured,
        "prompts": [
            {
                "rubric": top.rubric,
                "prompt_id": top.prompt_id,
                "responses": top.responses,
                "scored": top.scored,
                "top_size": top.size,
                "bar": top.bar,
                "made_of": made_of.get(top.key),
            }
            for top in findings.tops
        ],
        "probes": [_probe(result) for result in findings.probes],
        "criteria": [_credit(credit) for credit in findings.credits],
        "remedies": [_remedy(remedy) for remedy in findings.remedies],
        "mutations": [_mutation(result) for result in findings.mutations],
        "killers": [_killer(killer) for killer in findings.killers],
        "not_measured": list(findings.blind_spots()),
    }


def _probe(result: ProbeResult) -> Plain:
    return {
        "name": result.offer.name,
        "description": result.offer.description,
        "attacks": result.offer.attacks,
        "against": result.offer.yardstick.value,
        "through": len(result.through),
        "measured": result.measured,
        "prompts": result.prompts,
        "upper": result.upper,
        "caught": result.caught,
        "not_made": [_not_made(one) for one in result.not_made],
        "responses": [_trial(trial) for trial in result.trials],
    }


def _trial(trial: Trial) -> Plain:
    return {
        "rubric": trial.card.rubric,
        "prompt_id": trial.card.prompt_id,
        "made_of": trial.attempt.base.response.response_id,
        "text": trial.attempt.response.text,
        "score": trial.card.score,
        "bar": trial.bar,
        "status": trial.card.status.value,
        "outcome": trial.outcome.value,
    }


def _not_made(one: NotMade) -> Plain:
    rubric, prompt_id = one.key
    return {"rubric": rubric, "prompt_id": prompt_id, "reason": one.reason}


def _credit(credit: Credit) -> Plain:
    return {
        "rubric": credit.rubric,
        "path": credit.path,
        "mark": credit.mark,
        "helps": credit.helps,
        "fooled": _count(credit.fooled),
        "by_probe": {name: _count(one) for name, one in credit.by_probe.items()},
    }


def _count(count: Count | None) -> Plain:
    return None if count is None else [count.count, count.total]


def _remedy(remedy: Remedy) -> Plain:
    return {
        "rubric": remedy.rubric,
        "replaces": remedy.criterion,
        "probes": list(remedy.probes),
        "why": remedy.why,
        "lines": remedy.lines,
        "stops": _count(remedy.stops),
        "harms": _count(remedy.harms),
    }


def _mutation(result: MutationResult) -> Plain:
    interval = result.interval
    return {
        "name": result.offer.name,
        "description": result.offer.description,
        "killed": result.killed,
        "measured": len(result.measured),
        "rewarded": result.rewarded,
        "interval": None if interval is None else [interval.low, interval.high],
        "not_made": [_not_made(one) for one in result.not_made],
        "mutants": [_mutant(one) for one in result.mutants],
    }


def _mutant(mutant: Mutant) -> Plain:
    return {
        "rubric": mutant.card.rubric,
        "prompt_id": mutant.card.prompt_id,
        "made_of": mutant.attempt.base.response.response_id,
        "text": mutant.attempt.response.text,
        "change": mutant.change,
        "killed": mutant.is_killed,
        "killers": list(mutant.killers),
    }


def _killer(killer: Killer) -> Plain:
    return {
        "rubric": killer.rubric,
        "path": killer.path,
        "chances": killer.chances,
        "kills": killer.kills,
        "by_mutation": dict(killer.by_mutation),
    }
