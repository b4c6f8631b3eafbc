"""Counts that are off by a factor that they share, against sums over every set of counts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import integrate, special, stats
from tests.observations.test_table import chance

import funnelest as fe
from funnelest.distributions import NegativeBinomial, Poisson
from funnelest.figures import as_figure
from funnelest.observations import scattered
from funnelest.observations.scattered import PrintedInSets, Scattered, crossing
from funnelest.observations.table import Margin, Printed, Table
from funnelest.tape.traced import gradient_of, traced, valued

MEANS = np.array([
    [2.0, 3.0, 1.0, 5.0], [4.0, 6.0, 1.0, 0.3], [1.5, 0.1, 5.0, 3.0], [3.0, 2.0, 2.0, 8.0],
    [5.0, 4.0, 9.0, 2.5],
])  # fmt: skip
CV = np.array([0.02, 0.2, 0.6, 1.5])
HIDDEN, SOME, FIVE = fe.Withheld(), fe.Withheld(1, 3), fe.Rounded(5, to=5)
ALL, TWO, OWN = ((0, 1, 2, 3, 4),), ((0, 3), (1, 2, 4)), ((0,), (1,), (2,), (3,), (4,))
#: What an integral over a factor is promised to be off, in the log-likelihood.
INTEGRAL = 1e-7
#: Figures, totals with their counts, and the counts that share a factor.
CASES = {
    "exact": ([3, 0, 5, 1, 2], [], ALL),
    "exact, two factors": ([3, 0, 5, 1, 2], [], TWO),
    "nothing": ([0, 0, 0, 0, 0], [], TWO),
    "one hidden": ([3, HIDDEN, 5, 1, 2], [], ALL),
    "one hidden in each": ([3, HIDDEN, 5, FIVE, 2], [], TWO),
    "one limit": ([3, 0, fe.AtLeast(4), 1, 2], [], ALL),
    "several hidden": ([3, HIDDEN, 5, FIVE, SOME], [], ALL),
    "all hidden": ([HIDDEN, SOME, FIVE, HIDDEN, FIVE], [], TWO),
    "printed at random": ([fe.RandomlyRounded(5), 3, fe.RandomlyRounded(0), HIDDEN, 4], [], ALL),
    "limits": ([fe.AtMost(3), fe.AtLeast(3), 2, fe.AtMost(5), 1], [], TWO),
    "two values": (
        [3, fe.Disagreeing((3, 6), use="mixture", apart=0.3), HIDDEN, 1, 2], [], ALL
    ),
    "pinned": ([HIDDEN, 2, 5, 1, 2], [((0, 1, 2, 3, 4), 12)], ALL),
    "total within": ([HIDDEN, 2, SOME, HIDDEN, 2], [((0, 1, 2, 3, 4), 11)], ALL),
    "total of some": ([HIDDEN, 2, SOME, FIVE, HIDDEN], [((0, 1, 2), FIVE)], ALL),
    "two totals within": (
        [HIDDEN, SOME, SOME, FIVE, HIDDEN], [((0, 1, 2), 7), ((3, 4), fe.Rounded(10, to=5))], ALL
    ),
    "total of two factors": ([HIDDEN, SOME, 2, FIVE, HIDDEN], [((0, 1, 2, 3, 4), 13)], TWO),
    "rounded total of two factors": (
        [HIDDEN, 4, 2, FIVE, HIDDEN], [((0, 1, 2, 3, 4), fe.Rounded(15, to=5))], TWO
    ),
}  # fmt: skip


def made(case, law=None):
    figures, margins, sets = CASES[case]
    printed = PrintedInSets(
        tuple(map(as_figure, figures)), 1,
        tuple(Margin(rows, as_figure(total)) for rows, total in margins), sets,
    )  # fmt: skip
    return Scattered(NegativeBinomial(MEANS, CV) if law is None else law, printed)


def log_joint(counts, means, cv, sets):
    """Return the log-probability of counts: of a gamma factor per set, integrated by hand."""
    total = -sum(special.gammaln(k + 1) for k in counts)
    shape = 1 / cv**2
    for rows in sets:
        number, mean = sum(counts[i] for i in rows), sum(means[i] for i in rows)
        total = total + sum(special.xlogy(counts[i], means[i]) for i in rows)
        total = total + special.gammaln(shape + number) - special.gammaln(shape)
        total = total + shape * np.log(shape) - (shape + number) * np.log(shape + mean)
    return total


def brute(case, last=45):
    figures, margins, sets = CASES[case]
    each = [
        [(k, p) for k in range(last) for p in [chance(as_figure(figure), k)] if p]
        for figure in figures
    ]
    terms = []
    for some in product(*each):
        counts = [k for k, _ in some]
        weight = np.prod([p for _, p in some])
        for rows, total in margins:
            weight *= chance(as_figure(total), sum(counts[i] for i in rows))
        if weight:
            terms.append(np.log(weight) + log_joint(counts, MEANS, CV, sets))
    return special.logsumexp(terms, axis=0)


@pytest.mark.parametrize("case", CASES)
def test_the_sum_over_every_set_of_counts(case, monkeypatch):
    expected = brute(case, 200 if case in ("one limit", "limits") else 45)
    exact = 1e-9 if case != "limits" else INTEGRAL
    np.testing.assert_allclose(made(case).logp(), expected, atol=exact, rtol=1e-9)
    monkeypatch.setattr(scattered, "_NODES", 0)  # by an integral over the factor
    np.testing.assert_allclose(made(case).logp(), expected, atol=INTEGRAL, rtol=0)


def test_the_integral_over_the_factor_by_quadrature():
    """Three classes rounded to hundreds: of each the probability given the factor, integrated."""
    figures = [fe.Rounded(1200, to=100), fe.Rounded(900, to=100), 431]
    means, cv = np.array([[1000.0, 1000.0], [1000.0, 700.0], [400.0, 400.0]]), np.array([0.2, 0.05])
    printed = PrintedInSets(tuple(map(as_figure, figures)), sets=((0, 1, 2),))
    found = Scattered(NegativeBinomial(means, cv), printed).logp()
    g = np.linspace(0.4, 2.2, 200_001)[:, None]
    p = stats.poisson.cdf(1249, 1000 * g) - stats.poisson.cdf(1149, 1000 * g)
    p = p * stats.poisson.pmf(431, 400 * g) * stats.gamma.pdf(g, cv**-2, scale=cv**2)
    p = p * (stats.poisson.cdf(949, means[1] * g) - stats.poisson.cdf(849, means[1] * g))
    np.testing.assert_allclose(
        found, np.log(integrate.trapezoid(p, g[:, 0], axis=0)), atol=INTEGRAL
    )


def test_short_and_long_sums_agree(monkeypatch):
    """Twelve classes rounded to tens, with means that are far off too."""
    rng = np.random.default_rng(3)
    means = 100 * np.exp(rng.normal(0, 0.6, (12, 300)))
    law = NegativeBinomial(means, np.exp(rng.normal(-2, 1, 300)))
    printed = (tuple([fe.Rounded(100, to=10)] * 12), 1, (), (tuple(range(12)),))
    sums = Scattered(law, PrintedInSets(*printed)).logp()
    monkeypatch.setattr(scattered, "_NODES", 0)
    np.testing.assert_allclose(Scattered(law, PrintedInSets(*printed)).logp(), sums, rtol=1e-9)
    assert np.isfinite(sums).all()


def test_without_scatter_it_is_poisson_and_with_one_figure_each_it_is_as_it_was():
    for case in CASES:
        table = made(case, NegativeBinomial(MEANS, np.full(4, 1e-9)))
        plain = Table(Poisson(MEANS), Printed(*(getattr(table.printed, name) for name in
                                                ("figures", "divisor", "margins"))))  # fmt: skip
        np.testing.assert_allclose(table.logp(), plain.logp(), rtol=1e-8)
    figures, margins, _ = CASES["total of two factors"]
    printed = (
        tuple(map(as_figure, figures)),
        1,
        tuple(Margin(r, as_figure(t)) for r, t in margins),
    )
    alone = Scattered(NegativeBinomial(MEANS, CV), PrintedInSets(*printed, OWN))
    each = Table(NegativeBinomial(MEANS, CV), Printed(*printed))
    np.testing.assert_allclose(alone.logp(), each.logp(), rtol=1e-9)


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_slopes(case, forced, monkeypatch):
    if forced:
        monkeypatch.setattr(scattered, "_NODES", 0)
    start = traced(np.log(np.vstack([MEANS, CV])))

    def value(z):
        return made(case, NegativeBinomial(np.exp(z[:5]), np.exp(z[5]))).logp()

    found = value(start)
    slopes = gradient_of(found, start)
    np.testing.assert_allclose(valued(found), made(case).logp(), rtol=1e-9)
    for i in range(6):
        step = np.zeros((6, 1))
        step[i] = 1e-5
        difference = (value(start.numbers + step) - value(start.numbers - step)) / 2e-5
        np.testing.assert_allclose(slopes[i], difference, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    "case", ["exact, two factors", "one hidden", "several hidden", "limits", "total of some",
             "total of two factors"],
)  # fmt: skip
def test_symbols(case):
    import pytensor
    import pytensor.tensor as pt

    z = pt.matrix("z", shape=(6, 1))
    value = made(case, NegativeBinomial(pt.exp(z[:5]), pt.exp(z[5]))).logp().sum()
    slope = pytensor.grad(value, z)
    with pytensor.config.change_flags(cxx=""):  # once run, C takes longer to compile
        compiled = pytensor.function([z], [value, slope], mode="FAST_COMPILE")
    start = traced(np.log(np.vstack([MEANS, CV])))
    expected = made(case, NegativeBinomial(np.exp(start[:5]), np.exp(start[5]))).logp()
    slopes = gradient_of(expected, start)
    for draw in range(4):
        found, gradient = compiled(start.numbers[:, [draw]])
        assert found == pytest.approx(valued(expected)[draw], rel=1e-8)
        np.testing.assert_allclose(gradient[:, 0], slopes[:, draw], rtol=1e-6, atol=1e-7)


def test_far_off_means_stay_finite():
    far = np.array([1e-6, 1e-3, 1e3, 1e5])
    for case in CASES:
        if CASES[case][0] == [0] * 5:
            continue
        law = NegativeBinomial(np.tile(far, (5, 1)), np.full(4, 0.01))
        assert np.isfinite(made(case, law).logp()).all(), case


def test_made_up_counts_share_a_factor():
    means = np.repeat([[40.0], [60.0], [50.0]], 20_000, axis=1)
    table = Scattered(
        NegativeBinomial(means, np.full(20_000, 0.3)),
        PrintedInSets((fe.Exact(40), fe.Exact(60), fe.Exact(50)), sets=((0, 2), (1,))),
    )
    counts = table.anew(20_000, np.random.default_rng(1))
    covariance = np.cov(counts)
    expected = np.diag([40, 60, 50]) + 0.09 * np.array(
        [[1600, 0, 2000], [0, 3600, 0], [2000, 0, 2500]]
    )
    np.testing.assert_allclose(covariance, expected, rtol=0.04, atol=6)
    for rows in ((0,), (0, 2), (0, 1, 2)):
        mean, sd = table.moments_of(rows)
        assert mean[0] == pytest.approx(counts[list(rows)].sum(axis=0).mean(), rel=0.01)
        assert sd[0] == pytest.approx(counts[list(rows)].sum(axis=0).std(), rel=0.02)
    assert table.law((0, 1)) is None
    law = table.law((0, 2))
    assert (law.mean[0], law.cv[0]) == (90.0, 0.3)


def test_a_count_given_the_others_of_its_factor():
    table = made("exact, two factors")
    found = table.law_given_others((1,))  # beside the counts at 2 and 4
    for draw in range(4):
        logs = [log_joint([3, k, 5, 1, 2], MEANS[:, draw], CV[draw], TWO) for k in range(400)]
        expected = np.exp(logs - special.logsumexp(logs))
        p = np.exp(NegativeBinomial(found.mean[draw], found.cv[draw]).logp(np.arange(400.0)))
        np.testing.assert_allclose(p, expected, rtol=1e-8, atol=1e-14)
    assert table.law_given_others((0, 3)) is None


def test_a_rounded_count_says_less_of_the_factor():
    means, cv = np.full((2, 1), 1000.0), np.array([0.3])
    laws = []
    for figure in (fe.Exact(1500), fe.Rounded(1500, to=100), fe.Rounded(1500, to=1000)):
        printed = PrintedInSets((fe.Exact(1400), figure), sets=((0, 1),))
        laws.append(Scattered(NegativeBinomial(means, cv), printed).law_given_others((0,)))
    spreads = [float(law.cv[0]) for law in laws]
    assert sorted(spreads) == spreads
    assert spreads[0] == pytest.approx(1 / np.sqrt(1 / 0.09 + 1500))
    means = [float(law.mean[0]) for law in laws]
    assert sorted(means, reverse=True) == means


def test_what_is_located_has_the_curvature_of_the_likelihood():
    """At means that fit, of every combination of the logarithms of the means."""
    counts = np.array([300, 200, 500, 150, 250])
    sets = ((0, 1, 2), (3, 4))
    cv = 0.1
    printed = PrintedInSets(tuple(fe.Exact(int(k)) for k in counts), sets=sets)

    def table(logs):
        return Scattered(NegativeBinomial(np.exp(logs)[:, None], np.array([cv])), printed)

    at, step = np.log(counts), 1e-3
    units = np.eye(5) * step
    hessian = np.array([
        [(table(at + a + b).logp() - table(at + a - b).logp() - table(at - a + b).logp()
          + table(at - a - b).logp())[0] / (4 * step**2) for a in units] for b in units
    ])  # fmt: skip
    information = np.zeros((5, 5))
    places = table(at).locations()
    slopes = [
        [(up[0] - down[0]) / (2 * step) for up, down in
         zip(table(at + a).locations(), table(at - a).locations(), strict=True)] for a in units
    ]  # fmt: skip
    for k, (_, _, known) in enumerate(places):
        jacobian = np.array([one[k][:, 0] for one in slopes])
        information += jacobian @ np.diag(np.ravel(known)) @ jacobian.T
    np.testing.assert_allclose(information, -hessian, rtol=0.02, atol=0.02 * counts.max())
    for value, aim, _ in places:
        np.testing.assert_allclose(value, aim, atol=0.01)


def test_limits_locate_nothing():
    assert None in made("limits").locations()
    assert None not in made("several hidden").locations()


@pytest.mark.parametrize(
    ("margins", "sets", "answer"),
    [
        ([(0, 1, 2, 3)], ((0, 1), (2, 3)), False), ([(0, 1), (2, 3)], ((0, 1), (2, 3)), False),
        ([(0, 1), (2, 3)], ((0, 1, 2, 3),), False), ([(0, 2), (1, 3)], ((0, 1), (2, 3)), True),
        ([(0, 1, 2)], ((0, 1), (2, 3)), True), ([], ((0,), (1,)), False),
    ],
)  # fmt: skip
def test_totals_that_cross_factors(margins, sets, answer):
    assert crossing(margins, sets) is answer
