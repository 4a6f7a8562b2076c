"""What a run is of: rubrics, responses, judges and seed, each by its digest.

Two runs of one identity come to the same results, however often either was stopped;
so one may go on where the other ended.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import attrs
from attrs import field, frozen

from rubricdsl.diagnostics.secrets import without_keys
from rubricdsl.judging.panels import Panel
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.model.digest import ListDigest, Plain, digest
from rubricdsl.model.execution import Job, Precision
from rubricdsl.model.response import Response


class JobsDigest:
    """The identity of jobs in their order, worked out one by one."""

    def __init__(self) -> None:
        self._digest = ListDigest()
        self.count = 0

    @classmethod
    def of(cls, jobs: Iterable[Job]) -> str:
        """Give that of jobs which are all there."""
        made = cls()
        for job in jobs:
            made.add(job)
        return made.value

    def add(self, job: Job) -> None:
        """Go on with the next job."""
        self._digest.add([job.rubric.name, _digest(job.response)])
        self.count += 1

    @property
    def value(self) -> str:
        """That of all jobs so far."""
        return self._digest.value


@frozen(kw_only=True)
class RunIdentity:
    """What results depend on.

    ``rubrics`` and ``judges`` are digests by name; that of a judge covers its model,
    address, parameters, way of asking and prompt, which ``settings`` hold in plain
    words, to say what has changed.  ``checks`` is that of the check functions'
    versions, ``responses`` that of all responses in their order.
    """

    rubrics: Mapping[str, str] = field(hash=False)
    judges: Mapping[str, str] = field(hash=False)
    settings: Mapping[str, Plain] = field(hash=False)
    checks: str
    responses: str
    count: int
    seed: int
    top: int | None = None
    precision: Precision | None = None

    @classmethod
    def of(  # noqa: PLR0913 - all that results depend on, by name
        cls,
        plans: Mapping[int, RubricPlan],
        *,
        responses: str,
        count: int,
        seed: int,
        top: int | None = None,
        precision: Precision | None = None,
    ) -> "RunIdentity":
        """Work it out for planned jobs; ``plans`` are by the rubric's ``id``.

        ``responses`` is the `JobsDigest`, and ``count`` the number, of the jobs.
        """
        planned = sorted(plans.values(), key=lambda plan: plan.rubric.name)
        criteria = [c for plan in planned for c in plan.criteria.values()]
        panels: dict[str, dict[str, Panel]] = {}
        checks: list[str] = []
        for criterion in criteria:
            if isinstance(criterion, JudgedCriterion):
                panel = criterion.panel
                panels.setdefault(panel.name, {})[panel.identity] = panel
            else:
                checks.append(criterion.digest)
        return cls(
            rubrics={plan.rubric.name: plan.rubric.digest for plan in planned},
            judges={
                name: digest(tuple(sorted(panels[name]))) for name in sorted(panels)
            },
            settings={
                name: [_settings(panels[name][key]) for key in sorted(panels[name])]
                for name in sorted(panels)
            },
            checks=digest(tuple(checks)),
            responses=responses,
            count=count,
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
            "settings": dict(self.settings),
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
        yield from self._judge_differences(record)
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

    def _judge_differences(self, record: Mapping[str, Plain]) -> Iterator[str]:
        judges, settings = (
            _mapping(record.get("judges")),
            _mapping(record.get("settings")),
        )
        gone = sorted(judges.keys() - self.judges.keys())
        new = sorted(self.judges.keys() - judges.keys())
        if len(gone) == len(new) == 1:
            yield f"the judge was `{gone[0]}`, and is `{new[0]}`"
        else:
            yield from (f"the judge `{n}` was not part of it" for n in new)
            yield from (f"the judge `{n}` is no part of it any more" for n in gone)
        for name in sorted(judges.keys() & self.judges.keys()):
            if judges[name] != self.judges[name]:
                changes = _changes(settings.get(name), self.settings[name])
                what = f": {', '.join(changes)}" if changes else ""
                yield f"the judge `{name}` has changed{what}"


def _settings(panel: Panel) -> dict[str, Plain]:
    """Give all that an answer can depend on; of long texts, the digest."""
    held: dict[str, Plain] = {
        "ask": str(panel.ask),
        "votes": panel.votes,
        "rule": str(panel.rule),
        "on_error": "skip" if panel.skip_failed else "stop",
        "instructions": panel.instructions and digest(panel.instructions),
    }
    for place, judge in enumerate(panel.members, 1):
        # No option holds a secret; where several judge, each has a number.
        of = f" of judge {place}" if len(panel.members) > 1 else ""
        for name, value in judge.lasting_options.items():
            held[f"{name}{of}"] = value
        held[f"prompt{of}"] = judge.backend.template
    return held


_DIGESTS = ("instructions", "prompt", "calibration_digest")


def _changes(before: Plain, now: Plain) -> list[str]:
    """Say which settings of a judge were others, and what they were."""
    match before, now:
        case [dict(then)], [dict(current)]:
            return [
                _change(name, then.get(name), current.get(name))
                for name in sorted(then.keys() | current.keys())
                if then.get(name) != current.get(name)
            ]
        case _:
            # Written by an earlier version, or asked in several ways.
            return []


def _change(name: str, before: Plain, now: Plain) -> str:
    if name.startswith(_DIGESTS):
        return f"its {name.replace('_digest', '')} is another"
    return f"{name} was {_shown(before)}, and is {_shown(now)}"


def _shown(value: Plain) -> str:
    if value is None:
        return "not set"
    return without_keys(f"{value:g}" if isinstance(value, float) else str(value))


def _aim(top: Plain) -> str:
    return "every score" if top is None else f"the best {top}"


def _named(what: str, now: Mapping[str, str], before: Plain) -> Iterator[str]:
    known = _mapping(before)
    for name in sorted(now.keys() | known.keys()):
        if name not in known:
            yield f"the {what} `{name}` was not part of it"
        elif name not in now:
            yield f"the {what} `{name}` is no part of it any more"
        elif known[name] != now[name]:
            yield f"the {what} `{name}` has changed"


def _mapping(value: Plain) -> Mapping[str, Plain]:
    return cast("Mapping[str, Plain]", value) if isinstance(value, dict) else {}


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
