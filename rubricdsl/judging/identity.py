"""What a run is of: rubrics, responses, judges and seed, each by its digest.

Two runs of one identity come to the same results, however often either was stopped;
so one may go on where the other ended.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import attrs
from attrs import field, frozen

from rubricdsl.judging.dockets import Job
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.judging.sequential import Precision
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.response import Response


@frozen(kw_only=True)
class RunIdentity:
    """What results depend on.

    ``rubrics`` and ``judges`` are digests by name; that of a judge covers its model,
    address, parameters, way of asking and prompt.  ``checks`` is that of the check
    functions' versions, ``responses`` that of all responses in their order.
    """

    rubrics: Mapping[str, str] = field(hash=False)
    judges: Mapping[str, str] = field(hash=False)
    checks: str
    responses: str
    count: int
    seed: int
    top: int | None = None
    precision: Precision | None = None

    @classmethod
    def of(
        cls,
        jobs: Sequence[Job],
        plans: Mapping[int, RubricPlan],
        *,
        seed: int,
        top: int | None = None,
        precision: Precision | None = None,
    ) -> "RunIdentity":
        """Work it out for planned jobs; ``plans`` are by the rubric's ``id``."""
        planned = sorted(plans.values(), key=lambda plan: plan.rubric.name)
        criteria = [c for plan in planned for c in plan.criteria.values()]
        panels: dict[str, set[str]] = {}
        checks: list[str] = []
        for criterion in criteria:
            if isinstance(criterion, JudgedCriterion):
                panel = criterion.panel
                panels.setdefault(panel.name, set()).add(panel.identity)
            else:
                checks.append(criterion.digest)
        return cls(
            rubrics={plan.rubric.name: plan.rubric.digest for plan in planned},
            judges={
                name: digest(tuple(sorted(panels[name]))) for name in sorted(panels)
            },
            checks=digest(tuple(checks)),
            responses=digest([[j.rubric.name, _digest(j.response)] for j in jobs]),
            count=len(jobs),
            seed=seed,
            top=top,
            precision=precision,
        )

    @property
    def record(self) -> dict[str, Plain]:
        """The form in which a results file holds it."""
        record: dict[str, Plain] = {
            "rubrics": dict(self.rubrics),
            "judges": dict(self.judges),
            "checks": self.checks,
            "responses": self.responses,
            "count": self.count,
            "seed": self.seed,
        }
        if self.top is not None:
            record["top"] = self.top
        if self.precision is not None:
            record["precision"] = attrs.asdict(self.precision)
        return record

    def differences(self, record: Mapping[str, Plain]) -> Iterator[str]:
        """Say, part by part, how an earlier run was another one."""
        yield from _named("rubric", self.rubrics, record.get("rubrics"))
        yield from _named("judge", self.judges, record.get("judges"))
        if record.get("checks") != self.checks:
            yield "the check functions are of other versions"
        if record.get("count") != self.count:
            yield f"there were {record.get('count')} responses, and are {self.count}"
        elif record.get("responses") != self.responses:
            yield "the responses, or their order, are others"
        if record.get("seed") != self.seed:
            yield f"the seed was {record.get('seed')}, and is {self.seed}"
        if record.get("top") != self.top:
            was, now = _aim(record.get("top")), _aim(self.top)
            yield f"it was to find {was}, and now {now}"
        precise = self.record.get("precision")
        if record.get("precision") != precise:
            yield "it was to be known as well as other options say"


def _aim(top: Plain) -> str:
    return "every score" if top is None else f"the best {top}"


def _named(what: str, now: Mapping[str, str], before: Plain) -> Iterator[str]:
    known = cast("Mapping[str, Plain]", before) if isinstance(before, dict) else {}
    for name in sorted(now.keys() | known.keys()):
        if name not in known:
            yield f"the {what} `{name}` was not part of it"
        elif name not in now:
            yield f"the {what} `{name}` is no part of it any more"
        elif known[name] != now[name]:
            yield f"the {what} `{name}` has changed"


def _digest(response: Response) -> str:
    return digest(
        response.prompt_id,
        response.response_id,
        response.text,
        response.prompt,
        [[turn.speaker, turn.text] for turn in response.conversation],
        response.reference,
        dict(response.artifacts),
        cast("Plain", dict(response.meta)),
    )
