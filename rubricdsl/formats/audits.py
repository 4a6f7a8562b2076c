"""Back in: what ``rub audit --json`` says of the junk and the mutants that it made."""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.formats.fields import (
    Fields,
    needed_number,
    needed_objects,
    needed_text,
    optional_number,
    optional_text,
)
from rubricdsl.formats.records import read_record
from rubricdsl.model.digest import Plain


@frozen
class Part:
    """How many of how many."""

    count: int
    total: int


@frozen(kw_only=True)
class ToldProbe:
    """A kind of junk: how much of it got ``through``, and at most may, at 95 %."""

    name: str
    attacks: str
    through: Part
    upper: float | None


@frozen(kw_only=True)
class ToldCredit:
    """How often junk met a criterion, or a penalty passed it over."""

    rubric: str
    path: str
    helps: bool
    fooled: Part
    by_probe: tuple[tuple[str, Part], ...]


@frozen(kw_only=True)
class ToldRemedy:
    """Lines of a rubric that would stop junk; ``stops`` is None where not tried."""

    rubric: str
    replaces: str | None
    probes: tuple[str, ...]
    why: str
    lines: str
    stops: Part | None
    harms: Part | None


@frozen(kw_only=True)
class ToldMutation:
    """A way to make good responses worse, and how many of these were ``killed``."""

    name: str
    description: str
    killed: Part
    interval: tuple[float, float] | None


@frozen(kw_only=True)
class ToldKiller:
    """How many of the mutants that it could have noticed a criterion did notice."""

    rubric: str
    path: str
    kills: Part


@frozen(kw_only=True)
class ToldAudit:
    """An audit; ``top`` is the share of responses that counts as the top."""

    top: float
    through: Part
    probes: tuple[ToldProbe, ...]
    credits: tuple[ToldCredit, ...]
    remedies: tuple[ToldRemedy, ...]
    mutations: tuple[ToldMutation, ...]
    killers: tuple[ToldKiller, ...]
    not_measured: tuple[str, ...]


def read_audit(path: str) -> ToldAudit:
    """Read the record of an audit.

    Raises RubricError for a file that cannot be read (D101), is no JSON (D102) or no
    such record (D103).
    """
    return read_record(path, _audit, what="an audit", command="rub audit")


def _audit(record: Fields) -> ToldAudit:
    return ToldAudit(
        top=needed_number(record, "top"),
        through=_counts(record, "through", "measured"),
        probes=tuple(map(_probe, needed_objects(record, "probes"))),
        credits=tuple(map(_credit, needed_objects(record, "criteria"))),
        remedies=tuple(map(_remedy, needed_objects(record, "remedies"))),
        mutations=tuple(map(_mutation, needed_objects(record, "mutations"))),
        killers=tuple(map(_killer, needed_objects(record, "killers"))),
        not_measured=_texts(record.get("not_measured")),
    )


def _probe(record: Fields) -> ToldProbe:
    return ToldProbe(
        name=needed_text(record, "name"),
        attacks=optional_text(record, "attacks") or "",
        through=_counts(record, "through", "measured"),
        upper=optional_number(record, "upper"),
    )


def _credit(record: Fields) -> ToldCredit:
    by_probe = record.get("by_probe")
    found = by_probe.items() if isinstance(by_probe, Mapping) else ()
    return ToldCredit(
        rubric=needed_text(record, "rubric"),
        path=needed_text(record, "path"),
        helps=record.get("helps") is True,
        fooled=_part(record.get("fooled")) or Part(0, 0),
        by_probe=tuple(
            (name, part) for name, one in found if (part := _part(one)) is not None
        ),
    )


def _remedy(record: Fields) -> ToldRemedy:
    return ToldRemedy(
        rubric=needed_text(record, "rubric"),
        replaces=optional_text(record, "replaces"),
        probes=_texts(record.get("probes")),
        why=needed_text(record, "why"),
        lines=needed_text(record, "lines"),
        stops=_part(record.get("stops")),
        harms=_part(record.get("harms")),
    )


def _mutation(record: Fields) -> ToldMutation:
    interval: tuple[float, float] | None = None
    match record.get("interval"):
        case [int() | float() as low, int() | float() as high]:
            interval = (float(low), float(high))
    return ToldMutation(
        name=needed_text(record, "name"),
        description=optional_text(record, "description") or "",
        killed=_counts(record, "killed", "measured"),
        interval=interval,
    )


def _killer(record: Fields) -> ToldKiller:
    return ToldKiller(
        rubric=needed_text(record, "rubric"),
        path=needed_text(record, "path"),
        kills=_counts(record, "kills", "chances"),
    )


def _counts(record: Fields, count: str, total: str) -> Part:
    return Part(int(needed_number(record, count)), int(needed_number(record, total)))


def _part(value: Plain) -> Part | None:
    match value:
        case [int() as count, int() as total]:
            return Part(count, total)
        case _:
            return None


def _texts(value: Plain) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(one for one in listed if isinstance(one, str))
