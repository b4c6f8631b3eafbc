"""Log-likelihood of rounded counts: Poisson means 940, 310, 98; reported 950, 300, 100.

Mark: exact sums of probabilities. Tolerance: 1e-9.
"""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods

TOLERANCE = 1e-9
MEANS = {"reported": 940.0, "investigated": 310.0, "helped": 98.0}
PRINTED = {"reported": 950, "investigated": 300, "helped": 100}
#: How it was rounded -> log-likelihood of the three numbers together.
EXPECTED = {
    "base 10, half up": (lambda n: fe.Rounded(n, to=10), -4.720671223922),
    "base 10, half even": (lambda n: fe.Rounded(n, to=10, rule="half even"), -4.644698718207),
    "base 10, floor": (lambda n: fe.Rounded(n, to=10, rule="floor"), -4.871535025009),
    "base 50, half up": (lambda n: fe.Rounded(n, to=50), -0.843375591574),
    "rounding ignored": (lambda n: n, -11.577049498623),
}


def models(figure) -> list[fe.Model]:
    """Return a chain whose three expected numbers are exactly the means, with one figure each.

    The reference takes the three as independent; exact ones of one model are taken together.
    """
    a, b, c = MEANS.values()
    return [
        fe.Model(
            fe.Route(*MEANS), fe.Population.cells(), fe.Number(a),
            {
                ("reported", "investigated"): fe.Share(b / a),
                ("investigated", "helped"): fe.Share(c / b),
            },
            [fe.Register(name=step, step=step, count=figure(number))],
            parameters={"unused": fe.Normal(0, 1)},
        )
        for step, number in PRINTED.items()
    ]  # fmt: skip


@pytest.mark.parametrize("rounding", EXPECTED)
def test_on_arrays(rounding):
    figure, expected = EXPECTED[rounding]
    total = sum(
        value
        for one in models(figure)
        for value in log_likelihoods(one, {"unused": np.zeros(3)}).values()
    )
    np.testing.assert_allclose(total, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("rounding", EXPECTED)
def test_on_symbols(rounding):
    import pytensor

    figure, expected = EXPECTED[rounding]
    found = 0.0
    with pytensor.config.change_flags(mode="FAST_COMPILE", floatX="float64"):
        for one in models(figure):
            made = fe.to_pymc(one)
            total = made.compile_fn(
                sum(made.potentials), inputs=made.value_vars, on_unused_input="ignore"
            )
            found += float(total({variable.name: np.zeros(1) for variable in made.value_vars}))
    assert found == pytest.approx(expected, abs=TOLERANCE)


def test_random_rounding_of_statistics_netherlands():
    """A printed 25 is a true 21 to 29, with triangular weights 1/5 .. 1 .. 1/5."""
    from scipy.stats import poisson

    figure = fe.RandomlyRounded(25, to=5)
    weights = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 5
    np.testing.assert_array_equal(figure.candidates(), np.arange(21, 30))
    np.testing.assert_allclose(np.exp(figure.log_weights()), weights, atol=TOLERANCE)
    # And a cell of an area so small that counts of 0 to 7 are withheld. Each in a model of its own:
    # those helped are some of those reported, and would be taken together.
    registers = [
        fe.Register(name="rounded", step="reported", count=figure),
        fe.Register(name="withheld", step="helped", count=fe.Withheld(0, 7)),
    ]
    found = {}
    for one in registers:
        model = fe.Model(
            fe.Route("reported", "helped"), fe.Population.cells(), fe.Number(24.0),
            {("reported", "helped"): fe.Share(0.25)}, [one],
            parameters={"unused": fe.Normal(0, 1)},
        )  # fmt: skip
        found |= log_likelihoods(model, {"unused": np.zeros(1)})
    expected = np.log(np.sum(weights * poisson.pmf(np.arange(21, 30), 24)))
    assert float(found["rounded"][0]) == pytest.approx(expected, abs=TOLERANCE)
    assert float(found["withheld"][0]) == pytest.approx(poisson.logcdf(7, 6), abs=TOLERANCE)


def test_the_whole_numbers_are_shared_out_exactly():
    """The probabilities of all figures that can be printed add up to one."""
    mean = np.array([MEANS["helped"]])
    from funnelest.distributions import Poisson

    for rule in ("half up", "half even", "floor"):
        total = sum(
            np.exp(fe.Observation(Poisson(mean), fe.Rounded(n, to=10, rule=rule)).logp())
            for n in range(0, 400, 10)
        )
        np.testing.assert_allclose(total, 1.0, atol=TOLERANCE)
