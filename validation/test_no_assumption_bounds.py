"""Bounds without a distribution: missing outcomes, and records that may be wrong.

Mark: published formulas and numbers. Tolerance: 0.001.

- Manski CF. Anatomy of the selection problem. J Hum Resour 1989;24:343. Some people were
  interviewed again, and it is known of these only whether they had exited.
- Horowitz JL, Manski CF. Identification and robustness with contaminated and corrupted data.
  Econometrica 1995;63:281. At most 10 % of the records are wrong; the observed share is 0.30.
"""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
from funnelest import bounds

TOLERANCE = 0.001
#: Who -> people, interviewed again, of these exited; bounds of the share of all who exited.
MISSING = {
    "men": (106, 64, 21, (0.198, 0.594)),
    "women": (31, 14, 3, (0.097, 0.645)),
}
SHARE, WRONG = 0.30, 0.10
ERRORS = {
    bounds.corrupted: (0.2, 0.4),
    bounds.contaminated: (0.222, 0.333),
}


@pytest.mark.parametrize("who", MISSING)
def test_missing_outcomes(who):
    n, answered, yes, expected = MISSING[who]
    found = bounds.missing(yes=yes, answered=answered, n=n)
    assert (found.low, found.high) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("kind", ERRORS)
def test_wrong_records(kind):
    found = kind(SHARE, wrong=WRONG)
    assert (found.low, found.high) == pytest.approx(ERRORS[kind], abs=TOLERANCE)


@pytest.mark.parametrize("who", MISSING)
def test_ages_that_nobody_asked(who):
    """A rate of 0 and of 1 at those ages give a route the same bounds, to the last digit."""
    n, answered, yes, expected = MISSING[who]
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [n - answered, answered])
    nothing = fe.Bounds(ages=(0, 11), lower=0, upper=1, statement="nobody asked them")
    model = fe.Model(
        fe.Route("exited", "back"), people, fe.Rate(yes / answered),
        {("exited", "back"): fe.Share(0.5)}, assumptions=[nothing],
    )  # fmt: skip
    ends = nothing.ends(people)
    found = [
        fe.Quantities(model.with_assumptions([ends[name]]), {}).share("exited")[0]
        for name in ("lower", "upper")
    ]
    assert found == pytest.approx(expected, abs=TOLERANCE)
    exact = bounds.missing(yes=yes, answered=answered, n=n)
    np.testing.assert_allclose(found, [exact.low, exact.high], rtol=1e-14)
