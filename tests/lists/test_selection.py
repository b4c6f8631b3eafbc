"""Choosing a log-linear model: against a slow loop that shares nothing, and counted by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

from funnelest.lists.checks.existence import existence
from funnelest.lists.computing import selection
from funnelest.lists.table.table import OverlapTable, patterns
from funnelest.lists.terms import brackets, independent

UK = {
    "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
    "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11,
    "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
}  # fmt: skip
KOREA = {"001": 41, "010": 5, "100": 5, "110": 54, "101": 6, "111": 12}


def counts_of(counts):
    """Return counts of all patterns in binary order but the empty one."""
    lists = len(next(iter(counts)))
    return np.array([float(counts.get(one, 0)) for one in patterns(lists)[1:]])


def drawn(counts, tables, seed=1):
    n = counts_of(counts)
    made = np.random.default_rng(seed).multinomial(int(n.sum()), n / n.sum(), size=tables)
    return made.astype(float)


# ------------------------------------------------------------------ a slow loop, from the papers


def slow_fit(counts, terms, lists):
    """Return hidden, deviance and means by pattern, or None without an estimate."""
    n = dict(zip(patterns(lists)[1:], counts, strict=True))
    within = {t: [p for p in n if all(p[i] == "1" for i in t)] for t in terms}
    empty = [t for t in terms if sum(n[p] for p in within[t]) == 0]
    left = [p for p in n if not any(p in within[t] for t in empty)]
    kept = [t for t in terms if t not in empty]
    A = np.array([[1.0, *(float(p in within[t]) for t in kept)] for p in left])
    y = np.array([n[p] for p in left])
    if np.linalg.matrix_rank(A) < A.shape[1]:
        return None
    # The largest s with A'x = A'y and x >= s is positive where the estimate exists.
    found = optimize.linprog(
        np.r_[np.zeros(len(y)), -1.0],
        A_ub=np.c_[-np.eye(len(y)), np.ones(len(y))], b_ub=np.zeros(len(y)),
        A_eq=np.c_[A.T, np.zeros(A.shape[1])], b_eq=A.T @ y,
        bounds=[(0, None)] * len(y) + [(None, None)],
    )  # fmt: skip
    assert found.success
    if found.x[-1] < 1e-8:
        return None
    start = np.linalg.lstsq(A, np.log(y + 0.5), rcond=None)[0]
    b = optimize.minimize(
        lambda b: np.exp(A @ b).sum() - y @ (A @ b), start, method="trust-exact",
        jac=lambda b: A.T @ (np.exp(A @ b) - y), hess=lambda b: (A.T * np.exp(A @ b)) @ A,
        options={"gtol": 1e-7},
    ).x  # fmt: skip
    means = np.exp(A @ b)
    deviance = 2 * np.sum(np.where(y > 0, y * np.log(np.maximum(y, 1) / means), 0) - (y - means))
    return np.exp(b[0]), deviance, dict.fromkeys(n, 0.0) | dict(zip(left, means, strict=True))


def slow_stepwise(counts, lists, p):
    chosen = list(independent(lists))
    fit = slow_fit(counts, chosen, lists)
    if fit is None:
        return chosen, np.inf
    n = dict(zip(patterns(lists)[1:], counts, strict=True))
    while True:
        values = {}
        for pair in itertools.combinations(range(lists), 2):
            both = [q for q in n if all(q[i] == "1" for i in pair)]
            seen, mean = sum(n[q] for q in both), sum(fit[2][q] for q in both)
            if pair in chosen or slow_fit(counts, [*chosen, pair], lists) is None:
                continue
            values[pair] = min(stats.poisson.cdf(seen, mean), stats.poisson.sf(seen - 1, mean))
        best = min(values, key=values.get, default=None)
        if best is None or values[best] >= p:
            return chosen, fit[0]
        chosen.append(best)
        fit = slow_fit(counts, chosen, lists)


def slow_bic(counts, models, lists):
    found = {}
    for model in models:
        fit = slow_fit(counts, model, lists)
        if fit is not None:
            found[model] = fit[1] + (len(model) + 1) * np.log(sum(counts)), fit[0]
    best = min(found, key=lambda model: found[model][0])
    return best, found[best][1]


def compare_stepwise(tables, lists, p=0.02):
    fast = selection.stepwise(tables, lists, p)
    for i, one in enumerate(tables):
        terms, hidden = slow_stepwise(one, lists, p)
        assert set(fast.model(i)) == set(terms)
        assert fast.hidden[i] == pytest.approx(hidden, rel=1e-5)


def test_stepwise_as_a_slow_loop_does():
    compare_stepwise(drawn(UK, 1), 5)
    compare_stepwise(drawn(KOREA, 6), 3)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.02, 0.2])
def test_stepwise_as_a_slow_loop_does_in_many_tables(p):
    compare_stepwise(drawn(UK, 12, seed=2), 5, p)
    rng = np.random.default_rng(3)
    compare_stepwise(rng.poisson(rng.gamma(0.4, size=(12, 15)) * 15).astype(float), 4, p)


def test_best_by_bic_as_a_slow_loop_does():
    models = list(selection.hierarchical(3, 2))
    tables = drawn(KOREA, 6)
    fast = selection.best_by_bic(tables, models, 3)
    for i, one in enumerate(tables):
        model, hidden = slow_bic(one, models, 3)
        assert fast.model(i) == model
        assert fast.hidden[i] == pytest.approx(hidden, rel=1e-5)


@pytest.mark.slow
def test_best_by_bic_as_a_slow_loop_does_with_four_lists():
    models = list(selection.hierarchical(4, 3))
    rng = np.random.default_rng(5)
    tables = rng.poisson(rng.gamma(0.6, size=(4, 15)) * 30).astype(float)
    fast = selection.best_by_bic(tables, models, 4)
    for i, one in enumerate(tables):
        model, hidden = slow_bic(one, models, 4)
        assert fast.model(i) == model
        assert fast.hidden[i] == pytest.approx(hidden, rel=1e-5)


# ------------------------------------------------------------------ existence


def existing(rng, lists, tables, models):
    """Yield whether Newton's method and the linear programme say the same of sparse tables."""
    all_ = list(selection.hierarchical(lists, lists - 1))
    for _ in range(tables):
        n = rng.poisson(rng.gamma(0.3, size=2**lists - 1) * rng.choice([3, 10, 50, 1000]))
        n[rng.random(len(n)) < rng.choice([0, 0.3, 0.5])] = 0
        named = dict(zip(patterns(lists)[1:], n.tolist(), strict=True))
        if any(sum(v for p, v in named.items() if p[i] == "1") == 0 for i in range(lists)):
            continue
        table = OverlapTable([f"L{i}" for i in range(lists)], named)
        for i in rng.choice(len(all_), size=min(models, len(all_)), replace=False):
            _, X, active = selection._setting([all_[i]], lists)
            fit = selection.fit_extended(X, n[None].astype(float), active)
            code = existence(table, brackets(all_[i], lists)).details["code"]
            yield (code == 0) == fit.exists[0]


def test_newton_tells_existence_as_the_linear_programme_does():
    seen = list(existing(np.random.default_rng(11), 3, 12, 2))
    seen += existing(np.random.default_rng(12), 4, 8, 3)
    assert len(seen) > 15
    assert all(seen)


@pytest.mark.slow
@pytest.mark.parametrize("lists", [3, 4, 5])
def test_newton_tells_existence_as_the_linear_programme_does_in_many_tables(lists):
    seen = list(existing(np.random.default_rng(lists), lists, 40, 12))
    assert len(seen) > 100
    assert all(seen)


def test_the_codes_of_the_literature_for_empty_overlaps():
    n = counts_of({"100": 40, "010": 30, "001": 20, "110": 6})
    models = list(selection.hierarchical(3, 2))
    by_name = {brackets(m, 3): m for m in models}
    _, X, active = selection._setting(models, 3)
    fits = selection.fit_extended(X, np.repeat(n[None], len(models), axis=0), active)
    found = {name: fits.exists[models.index(m)] for name, m in by_name.items()}
    assert not found["[12,13,23]"]
    assert not found["[12,3]"]
    assert found["[13,23]"]
    # By hand: A and B independent where C is apart, 40 * 30 / 6.
    assert fits.hidden[models.index(by_name["[13,23]"])] == pytest.approx(200)


def test_no_overlap_at_all_is_infinite_and_a_list_of_everybody_leaves_nobody():
    apart = counts_of({"100": 40, "010": 30, "001": 20})
    whole = counts_of({"111": 5, "110": 30, "101": 20, "100": 7})
    for chosen in (
        selection.stepwise(np.array([apart, whole]), 3, 0.02),
        selection.best_by_bic(np.array([apart, whole]), [independent(3)], 3),
    ):
        assert chosen.hidden.tolist() == [np.inf, 0.0]
        assert not chosen.exists.any()


def test_independent_lists_in_closed_form():
    # Two lists that overlap and a third with nobody on it, as in a resampled table.
    n = counts_of({"100": 40, "010": 30, "110": 10})
    assert selection.stepwise(n[None], 3, 0.0).hidden[0] == pytest.approx(120)


# ------------------------------------------------------------------ enumerating


@pytest.mark.parametrize(
    ("lists", "order", "count"),
    [(2, 1, 1), (3, 2, 8), (4, 3, 113), (5, 4, 6893), (5, 2, 1024), (4, 2, 64), (4, 1, 1)],
)
def test_number_of_models(lists, order, count):
    models = list(selection.hierarchical(lists, order))
    assert len(set(models)) == len(models) == count
    assert selection.number_of_models(lists, order, 10_000) == count


def test_models_are_hierarchical():
    for model in selection.hierarchical(4, 3):
        for term in model:
            assert all(
                face in model for face in itertools.combinations(term, len(term) - 1) if face
            )


def test_more_models_than_allowed_are_not_counted_to_the_end():
    assert selection.number_of_models(6, 5, 100) == 7_785_061
    assert selection.number_of_models(6, 4, 100) == 101
    assert selection.number_of_models(8, 2, 100) == 2**28


# ------------------------------------------------------------------ the rest


def test_order_of_the_lists_does_not_matter_where_p_values_are_all_zero():
    # Every pair is overwhelming: the probabilities are below the smallest number there is.
    n = counts_of(
        {"100": 9000, "010": 8000, "001": 7000, "110": 6000, "101": 5000, "011": 100, "111": 900}
    )
    names = patterns(3)[1:]
    base = selection.stepwise(n[None], 3, 0.02)
    for order in itertools.permutations(range(3)):
        moved = np.array(
            [n[names.index("".join(p[order.index(i)] for i in range(3)))] for p in names]
        )
        again = selection.stepwise(moved[None], 3, 0.02)
        assert again.hidden[0] == pytest.approx(base.hidden[0], rel=1e-8)


def test_log_p_agrees_with_scipy_and_goes_on_where_that_ends():
    seen, mean = np.array([[0.0, 3.0, 12.0]]), np.array([[2.5, 2.0, 4.0]])
    expected = np.log(np.minimum(stats.poisson.cdf(seen, mean), stats.poisson.sf(seen - 1, mean)))
    np.testing.assert_allclose(selection._log_p(seen, mean), expected, rtol=1e-10)
    far = selection._log_p(np.array([[2000.0, 4000.0, 0.0]]), np.array([[10.0, 10.0, 5000.0]]))
    assert far[0, 1] < far[0, 0] < -1000
    assert far[0, 2] == pytest.approx(-5000)


def test_shortlist_holds_the_best_and_independent_lists():
    models = list(selection.hierarchical(3, 2))
    short = selection.shortlisted(counts_of(KOREA), models, 3, 2)
    assert [brackets(one, 3) for one in short] == ["[12,23]", "[1,2,3]"]


def test_many_tables_at_once_are_as_one_by_one(monkeypatch):
    tables = drawn(UK, 40)
    whole = selection.stepwise(tables, 5, 0.02)
    monkeypatch.setattr(selection, "_AT_ONCE", 3000)
    parts = selection.stepwise(tables, 5, 0.02)
    np.testing.assert_allclose(parts.hidden, whole.hidden, rtol=1e-9)
    np.testing.assert_array_equal(parts.active, whole.active)
