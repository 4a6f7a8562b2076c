"""What a conversion lost: for people grouped on stderr, for scripts in full."""

from collections.abc import Iterable, Sequence

from rubricdsl.cli.output import say
from rubricdsl.model.protocols import Loss

_PLACES = 3
_GROUPS = 20


def report_losses(losses: Sequence[Loss]) -> None:
    """Tell what was lost, each kind of loss once with the first of its places."""
    places: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        places.setdefault((loss.what, loss.instead), []).append(loss.where)
    for (what, instead), found in list(places.items())[:_GROUPS]:
        named = ", ".join(dict.fromkeys(found[:_PLACES]))
        more = f" and {len(found) - _PLACES} more" if len(found) > _PLACES else ""
        say(f"lost: {what} → {instead} (at {named}{more})")
    if len(places) > _GROUPS:
        say(f"… and {len(places) - _GROUPS} more kinds of losses; --json lists all")


def loss_records(losses: Iterable[Loss]) -> list[dict[str, str]]:
    """Give losses as plain data."""
    return [
        {"where": loss.where, "what": loss.what, "instead": loss.instead}
        for loss in losses
    ]
