"""One total, split over ages by a known pattern.

Mark: numbers reproduced with pyDisagg 0.6.2 on these data, and its delta method. Tolerance: 0.01.

A total of 950 with a standard error of 40, three bands of age, and a pattern of rates from
elsewhere. Either the rates are a multiple of the pattern, or their odds are. An error of 20% in
each value of the pattern, independent of each other, comes on top.

The first band is compared with, and the other two are filled in: one assumption, so that the
error of the band that both rest on is one and the same.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import funnelest as fe

TOLERANCE = 0.01
TOTAL, SE = 950, 40
BANDS = [(0, 11), (12, 16), (17, 17)]
PEOPLE = [2_150_000, 985_000, 205_000]
PATTERN = [0.004, 0.0211, 0.018]
COUNTS = [247.026, 596.983, 105.991]
COUNTS_ODDS = [244.047, 599.79, 106.163]
ERRORS = [10.401, 25.136, 4.463]
ERRORS_PATTERN = [49.386, 61.169, 24.134]
RATE = "rate of victims"


def model(scale: str = "rate", uncertainty: float = 0.0) -> fe.Model:
    split = fe.Proportional(
        ages=(12, 17), like=(0, 11), pattern=dict(zip(BANDS, PATTERN, strict=True)),
        uncertainty=uncertainty, discount=1, scale=scale, statement="the pattern of elsewhere",
    )  # fmt: skip
    return fe.Model(
        fe.Route("victims", "helped"), fe.Population({"age": BANDS}, PEOPLE),
        fe.Rate(fe.LogUniform(1e-7, 1e-2)), {("victims", "helped"): fe.Share(0.5)},
        [fe.Total("total", step="victims", estimate=TOTAL, se=SE)], [split],
    )  # fmt: skip


def counts(made: fe.Model, rate: float, **errors: float) -> np.ndarray:
    """Return the number of victims per band, with these errors of the pattern."""
    names = {f"pattern error at {key}[age 12-17 against 0-11]": e for key, e in errors.items()}
    values = dict.fromkeys(made.free, 0.0) | names | {RATE: rate}
    assert set(values) == set(made.free)
    q = fe.Quantities(made, {name: np.array([value]) for name, value in values.items()})
    return np.array([q.number("victims", {"age": band})[0] for band in BANDS])


def split(made: fe.Model, total: float, **errors: float) -> np.ndarray:
    """Return the number per band at the rate at which they are this many together."""
    rate = brentq(
        lambda rate: counts(made, rate, **errors).sum() - total, 1e-7, 1e-2, xtol=1e-16, rtol=1e-14
    )
    return counts(made, rate, **errors)


@pytest.mark.parametrize(("scale", "expected"), [("rate", COUNTS), ("odds", COUNTS_ODDS)])
def test_counts(scale, expected):
    assert split(model(scale), TOTAL) == pytest.approx(expected, abs=TOLERANCE)


def test_standard_errors_of_a_known_pattern():
    made = model()
    slope = (split(made, TOTAL + 1) - split(made, TOTAL - 1)) / 2
    assert slope * SE == pytest.approx(ERRORS, abs=TOLERANCE)


def test_standard_errors_of_an_uncertain_pattern():
    """The delta method on the library's numbers, and written out."""
    made = model(uncertainty=0.2)
    assert len(made.free) == 4
    of_total = SE * (split(made, TOTAL + 1) - split(made, TOTAL - 1)) / 2
    step = 1e-4
    of_pattern = [
        (split(made, TOTAL, **{key: step}) - split(made, TOTAL, **{key: -step})) / (2 * step)
        for key in ("0-11", "12-16", "17")
    ]
    found = np.sqrt(of_total**2 + np.square(of_pattern).sum(axis=0))
    assert found == pytest.approx(ERRORS_PATTERN, abs=TOLERANCE)
    w = np.array(COUNTS) / sum(COUNTS)
    written = 0.2 * TOTAL * w[None, :] * (np.eye(3) - w[:, None])
    np.testing.assert_allclose(of_pattern, written, atol=0.01)
    assert np.sqrt((SE * w) ** 2 + (written**2).sum(axis=0)) == pytest.approx(
        ERRORS_PATTERN, abs=TOLERANCE
    )


def test_a_fit_splits_the_total():
    """All of it together, within four Monte Carlo errors.

    The sampled pattern has a log-normal error where the delta method has a straight line, and the
    total pulls the factor of the errors too: so this is of the known pattern.
    """
    result = fe.fit(model(), engine="importance", draws=8000, seed=4, progress=False)
    assert result.gate.passed, result.gate.text
    for band, expected, se in zip(BANDS, COUNTS, ERRORS, strict=True):
        drawn = result.sample_of(lambda q, band=band: q.number("victims", {"age": band}))
        assert np.median(drawn) == pytest.approx(expected, abs=0.1 * se)
        assert np.std(drawn) == pytest.approx(se, rel=0.08)
