"""Requirements of the core are read as package installers read them."""

import pytest
from packaging.specifiers import SpecifierSet

from rubricdsl.plugins.compatibility import unmet_requirement

VERSIONS = ("0.1.0", "0.1.9", "0.2", "1.0", "1.2.3", "9.0.0")
RANGES = (
    ">=0.1,<0.2",
    ">=0.1.5",
    "==0.1.0",
    "==0.1.*",
    "!=0.1.*",
    "!=1.0.0",
    "~=0.1",
    "~=0.1.0",
    "~=1.2",
    "<=0.2.0",
    ">0.2",
    ">=9",
    ">= 0.1 , < 10",
    "",
)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("range_", RANGES)
def test_ranges_mean_what_they_mean_to_pip(range_, version):
    unmet = unmet_requirement([f"rubricdsl{range_}"], "rubricdsl", version)
    assert (unmet is None) is SpecifierSet(range_).contains(version)


def test_what_is_not_understood_is_no_obstacle():
    texts = ["rubricdsl===odd", "rubricdsl @ file:///x.whl", "???", "other>=9"]
    assert unmet_requirement(texts, "rubricdsl", "0.1.0") is None
