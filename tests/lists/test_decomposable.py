"""Average over decomposable graphs: the closed form against sums, simulation and symmetry."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable
from funnelest.lists.computing.graphs import decomposable_graphs
from funnelest.lists.computing.hidden_numbers import log_rising
from funnelest.lists.estimators.decomposable import DecomposableAverage, Posterior
from funnelest.lists.number_priors import NegativeBinomialN, OneOverN, UniformN

SPINA = {"100": 60, "010": 49, "110": 4, "001": 247, "101": 112, "011": 142, "111": 12}
FOUR = {"1000": 1131, "0100": 845, "0010": 936, "0001": 306, "1100": 177, "1010": 228,
        "1001": 106, "0110": 217, "0101": 31, "0011": 123, "1110": 181, "1101": 18, "1011": 42,
        "0111": 32, "1111": 27}  # fmt: skip
TINY = np.array([0.0, 2, 1, 1, 3, 0, 1, 2])


def table(counts):
    lists = [f"l{i}" for i in range(len(next(iter(counts))))]
    return OverlapTable(lists, counts)


def cells(counts):
    return np.concatenate([[0.0], table(counts).cells().counts])


# ------------------------------------------------------------------ closed form


def log_multinomial(counts, probabilities):
    coefficient = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()
    return coefficient + np.log(probabilities) @ counts


@pytest.mark.parametrize("name", ["[1,2,3]", "[12,3]", "[12,13]", "[123]"])
def test_closed_form_is_the_average_likelihood_over_the_prior(name):
    """Monte Carlo over Dirichlet clique tables, put together at their separator."""
    rng = np.random.default_rng(3)
    draws, delta, hidden = 400_000, 0.5, 2.0
    if name == "[1,2,3]":
        one = rng.dirichlet([4 * delta] * 2, (3, draws))
        p = np.einsum("da,db,dc->dabc", *one)
    elif name == "[12,3]":
        pair = rng.dirichlet([2 * delta] * 4, draws).reshape(draws, 2, 2)
        p = np.einsum("dab,dc->dabc", pair, rng.dirichlet([4 * delta] * 2, draws))
    elif name == "[12,13]":
        pair = rng.dirichlet([2 * delta] * 4, draws).reshape(draws, 2, 2)
        third = rng.dirichlet([2 * delta] * 2, (draws, 2))
        p = np.einsum("dab,dac->dabc", pair, third)
    else:
        p = rng.dirichlet([delta] * 8, draws)
    filled = TINY.copy()
    filled[0] = hidden
    likelihood = np.exp(log_multinomial(filled, p.reshape(draws, 8)))
    graphs = decomposable_graphs(3)
    graph = [graphs.name(g) for g in range(8)].index(name)
    found = Posterior(TINY, delta, UniformN(upper=100)).log_joint(np.array([hidden]))[graph, 0]
    exact = np.exp(found - gammaln(TINY + 1).sum())  # which the posterior has no need of
    error = likelihood.std() / math.sqrt(draws)
    assert error < 0.05 * exact
    assert abs(likelihood.mean() - exact) < 4 * error


@pytest.mark.parametrize("lists", [3, 4])
def test_probabilities_of_all_tables_add_up_to_one(lists):
    """Summed over every table of two people, under every graph."""
    size, total = 2**lists, np.zeros(len(decomposable_graphs(lists)))
    for pair in product(range(size), repeat=2):
        counts = np.bincount(pair, minlength=size).astype(float)
        if counts[0] == 2:
            # Nobody is known: by the first of the two, on no list, and the second anywhere.
            continue
        hidden, counts[0] = counts[0], 0.0
        log_joint = Posterior(counts, 0.3, UniformN(upper=9)).log_joint(np.array([hidden]))
        both = 1.0 if pair[0] == pair[1] else 0.5  # a table of two patterns is met twice
        total += both * np.exp(log_joint[:, 0] - gammaln(counts + 1).sum())
    delta = 0.3
    graphs = decomposable_graphs(lists)
    sets = np.array([delta * 2.0 ** (lists - c.bit_count()) for c in range(size)])
    nobody = np.exp(graphs.signs @ (gammaln(sets + 2) - gammaln(sets)))
    np.testing.assert_allclose(total + nobody, 1.0, rtol=1e-12)


@pytest.mark.parametrize("upper", [None, 12_000, 5_500])
def test_the_integral_is_the_sum_over_all_numbers(upper):
    found = Posterior(cells(FOUR), 1 / 16, OneOverN(upper=upper))
    hidden = np.arange(0.0, (upper or 60_000) - found.known + 1)
    log_joint = found.log_joint(hidden)
    mass = np.exp(log_joint - log_joint.max())
    mass /= mass.sum()
    np.testing.assert_allclose(found.weights, mass.sum(axis=1), atol=1e-7)
    levels = np.array([0.001, 0.025, 0.2, 0.5, 0.9, 0.975, 0.999])
    exact = np.searchsorted(np.cumsum(mass.sum(axis=0)), levels)
    np.testing.assert_array_equal(found.quantiles(levels), exact)
    assert found.mode() == hidden[np.argmax(mass.sum(axis=0))]
    assert found.mass.sum() == pytest.approx(1.0)


def test_limits_of_the_prior_are_kept():
    prior = UniformN(lower=700, upper=740)
    found = DecomposableAverage(prior=prior).estimate(table(SPINA))
    total = found.draws + found.known
    assert total.min() >= 700
    assert total.max() <= 740
    assert 700 <= found.interval[0] < found.interval[1] <= 740


def test_large_numbers_keep_their_digits():
    x, whole = np.array([150.0, 3e3, 1e9, 1e15]), 7
    expected = np.sum([np.log(x + k) for k in range(1, whole)], axis=0)
    np.testing.assert_allclose(log_rising(x, float(whole)), expected, rtol=1e-14, atol=1e-12)
    small = np.arange(300.0)
    for a in (0.03, 1.0, 4.5, 1e4):
        np.testing.assert_allclose(
            log_rising(small, a), gammaln(small + a) - gammaln(small + 1), atol=1e-8, rtol=1e-12
        )


def test_tail_beyond_the_last_number_is_the_power_law():
    found = Posterior(cells(FOUR), 1 / 16, OneOverN())
    far = np.array([1e14, 1e15])
    slope = np.diff(found.log_joint(far), axis=1)[:, 0] / np.log(10)
    np.testing.assert_allclose(slope, found.powers, rtol=1e-6)
    assert found.beyond[1] == np.inf
    # Under two independent lists the tail is thin: those who are on both.
    assert found.bounded_by[-1] == 0
    assert (found.bounded_by[:-1] > 0).all()


def test_mean_is_infinite_when_the_tail_is_that_heavy():
    assert DecomposableAverage().estimate(table(SPINA)).measures["mean total"] == np.inf
    thin = DecomposableAverage(delta=1.0).estimate(table(SPINA)).measures["mean total"]
    assert thin == pytest.approx(734.6, abs=0.1)


@pytest.mark.parametrize("lists", [3, 4, 5])
def test_the_complete_graph_has_the_heaviest_tail(lists):
    rng = np.random.default_rng(lists)
    for _ in range(20):
        counts = rng.poisson(rng.gamma(0.5, 4, 2**lists)).astype(float)
        counts[0], counts[-1] = 0.0, counts[-1] + 1
        found = Posterior(counts, 0.2, UniformN())
        assert found.bounded_by.min() == found.bounded_by[-1] == 0
        assert found.powers.argmax() == len(found.graphs) - 1


# ---------------------------------------------------------------------- symmetry


def test_the_order_of_the_lists_does_not_matter():
    first = DecomposableAverage().estimate(table(SPINA))
    for order in permutations(range(3)):
        moved = {"".join(p[i] for i in order): n for p, n in SPINA.items()}
        again = DecomposableAverage().estimate(table(moved))
        assert again.interval == first.interval
        np.testing.assert_allclose(
            sorted(again.details["graphs"].values()), sorted(first.details["graphs"].values())
        )


# ------------------------------------------------------------------------- draws


def test_draws_have_the_quantiles_of_the_posterior():
    found = DecomposableAverage().estimate(table(FOUR))
    low, high = np.quantile(found.draws, [0.025, 0.975], method="inverted_cdf")
    assert found.overall.interval == pytest.approx((low, high), rel=0.002)
    assert np.median(found.draws) == pytest.approx(found.hidden, abs=2)
    assert not np.array_equal(found.draws, np.sort(found.draws))


def test_expected_counts_have_the_mean_of_the_closed_form():
    delta, counts = 0.5, cells(SPINA)
    found = Posterior(counts, delta, OneOverN(upper=3000))
    expected = np.zeros(7)
    margin = [found._margin(code) for code in range(8)]
    sets = np.array([delta * 2.0 ** (3 - c.bit_count()) for c in range(8)])
    hidden = found.numbers.points
    for cell in range(1, 8):
        one = np.empty((8, len(hidden)))
        for code in range(8):
            at = tuple(int(bool(cell & found.graphs.bit(i))) for i in found.graphs.members(code))
            one[code] = margin[code][at] + sets[code] + hidden * (not any(at))
        next_one = np.exp(found._signs @ np.log(one))
        expected[cell - 1] = np.sum(found.mass * next_one * (found.known + hidden))
    drawn = found.draws(40_000, np.random.default_rng(1))[1]
    error = drawn.std(axis=1) / math.sqrt(40_000)
    assert (np.abs(drawn.mean(axis=1) - expected) < 4 * error).all()


def test_expected_counts_go_with_the_draws():
    found = DecomposableAverage().estimate(table(FOUR))
    predicted = found.predicted["all"]
    assert predicted.shape == (15, len(found.draws))
    room = found.known + found.draws - predicted.sum(axis=0)  # what is expected on no list
    assert (room > 0).all()
    assert np.corrcoef(room, found.draws)[0, 1] > 0.99


def test_the_same_seed_gives_the_same_draws():
    one, same, other = (
        DecomposableAverage().estimate(table(SPINA), seed=s) for s in (4, 4, 5)
    )  # fmt: skip
    np.testing.assert_array_equal(one.draws, same.draws)
    np.testing.assert_array_equal(one.predicted["all"], same.predicted["all"])
    assert not np.array_equal(one.draws, other.draws)
    assert one.interval == other.interval


# --------------------------------------------------------------- what is not shown


def test_nothing_is_shown_where_the_prior_alone_speaks():
    lonely = DecomposableAverage().estimate(table({"100": 10, "010": 10, "001": 10}))
    assert "say nothing of the number" in lonely.withheld
    assert np.isnan(lonely.hidden)
    assert lonely.interval is None
    assert lonely.draws is None


def test_a_heavy_delta_on_a_sparse_table_is_not_shown():
    sparse = table({"10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316,
                    "11000": 15, "10100": 19, "01100": 62, "00110": 76})  # fmt: skip
    assert DecomposableAverage(delta=1.0).estimate(sparse).withheld
    assert DecomposableAverage().estimate(sparse).passed


def test_weight_of_the_complete_graph_is_told():
    found = DecomposableAverage(delta=1.0).estimate(table(SPINA))
    assert found.measures["weight that says nothing"] == found.details["graphs"]["[123]"]
    assert any("4% of the weight" in text and "[123]" in text for text in found.warnings)
    assert not DecomposableAverage().estimate(table(FOUR)).warnings


def test_a_tail_without_end_is_not_shown():
    """Under the complete graph the posterior falls as N to -1.05 only."""
    found = DecomposableAverage(delta=0.15, prior=UniformN()).estimate(table(SPINA))
    assert "beyond" in found.withheld
    assert found.interval is None
    bounded = DecomposableAverage(delta=0.15, prior=UniformN(upper=10_000))
    assert bounded.estimate(table(SPINA)).passed


@pytest.mark.parametrize(
    "counts",
    [
        {"111": 1},
        {"111": 50},
        {"100": 1, "111": 1},
        {"100": 1_300_000, "010": 1_200_000, "001": 900_000, "110": 5, "101": 7, "011": 3},
        {"11111": 5, "10000": 3, "01000": 2},
    ],
    ids=str,
)
def test_odd_tables_have_an_answer_or_a_reason(counts):
    with np.errstate(all="raise", under="ignore"):
        found = DecomposableAverage().estimate(table(counts))
    assert found.withheld or np.isfinite(found.hidden)
    assert np.isfinite(found.predicted["all"]).all()


# ------------------------------------------------------------------------ refused

WRONG = {
    "'delta' must be above 0": {"delta": 0},
    "given True": {"delta": True},
    "given nan": {"delta": float("nan")},
    "must be OneOverN": {"prior": "1/N"},
    "there is no posterior": {"prior": UniformN()},
    "at most 3 people": {"prior": UniformN(upper=3)},
    "the prior: field 'a'": {"prior": NegativeBinomialN(a=-1, b=2)},
    "the prior: field 'b'": {"prior": NegativeBinomialN(a=1, b=float("inf"))},
    "the prior: field 'lower'": {"prior": OneOverN(lower=1.5)},
    "the prior: field 'upper'": {"prior": OneOverN(upper=True)},
    "below 'lower'": {"prior": OneOverN(lower=900, upper=800)},
}


@pytest.mark.parametrize("sentence", WRONG)
def test_options_that_make_no_sense(sentence):
    with pytest.raises(SpecError, match=sentence):
        DecomposableAverage(**WRONG[sentence]).estimate(table(SPINA))


def test_a_uniform_prior_has_a_posterior_where_delta_bounds_it():
    assert DecomposableAverage(delta=1.0, prior=UniformN()).estimate(table(SPINA)).passed


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [(2, "at least 3 lists"), (6, "18,154 decomposable graphs"), (9, "more than 30 million")],
)
def test_numbers_of_lists_that_it_does_not_take(lists, sentence):
    with pytest.raises(SpecError, match=sentence):
        DecomposableAverage().estimate(table({"1" * lists: 3}))


def test_negative_binomial_has_the_mean_and_the_variance_it_says():
    N = np.arange(0.0, 20_000)
    prior = NegativeBinomialN(a=13.14, b=55.17)
    p = np.exp(prior.log_density(N))
    p /= p.sum()
    mean = p @ N
    assert mean == pytest.approx(13.14 * 55.17)
    assert p @ (N - mean) ** 2 == pytest.approx(13.14 * 55.17 * 56.17)
    exact = stats.nbinom.pmf(N, 13.14, 1 / 56.17)
    np.testing.assert_allclose(p, exact, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("lists", [3, 4])
def test_quantiles_are_those_of_the_whole_sum(lists):
    rng = np.random.default_rng(20 + lists)
    for _ in range(5):
        counts = np.concatenate([[0.0], rng.poisson(rng.gamma(0.6, 30, 2**lists - 1))])
        found = Posterior(counts, 0.4, NegativeBinomialN(a=4.0, b=60.0))
        log_joint = found.log_joint(np.arange(4000.0))
        mass = np.exp(log_joint - log_joint.max()).sum(axis=0)
        levels = np.array([0.025, 0.5, 0.975])
        at = np.searchsorted(np.cumsum(mass) / mass.sum(), levels)
        np.testing.assert_array_equal(found.quantiles(levels), at)


def test_a_guess_is_given_by_position_and_checked():
    assert NegativeBinomialN(3, 2) == NegativeBinomialN(a=3, b=2)
    counts = {"100": 5, "010": 4, "001": 3, "110": 2, "011": 2}
    with pytest.raises(SpecError, match="the prior: field 'a' must be above 0; given -1"):
        DecomposableAverage(prior=NegativeBinomialN(-1, 2)).estimate(
            OverlapTable(["a", "b", "c"], counts)
        )
