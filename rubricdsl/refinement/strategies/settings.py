"""What strategies are set to, and what they cannot run without."""

from collections.abc import Mapping
from importlib.util import find_spec

from rubricdsl.diagnostics import fail
from rubricdsl.model.refinement import RefinementStrategyOffer
from rubricdsl.refinement.options import Options


def options_of(offer: RefinementStrategyOffer, given: Mapping[str, str]) -> Options:
    """Take the options of a strategy; raises RubricError (D401) if one is not known."""
    return Options.of(f"the strategy `{offer.name}`", given, offer.options)


def require_arrays(offer: RefinementStrategyOffer) -> None:
    """Refuse a strategy that calculates with numpy where that is not installed.

    Raises RubricError (D108).
    """
    if find_spec("numpy") is None:
        fail(
            "D108",
            f"the strategy `{offer.name}` needs numpy, which is not installed",
            hint='pip install "rubricdsl[arrays]"',
        )
