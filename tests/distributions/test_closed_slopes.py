"""Logarithms that are one step with a slope of their own: against sums term by term."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from funnelest.distributions import BetaBinomial, limits
from funnelest.tape.tape import Tape
from funnelest.tape.traced import gradient_of, traced, valued

#: Pseudo-observations: none to speak of, some, where the formulas take turns, and a binomial's.
SIZES = [1e-200, 1e-9, 0.3, 7.0, 99.999, 100.001, 3e3, 1e5, 1e9, 1e16]


@pytest.mark.parametrize("x", [1, 2, 3, 40, 2_000])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [1.0, 0.2, 1e-40])
def test_a_rising_product_and_its_slopes(x: int, size: float, share: float) -> None:
    """The log is the sum of ``log(1 + j i)`` with ``i = 1 / a``, its slope that of its terms."""
    inverse = share / size  # `size` is that of the share
    j = np.arange(x, dtype=np.float64)
    value = math.fsum(np.log1p(j / size))
    slope = math.fsum(j / (1.0 + j / size))
    tape = Tape()
    at = traced(np.array([share]), tape), traced(np.array([inverse]), tape)
    made = limits.log_rising_over(np.array([[x], [0]]), *at)
    np.testing.assert_allclose(valued(made)[:, 0], [value, 0.0], rtol=1e-12, atol=1e-12 * x)
    in_share, in_inverse = (float(gradient_of(made, one)[0]) for one in at)
    noise = 1e-9 * slope + 1e-11 * min(size, 100.0)
    assert abs(in_inverse * share - slope) < noise
    assert abs(in_share * share + slope / size) < noise / size


def test_the_slopes_at_the_ends() -> None:
    """At a size without end the sum of ``j``; of a share of nothing none, and never no number."""
    tape = Tape()
    share = traced(np.array([0.5, 0.0, 0.0]), tape)
    inverse = traced(np.array([0.0, 0.3, 0.0]), tape)
    made = limits.log_rising_over(np.float64(6), share, inverse)
    np.testing.assert_allclose(gradient_of(made, inverse), [15 / 0.5, 0.0, 0.0])
    np.testing.assert_array_equal(gradient_of(made, share), [0.0, 0.0, 0.0])
    assert valued(made)[0] == 0.0
    assert np.isfinite(valued(made)).all()


@pytest.mark.parametrize("away", [1e-90, 1e-9, 1e-4, 1.99e-3, 2.01e-3, 0.1, 0.9, 1 - 1e-9])
@pytest.mark.parametrize("sign", [1, -1])
def test_how_a_logarithm_bows(away: float, sign: int) -> None:
    y = traced(np.array([sign * away]))
    made = limits.bowed(y, 1.0 + y)
    with localcontext() as context:
        context.prec = 1000
        exact = Decimal(sign * away)
        value = ((1 + exact).ln() - exact) / exact**2
        slope = -(1 / (1 + exact) + 2 * value) / exact
    # `1 + y` has been rounded before it comes here: that is a change of its log by `lost`.
    lost = 0.0 if away < 2e-3 else 2e-16 / (1 + sign * away)
    np.testing.assert_allclose(valued(made), [float(value)], 1e-12, lost / away**2)
    np.testing.assert_allclose(gradient_of(made, y), [float(slope)], 1e-11, 3 * lost / away**3)


def test_an_unknown_design_effect_takes_few_steps_and_one_way() -> None:
    """Far from a binomial or near it, so that one program serves all draws."""
    tape = Tape(again=True)
    deff = traced(np.array([1.0 + 1e-12, 2.0, 40.0]), tape)
    made = BetaBinomial(50, 0.1 + 0.01 * deff, deff).logp(7)
    assert valued(made).shape == (3,)
    assert not tape.ways
    assert len(tape.steps) < 60  # 216 where each formula is written out
