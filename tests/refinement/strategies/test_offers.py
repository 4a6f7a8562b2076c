"""What is offered, and what offering it costs."""

import subprocess
import sys

import pytest

from rubricdsl.api import open_project
from rubricdsl.diagnostics import RubricError
from rubricdsl.refinement.proposing.forms import TYPES
from rubricdsl.refinement.strategies import OFFERS, refinement_types, settings


def test_all_are_offered_by_name() -> None:
    names = {offer.name for offer in OFFERS}
    assert len(names) == len(OFFERS)
    assert names >= {
        "rtd",
        "rtd_iterative",
        "prune",
        "reweigh",
        "irt",
        "evolving_buffer",
        "decompose_filter",
        "attack_patch",
    }
    assert names <= set(open_project().host.refinement_strategies)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_each_is_made_without_options(offer) -> None:
    strategy = offer.create({})
    assert strategy.needs is not None


def test_edits_are_of_types_that_proposers_know() -> None:
    for name in ("FAULT", "REPEATED", "WEIGHTS"):
        assert getattr(refinement_types, name) in TYPES


def test_offers_import_no_numpy() -> None:
    code = (
        "import sys; from rubricdsl.refinement.strategies import OFFERS; "
        "[offer.create({}) for offer in OFFERS]; "
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_numpy_a_strategy_says_what_it_needs(monkeypatch) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    for offer in OFFERS:
        if offer.name in {"prune", "reweigh", "irt", "decompose_filter"}:
            with pytest.raises(RubricError) as caught:
                offer.create({})
            (found,) = caught.value.diagnostics
            assert found.code == "D108"
            assert f"`{offer.name}` needs numpy" in found.message
            assert "rubricdsl[arrays]" in (found.hint or "")
        else:
            offer.create({})
