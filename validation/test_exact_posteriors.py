"""What `fit` gives of small models whose posterior is known by quadrature."""

import numpy as np
import pytest
from scipy.stats import chi2
from validation.exact_posteriors import CASES, HARDER, LEVELS, fits

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


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_twenty_seeds(name: str) -> None:
    """No seed is refused or far off; the mean rank of every limit and its error are what they say.

    The mean rank may be .001 off, and what chance leaves of the mean of the fits: three standard
    errors. Some 3,000 printed numbers are compared with their errors in all, so that one of them is
    four errors off in one of five runs, and five in one of six hundred. Errors that are half of
    what they should be are seen by their mean square, which chance brings this high for one column
    in ten thousand.
    """
    # Of the sphere of five, each fit of which takes as long as ten others, six.
    made = fits(CASES[name](), range(6 if name == "sphere_5" else 20))
    assert not made.refused
    for parameter, one in made.ranks.items():
        assert np.all(np.abs(one - LEVELS) < 4.5 * _chance(1) + 0.0005), parameter
        apart = np.abs(one.mean(axis=0) - LEVELS)
        assert np.all(apart < 0.001 + 3 * _chance(len(one))), parameter
    for parameter, one in made.errors_off.items():
        assert np.all(np.abs(one) < 5), parameter
        assert np.all(np.mean(one**2, axis=0) < chi2.isf(1e-4, len(one)) / len(one)), parameter


@pytest.mark.parametrize("name", [*CASES, *HARDER])
def test_the_quadrature_is_fine_enough(name: str) -> None:
    """Half as many nodes are three times further off than the nodes that are used, or more."""
    build = {**CASES, **HARDER}[name]
    fine, coarse = build(), build(coarse=2)
    for parameter, exact in fine.exact.items():
        at = fine.model.free[parameter].sample(np.random.default_rng(1), 20_000)
        assert np.ptp(exact(at)) > 0.9, "the values must be where the posterior is"
        np.testing.assert_allclose(exact(at), coarse.exact[parameter](at), atol=1e-5)
