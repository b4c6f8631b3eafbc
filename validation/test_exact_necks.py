"""What `fit` gives of necks, thin parabolas, four arms and a narrow mode, typed as own likelihoods.

Each is right on every seed, or it is refused, which is counted: how many may be is written down
beside the case. What is never allowed is a gate that is passed with a limit that is wrong.
"""

from collections.abc import Callable

import numpy as np
import pytest
from validation import exact_necks
from validation.exact_posteriors import HARDER, LEVELS, Case, fits

#: Of its own errors a printed number may be off so many: of 20 fits with up to 18 numbers each one
#: in 400 is 3 off, and one in 400,000 is 4.5.
_OFF = 4.5
#: Name -> case, and how many of 20 seeds may be refused.
CASES: dict[str, tuple[Callable[..., Case], int]] = {
    **{name: (getattr(exact_necks, name), 2) for name in exact_necks.__all__},
    "thin_banana": (exact_necks.thin_banana, 20),
    **{name: (build, 2) for name, build in HARDER.items()},
}


def _right_or_refused(name: str, seeds: range) -> None:
    build, may_be_refused = CASES[name]
    made = fits(build(), seeds)
    passed = len(seeds) - len(made.refused)
    print(f"{name}: {len(made.refused)} of {len(seeds)} refused")
    for parameter, one in made.errors_off.items():
        assert len(one) == passed
        assert np.all(np.abs(one) < _OFF), parameter
    assert len(made.refused) <= may_be_refused, made.refused
    if passed >= 10:
        # And they are not off all to one side: .0025 is one error of one fit.
        for parameter, ranks in made.ranks.items():
            assert np.all(np.abs(ranks.mean(axis=0) - LEVELS) < 0.01), parameter


@pytest.mark.parametrize("name", ["minor_mode", "cross", "banana"])
def test_one_seed_is_right_or_refused(name: str) -> None:
    _right_or_refused(name, range(1))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_twenty_seeds_are_right_or_refused(name: str) -> None:
    _right_or_refused(name, range(20))


@pytest.mark.parametrize("name", exact_necks.__all__)
def test_the_quadrature_is_fine_enough(name: str) -> None:
    build = getattr(exact_necks, name)
    fine, coarse = build(), build(coarse=2)
    for parameter, exact in fine.exact.items():
        at = fine.model.free[parameter].sample(np.random.default_rng(1), 2000)
        assert np.ptp(exact(at)) > 0.9, "the values must be where the posterior is"
        np.testing.assert_allclose(exact(at), coarse.exact[parameter](at), atol=1e-5)
