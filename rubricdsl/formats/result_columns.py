"""Results as columns: one row for each response, criteria nested in it.

==================== ==========================================================
``row``              the place in the run, from 0: the order of JSON Lines
``rubric``, …        as in JSON Lines, where a field is a text, number or truth
``interval_low``, ``interval_high``  the ends of ``interval``
``gates``, ``criteria``, ``groups``  lists of structs, for ``unnest``
``prompt_tokens``, ``completion_tokens``  the members of ``tokens``
``rank``, ``rank_best``, ``rank_worst``, ``rank_doubt_border``,
``rank_doubt_place``, ``noise_half_width``, ``noise_votes``  null where the row
                     has no such member
==================== ==========================================================

In a criterion ``error`` and ``provenance`` are flat: ``error_kind``,
``error_reason``, ``question``, ``response``, ``settings``, ``template``, ``model``.
``verdict`` is a text in every case (``yes``, ``level 3``, ``0.7``), ``value`` is the
number to reckon with.

Criteria are in the row of their response and not in a second file, since one file is
whole or not there, and ``unnest(criteria)`` gives the other view without a join.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rubricdsl.model.digest import Plain

COLUMNS_VERSION = 1
"""The edition of the columns below; a change that readers notice makes it another."""

_TEXTS = ("rubric", "rubric_version", "rubric_digest", "prompt_id", "response_id")
_PROVENANCE = ("question", "response", "settings", "template", "model")
_PLACE = ("name", "path", "mark")


def result_schema(arrow: Any) -> Any:
    """Give the Arrow schema of results; ``arrow`` is pyarrow."""
    text, number, count = arrow.string(), arrow.float64(), arrow.int64()
    error = [("error_kind", text), ("error_reason", text)]
    ballot = [("judge", text), ("verdict", text), ("probability", number), *error]
    place = [(name, text) for name in _PLACE]
    criterion = [
        *place,
        ("verdict", text),
        *((name, number) for name in ("value", "weight", "share", "probability")),
        *((name, text) for name in ("judge", "evidence", "reason")),
        *((name, arrow.bool_()) for name in ("cached", "asked")),
        *error,
        *((name, text) for name in _PROVENANCE),
        ("ballots", arrow.list_(arrow.struct(ballot))),
    ]
    gate = [*place, ("cap", number)]
    group = [*place, ("value", number), ("weight", number)]
    return arrow.schema(
        [
            ("row", count),
            *((name, text) for name in _TEXTS),
            ("score", number),
            ("points", number),
            ("passed", arrow.bool_()),
            ("status", text),
            *(
                (name, number)
                for name in ("coverage", "interval_low", "interval_high", "expected")
            ),
            ("gates", arrow.list_(arrow.struct(gate))),
            ("criteria", arrow.list_(arrow.struct(criterion))),
            ("groups", arrow.list_(arrow.struct(group))),
            *(
                (name, count)
                for name in ("judge_calls", "prompt_tokens", "completion_tokens")
            ),
            ("cost", number),
            ("seconds", number),
            *((name, count) for name in ("rank", "rank_best", "rank_worst")),
            *((name, number) for name in ("rank_doubt_border", "rank_doubt_place")),
            ("noise_half_width", number),
            ("noise_votes", count),
        ]
    )


# The row of JSON Lines is `rubricdsl.formats.result_rows`'s to make: it always has
# these members, or else they are found to be missing when it is read back.


def columns_of(row: Mapping[str, Any], place: int) -> dict[str, Any]:
    """Give a row of JSON Lines, as `result_row` makes it, as columns."""
    record = {**row, "row": place}
    low, high = record.pop("interval") or (None, None)
    record["interval_low"], record["interval_high"] = low, high
    record["criteria"] = [_criterion(entry) for entry in row["criteria"]]
    tokens = record.pop("tokens")
    record["prompt_tokens"] = tokens["prompt"]
    record["completion_tokens"] = tokens["completion"]
    if "rank_interval" in row:
        record["rank_best"], record["rank_worst"] = record.pop("rank_interval")
    for name, members in (("rank_doubt", ("border", "place")), _NOISE):
        if name in row:
            held = record.pop(name)
            record |= {f"{name}_{member}": held[member] for member in members}
    return record


_NOISE = ("noise", ("half_width", "votes"))


def _criterion(entry: Mapping[str, Any]) -> dict[str, Any]:
    record = {"asked": True, **entry, **entry["provenance"], **_ruled(entry)}
    del record["provenance"], record["error"]
    record["ballots"] = [
        {"judge": one["judge"], "probability": one["probability"], **_ruled(one)}
        for one in entry.get("ballots", ())
    ]
    return record


def _ruled(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Give the verdict as a text, and the error flat."""
    verdict, error = entry["verdict"], entry["error"] or {}
    if verdict is not None and not isinstance(verdict, str):
        verdict = json.dumps(verdict)
    return {
        "verdict": verdict,
        "error_kind": error.get("kind"),
        "error_reason": error.get("reason"),
    }


# ------------------------------------------------------------------ and back


def row_of(record: Mapping[str, Any]) -> dict[str, Plain]:
    """Give columns as the row of JSON Lines that they were made of.

    What is missing, or of another type, is missing or so in the row, too.
    """
    row: dict[str, Plain] = {
        name: value for name, value in record.items() if name not in _APART
    }
    row["interval"] = _pair(record, "interval_low", "interval_high")
    for name, read in (("gates", dict), ("criteria", _entry), ("groups", dict)):
        entries = record.get(name)
        if isinstance(entries, list):
            row[name] = [read(entry) for entry in entries if isinstance(entry, dict)]
    row["tokens"] = {
        "prompt": record.get("prompt_tokens"),
        "completion": record.get("completion_tokens"),
    }
    if record.get("rank_best") is not None:
        row["rank"] = record.get("rank")
        row["rank_interval"] = _pair(record, "rank_best", "rank_worst")
    if record.get("rank_doubt_border") is not None:
        row["rank_doubt"] = {
            "border": record.get("rank_doubt_border"),
            "place": record.get("rank_doubt_place"),
        }
    if record.get("noise_votes") is not None:
        row["noise"] = {
            "half_width": record.get("noise_half_width"),
            "votes": record.get("noise_votes"),
        }
    return row


_APART = frozenset(
    {
        *("row", "interval_low", "interval_high"),
        *("prompt_tokens", "completion_tokens"),
        *("rank", "rank_best", "rank_worst", "rank_doubt_border", "rank_doubt_place"),
        *("noise_half_width", "noise_votes"),
    }
)


def _pair(record: Mapping[str, Any], low: str, high: str) -> Plain:
    return None if record.get(low) is None else [record[low], record.get(high)]


_FLAT = frozenset({"error_kind", "error_reason", "asked", "ballots", *_PROVENANCE})


def _entry(record: Mapping[str, Any]) -> dict[str, Plain]:
    entry: dict[str, Plain] = {
        name: value for name, value in record.items() if name not in _FLAT
    }
    entry |= _unruled(record)
    entry["provenance"] = {name: record.get(name) for name in _PROVENANCE}
    if record.get("asked") is False:
        entry["asked"] = False
    ballots = record.get("ballots")
    if ballots:
        entry["ballots"] = [
            {
                "judge": one.get("judge"),
                "probability": one.get("probability"),
                **_unruled(one),
            }
            for one in ballots
        ]
    return entry


def _unruled(record: Mapping[str, Any]) -> dict[str, Plain]:
    verdict: Plain = record.get("verdict")
    if isinstance(verdict, str):
        with suppress(ValueError):
            verdict = float(verdict)
    kind = record.get("error_kind")
    error: Plain = None
    if kind is not None:
        error = {"kind": kind, "reason": record.get("error_reason")}
    return {"verdict": verdict, "error": error}
