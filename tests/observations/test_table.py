"""Counts with a printed total, against the sum over every set of counts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import NegativeBinomial, Poisson
from funnelest.observations.table import Margin, Printed, Table, _sum_in_logs, margin_problems

MEANS = np.array([[0.4, 3.0, 40.0], [0.7, 6.0, 1.0], [2.0, 0.1, 15.0]])
CV = np.array([0.2, 0.5, 1.5])
LAWS = {
    "poisson": (Poisson(MEANS), lambda i, k: stats.poisson.logpmf(k, MEANS[i])),
    "spread": (
        NegativeBinomial(MEANS, CV),
        lambda i, k: stats.nbinom.logpmf(k, CV**-2, 1 / (1 + MEANS[i] * CV**2)),
    ),
}


def chance(figure, count, divisor=1):
    """Return the probability that a count prints as a figure."""
    if not figure.bounded:
        low, high = figure.limits(divisor)
        return float(low <= count <= high)
    counts, logs = figure.candidates(divisor), figure.log_weights(divisor)
    at = np.flatnonzero(counts == count)
    if not len(at):
        return 0.0
    return 1.0 if logs is None else float(np.exp(logs[at[0]]))


def brute(law, figures, margins, divisor=1, last=60):
    """Return the log of the sum over every set of counts, per draw."""
    each = [
        [(k, chance(figure, k, divisor)) for k in range(last) if chance(figure, k, divisor)]
        for figure in figures
    ]
    terms = []
    for counts in product(*each):
        weight = np.prod([w for _, w in counts])
        for rows, total in margins:
            weight *= chance(total, sum(counts[i][0] for i in rows), divisor)
        if weight:
            logs = sum(law(i, k) for i, (k, _) in enumerate(counts))
            terms.append(logs + np.log(weight))
    return special.logsumexp(terms, axis=0)


def table(law, figures, margins=(), divisor=1):
    made = tuple(Margin(tuple(rows), total) for rows, total in margins)
    return Table(law, Printed(tuple(figures), divisor, made))


E2, E5 = fe.Exact(2), fe.Exact(5)
HIDDEN, SOME = fe.Withheld(), fe.Withheld(1, 3)
CASES = {
    "no total": ([E2, HIDDEN, fe.Rounded(10, to=10)], []),
    "pinned": ([HIDDEN, E5, E2], [([0, 1, 2], fe.Exact(10))]),
    "pinned by a rounded total": ([HIDDEN, E5, E2], [([0, 1, 2], fe.Rounded(10, to=5))]),
    "pinned by a random total": ([HIDDEN, E5, E2], [([0, 1, 2], fe.RandomlyRounded(10))]),
    "pinned by a limit": ([HIDDEN, E5, E2], [([0, 1, 2], fe.AtMost(8))]),
    "two withheld": ([HIDDEN, SOME, E2], [([0, 1, 2], fe.Exact(6))]),
    "three withheld": ([HIDDEN, SOME, HIDDEN], [([0, 1, 2], fe.Exact(7))]),
    "two withheld at least": ([HIDDEN, SOME, E2], [([0, 1], fe.AtLeast(4))]),
    "two withheld, a total of any base": (
        [HIDDEN, SOME, E2], [([0, 1, 2], fe.RoundedToUnknown(5, (1, 5), (1, 2)))],
    ),
    "rounded parts and total": (
        [fe.Rounded(10, to=10), fe.Rounded(0, to=10), fe.Rounded(10, to=10)],
        [([0, 1, 2], fe.Rounded(30, to=10))],
    ),
    "random parts and total": (
        [fe.RandomlyRounded(5), fe.RandomlyRounded(10), fe.RandomlyRounded(0)],
        [([0, 1, 2], fe.RandomlyRounded(20))],
    ),
    "parts with gaps": (
        [fe.RoundedToUnknown(10, (1, 10)), fe.Withheld(2, 3, value=0, to=8), E2],
        [([0, 1], fe.Exact(11))],
    ),
    "two totals": (
        [HIDDEN, SOME, HIDDEN, SOME],
        [([0, 2], fe.Exact(5)), ([1, 3], fe.Rounded(5, to=5))],
    ),
    "a total of some": ([HIDDEN, SOME, fe.AtMost(4)], [([0, 1], fe.Exact(4))]),
    "exact and their total": ([E2, E5, E2], [([0, 1, 2], fe.Exact(9))]),
    "exact and a random total": ([E2, E5, E2], [([0, 1, 2], fe.RandomlyRounded(10))]),
    "a disagreement": (
        [fe.Disagreeing((3, 5), use="mixture", apart=0.3), HIDDEN, E2], [([0, 1], fe.Exact(6))],
    ),
}  # fmt: skip


def with_rows(law, rows):
    """Return a law of so many counts, repeating those of the example."""
    order = np.arange(rows) % 3
    return order, type(law)(law.mean[order], *([law.cv] if hasattr(law, "cv") else []))


@pytest.mark.parametrize("kind", LAWS)
@pytest.mark.parametrize("name", CASES)
def test_a_table_is_the_sum_over_every_set_of_counts(name, kind):
    figures, margins = CASES[name]
    law, logpmf = LAWS[kind]
    order, many = with_rows(law, len(figures))
    found = table(many, figures, margins).logp()
    expected = brute(lambda i, k: logpmf(order[i], k), figures, margins)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize("kind", LAWS)
def test_means_over_years(kind):
    """Divided by 3 and then printed: the total is of the counts, not of what is printed."""
    law, logpmf = LAWS[kind]
    figures = [fe.Withheld(0, 2), fe.Rounded(2, to=1), fe.RandomlyRounded(0, to=3)]
    margins = [([0, 1, 2], fe.Rounded(4, to=2))]
    found = table(law, figures, margins, divisor=3).logp()
    np.testing.assert_allclose(found, brute(logpmf, figures, margins, 3), rtol=1e-8)


figures_of_few = st.one_of(
    st.builds(fe.Exact, st.integers(0, 5)),
    st.builds(fe.Withheld, st.integers(0, 2), st.integers(2, 5)),
    st.builds(lambda k: fe.Rounded(3 * k, to=3), st.integers(0, 3)),
    st.builds(lambda k: fe.RandomlyRounded(3 * k, to=3), st.integers(0, 3)),
    st.builds(lambda k: fe.RoundedToUnknown(2 * k, (1, 2)), st.integers(0, 3)),
)


@settings(max_examples=150)
@given(st.lists(figures_of_few, min_size=3, max_size=3), figures_of_few, st.sampled_from([*LAWS]))
def test_any_parts_and_any_total(figures, total, kind):
    law, logpmf = LAWS[kind]
    low = sum(one.limits()[0] for one in figures)
    shifted = {fe.Exact: int(low) + 2, fe.Rounded: 3 * (int(low) // 3 + 1)}
    if type(total) in shifted:  # near to what is possible
        total = type(total)(shifted[type(total)], *([total.to] if hasattr(total, "to") else []))
    if margin_problems("the total", figures, total, 1):
        return
    margins = [([0, 1, 2], total)]
    expected = brute(logpmf, figures, margins)
    if not np.isfinite(expected).all():  # a set within the limits, none of which prints so
        return
    np.testing.assert_allclose(table(law, figures, margins).logp(), expected, rtol=1e-8)


@pytest.mark.parametrize("name", ["two withheld", "parts with gaps", "random parts and total",
                                  "a disagreement", "two totals"])  # fmt: skip
def test_the_same_in_linear_arithmetic_in_logarithms_and_on_symbols(name, monkeypatch):
    import pytensor
    import pytensor.tensor as pt

    figures, margins = CASES[name]
    order, law = with_rows(Poisson(MEANS), len(figures))
    linear = table(law, figures, margins).logp()
    monkeypatch.setattr("funnelest.observations.table._sum_of_arrays", _sum_in_logs)
    np.testing.assert_allclose(table(law, figures, margins).logp(), linear, rtol=1e-10)
    monkeypatch.undo()
    log_mean = pt.matrix("log_mean", shape=(len(figures), 1))
    value = table(Poisson(pt.exp(log_mean)), figures, margins).logp().sum()
    slope = pytensor.grad(value, log_mean)
    with pytensor.config.change_flags(cxx=""):  # once run, C takes longer to compile
        compiled = pytensor.function([log_mean], [value, slope], mode="FAST_COMPILE")
    for draw in range(3):
        at = np.log(MEANS[order][:, [draw]])
        found, slopes = compiled(at)
        assert found == pytest.approx(linear[draw], rel=1e-8)
        for i in range(len(figures)):
            step = np.zeros_like(at)
            step[i] = 1e-5
            near = [table(Poisson(np.exp(at + s)), figures, margins).logp()[0]
                    for s in (step, -step)]  # fmt: skip
            assert slopes[i, 0] == pytest.approx((near[0] - near[1]) / 2e-5, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", LAWS)
def test_far_tails_stay_finite(name, kind):
    figures, margins = CASES[name]
    far = np.array([1e-6, 1e-3, 1e3, 1e5])
    means = np.tile(far, (len(figures), 1)) * np.array([1.0, 0.5, 2.0, 1.5])[: len(figures), None]
    law = Poisson(means) if kind == "poisson" else NegativeBinomial(means, np.full(4, 0.01))
    found = table(law, figures, margins).logp()
    assert np.isfinite(found).all()
    if kind == "poisson" and all(figure.bounded for figure in figures):
        expected = brute(lambda i, k: stats.poisson.logpmf(k, means[i]), figures, margins)
        np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_total_of_exact_counts_says_nothing_more():
    law = Poisson(MEANS)
    alone = table(law, [E2, E5, E2]).logp()
    np.testing.assert_allclose(table(law, *CASES["exact and their total"]).logp(), alone)


def test_a_total_beside_rounded_parts_says_more():
    """Rounded parts of 10, 0 and 10 are 20 on paper; a total of 30 says that they are larger."""
    figures, margins = CASES["rounded parts and total"]
    q = np.array([[8.0, 14.0], [4.0, 4.9], [8.0, 14.0]])
    alone = table(Poisson(q), figures).logp()
    with_total = table(Poisson(q), figures, margins).logp()
    assert np.all(with_total < alone)
    assert with_total[1] - with_total[0] > alone[1] - alone[0] + 1


def test_many_withheld_cells():
    """Forty cells with a total, against the same sum by Fourier transform of their weights."""
    rng = np.random.default_rng(4)
    means = rng.uniform(0.5, 4.0, (40, 2))
    found = table(Poisson(means), [HIDDEN] * 40, [(range(40), fe.Exact(70))]).logp()
    counts = np.arange(5)
    for draw in range(2):
        p = np.exp(stats.poisson.logpmf(counts[:, None], means[:, draw]))
        size = 40 * 4 + 1
        product_of_all = np.prod(np.fft.rfft(p, size, axis=0), axis=1)
        assert found[draw] == pytest.approx(np.log(np.fft.irfft(product_of_all, size)[70]))


def test_simulated_totals_are_those_of_the_counts():
    """And not of what was printed."""
    law = Poisson(np.array([[30.0], [40.0]]))
    made = table(law, [fe.Rounded(0, to=50), fe.Rounded(0, to=50)], [([0, 1], fe.Exact(0))])
    rng = np.random.default_rng(1)
    shown = [made.simulate(rng) for _ in range(2000)]
    totals = np.array([total.value for _, (total,) in shown])
    assert totals.mean() == pytest.approx(70, abs=1)
    assert totals.std() == pytest.approx(np.sqrt(70), rel=0.06)
    assert {part.value for parts, _ in shown for part in parts} <= {0, 50, 100}


@pytest.mark.parametrize(
    ("parts", "total", "divisor", "words"),
    [
        ([HIDDEN, E5], fe.Exact(4), 1, "at least 5, more than the total (4)"),
        ([HIDDEN, E5], fe.Exact(10), 1, "at most 9, less than the total (10)"),
        ([fe.Withheld(5, 9)] * 2, fe.Exact(8), 1, "at least 10"),
        ([fe.Rounded(10, to=10)] * 2, fe.Rounded(40, to=10), 1, "at most 28"),
        ([HIDDEN, E5], fe.AtLeast(10), 1, "less than the total (at least 10)"),
        ([HIDDEN, E5], fe.AtMost(4), 1, "more than the total (at most 4)"),
        ([fe.Rounded(3, to=1)] * 2, fe.Rounded(8, to=1), 2, "at most 6, less than"),
        ([fe.Rounded(9000, to=1000)] * 2, fe.Exact(18_000), 1, "says next to nothing"),
    ],
)
def test_parts_and_totals_that_cannot_both_be_right(parts, total, divisor, words):
    (found,) = margin_problems("field 'total'", parts, total, divisor)
    assert found.startswith("field 'total': ")
    assert words in found


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ([HIDDEN, E5], fe.Exact(5)), ([HIDDEN, E5], fe.Exact(9)), ([HIDDEN] * 40, fe.Exact(70)),
        ([fe.Rounded(10, to=10)] * 2, fe.Rounded(30, to=10)), ([HIDDEN, E5], fe.AtLeast(9)),
        ([fe.Rounded(100, to=100)] * 3, fe.Rounded(400, to=100)),
    ],
)  # fmt: skip
def test_parts_and_totals_that_can(parts, total):
    assert margin_problems("field 'total'", parts, total, 1) == []
