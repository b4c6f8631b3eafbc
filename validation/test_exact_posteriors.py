"""What `fit` gives of small models whose posterior is known by quadrature."""

import numpy as np
import pytest
from validation.exact_posteriors import CASES, LEVELS, ranks

#: Effective draws of one fit, at least, in a tail: what chance leaves of a rank follows from it.
_EFFECTIVE = 2000


def _chance(fits: int) -> np.ndarray:
    return np.sqrt(LEVELS * (1 - LEVELS) / _EFFECTIVE / fits)


@pytest.mark.parametrize("name", CASES)
def test_one_seed(name: str) -> None:
    found, refused, _ = ranks(CASES[name](coarse=4), range(1))
    assert not refused
    assert np.all(np.abs(found[0] - LEVELS) < 4 * _chance(1) + 0.0005)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_twenty_seeds(name: str) -> None:
    """No seed is refused, none is far off, and the mean rank of every limit is what it says.

    It may be .001 off, and what chance leaves of the mean of twenty fits: three standard errors.
    """
    case = CASES[name]()
    found, refused, _ = ranks(case, range(20))
    assert not refused
    assert np.all(np.abs(found - LEVELS) < 4.5 * _chance(1) + 0.0005)
    assert np.all(np.abs(found.mean(axis=0) - LEVELS) < 0.001 + 3 * _chance(20))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_quadrature_is_fine_enough(name: str) -> None:
    """Half as many nodes are three times further off than the nodes that are used: 1e-5."""
    fine, coarse = CASES[name](), CASES[name](coarse=2)
    at = fine.model.free[fine.parameter].sample(np.random.default_rng(1), 1000)
    np.testing.assert_allclose(fine.exact(at), coarse.exact(at), atol=3e-5)
