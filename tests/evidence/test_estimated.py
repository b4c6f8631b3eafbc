"""Estimates with intervals are three quantiles, and printed numbers are all that print as them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import funnelest as fe
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.printed import step_of
from funnelest.observations.measured import shown
from funnelest.observations.observation import Observation
from funnelest.quantities.quantities import Quantities

ROUTE = fe.Route("a", "b")
PEOPLE = fe.Population({"sex": ["f", "m"]}, [500_000, 500_000])


def number_of_a(q):
    return q.number("a")


def share_of_b(q):
    return q.share("b", of="a")


FORMS = {
    "log": (np.log, np.exp), "logit": (special.logit, special.expit),
    "identity": (lambda v: v, lambda t: t),
}  # fmt: skip
#: A source, the scale of the number that it is of, that number for a value, and its quantiles.
SURVEY = {"name": "s", "step": "a"}
COHORT = {"name": "c", "of": "a", "step": "b"}
TRIPLETS = {
    "total": (
        fe.Total(name="t", step="a", estimate=5000, interval=(1000, 9000)), "log", 1e6,
        (1000, 5000, 9000),
    ),
    "total of a rounded number": (
        fe.Total(
            name="t", step="a", estimate=fe.Rounded(5000, to=1000),
            interval=(fe.Rounded(1000, to=1000), fe.Rounded(9000, to=1000)),
        ), "log", 1e6, (1000, 5000, 9000),
    ),
    "total from 0": (
        fe.Total(name="t", step="a", estimate=5000, interval=(0, 9000)), "log", 1e6,
        (0, 5000, 9000),
    ),
    "survey": (fe.Survey(**SURVEY, share=0.02, interval=(0.005, 0.04)), "logit", 1,
               (0.005, 0.02, 0.04)),
    "survey of a total": (
        fe.Survey(**SURVEY, total=20_000, interval=(5_000, 40_000)), "logit", 1,
        (0.005, 0.02, 0.04),
    ),
    "survey, 90%": (
        fe.Survey(**SURVEY, share=0.02, interval=(0.005, 0.04), probability=0.9), "logit", 1,
        (0.005, 0.02, 0.04),
    ),
    "cohort in whole per cents": (
        fe.Cohort(**COHORT, share=0.27, interval=(0.27, 0.28)), "logit", 0,
        (0.265 + 0.01 / 3, 0.265 + 0.02 / 3, 0.28),
    ),
    "cohort up to 100%": (
        fe.Cohort(**COHORT, share=0.968, interval=(0.939, 1.0)), "logit", 0,
        (0.939, 0.968, 1),
    ),
    "cohort from 0": (
        fe.Cohort(**COHORT, share=0.02, interval=(0, 0.05)), "logit", 0, (0, 0.02, 0.05),
    ),
    "own number": (
        fe.OwnNormal(name="o", quantity=number_of_a, estimate=5000, interval=(1000, 9500)),
        "identity", 1e6, (1000, 5000, 9500),
    ),
    "own share": (
        fe.OwnNormal(
            name="o", quantity=share_of_b, estimate=0.3, interval=(0.1, 0.36), scale="logit"
        ), "logit", 0, (0.1, 0.3, 0.36),
    ),
}  # fmt: skip


def seen(source, people, share):
    """Return what a source gives, for shares of all people in a, and of these in b."""
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(fe.Beta(1, 1)), {("a", "b"): fe.Share(fe.Beta(1, 1))}, [source]
    )
    values = {"rate of a": np.atleast_1d(people), "a -> b": np.atleast_1d(share)}
    (one,) = source.observations(Quantities(model, values))
    return model, one


@pytest.mark.parametrize("name", TRIPLETS)
def test_under_a_flat_prior_the_quantiles_are_what_was_printed(name):
    """By quadrature on the scale itself, and not by what the distribution says of itself."""
    source, scale, kind, quantiles = TRIPLETS[name]
    to, back = FORMS[scale]

    def density(t):
        value = back(t)
        value = value / kind if kind else value
        rate, share = (value, 0.5) if kind else (0.5, value)
        return float(np.exp(seen(source, rate, share)[1].logp())[0])

    with np.errstate(divide="ignore"):
        ends = to(np.array(quantiles, dtype=float))
    wide = 4 * np.ptp(ends[np.isfinite(ends)])
    # A limit that was printed as an end of the scale is taken far towards it.
    first, last = np.isfinite(ends[[0, 2]])
    ends[0], ends[2] = ends[0] if first else ends[1] - 30, ends[2] if last else ends[1] + 30
    points = [ends[0] - wide, *ends, ends[2] + wide]
    if scale == "log":
        points[-1] = min(points[-1], np.log(0.999e6))
    parts = [integrate.quad(density, a, b, epsabs=1e-11, limit=200)[0] for a, b in pairwise(points)]
    tail = (1 - getattr(source, "probability", 0.95)) / 2
    # What would lie beyond an end is cut off, and the rest is all there is.
    expected = np.array([tail * first, 0.5 - tail, 0.5 - tail, tail * last])
    np.testing.assert_allclose(parts, expected / expected.sum(), atol=2e-7)


def test_the_posterior_has_them(agrees):
    prior = fe.LogNormal(np.log(0.005), 8.0)
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(prior), {},
        [fe.Total(name="t", step="a", estimate=5000, interval=(1000, 9000))],
    )  # fmt: skip
    result = fe.fit(model, seed=3, engine="importance", progress=False)
    assert result.gate.passed
    number = 1e6 * result.draws["rate of a"]
    triplet = TRIPLETS["total"][0]._number.triplet
    agrees(
        number,
        lambda v: special.ndtr(triplet.score(np.log(v / 5000))[0]),
        min(result.gate.measures["ESS"], number.size),
    )


SHARE = {"name": "x", "step": "a"}
#: An estimate with its interval, a second source of counts, and how many answers the first is: the
#: counts with its estimate, and with its limit on the side of the second.
SECOND = {
    "printed as 100%": (
        fe.Survey(**SHARE, share=0.968, interval=(0.939, 1)), (910, 1000), (0.939, 0.968)
    ),
    "printed as 0%": (
        fe.Survey(**SHARE, share=0.032, interval=(0, 0.061)), (90, 1000), (0.061, 0.032)
    ),
    "short upwards": (
        fe.Survey(**SHARE, share=0.5, interval=(0.2, 0.55)), (640, 1000), (0.55, 0.5)
    ),
    "short downwards": (
        fe.Survey(**SHARE, share=0.5, interval=(0.45, 0.8)), (360, 1000), (0.45, 0.5)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SECOND)
def test_beside_a_second_source_it_counts_as_its_near_limit_says(name):
    """Against the beta of as many answers as have that limit, and the normal of the half-width."""
    source, (yes, n), (limit, middle) = SECOND[name]
    p = np.linspace(1e-4, 1 - 1e-4, 400_001)
    other = stats.binom.logpmf(yes, n, p)

    def limits(logp):
        weight = np.exp(logp + other - np.max(logp + other))
        return np.interp([0.025, 0.5, 0.975], np.cumsum(weight) / weight.sum(), p)

    found = limits(seen(source, p, 0.5)[1].logp())
    half = abs(special.logit(limit) - special.logit(middle)) / stats.norm.ppf(0.975)
    normal = limits(stats.norm(special.logit(middle), half).logpdf(special.logit(p)))
    np.testing.assert_allclose(found, normal, atol=2e-4)
    level = 0.025 if limit < middle else 0.975

    def off(size):
        return stats.beta(middle * size, (1 - middle) * size).ppf(level) - limit

    size = optimize.brentq(off, 5, 5000)
    counts = limits(size * (middle * np.log(p) + (1 - middle) * np.log1p(-p)))
    np.testing.assert_allclose(found, counts, atol=0.15 * (counts[2] - counts[0]))


@pytest.mark.parametrize("few", [500, 4800, 3000])
def test_a_number_beside_a_register_that_says_less_is_the_normal_of_its_lower_side(few):
    """5,000 (4,900 to 9,000): below 4,900 as sure as the 2% of that side, and no surer."""
    source = fe.Total(name="t", step="a", estimate=5000, interval=(4900, 9000))
    mu = np.linspace(few / 2, 5000, 200_001)
    found = seen(source, mu / 1e6, 0.5)[1].logp()
    half = np.log(5000 / 4900) / stats.norm.ppf(0.975)
    normal = stats.norm(np.log(5000), half).logpdf(np.log(mu))
    outside = mu < 4899.9
    np.testing.assert_allclose(found[outside], normal[outside], rtol=1e-9)


ZERO = fe.Survey(
    **SHARE, share=fe.Rounded(0, to=0.01),
    interval=(fe.Rounded(0, to=0.01), fe.Rounded(0.01, to=0.01)),
)  # fmt: skip
ALL = fe.Survey(
    **SHARE, share=fe.Rounded(1, to=0.01),
    interval=(fe.Rounded(0.99, to=0.01), fe.Rounded(1, to=0.01)),
)  # fmt: skip


@pytest.mark.parametrize("end", [0, 1])
def test_an_estimate_that_prints_as_an_end_says_nothing_of_how_near(end):
    """0 of 100,000 beside 0% (0 to 1%): the posterior is that of the counts alone."""
    source = (ZERO, ALL)[end]
    p = np.linspace(1e-8, 4e-4, 20_001)
    share = 1 - p if end else p
    model, one = seen(source, share, 0.5)
    logp = one.logp()
    assert np.ptp(logp[p < 1e-4]) < 1e-9
    assert np.all(np.diff(logp) <= 0)
    weight = np.exp(logp) * (1 - p) ** 100_000
    mean = (weight * p).sum() / weight.sum()
    assert 100_000 * mean == pytest.approx(1.0, rel=1e-3)
    assert fe.Model.from_dict(model.to_dict()) == model
    (entry,) = [e for e in model.ledger() if e.about == "share[x]"]
    assert "nothing is said of how near to that end" in entry.value
    assert source.implied_number(PEOPLE)[1][end] == end
    ((_, figure, _, _),) = one.parts([])
    assert figure.in_short(str) == str(float(end))
    assert "read as any number from" in figure.describe()


def test_the_limit_of_an_estimate_that_prints_as_0_comes_back_as_printed():
    """Flat on the share itself: on the log-odds nothing bounds it from below."""
    p = np.linspace(1e-6, 0.1, 200_001)
    weight = np.exp(seen(ZERO, p, 0.5)[1].logp())
    low, middle, high = np.interp([0.025, 0.5, 0.975], np.cumsum(weight) / weight.sum(), p)
    assert [shown(fe.Rounded(0, to=0.01), v).value for v in (low, middle, high)] == [
        0, 0, 0.01,
    ]  # fmt: skip


def test_what_was_read_is_in_the_figures_and_the_ledger():
    source = TRIPLETS["cohort in whole per cents"][0]
    model, one = seen(source, 0.5, 0.27)
    ((_, figure, _, _),) = one.parts([])
    assert figure.describe() == "0.27 (0.27 to 0.28, 95%), read as 0.27167 (0.26833 to 0.28)"
    (entry,) = [e for e in model.ledger() if e.about == "share[c]"]
    assert not entry.stated
    assert "0.268333, 0.271667 and 0.28 are its 2.5%, 50% and 97.5% quantiles" in entry.value
    assert "flat on the log-odds" in entry.value
    _, plain = seen(TRIPLETS["total"][0], 0.005, 0.5)
    assert plain.parts([])[0][1].describe() == "5,000 (1,000 to 9,000, 95%)"


@pytest.mark.parametrize("name", TRIPLETS)
def test_what_is_made_up_is_printed_by_the_same_rule(name):
    source, *_ = TRIPLETS[name]
    model, one = seen(source, 0.02, 0.3)
    again = source.with_data([one.simulate(np.random.default_rng(1))], PEOPLE)
    assert again.problems(ROUTE, PEOPLE) == []
    for field in ("estimate", "share", "total"):
        assert type(getattr(again, field, None)) in (
            type(getattr(source, field, None)), float
        )  # fmt: skip
    low, high = again.interval
    assert isinstance(low, fe.Rounded) == isinstance(source.interval[0], fe.Rounded)
    if isinstance(low, fe.Rounded):
        assert float(low.value) % 1000 == float(high.value) % 1000 == 0
    assert fe.Model.from_dict(model.to_dict(), functions={
        f"{f.__module__}:{f.__qualname__}": f for f in (number_of_a, share_of_b)
    }) == model  # fmt: skip


def test_symmetric_limits_are_the_normal_distribution():
    for scale, (to, back) in FORMS.items():
        low, middle, high = back(to(0.3) + np.array([-0.5, 0.0, 0.5]))
        one = Estimated(scale, float(middle), None, (float(low), float(high)))
        value = np.array([0.1, 0.25, 0.4])
        found = one.observation(value).logp()
        expected = stats.norm(to(0.3), 0.5 / stats.norm.ppf(0.975)).logpdf(to(value))
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([(0.0, 1.0), (0.0, 1.0), (1.0, 2.0)], [1 / 3, 2 / 3, 1.5]),
        ([(0.0, 1.0), (0.0, 1.0), (0.0, 1.0)], [0.25, 0.5, 0.75]),
        ([(0.0, 1.0), (2.0, 2.0), (3.0, 4.0)], [0.5, 2.0, 3.5]),
        ([(0.0, 1.0), (0.0, 1.0)], [0.25, 0.75]),
        ([(0.0, 2.0), (1.0, 1.0), (1.5, 1.5)], [0.5, 1.0, 1.5]),
    ],
)
def test_numbers_in_order_are_read_as_their_means(cells, expected):
    from funnelest.evidence.printed import in_order

    np.testing.assert_allclose(in_order(cells), expected, rtol=1e-12)


def test_the_step_in_which_numbers_are_printed():
    assert float(step_of([0.27, 0.28])) == 0.01
    assert float(step_of([0.3], most=0.01)) == 0.01
    assert float(step_of([0.125, 1.0])) == 0.001
    assert step_of([5000, 9000, 0]) == 1000
    assert step_of([5000, 9000], digits=True) == 1


REFUSED = {
    "outside": (
        fe.Survey(**SURVEY, share=0.5, interval=(0.1, 0.3)), ["0.5 lies outside (0.1, 0.3)"]
    ),
    "at a limit": (
        fe.Survey(**SURVEY, share=0.2, interval=(0.2, 0.4)),
        ["0.2 is itself a limit", "share=Rounded(0.2, to=...)"],
    ),
    "number at a limit": (
        fe.Total(name="t", step="a", estimate=1000, interval=(1000, 9000)),
        ["1000 is itself a limit", "estimate=Rounded(1000, to=...)"],
    ),
    "nobody": (
        fe.Survey(**SURVEY, share=0.0, interval=(0.0, 0.04)),
        ["'share' must lie strictly between 0 and 1", "Rounded(0, to=...)"],
    ),
    "beyond 1": (fe.Survey(**SURVEY, share=0.9, interval=(0.8, 1.1)), ["'interval'", "1.1"]),
    "below 0": (fe.Total(name="t", step="a", estimate=5, interval=(-3, 9)), ["'interval'", "-3"]),
    "more than all": (
        fe.Survey(**SURVEY, total=900_000, interval=(800_000, 1_100_000)),
        ["between 0 and 1,000,000"],
    ),
    "no estimate": (
        fe.Total(name="t", step="a", estimate=fe.AtMost(900), interval=(100, 1000)),
        ["AtMost", "Rounded"],
    ),
    "a limit that is none": (
        fe.Survey(**SURVEY, share=0.2, interval=(fe.AtLeast(0.1), 0.3)), ["'interval'", "AtLeast"],
    ),
    "no figure": (
        fe.Survey(**SURVEY, share=fe.Rounded(0.213, to=0.01), se=0.1), ["0.213 is not a multiple"],
    ),
    "no estimate, to an end": (
        fe.Survey(**SURVEY, interval=(0.0, 0.05)), ["only one limit is known", "'share' too"],
    ),
    "says nothing": (
        fe.Survey(**SURVEY, share=fe.Rounded(0, to=2), interval=(0, 1)), ["so it says nothing"],
    ),
    "several errors": (
        fe.Total(name="t", step="a", estimate=50, se=5, interval=(40, 60)),
        ["'se' (standard error)"],
    ),
    "probability": (
        fe.Total(name="t", step="a", estimate=50, interval=(40, 60), probability=1.0),
        ["'probability'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    source, said = REFUSED[name]
    text = " ".join(source.problems(ROUTE, PEOPLE))
    for part in said:
        assert part in text


# ------------------------------------------------------------------ rounded shares


def quantiles_of(logp, levels):
    """Return quantiles under a flat prior of a share, by quadrature of its log-likelihood."""
    p = np.linspace(0.05, 0.2, 60_001)
    weight = np.exp(logp(p) - logp(p).max())
    return np.interp(levels, np.cumsum(weight) / weight.sum(), p)


def test_a_share_in_whole_per_cents_is_every_number_that_prints_so():
    """11 of every 100 of 23,739 people: .1035 to .1167, and not .1060 to .1140."""
    source = fe.Cohort(**COHORT, share=fe.Rounded(0.11, to=0.01), n=23_739)
    found = quantiles_of(lambda p: seen(source, 0.5, p)[1].logp(), [0.025, 0.5, 0.975])
    k = np.arange(24_000)
    inside = k[(k / 23_739 >= 0.105) & (k / 23_739 < 0.115)]
    # The counts are conjugate: each gives a beta, with a weight that is the same for all.
    mixture = stats.beta(inside[:, None] + 1, 23_739 - inside[:, None] + 1)
    exact = [
        optimize.brentq(lambda v, q=q: mixture.cdf(v).mean() - q, 0.05, 0.2)
        for q in (0.025, 0.5, 0.975)
    ]
    np.testing.assert_allclose(found, exact, atol=5e-6)
    assert exact[0] == pytest.approx(0.1035, abs=5e-4)
    assert exact[2] == pytest.approx(0.1167, abs=5e-4)


def test_a_rounded_estimate_with_a_standard_error_is_a_range():
    source = fe.Total(name="t", step="a", estimate=fe.Rounded(5000, to=1000), se=100)
    _, one = seen(source, np.array([0.0043, 0.0047, 0.0053]), 0.5)
    law = stats.norm(np.log([4300, 4700, 5300]), 100 / 5000)
    expected = np.log(law.cdf(np.log(5500)) - law.cdf(np.log(4500)))
    np.testing.assert_allclose(one.logp(), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "figure",
    [
        fe.Rounded(0.3, to=0.1), fe.Rounded(0.3, to=0.1, rule="floor"), fe.AtMost(0.3),
        fe.RandomlyRounded(0.3, to=0.1), fe.RoundedToUnknown(0.3, bases=(0.1, 0.05)),
        fe.Disagreeing((fe.Rounded(0.3, to=0.1), fe.Rounded(0.35, to=0.05)), use=0),
    ],
)  # fmt: skip
def test_any_figure_may_be_a_share(figure):
    source = fe.Survey(**SURVEY, share=figure, n=40)
    p = np.array([0.2, 0.35])
    _, one = seen(source, p, 0.5)
    rng = np.random.default_rng(2)
    drawn = np.array(
        [
            [str(figure.printed(int(k), 40, rng)) == str(figure) for k in rng.binomial(40, v, 4000)]
            for v in p
        ]
    ).mean(axis=1)
    error = np.sqrt(drawn * (1 - drawn) / 4000)
    if not isinstance(figure, fe.Disagreeing):
        assert np.all(np.abs(np.exp(one.logp()) - drawn) < 5 * error + 1e-3)
    assert fe.Model.from_dict(seen(source, 0.2, 0.5)[0].to_dict()).evidence[0] == source


def test_a_rounded_share_may_be_of_a_sample_in_clusters():
    clustered = [fe.Clustered(clusters=200, icc=0.01)]
    share = fe.Rounded(0.11, to=0.01)
    source = fe.Cohort(**COHORT, share=share, n=2000, defects=clustered)
    _, one = seen(source, 0.5, 0.1)
    assert one.distribution.deff == pytest.approx(1 + 9 * 0.01)
    text = " ".join(
        fe.Cohort(**COHORT, share=0.11, n=40, defects=clustered).problems(ROUTE, PEOPLE)
    )
    assert "or a rounded 'share' of it" in text


# ------------------------------------------------------------------- asked about


@pytest.mark.parametrize(
    "asked",
    [
        fe.Cohort(**COHORT, share=0.11, n=23_739),
        fe.Survey(**SURVEY, share=0.02, n=4000),
        fe.Survey(**SURVEY, total=20_000, n=23_739),
        fe.Survey(**SURVEY, share=0.02, n=19_000, deff=2.0),
        fe.Cohort(**COHORT, share=0.0, n=20_000),
        fe.Cohort(**COHORT, share=1.0, n=20_000),
        fe.Cohort(**COHORT, share=0.11, se=0.0005),
    ],
)
def test_a_plain_share_of_two_digits_beside_thousands_is_asked_about(asked):
    with pytest.warns(fe.FunnelestWarning, match=r"taken as exact.*fe\.Rounded\(.*to=") as caught:
        seen(asked, 0.02, 0.1)
    assert asked.name in str(caught[0].message)


@pytest.mark.parametrize(
    "asked",
    [
        fe.Cohort(**COHORT, share=fe.Rounded(0.11, to=0.01), n=23_739),
        fe.Cohort(**COHORT, share=0.11, n=200),
        fe.Cohort(**COHORT, share=0.1097, n=23_739),
        fe.Survey(**SURVEY, share=0.02, se=0.002),
        fe.Survey(**SURVEY, share=0.02, interval=(0.01, 0.03)),
        fe.Cohort(**COHORT, share=0.0, n=40),
        fe.Cohort(**COHORT, share=1.0, n=40),
        fe.Cohort(**COHORT, share=0.3, se=0.0412),
        fe.Cohort(**COHORT, share=fe.Exact(0.11), se=0.0005),
    ],
)
def test_others_are_not(asked):
    seen(asked, 0.02, 0.1)  # a warning is an error


def test_a_known_share_may_be_a_printed_figure_in_every_prior():
    rounded = fe.Rounded(0.4, to=0.1)
    defects = [fe.Coverage(rounded), fe.PPV(fe.Rounded(1, to=0.1))]
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(fe.Beta(1, 1)), {("a", "b"): fe.Share(rounded)},
        [fe.Register(name="r", step="a", count=40, defects=defects)],
    )  # fmt: skip
    assert model.free["coverage[r]"] == fe.Uniform(0.35, 0.45)
    assert model.free["a -> b"] == fe.Uniform(0.35, 0.45)
    assert model.free["ppv[r]"].support == (0.95, 1.0)
    assert fe.Model.from_dict(model.to_dict()) == model
    with pytest.raises(fe.SpecError, match="AtMost does not say between which numbers"):
        fe.Model(
            ROUTE, PEOPLE, fe.Rate(fe.Beta(1, 1)), {},
            [fe.Register(name="r", step="a", count=4, defects=[fe.Coverage(fe.AtMost(0.4))])],
        )  # fmt: skip


def test_a_study_of_a_register_may_be_a_share_with_its_interval():
    register = fe.Register(name="r", step="a", count=40, defects=[fe.Coverage(fe.Beta(1, 1))])
    study = fe.Validation(name="v", of="r", what="coverage", share=0.6, interval=(0.5, 0.65))
    model = fe.Model(ROUTE, PEOPLE, fe.Rate(fe.Beta(1, 1)), {}, [register, study])
    values = {name: np.array([0.5, 0.6, 0.65]) for name in model.free}
    (one,) = study.observations(Quantities(model, values))
    assert isinstance(one, Observation)
    np.testing.assert_allclose(one.locations()[0][0], [-1.959964, 0, 1.959964], atol=1e-5)
