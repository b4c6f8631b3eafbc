"""Sentences about a figure beside what is expected of it."""

from __future__ import annotations

import pytest

from funnelest.check.figures_compared import told
from funnelest.verdict import Compared
from funnelest.words import Language


@pytest.mark.parametrize("check", ["conflict", "posterior_predictive"])
@pytest.mark.parametrize("mid_p", [0.01, 0.99])
def test_what_is_expected_is_told_no_finer_than_draws_tell_it(check: str, mid_p: float) -> None:
    one = Compared(
        source="list", of="", figure="90,000", limit="", value=90_000, median=36_412.0,
        low=20_666.0, high=63_313.0, mid_p=mid_p, mc_error=0.001, errors=(900.0, 700.0, 1_100.0),
    )  # fmt: skip
    assert "36,000 (21,000 to 63,000)" in Language("en").say(told(check, one))
    assert "36.000 (21.000 tot 63.000)" in Language("nl").say(told(check, one))
