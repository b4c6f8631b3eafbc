"""Reed et al., influenza A(H1N1) 2009: a multiplier chain with uniform ranges.

Reed C, et al. Estimates of the prevalence of pandemic (H1N1) 2009, United States, April-July
2009. Emerg Infect Dis 2009;15:2004. Mark: published. Tolerance: 3 % on the medians, 6 % on the
limits (the paper is itself a Monte Carlo run).

The paper draws every range; two things it does not say are settled by its numbers:

- A range that is the same before and after 12 May is one unknown, drawn once for both periods;
  the share of specimens sent has its own range, and draw, per period. This gives a multiplier of
  the whole period of 47.0 to 148.4 and a lower limit of 1,832,000 cases (published: 47 to 148;
  1,831,115); independent draws per period give 47.8 and 1,865,000. Both lie within the tolerance.
- Whether hospitalised cases share the draws of "test detects" and "reported" changes nothing
  that is printed; they have their own here.
- The printed interval of the hospitalised multiplier, 1.7 to 4.5, contradicts the printed
  interval of the hospitalised cases, which divided by the count of 5,009 is 1.85 to 4.25. The
  ranges give 1.86 to 4.25; 1.7 to 4.5 is close to their 95 % interval, 1.77 to 4.55. The upper
  limit is within the tolerance all the same, the lower is marked as not reproduced.

The paper has no likelihood: each count is divided by a product of shares drawn from their
ranges. That is the prior of the route; the second test lets the counts be registers, and fits.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import funnelest as fe

MEDIAN, LIMIT = 0.03, 0.06
EARLY, LATE, HOSPITAL = "until 12 May", "after 12 May", "hospitalised"
REPORTED = {EARLY: 4759, LATE: 33_909, HOSPITAL: 5009}
STEPS = ("infected", "seeks care", "specimen collected", "specimen sent", "detected", "reported")
#: Range of the share of each step in the one before: not hospitalised, hospitalised.
RANGES = {
    "seeks care": ((0.42, 0.58), (1, 1)),
    "specimen collected": ((0.19, 0.34), (0.4, 0.75)),
    "specimen sent": ({EARLY: (0.2, 0.3), LATE: (0.05, 0.15)}, (0.5, 0.9)),
    "detected": ((0.9, 1.0), (0.9, 1.0)),
    "reported": ((0.95, 1.0), (0.95, 1.0)),
}
#: quantity -> median, 90 % interval
PUBLISHED = {
    "multiplier until 12 May": (33, 23, 49),
    "multiplier after 12 May": (84, 50, 163),
    "multiplier not hospitalised": (79, 47, 148),
    "multiplier hospitalised": (2.7, 1.7, 4.5),
    "total cases": (3_052_768, 1_831_115, 5_720_928),
    "hospitalised cases": (13_764, 9_278, 21_305),
}


def share(step: str) -> fe.Share:
    """Return the share of a step by group; one unknown for both periods where they share it."""
    outside, hospital = RANGES[step]
    last = 1.0 if hospital == (1, 1) else fe.Uniform(*hospital)
    if isinstance(outside, dict):
        return fe.Share(
            fe.PerLevel(
                "group", {**{k: fe.Uniform(*v) for k, v in outside.items()}, HOSPITAL: last}
            )
        )
    return fe.Share(fe.PerLevel("group", {(EARLY, LATE): fe.Uniform(*outside), HOSPITAL: last}))


def model(evidence: bool) -> fe.Model:
    groups = fe.Population.cells({"group": [EARLY, LATE, HOSPITAL]})
    number = fe.PerLevel("group", {group: fe.LogUniform(100, 1e8) for group in REPORTED})
    registers = [
        fe.Register(name=f"reported {group}", step="reported", count=count, where={"group": group})
        for group, count in REPORTED.items()
    ]
    return fe.Model(
        fe.Route(*STEPS), groups, fe.Number(number),
        {edge: share(edge[1]) for edge in itertools.pairwise(STEPS)},
        registers if evidence else [],
    )  # fmt: skip


def multiplier(q: fe.Quantities, group: str):
    return 1 / q.share("reported", {"group": group}, of="infected")


def cases(q: fe.Quantities) -> dict[str, np.ndarray]:
    return {group: REPORTED[group] * multiplier(q, group) for group in REPORTED}


QUANTITIES = {
    "multiplier until 12 May": lambda q: multiplier(q, EARLY),
    "multiplier after 12 May": lambda q: multiplier(q, LATE),
    "multiplier not hospitalised": lambda q: (
        (cases(q)[EARLY] + cases(q)[LATE]) / (REPORTED[EARLY] + REPORTED[LATE])
    ),
    "multiplier hospitalised": lambda q: multiplier(q, HOSPITAL),
    "total cases": lambda q: sum(cases(q).values()),
    "hospitalised cases": lambda q: cases(q)[HOSPITAL],
}


@pytest.fixture(scope="module")
def forward() -> fe.Quantities:
    """The paper's own calculation: the ranges, with no likelihood."""
    from funnelest.likelihood.density import prior_draws

    empty = model(evidence=False)
    return fe.Quantities(empty, prior_draws(empty, np.random.default_rng(2009), 100_000))


CONTRADICTED = pytest.mark.xfail(
    strict=True, reason="the paper's interval of the hospitalised cases says 1.85, not 1.7"
)
WANTED = [
    pytest.param(
        name, probability, value, MEDIAN if probability == 0.5 else LIMIT,
        id=f"{name} {probability}",
        marks=[CONTRADICTED] if (name, probability) == ("multiplier hospitalised", 0.05) else [],
    )
    for name, values in PUBLISHED.items()
    for probability, value in zip((0.5, 0.05, 0.95), values, strict=True)
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "probability", "published", "tolerance"), WANTED)
def test_the_published_numbers(quantity, probability, published, tolerance, forward):
    found = np.quantile(QUANTITIES[quantity](forward), probability)
    assert found == pytest.approx(published, rel=tolerance)


def test_the_hospitalised_multiplier_is_that_of_the_hospitalised_cases(forward):
    found = np.quantile(QUANTITIES["multiplier hospitalised"](forward), [0.5, 0.05, 0.95])
    np.testing.assert_allclose(found[0] * 5009, 13_764, rtol=MEDIAN)
    np.testing.assert_allclose(found[1:] * 5009, [9_278, 21_305], rtol=LIMIT)


def test_fitted_to_the_counts():
    """The counts as registers: with a flat prior of each log number, the same numbers come out.

    A log-uniform number keeps the posterior of the shares at their ranges (the likelihood of a
    count integrates to the same for every product of shares), so the totals are the paper's.
    """
    result = fe.fit(model(evidence=True), engine="importance", draws=4000, seed=9, progress=False)
    assert result.gate.passed, result.gate.text
    total = result.sample_of(lambda q: q.number("infected"))
    median, low, high = np.quantile(total, [0.5, 0.05, 0.95])
    assert median == pytest.approx(PUBLISHED["total cases"][0], rel=MEDIAN)
    assert low == pytest.approx(PUBLISHED["total cases"][1], rel=LIMIT)
    assert high == pytest.approx(PUBLISHED["total cases"][2], rel=LIMIT)
