"""Does the maximum-likelihood estimate exist? Three lists with empty overlaps.

Fienberg and Rinaldo, Annals of Statistics 2012;40:996; codes of the R package
MultipleSystemsEstimation (Chan, Silverman and Vincent, JASA 2021;116:1297).

Mark: published. Tolerance: exact.
"""

from __future__ import annotations

import pytest

from funnelest.lists import OverlapTable
from funnelest.lists.checks.existence import existence
from funnelest.lists.estimators.log_linear import LogLinear

TABLE = OverlapTable(
    ["A", "B", "C"],
    {"100": 40, "010": 30, "001": 20, "110": 6, "101": 0, "011": 0, "111": 0},
)
CODES = {"[12,13,23]": 2, "[12,3]": 1, "[13,23]": 0}


@pytest.mark.parametrize(("model", "code"), CODES.items())
def test_the_code(model, code):
    assert existence(TABLE, model).details["code"] == code


@pytest.mark.parametrize(("model", "code"), CODES.items())
def test_no_number_is_shown_without_an_estimate(model, code):
    assert LogLinear(model=model).estimate(TABLE).passed == (code == 0)
