"""What `fit` gives of small models whose posterior is known by quadrature."""

from functools import cache

import numpy as np
import pytest
from validation.exact_posteriors import CASES, HARDER, LEVELS, Fits, fits

#: Effective draws of one fit, at least, in a tail: what chance leaves of a rank follows from it.
_EFFECTIVE = 2000


def _chance(fits: int) -> np.ndarray:
    return np.sqrt(LEVELS * (1 - LEVELS) / _EFFECTIVE / fits)


def test_there_are_twelve_models_of_two_to_six_unknowns() -> None:
    unknowns = [len(build(coarse=4).model.free) for build in CASES.values()]
    assert len(unknowns) >= 12
    assert set(unknowns) == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("name", CASES)
def test_one_seed(name: str) -> None:
    made = fits(CASES[name](coarse=2), range(1))
    assert not made.refused
    for parameter, one in made.ranks.items():
        assert np.all(np.abs(one[0] - LEVELS) < 4 * _chance(1) + 0.0005), parameter


@cache
def _twenty(name: str) -> Fits:
    """Return twenty fits; of the sphere of five, each of which takes as long as ten others, six."""
    return fits(CASES[name](), range(6 if name == "sphere_5" else 20))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_no_printed_number_is_four_of_its_errors_off(name: str) -> None:
    """No seed is refused, and the Monte Carlo error of what a fit prints can be relied upon."""
    made = _twenty(name)
    assert not made.refused
    for parameter, one in made.errors_off.items():
        assert len(one) in {6, 20}
        assert np.all(np.abs(one) < 4), parameter


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_twenty_seeds(name: str) -> None:
    """No seed is far off, and the mean rank of every limit is what it says.

    It may be .001 off, and what chance leaves of the mean of the fits: three standard errors.
    """
    for parameter, one in _twenty(name).ranks.items():
        assert np.all(np.abs(one - LEVELS) < 4.5 * _chance(1) + 0.0005), parameter
        apart = np.abs(one.mean(axis=0) - LEVELS)
        assert np.all(apart < 0.001 + 3 * _chance(len(one))), parameter


@pytest.mark.parametrize("name", [*CASES, *HARDER])
def test_the_quadrature_is_fine_enough(name: str) -> None:
    """Half as many nodes are three times further off than the nodes that are used, or more."""
    build = {**CASES, **HARDER}[name]
    fine, coarse = build(), build(coarse=2)
    for parameter, exact in fine.exact.items():
        at = fine.model.free[parameter].sample(np.random.default_rng(1), 20_000)
        assert np.ptp(exact(at)) > 0.9, "the values must be where the posterior is"
        np.testing.assert_allclose(exact(at), coarse.exact[parameter](at), atol=1e-5)
