"""Expected reductions of a variance, against conjugate closed forms.

Mark: a beta share after a binomial survey of n keeps (a + b) / (a + b + n) of its variance on
average, and a normal mean after a normal estimate exactly 1 / (1 + sd^2 / se^2) of it (Raiffa and
Schlaifer, Applied Statistical Decision Theory, 1961; the expected posterior variance of a conjugate
pair). Of a product of independent log-normals the share of the variance that goes with the
factors in the set u is (exp(sum of s_i^2 over u) - 1) / (exp(sum of all s_i^2) - 1), the
index of Sobol. Nothing of the package is used for these numbers.

Tolerance: four of the Monte Carlo errors that the check itself reports, and 2% of the variance of
now at most; widths 3%.
"""

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check import value_of_information

ERRORS, MOST, WIDTHS = 4.0, 0.02, 0.03
A, B = 7.0, 18.0
SD = 3.0
SPREADS = {"one": 0.4, "two": 0.3, "three": 0.2}


@pytest.fixture(scope="module")
def result() -> fe.Result:
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population.cells(),
        fe.Number(fe.Gamma(60, 0.1)),
        {("happened", "told"): fe.Share(fe.Beta(A, B))},
        parameters={
            "x": fe.Normal(1.0, SD),
            **{name: fe.LogNormal(0.0, spread) for name, spread in SPREADS.items()},
        },
    )
    return fe.fit(model, seed=1, draws=8000, engine="importance", progress=False)


def share(q):
    return q.transition("happened", "told")


def mean(q):
    return q.parameter("x")


def product(q):
    return np.prod([q.parameter(name) for name in SPREADS], axis=0)


def near(row, exact):
    error = row["reduction_percent_mc_error"] / 100
    assert error < MOST
    assert row["reduction_percent"] / 100 == pytest.approx(exact, abs=min(ERRORS * error, MOST))
    assert row["variance_after"] == pytest.approx(
        row["variance_now"] * (1 - exact), abs=row["variance_now"] * min(ERRORS * error, MOST)
    )


def rows(found):
    return found.table.set_index("name").to_dict("index")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_beta_binomial(result, seed):
    sizes = (5, 25, 100, 1000)
    found = rows(
        value_of_information(
            result,
            share,
            plans={
                str(n): fe.Cohort(name="new", of="happened", step="told", yes=n // 4, n=n)
                for n in sizes
            },
            parameters=[],
            seed=seed,
            cores=1,
        )
    )
    for n in sizes:
        row = found[str(n)]
        near(row, n / (A + B + n))
        y = np.arange(n + 1)
        low, high = stats.beta(A + y, B + n - y).interval(0.95)
        exact = stats.betabinom(n, A, B).pmf(y) @ (high - low)
        assert row["width_after"] == pytest.approx(exact, rel=WIDTHS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_normal(result, seed):
    errors = (6.0, 3.0, 1.0, 0.3)
    found = rows(
        value_of_information(
            result,
            mean,
            plans={
                str(se): fe.OwnNormal(name="new", quantity=mean, estimate=0.0, se=se)
                for se in errors
            },
            parameters=[],
            seed=seed,
            cores=1,
        )
    )
    for se in errors:
        row = found[str(se)]
        left = 1 / (1 + SD**2 / se**2)
        near(row, 1 - left)
        exact = 2 * stats.norm.ppf(0.975) * SD * np.sqrt(left)
        assert row["width_after"] == pytest.approx(exact, rel=WIDTHS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_product_of_log_normals(result, seed):
    found = rows(
        value_of_information(
            result,
            product,
            parameters={
                **{name: name for name in SPREADS},
                "one and two": ["one", "two"],
                "all": list(SPREADS),
                "none of it": "x",
            },
            seed=seed,
        )
    )
    squares = {name: spread**2 for name, spread in SPREADS.items()}
    whole = np.expm1(sum(squares.values()))
    for name in SPREADS:
        near(found[name], np.expm1(squares[name]) / whole)
        rest = np.sqrt(sum(squares.values()) - squares[name])
        low, high = stats.lognorm(rest).interval(0.95)
        exact = np.exp(squares[name] / 2) * (high - low)
        assert found[name]["width_after"] == pytest.approx(exact, rel=2 * WIDTHS)
    near(found["one and two"], np.expm1(squares["one"] + squares["two"]) / whole)
    near(found["all"], 1.0)
    near(found["none of it"], 0.0)


def test_an_audit_of_what_the_quantity_is_a_ratio_of():
    """A number from a register of 400 with a beta coverage, after an audit: exact sums.

    Under a log-uniform prior of the number the expected count is Gamma(400, 1) after the count,
    independent of the coverage c, so the number is their ratio: its variance given the data y of
    the audit is E[g^2] E[c^-2 | y] - (E[g] E[c^-1 | y])^2.
    """
    a, b, n, count = 12.0, 6.0, 60, 400
    model = fe.Model(
        fe.Route("happened", "reported"),
        fe.Population.cells(),
        fe.Number(fe.LogUniform(1.0, 1e6)),
        {("happened", "reported"): fe.Share(fe.Fixed(1.0))},
        [
            fe.Register(
                name="police", step="reported", count=count, defects=[fe.Coverage(fe.Beta(a, b))]
            )
        ],
    )
    result = fe.fit(model, seed=1, draws=8000, engine="importance", progress=False)
    found = value_of_information(
        result,
        "number at happened",
        plans={"audit": fe.Validation(name="audit", of="police", what="coverage", yes=40, n=n)},
        seed=1,
        cores=1,
    )

    def inverse(a, b):  # E[c^-1] and E[c^-2] of a beta
        first = (a + b - 1) / (a - 1)
        return first, first * (a + b - 2) / (a - 2)

    def variance(a, b):
        first, second = inverse(a, b)
        return (count + count**2) * second - (count * first) ** 2

    y = np.arange(n + 1)
    after = stats.betabinom(n, a, b).pmf(y) @ variance(a + y, b + n - y)
    near(rows(found)["audit"], 1 - after / variance(a, b))
    # The coverage itself: what is left is the chance of the count.
    left = count * inverse(a, b)[1]
    near(rows(found)["coverage[police]"], 1 - left / variance(a, b))
