"""Who makes a run: this process, unless another executor is named."""

from collections.abc import Callable, Mapping

from rubricdsl.diagnostics import fail
from rubricdsl.judging.options import did_you_mean
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.execution import (
    Commission,
    Execution,
    ExecutorOffer,
    ExecutorSettings,
)

LOCAL = "local"


def _here(settings: ExecutorSettings, commission: Commission) -> Execution:
    del settings
    return commission.here


OFFER = ExecutorOffer(
    name=LOCAL, description="makes a run in this process", create=_here
)


def read_executor(
    text: str, offers: Mapping[str, ExecutorOffer], *, what: str = "--executor"
) -> Callable[[Commission], Execution]:
    """Read an executor as it is typed, ``NAME?key=value&…``, and give who makes runs.

    ``what`` is what messages call it.

    Raises:
        RubricError: D401 for an executor that is not installed, or an option that it
            does not take; D202 to D204 as `parse_spec`.
    """
    spec = parse_spec(text, what=what)
    offer = offers.get(spec.backend)
    if offer is None or spec.model:
        fail(
            "D401",
            f"{what}: there is no executor `{spec.name}`",
            hint=f"{did_you_mean(spec.name, offers)}; `rub plugins --offers` lists all",
        )
    for name in spec.options:
        if name not in offer.options:
            fail(
                "D401",
                f"{what}: the executor `{offer.name}` has no option `{name}`",
                hint=did_you_mean(name, offer.options),
            )
    settings = ExecutorSettings(name=offer.name, options=spec.options)
    return lambda commission: offer.create(settings, commission)
