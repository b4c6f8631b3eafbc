"""More scatter than chance: the negative binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

import funnelest as fe

CLASSES = {"m": 140, "f": fe.Rounded(700, to=100)}


def test_the_variance_of_figures_by_themselves(model_of, quantities):
    """Each count has a gamma variable of its own."""
    register = fe.Register(
        name="r", step="b", by="sex", count=CLASSES,
        defects=[fe.Overdispersion(fe.Gamma(2, 10), by="every figure")],
    )  # fmt: skip
    model = model_of(register)
    (seen,) = register.observations(quantities(model, **{"overdispersion[r]": 0.2}))
    mean, sd = (np.ravel(part) for part in seen.moments())
    assert mean == pytest.approx([150, 700])
    assert sd**2 == pytest.approx([150 + 30**2, 700 + 140**2])
    size = 1 / 0.2**2
    boys = stats.nbinom.logpmf(140, size, size / (size + 150))
    girls = np.log(stats.nbinom.pmf(np.arange(650, 750), size, size / (size + 700)).sum())
    assert seen.logp() == pytest.approx(boys + girls)
    made = np.array([[p.middle for p in seen.simulate(np.random.default_rng(s))[0]]
                     for s in range(4000)])  # fmt: skip
    assert made.std(axis=0) == pytest.approx(
        np.sqrt([sd[0] ** 2, sd[1] ** 2 + 100**2 / 12]), rel=0.06
    )
    assert np.corrcoef(made.T)[0, 1] == pytest.approx(0.0, abs=0.06)


def test_the_factor_that_classes_share(model_of, quantities):
    """The girls' 100 counts given the boys' 140, integrated over the factor."""
    register = fe.Register(
        name="r", step="b", by="sex", count=CLASSES, defects=[fe.Overdispersion(0.2)]
    )
    (seen,) = register.observations(quantities(model_of(register)))
    g = np.linspace(0.2, 2.5, 100_001)
    p = stats.gamma.pdf(g, 25, scale=1 / 25) * stats.poisson.pmf(140, 150 * g)
    p = p * (stats.poisson.cdf(749, 700 * g) - stats.poisson.cdf(649, 700 * g))
    assert seen.logp() == pytest.approx(np.log(integrate.trapezoid(p, g)), abs=1e-7)
    _, sd = (np.ravel(part) for part in seen.moments())
    assert sd**2 == pytest.approx([150 + 30**2, 700 + 140**2])
    made = np.array([[p.middle for p in seen.simulate(np.random.default_rng(s))[0]]
                     for s in range(4000)])  # fmt: skip
    assert np.corrcoef(made.T)[0, 1] == pytest.approx(30 * 140 / (sd[0] * sd[1]), abs=0.03)


YEARS = fe.Population(
    {"sex": ["m", "f"], "jaar": [2017, 2018, 2019], "region": ["n", "s"]},
    np.full((2, 3, 2), 1e5), years="jaar",
)  # fmt: skip
SEX_AND_YEAR = {"by": ["sex", "jaar"],
                "count": {(s, y): 5 for s in "mf" for y in (2017, 2018, 2019)}}  # fmt: skip


def sets(level, **register):
    """Return the counts that share a factor, by their positions."""
    one = fe.Register(name="r", step="b", defects=[fe.Overdispersion(0.2, by=level)], **register)
    fe.Model(fe.Route("a", "b"), YEARS, fe.Rate(0.1), evidence=[one])
    return one._sets(YEARS)


def test_who_shares_a_factor():
    each = tuple((i,) for i in range(6))
    assert sets(None, **SEX_AND_YEAR) == ((0, 3), (1, 4), (2, 5))
    assert sets("jaar", **SEX_AND_YEAR) == sets(None, **SEX_AND_YEAR)
    assert sets("sex", **SEX_AND_YEAR) == ((0, 1, 2), (3, 4, 5))
    assert sets((), **SEX_AND_YEAR) == ((0, 1, 2, 3, 4, 5),)
    assert sets(("sex", "jaar"), **SEX_AND_YEAR) == each
    assert sets("every figure", **SEX_AND_YEAR) == each
    by_sex = {"by": "sex", "count": {"m": 3, "f": 4}}
    assert sets(None, **by_sex) == sets(None, where={"jaar": 2017}, **by_sex) == ((0, 1),)
    assert sets("sex", **by_sex) == ((0,), (1,))
    bands = {("m", (2017, 2018)): 3, ("f", 2017): 4, ("f", 2018): 4, ("m", 2019): 4}
    assert sets(None, by=["sex", "jaar"], count=bands) == ((0, 1, 2), (3,))
    assert sets(None, count=3) == ((0,),)


def test_a_factor_of_records_of_an_unknown_year():
    register = fe.Register(
        name="r", step="b", by=["sex", "jaar"],
        count={("m", 2017): 3, ("f", 2017): 3, ("m", "?"): 3, ("f", "?"): 4},
        defects=[fe.Overdispersion(0.2), fe.Unrecorded(0.1, axis="jaar", name="?")],
    )  # fmt: skip
    assert register._sets(YEARS) == ((0, 1), (2, 3))


MONTHS = fe.Population({"month": list(range(1, 13))}, [1e5] * 12, no_role=["month"])
SPLITS = {
    "twelve": dict.fromkeys(range(1, 13), 100),
    "three unequal ones": {1: 100, (2, 5): 400, (6, 12): 700},
    "three that differ from what is expected": {1: 250, (2, 5): 250, (6, 12): 700},
}


def split_model(**register):
    one = fe.Register(name="r", step="a", defects=[fe.Overdispersion(fe.Gamma(8, 40))], **register)
    rate = fe.Rate(fe.LogNormal(np.log(1e-3), 1))
    return fe.Model(fe.Route("a", "b"), MONTHS, rate, evidence=[one])


def log_likelihood(model):
    """Return the log-likelihood of rates and coefficients, but for a constant."""
    rate, cv = np.meshgrid(np.geomspace(3e-4, 3e-3, 30), [1e-6, 0.01, 0.2, 1.0])
    values = {"rate of a": rate.ravel(), "overdispersion[r]": cv.ravel()}
    (seen,) = model.evidence[0].observations(fe.Quantities(model, values))
    found = seen.logp()
    return found - found.max()


@pytest.mark.parametrize("split", SPLITS)
def test_splitting_a_count_by_class_changes_nothing(split):
    """1,200 as a total and by class: the same likelihood of the rate and of the coefficient."""
    whole = log_likelihood(split_model(count=1200))
    classes = log_likelihood(split_model(by="month", count=SPLITS[split]))
    np.testing.assert_allclose(classes, whole, rtol=1e-8, atol=1e-8)


def test_the_rate_from_a_total_and_from_classes():
    """95% of the number with a coefficient of 0.2 that is known, by quadrature."""
    logs = np.linspace(np.log(3e-4), np.log(4e-3), 20_001)
    p = stats.nbinom.pmf(1200, 25, 25 / (25 + 12e5 * np.exp(logs)))
    p = np.cumsum(p * stats.norm.pdf(logs, np.log(1e-3), 1))
    expected = 12e5 * np.exp(np.interp([0.025, 0.975], p / p[-1], logs))
    for register in ({"count": 1200}, {"by": "month", "count": SPLITS["twelve"]}):
        model = split_model(**register).holding({"overdispersion[r]": 0.2})
        result = fe.fit(model, seed=2, draws=20_000, progress=False)
        found = 12e5 * np.quantile(result.flat["rate of a"], [0.025, 0.975])
        np.testing.assert_allclose(found, expected, rtol=0.02)


def test_a_total_that_crosses_factors_is_refused():
    def model(by, total):
        counts = {one if by[0] == "sex" else one[::-1]: fe.Withheld()
                  for one in SEX_AND_YEAR["count"]}  # fmt: skip
        register = fe.Register(name="r", step="b", by=by, count=counts, total=total,
                               defects=[fe.Overdispersion(0.2)])  # fmt: skip
        return fe.Model(fe.Route("a", "b"), YEARS, fe.Rate(0.1), evidence=[register])

    with pytest.raises(fe.SpecError, match="name their axis first in field 'by'"):
        model(["sex", "jaar"], {"m": 5, "f": 6})
    model(["jaar", "sex"], {2017: 5, 2018: 6})
    model(["sex", "jaar"], 12)


def test_the_level_is_in_the_ledger_and_in_the_figures(model_of):
    def rows(**given):
        model = model_of(fe.Register(name="r", step="b", by="sex", count={"m": 5, "f": 6},
                                     defects=[fe.Overdispersion(0.2, **given)]))  # fmt: skip
        again = fe.Model.from_dict(model.to_dict())
        assert again.evidence == model.evidence
        (entry,) = [e for e in again.ledger() if e.about == "level of overdispersion[r]"]
        return entry.kind, entry.value, again.evidence[0].describe()

    assert rows() == (
        "default",
        "all figures of this source of one year, or all of it where it is not split over years, "
        "are off by one factor; other sources are off by factors of their own",
        "more scatter than Poisson, by one factor per period",
    )
    assert rows(by="sex") == (
        "assumption", "all figures of the same sex are off by one factor",
        "more scatter than Poisson, by one factor per sex",
    )  # fmt: skip
    assert rows(by=()) == (
        "assumption", "all figures of the source are off by one factor",
        "more scatter than Poisson, by one factor",
    )  # fmt: skip
    assert rows(by="every figure")[:2] == (
        "assumption", "every figure is off by a factor of its own",
    )  # fmt: skip


def test_one_factor_far_out_is_one_thing_that_is_off():
    """Twelve classes half too high: known rates, so that the factor alone can be off."""

    def check(by, counts, cv=0.2):
        register = fe.Register(name="r", step="a", by="month", count=counts,
                               defects=[fe.Overdispersion(cv, by=by)])  # fmt: skip
        model = fe.Model(fe.Route("a", "b"), MONTHS, fe.Rate(fe.LogNormal(np.log(1e-3), 1e-3)),
                         evidence=[register])  # fmt: skip
        result = fe.fit(model, seed=1, draws=1000, progress=False)
        return fe.check.posterior_predictive(result, seed=1, progress=False)

    high = dict.fromkeys(range(1, 13), 160)
    assert len(check("every figure", high).details["outside"]) == 12
    shared = check(None, high)
    assert not shared.details["outside"]
    assert shared.details["misfitting"] == ("r",)
    (row,) = shared.rows["by_source"]
    assert row["p"] < 0.02
    one = check(None, high | {1: 100})
    assert [found.of for found in one.details["outside"]] == ["month 1"]


def test_the_default_is_away_from_zero_and_said(model_of):
    model = model_of(fe.Register(name="r", step="b", count=3, defects=[fe.Overdispersion()]))
    prior = model.free["overdispersion[r]"]
    assert prior.interval(0.95) == pytest.approx((0.02, 0.3))
    entry = next(one for one in model.ledger() if one.about == "overdispersion[r]")
    assert (entry.kind, entry.stated) == ("default", False)
    assert entry.statement == "95% between 0.02 and 0.3, log-normal"
    bare = model_of(fe.Register(name="r", step="b", count=3))
    entry = next(one for one in bare.ledger() if one.about == "overdispersion[r]")
    assert entry.value == "no variation beyond Poisson"


def test_a_prior_that_reaches_below_zero_is_cut(model_of):
    spread = [fe.Overdispersion(fe.Normal(0.1, 0.1))]
    model = model_of(fe.Register(name="r", step="b", count=3, defects=spread))
    assert model.free["overdispersion[r]"].support == (0.0, np.inf)
