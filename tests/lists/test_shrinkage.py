"""Log-linear model with shrinkage: density, what is hidden, what is withheld, calibration."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable
from funnelest.lists.computing.hierarchy import Hierarchy, Scales, log_at_most, truncated_poisson
from funnelest.lists.estimators import shrinkage
from funnelest.lists.estimators.shrinkage import Shrinkage
from funnelest.lists.table.table import patterns
from funnelest.lists.terms import design, pairs
from funnelest.sampling.gate import Gate

THREE = OverlapTable(
    ["police", "hospital", "shelter"],
    {"100": 400, "010": 200, "001": 90, "110": 100, "101": 40, "011": 30, "111": 20},
)
FOUR = {
    "1000": 131, "0100": 85, "0010": 96, "0001": 36, "1100": 17, "1010": 28, "1001": 10,
    "0110": 21, "0101": 3, "0011": 12, "1110": 8, "1011": 4, "1111": 2,
}  # fmt: skip
#: Three strata: one complete, one that list C does not cover, one where D was not linked with the
#: others. D also holds people outside the target.
ODD = OverlapTable(
    ["A", "B", "C", "D"],
    {
        "x": FOUR,
        "y": {"1000": 80, "0100": 50, "0001": 22, "1100": 15, "1001": 6, "0101": 5},
        "z": {"100?": 70, "010?": 44, "001?": 80, "110?": 16, "101?": 12, "011?": 9, "0001": 31},
    },
    not_covering={"C": ["y"]},
    upper=["D"],
)
TABLES = {"three": THREE, "four": OverlapTable(list("ABCD"), FOUR), "odd": ODD}


def hierarchy(table, order=2):
    scales = Scales(3.0, {2: 1.0, 3: 0.5}, 1.0, 0.5)
    cells = [table.cells(one) for one in table.strata]
    return Hierarchy(cells, pairs(len(table.lists), order), scales)


# ---------------------------------------------------------------- density


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("prepared", [True, False])
def test_gradients_are_those_of_the_density(name, order, prepared):
    model = hierarchy(TABLES[name], order)
    point = model.prepared()[0] if prepared else np.zeros(model.size)
    points = point + 0.3 * np.random.default_rng(1).standard_normal((3, model.size))
    _, found = model(points)
    width = 1e-5 * np.eye(model.size)
    slopes = [(model(points + w)[0] - model(points - w)[0]) / 2e-5 for w in width]
    np.testing.assert_allclose(found, np.stack(slopes, axis=1), rtol=1e-4, atol=1e-3)


def test_the_density_is_that_of_the_model_in_any_coordinates():
    # Where nothing is known of the effects, they are standard normal times their scale.
    from scipy.stats import halfnorm, norm, poisson

    table = TABLES["four"]
    model = hierarchy(table)
    points = np.random.default_rng(1).normal([4.0] + [-1.0] * 4 + [0.0] * 7, 0.5, (5, model.size))
    X, cells = design(pairs(4), 4), table.cells()
    offsets = []
    for point, value in zip(points, model(points)[0], strict=True):
        a, beta, u, tau = point[0], point[1:5], point[5:11], np.exp(point[11])
        means = cells.sums @ np.exp(X @ [a, *beta, *(tau * u)])
        by_hand = poisson.logpmf(cells.counts, means).sum() + norm.logpdf(u).sum()
        by_hand += norm.logpdf(beta, 0, 3).sum() + halfnorm.logpdf(tau) + np.log(tau)
        offsets.append(by_hand - value)
    np.testing.assert_allclose(offsets, offsets[0])  # a constant


def test_the_coordinates_do_not_change_the_density():
    # The posterior density of (a, beta, effects, scales) has the Jacobian of the coordinates only.
    plain, other = hierarchy(ODD), hierarchy(ODD)
    middle, _ = other.prepared()
    points = middle + 0.2 * np.random.default_rng(1).standard_normal((6, other.size))
    same = points.copy()  # the same coefficients and scales, in plain coordinates
    tau, sigma = other.part("log_tau", points), other.part("log_sigma", points)
    same[:, plain._at["a"]] = other.log_empty(points)
    same[:, plain._at["beta"]] = other.main_effects(points)
    common = np.concatenate([other.main_effects(points), other.interactions(points)], axis=1)
    same[:, plain._at["u"]] = common[:, 4:] / np.exp(tau)
    own = other.coefficients(points) - common[:, None]
    same[:, plain._at["z"]] = (own / np.repeat(np.exp(sigma), (4, 6), axis=1)[:, None]).reshape(
        6, -1
    )
    np.testing.assert_allclose(plain.coefficients(same), other.coefficients(points), rtol=1e-9)
    jacobian = -0.5 * np.log1p(other._known_u * np.exp(2 * tau)).sum(axis=1)
    jacobian -= 0.5 * np.log1p(other._known_z * np.exp(2 * sigma @ other._sigma_of)).sum(axis=1)
    off = other(points)[0] - plain(same)[0] - jacobian
    np.testing.assert_allclose(off, off[0], atol=1e-6)


def test_at_most_a_limit():
    from scipy.stats import poisson

    limits, means = np.array([0.0, 5.0, 40.0]), np.array([[0.5, 4.0, 90.0], [3.0, 1e-3, 300.0]])
    value, slope = log_at_most(limits, means)
    np.testing.assert_allclose(value, poisson.logcdf(limits, means), rtol=1e-9)
    far, _ = log_at_most(np.array([3.0]), np.array([[5000.0]]))  # beyond the smallest number
    np.testing.assert_allclose(far, -5000 + 3 * np.log(5000) - np.log(6), rtol=1e-6)
    up, down = log_at_most(limits, means * 1.0001)[0], log_at_most(limits, means * 0.9999)[0]
    np.testing.assert_allclose(slope, (up - down) / (0.0002 * means), rtol=1e-5, atol=1e-12)


def test_truncated_poisson_numbers():
    from scipy.stats import poisson

    rng = np.random.default_rng(1)
    drawn = truncated_poisson(np.full((20_000, 1), 6.0), np.array([4.0]), rng)
    wanted = poisson.pmf(np.arange(5), 6.0) / poisson.cdf(4, 6.0)
    found = np.bincount(drawn[:, 0].astype(int), minlength=5) / 20_000
    np.testing.assert_allclose(found, wanted, atol=0.015)
    assert np.all(truncated_poisson(np.full((5, 1), 1e6), np.array([4.0]), rng) == 4)


# ---------------------------------------------------------------- what it says


def test_independent_lists_against_sums():
    """With hardly any interaction allowed: exact sums over the three effects' values."""
    counts = np.array([90.0, 200.0, 30.0, 400.0, 40.0, 100.0, 20.0])  # 001, 010, 011, ...
    table = OverlapTable(THREE.lists, dict(zip(patterns(3)[1:], counts.astype(int), strict=True)))
    found = Shrinkage(pair_scale=1e-4).estimate(table)
    grid = [np.linspace(m - 0.7, m + 0.7, 71) for m in (-0.6, -1.1, -1.9)]
    b = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1).reshape(-1, 3)
    logs = np.log(1 + np.exp(b)).sum(axis=1)
    on = np.array([[int(x) for x in one] for one in patterns(3)[1:]])
    empty = np.exp(-logs)
    n = counts.sum()
    # The constant is summed out: given the number known, the patterns are multinomial.
    density = b @ (counts @ on) - n * (logs + np.log1p(-empty)) - np.sum(b**2, axis=1) / 200
    weights = np.exp(density - density.max())
    mean = n * np.sum(weights * empty / (1 - empty)) / weights.sum()
    spread = found.draws.std() / np.sqrt(6000)  # effective draws of the 12,000
    assert abs(found.draws.mean() - mean) < 4 * spread


def test_known_hidden_and_total_are_apart():
    found = Shrinkage().estimate(THREE)
    assert found.passed, found.text
    assert found.known == 880
    assert found.total == found.known + found.hidden
    low, high = found.overall.interval
    assert 100 < low < found.hidden < high < 5000
    assert found.draws.shape == (12_000,)
    assert found.predicted["all"].shape == (7, 1000)
    assert found.interval_name == "95% equal-tailed posterior"
    np.testing.assert_allclose(
        found.predicted["all"].mean(axis=1), THREE.cells().counts, rtol=0.1, atol=5
    )
    pair = found.details["interactions"][0]
    assert pair["lists"] == "police and hospital"
    assert pair["low"] < pair["median"] < pair["high"]


def test_the_same_seed_gives_the_same_number(monkeypatch):
    monkeypatch.setattr(shrinkage, "_TRIES", ((1, 0.9),))
    one, two, other = (Shrinkage(draws=1000).estimate(THREE, seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, other.draws)


def test_strata_partly_linked_and_limits():
    found = Shrinkage(order=2, draws=6000).estimate(ODD)
    assert found.passed, found.text
    assert set(found.strata) == {"x", "y", "z"}
    assert found.known == sum(part.known for part in found.strata.values())
    middle = [part.hidden for part in found.strata.values()]
    assert 0.7 * sum(middle) < found.hidden < 1.4 * sum(middle)
    assert found.predicted["z"].shape[0] == len(ODD.cells("z").patterns)
    named = {(row["stratum"], row["lists"]) for row in found.details["interactions by stratum"]}
    assert ("x", "A and C") in named
    assert ("y", "A and C") not in named


def test_people_on_a_mere_limit_are_hidden_ones():
    # Nobody of the 3,000 on the list alone needs to belong to the target.
    table = OverlapTable(
        ["A", "B", "C"],
        {"100": 100, "010": 100, "110": 100, "001": 3000, "101": 100, "011": 100, "111": 100},
        upper=["C"],
    )
    found = Shrinkage(pair_scale=0.1).estimate(table)
    assert found.passed, found.text
    assert found.known == 600
    # Each list has half of all: a hundred on none, a hundred on C alone, of which nothing is known.
    assert found.overall.interval[0] < 200 < found.overall.interval[1]
    assert found.hidden < 400


def test_one_stratum_is_the_table_itself():
    one = Shrinkage(draws=4000).estimate(THREE)
    other = Shrinkage(draws=4000).estimate(OverlapTable(THREE.lists, {"all of them": THREE.counts}))
    np.testing.assert_array_equal(one.draws, other.draws)
    assert other.strata["all of them"].hidden == one.hidden


# ---------------------------------------------------------------- what it says with a warning


def test_nobody_on_two_lists_is_withheld():
    found = Shrinkage(draws=1000).estimate(
        OverlapTable(["A", "B", "C"], {"100": 40, "010": 30, "001": 20})
    )
    assert np.isnan(found.hidden)
    assert found.interval is None
    assert "the overlaps do not tell the number on none" in found.withheld


def test_a_failed_gate_withholds(monkeypatch):
    failed = Gate("hmc", {"R-hat": 1.5}, ("the largest R-hat is 1.5000, it must be below 1.01",))
    monkeypatch.setattr(shrinkage, "gate_of", lambda *_: failed)
    found = Shrinkage(draws=1000).estimate(THREE)
    assert np.isnan(found.hidden)
    assert found.interval is None
    assert "R-hat is 1.5" in found.withheld


def test_a_pair_that_was_never_linked_is_named():
    table = OverlapTable(
        ["A", "B", "C", "D"],
        {
            "10?0": 90, "11?0": 30, "10?1": 20, "11?1": 9, "0100": 70, "0001": 60, "0010": 80,
            "0101": 15, "0110": 22, "0011": 18, "0111": 6,
        },
    )  # fmt: skip
    # With interactions of three lists, the two patterns of A and C counted together leave those of
    # A with others open too.
    found = Shrinkage(order=2).estimate(table)
    (warning,) = [one for one in found.warnings if "say little of the dependence" in one]
    assert "A and C" in warning
    assert "A and B" not in warning
    (warning,) = [one for one in Shrinkage().estimate(table).warnings if "A and C" in one]
    assert "A and B and C" in warning
    assert "B and D" not in warning


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"order": 4}, "'order' must be 2 or 3"),
        ({"order": 3}, "nothing is known of their interaction"),
        ({"main_sd": 0}, "'main_sd' must be above 0"),
        ({"pair_scale": "wide"}, "'pair_scale' must be above 0"),
        ({"strata_pair_scale": float("inf")}, "'strata_pair_scale' must be above 0"),
        ({"draws": 10}, "'draws' must be a whole number"),
        ({"probability": 95}, "'probability' must lie strictly between 0 and 1"),
    ],
)
def test_options_that_make_no_sense(options, said):
    with pytest.raises(SpecError, match=said):
        Shrinkage(**options).estimate(THREE)


def test_two_lists_are_too_few():
    with pytest.raises(SpecError, match="at least 3 lists"):
        Shrinkage().estimate(OverlapTable(["A", "B"], {"10": 5, "01": 5, "11": 5}))


def test_a_stratum_with_nobody_known():
    table = OverlapTable(["A", "B", "C"], {"x": THREE.counts, "y": {"001": 30}}, upper=["C"])
    with pytest.raises(SpecError, match="stratum 'y' has nobody"):
        Shrinkage().estimate(table)
