"""The form of a proposer's answer, as a JSON schema that servers can be bound to.

Every property is required, and null where it does not apply, as strict servers want.
"""

from rubricdsl.model.digest import Plain

MOST_EDITS = 12
"""The most edits of one answer that are read."""

MOST_TEXT = 600
"""The most characters of a criterion's text."""

MOST_REASON = 500
"""The most characters of a reason; longer ones are cut."""

TYPES = (
    "explicit statements or justification",
    "substance over surface",
    "weights or granularity",
    "break down into sub-components",
    "penalties or prohibitions",
    "vague to specific",
    "compare alternatives",
    "broaden acceptance",
    "conditional rules",
    "remove redundancy",
    "timing or sequence",
    "precise language",
    "causal or mechanistic",
    "verification or evidence",
    "structure or format",
    "justify decisions",
    "scope or constraints",
    "risk or safety",
    "actionable",
    "fix errors",
    "tone",
)
"""The types of refinement that Zhang et al. ("Chasing the Tail", 2025) tell apart."""

_TEXT: Plain = {"type": "string"}
_MAYBE: Plain = {"type": ["string", "null"]}


def record_form(properties: dict[str, Plain]) -> dict[str, Plain]:
    """Give the schema of an object with just these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def edits_form() -> dict[str, Plain]:
    """Give the schema of ``{"edits": [...]}``."""
    part = record_form({"name": _TEXT, "text": _TEXT, "mark": _MAYBE})
    level = record_form({"number": {"type": "number"}, "label": _MAYBE, "text": _TEXT})
    levels: Plain = {"type": ["array", "null"], "items": level}
    operations: dict[str, dict[str, Plain]] = {
        "add": {
            "name": _TEXT,
            "text": _TEXT,
            "mark": _TEXT,
            "parent": _MAYBE,
            "levels": levels,
        },
        "remove": {"criterion": _TEXT},
        "reword": {"criterion": _TEXT, "text": _TEXT},
        "reweigh": {"criterion": _TEXT, "mark": _TEXT},
        "split": {"criterion": _TEXT, "into": {"type": "array", "items": part}},
        "merge": {
            "criterion": _TEXT,
            "with": {"type": "array", "items": _TEXT},
            "name": _TEXT,
            "text": _TEXT,
            "mark": _MAYBE,
        },
        "move": {"criterion": _TEXT, "parent": _MAYBE},
        "rename": {"criterion": _TEXT, "to": _TEXT},
    }
    evidence = record_form({"a": _MAYBE, "b": _MAYBE})
    variants: list[Plain] = [
        record_form(
            {
                "op": {"type": "string", "enum": [op]},
                **fields,
                "type": {"type": "string", "enum": list(TYPES)},
                "reason": _TEXT,
                "evidence": evidence,
            }
        )
        for op, fields in operations.items()
    ]
    items: Plain = {"anyOf": variants}
    return record_form({"edits": {"type": "array", "items": items}})
