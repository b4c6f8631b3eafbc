"""A rate in cells is its level, moved on its link scale by what its terms add up to."""

import numpy as np
import pytest
from scipy.special import expit, logit

import funnelest as fe

AXES = {"sex": ["male", "female"], "year": [2017, 2018, 2019]}
PEOPLE = fe.Population(AXES, np.full((2, 3), 40_000))
TERMS = fe.Levels("sex", fe.Normal(0, 0.5)), fe.Levels("year", fe.Normal(0, 0.5))


def parts(level: float, sex: float, year: float) -> dict[str, np.ndarray]:
    """Return parameters of a rate `r`, each one number."""
    given = {"r": level, "r[sex=female]": sex, "r[year=2018]": year, "r[year=2019]": -2 * year}
    return {name: np.array([value]) for name, value in given.items()}


@pytest.mark.parametrize("level", [1e-300, 1e-12, 0.02, 0.5, 0.999, 1 - 2.0**-53])
@pytest.mark.parametrize(("sex", "year"), [(0.0, 0.0), (0.7, -1.3), (-40.0, 30.0), (200.0, -90.0)])
def test_shares_move_on_log_odds(level: float, sex: float, year: float) -> None:
    """As by the sum of the log-odds, also where it rounds to 0 or 1."""
    value = fe.Rate(fe.Beta(1, 1), *TERMS).evaluate(parts(level, sex, year), "r", PEOPLE)
    moved = np.add.outer([0.0, sex], [0.0, year, -2 * year])
    # Of the sum of two large logarithms some digits are lost; the product keeps them.
    np.testing.assert_allclose(value[..., 0], expit(logit(level) + moved), rtol=1e-12, atol=1e-300)


def test_a_share_that_is_0_or_1_stays_so() -> None:
    """Without a warning, and without a number that is none."""
    for level in (0.0, 1.0):
        value = fe.Rate(fe.Beta(1, 1), *TERMS).evaluate(parts(level, 1.0, 2.0), "r", PEOPLE)
        assert (value == level).all()


def test_numbers_move_on_logarithms() -> None:
    """A number is multiplied by the exponential of what its terms add up to."""
    value = fe.Number(fe.LogNormal(3, 1), *TERMS).evaluate(parts(12.0, 0.7, -1.3), "r", PEOPLE)
    moved = np.add.outer([0.0, 0.7], [0.0, -1.3, 2.6])
    np.testing.assert_allclose(value[..., 0], 12.0 * np.exp(moved), rtol=1e-14)
