"""Both engines against closed forms, exact sums and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_limits

import funnelest as fe

ENGINES = ["importance", pytest.param("hmc", marks=pytest.mark.slow)]
ONE = fe.Population.cells()


def fit(model, engine="importance", **more):
    result = fe.fit(model, engine=engine, **{"draws": 4000, "seed": 6, "progress": False, **more})
    assert result.gate.passed, result.gate.text
    return result


def size(result):
    """Return the effective number of draws."""
    measures = result.gate.measures
    return min(measures.get("ESS", np.inf), measures.get("bulk ESS", np.inf), 4000)


def on_grid(weights, x):
    """Return the distribution function on a grid of midpoints."""
    total = np.cumsum(weights) / weights.sum()
    edges = (x[1:] + x[:-1]) / 2
    knots = np.concatenate([[x[0]], edges, [x[-1]]])
    return lambda value: np.interp(value, knots, [0, *total[:-1], 1])


def midpoints(n, low=0.0, high=1.0):
    return low + (high - low) * (np.arange(n) + 0.5) / n


@pytest.mark.parametrize("engine", ENGINES)
def test_beta_binomial(engine, agrees):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(100.0), {("a", "b"): fe.Share(fe.Beta(2, 3))},
        [fe.Cohort(name="c", of="a", step="b", yes=7, n=20)],
    )  # fmt: skip
    result = fit(model, engine)
    agrees(result.draws["a -> b"], stats.beta(9, 16).cdf, size(result))


@pytest.mark.parametrize("engine", ENGINES)
def test_poisson_gamma(engine, agrees):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.Gamma(4, 0.1)), {("a", "b"): fe.Share(0.5)},
        [fe.Register(name="r", step="b", count=31)],
    )  # fmt: skip
    result = fit(model, engine)
    # mean of the count is n / 2, so the rate of the posterior is 0.1 + 1 / 2
    agrees(result.draws["number at a"], stats.gamma(35, scale=1 / 0.6).cdf, size(result))


def _between(low, high, mean):
    """Return the probability of a Poisson number from `low` to below `high`."""
    return stats.poisson.cdf(high - 1, mean) - stats.poisson.cdf(low - 1, mean)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ["half up", "floor"])
def test_rounded_count_of_a_chain(engine, rule, agrees):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.LogNormal(6.2, 0.2)),
        {("a", "b"): fe.Share(fe.Beta(2, 5))},
        [
            fe.Register(name="all", step="a", count=fe.Rounded(500, to=100, rule=rule)),
            fe.Register(name="r", step="b", count=fe.Rounded(150, to=50, rule=rule)),
        ],
    )  # fmt: skip
    result = fit(model, engine)
    number, p = midpoints(400, 200, 1200)[:, None], midpoints(400)[None, :]
    half = {"half up": (450, 550, 125, 175), "floor": (500, 600, 150, 200)}[rule]
    # Those at b are some of those at a: the others at a are a Poisson number of their own.
    each = {
        k: stats.poisson.pmf(k, number * p) * _between(half[0] - k, half[1] - k, number * (1 - p))
        for k in range(*half[2:])
    }
    prior = stats.lognorm.pdf(number, 0.2, scale=np.exp(6.2)) * stats.beta.pdf(p, 2, 5)
    weight = sum(each.values()) * prior
    agrees(result.draws["number at a"], on_grid(weight.sum(axis=1), number[:, 0]), size(result))
    agrees(result.draws["a -> b"], on_grid(weight.sum(axis=0), p[0]), size(result))
    mean = sum(k * np.sum(one * prior) for k, one in each.items()) / weight.sum()
    table = result.steps().set_index("step")
    error = table.loc["b", "sd"] / np.sqrt(size(result))
    assert table.loc["b", "mean"] == pytest.approx(mean, abs=4.5 * error)


@pytest.mark.parametrize("engine", ENGINES)
def test_three_figures_on_a_route_with_a_skip(engine, agrees):
    priors = {("a", "b"): (2, 5), ("a", "c"): (1, 9), ("b", "c"): (2, 2)}
    model = fe.Model(
        fe.Route("a", "b", "c", skips=[("a", "c")]), ONE, fe.Number(400.0),
        {edge: fe.Share(fe.Beta(*shape)) for edge, shape in priors.items()},
        [
            fe.Register(name="b", step="b", count=fe.Rounded(90, to=10)),
            fe.Register(name="b to c", step=("b", "c"), count=30),
            fe.Register(name="c", step="c", count=fe.Rounded(70, to=10)),
        ],
    )  # fmt: skip
    result = fit(model, engine)
    axes = [midpoints(120, 0.05, 0.45), midpoints(120, 0.0, 0.4), midpoints(120, 0.1, 0.7)]
    ab, ac, bc = np.meshgrid(*axes, indexing="ij")
    b, flow = 400 * ab, 400 * ab * bc
    c = flow + 400 * (1 - ab) * ac
    log = stats.poisson.logpmf(30, flow)
    # Of those at b and of those at c 30 are the same, and were counted.
    with np.errstate(divide="ignore"):
        for mean, low, high in ((b, 85, 95), (c, 65, 75)):
            log += np.log(_between(low - 30, high - 30, mean - flow))
    for value, shape in zip((ab, ac, bc), priors.values(), strict=True):
        log += stats.beta.logpdf(value, *shape)
    weight = np.exp(log - log.max())
    for i, name in enumerate(["a -> b", "a -> c", "b -> c"]):
        others = tuple(j for j in range(3) if j != i)
        agrees(result.draws[name], on_grid(weight.sum(axis=others), axes[i]), size(result))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_prior_comes_back_without_evidence(engine, agrees, build):
    model = build(
        parameters={"x": fe.LogitNormal(-1, 0.8), "y": fe.LogUniform(0.1, 30),
                    "z": fe.Truncated(fe.Normal(0, 1), low=0.5), "u": fe.Uniform(-2, 5)},
        transitions={("told", "reported"): fe.Share(fe.LogNormal(-1, 1))},
    )  # fmt: skip
    result = fit(model, engine)
    for name, prior in model.free.items():
        agrees(result.draws[name], prior.cdf, size(result))


def test_a_negative_binomial_register(agrees):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.Gamma(4, 0.02)), {("a", "b"): fe.Share(0.5)},
        [fe.Register(name="r", step="a", count=150, defects=[fe.Overdispersion(0.3)])],
    )  # fmt: skip
    result = fit(model)
    x = midpoints(6000, 0, 900)
    size_ = 1 / 0.3**2
    weight = stats.nbinom.pmf(150, size_, size_ / (size_ + x)) * stats.gamma.pdf(x, 4, scale=50)
    agrees(result.draws["number at a"], on_grid(weight, x), size(result))


def test_coverage_and_ppv_keep_their_prior_ratio(agrees):
    """Only coverage / ppv meets the count: with the number known, quadrature gives both."""
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(300.0), {("a", "b"): fe.Share(0.5)},
        [
            fe.Register(
                name="r", step="b", count=120,
                defects=[fe.Coverage(fe.Beta(8, 4)), fe.PPV(fe.Beta(16, 4))],
            )
        ],
    )  # fmt: skip
    result = fit(model)
    c, v = midpoints(600)[:, None], midpoints(600)[None, :]
    weight = (
        stats.poisson.pmf(120, 150 * c / v) * stats.beta.pdf(c, 8, 4) * stats.beta.pdf(v, 16, 4)
    )
    agrees(result.draws["coverage[r]"], on_grid(weight.sum(axis=1), c[:, 0]), size(result))
    agrees(result.draws["ppv[r]"], on_grid(weight.sum(axis=0), v[0]), size(result))


def test_a_withheld_count(agrees):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.Gamma(1, 0.05)), {("a", "b"): fe.Share(0.5)},
        [fe.Register(name="r", step="a", count=fe.Between(1, 4))],
    )  # fmt: skip
    result = fit(model)
    x = midpoints(8000, 0, 60)
    weight = sum(stats.poisson.pmf(k, x) for k in range(1, 5)) * np.exp(-0.05 * x)
    agrees(result.draws["number at a"], on_grid(weight, x), size(result))


@pytest.mark.parametrize("engine", ["auto", "hmc"])
def test_a_model_in_which_nothing_is_unknown_has_its_numbers_and_no_draws(engine, tmp_path):
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(300.0), {("a", "b"): fe.Share(0.5)},
        [fe.Register(name="r", step="b", count=140)],
    )  # fmt: skip
    result = fe.fit(model, engine=engine, seed=1, progress=False)
    assert set(result.steps().query("step == 'b'")["mean"]) == {140}  # those who were counted
    table = result.steps(number="expected").set_index("step")
    assert table.loc["b", "mean"] == 150
    assert table.loc["b", "sd"] == 0
    assert set(table["basis"]) == {"assumed"}  # no figure had a say
    assert repr(result).startswith("Result: nothing in the model is unknown")
    assert "draws," not in repr(result)
    assert "ESS" not in result.gate.text
    assert fe.check.convergence(result).text == result.gate.text
    with pytest.raises(fe.FitError, match="no draws, of which more"):
        result.more(100)
    fe.report.page(result, tmp_path / "a.html", title="t", language="nl")
    assert "Niets in het model is onbekend" in (tmp_path / "a.html").read_text(encoding="utf-8")
    fe.save(result, tmp_path / "a.nc")
    assert repr(fe.load(tmp_path / "a.nc")) == repr(result)


def test_known_numbers_under_which_the_figures_cannot_be():
    model = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(300.0), {("a", "b"): fe.Share(0.0)},
        [fe.Register(name="r", step="b", count=140)],
    )  # fmt: skip
    with pytest.raises(fe.FitError, match="figures of 'r' have no probability"):
        fe.fit(model, seed=1, progress=False)


def test_what_was_given_is_assumed_and_not_estimated(small):
    route = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.Gamma(4, 0.1)), {("a", "b"): fe.Share(0.5)},
        [fe.Register(name="r", step="b", count=31)],
    )  # fmt: skip
    result = fit(route)
    assert list(result.transitions()["basis"]) == ["assumed"]
    assert list(result.steps()["basis"]) == ["estimated", "counted"]


@pytest.mark.parametrize("engine", ["auto", "hmc"])
def test_chains_that_are_too_short_to_be_judged_are_refused(engine, small):
    with pytest.raises(fe.SpecError, match=r"at most 62 for 1,000 draws.* given 5,000") as caught:
        fe.fit(small, engine=engine, chains=5000, draws=1000)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("engine", ["nuts", "NUTS", "", None])
def test_an_engine_that_is_none_names_those_there_are(engine, small):
    with pytest.raises(fe.SpecError, match="must be 'auto', 'importance' or 'hmc'; given"):
        fe.fit(small, engine=engine)


# --------------------------------------------------------------------- same seed


@pytest.fixture
def small(build):
    return build(
        fe.Register(name="r", step="reported", count=fe.Rounded(250, to=50)),
        fe.Cohort(name="c", of="told", went={"reported": 22, "helped": 15}, n=100),
        parameters={},
    )


def test_the_same_seed_gives_the_same_draws(small):
    one, two, other = (fit(small, seed=seed) for seed in (5, 5, 6))
    for name in small.free:
        np.testing.assert_array_equal(one.draws[name], two.draws[name])
        assert not np.array_equal(one.draws[name], other.draws[name])


def test_importance_gives_the_same_draws_on_one_core_and_on_two(small):
    found = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            found.append(fit(small, seed=8).draws)
    for name, draws in found[0].items():
        np.testing.assert_array_equal(draws, found[1][name])


def test_a_fresh_seed_is_kept(small):
    one = fit(small, seed=None)
    again = fit(small, seed=one.seed)
    for name in small.free:
        np.testing.assert_array_equal(one.draws[name], again.draws[name])


def test_chains_give_the_same_draws_on_one_core_and_on_two(small):
    found = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            found.append(fit(small, "hmc", seed=8).draws)
    for name, draws in found[0].items():
        np.testing.assert_array_equal(draws, found[1][name])


@pytest.mark.slow
def test_both_engines_agree(small):
    one, two = fit(small), fit(small, "hmc")
    for name in small.free:
        a, b = np.sort(one.draws[name].ravel()), np.sort(two.draws[name].ravel())
        error = np.sqrt(1 / size(one) + 1 / size(two))
        both = np.concatenate([a, b])
        gap = np.max(np.abs(np.searchsorted(a, both) / len(a) - np.searchsorted(b, both) / len(b)))
        assert gap < 2.2 * error, name  # Kolmogorov-Smirnov at far below 0.1 %


def test_a_refit_starts_where_the_other_ended(small, agrees):
    first = fit(small)
    data = fe.simulate(
        small, seed=3, parameters={n: float(d.mean()) for n, d in first.draws.items()}
    )
    fresh, warm = fit(data), fit(data, start=first)
    for name in small.free:
        spread = np.sqrt(1 / size(fresh) + 1 / size(warm)) * fresh.draws[name].std()
        assert abs(fresh.draws[name].mean() - warm.draws[name].mean()) < 4.5 * spread
