"""Registers, of three to five unknowns, whose posterior is known by quadrature.

Each is hard in a way of its own, which its docstring says. A model is built of the library; its
exact distribution functions are computed here from densities that are written out by hand, from
the formulas of the documentation, so that they check the likelihood as well.
Where a count fixes a product, the logarithm of its mean is a coordinate of the grid: a ridge lies
along the axes then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate, special
from validation.exact_quadrature import (
    Case,
    Floats,
    below,
    beta_logit,
    blurred,
    integrated,
    log_interval,
    log_trapezoid,
    nodes,
    normal_log,
    of_all,
    poisson_log,
    tight,
)

import funnelest as fe

__all__ = [
    "lists_that_hardly_overlap",
    "register_by_sex_and_year",
    "register_with_audits",
    "register_with_studies_elsewhere",
    "withheld_and_rounded",
]


def register_by_sex_and_year(coarse: int = 1) -> Case:
    """Four counts, three unknowns: how the sexes differ is known, of rate and coverage the product.

    The ridge bends where the rate is high, since the sexes differ by their log-odds; it ends where
    nobody is left who is not a victim.
    """
    people = {"girls": (40_000, 41_000), "boys": (42_000, 43_000)}
    counts = {"girls": (412, 437), "boys": (240, 229)}
    low, high, shape = 5e-3, 0.8, (0.5, 3.0)
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"sex": list(people), "year": [2018, 2019]}, list(people.values())),
        fe.Rate(fe.LogNormal.from_interval(low, high), fe.Levels("sex")),
        {("a", "b"): fe.Share(0.5)},
        evidence=[
            fe.Register(
                "r",
                step="a",
                by=("sex", "year"),
                count={(s, 2018 + i): n for s, row in counts.items() for i, n in enumerate(row)},
                defects=[fe.Coverage(fe.Beta(*shape))],
            )
        ],
    )
    mean, sd = log_interval(low, high)
    # Sums over the years have the same likelihood: the mean is the same share of all people.
    (girls, g), (boys, b) = ((sum(people[sex]), sum(counts[sex])) for sex in people)
    a, c = tight(g, 64, coarse), tight(b, 64, coarse)

    def density(rate: Any, other: Any, cover: Any) -> Any:
        """Return the density on the log-odds of both rates and of the coverage."""
        kept = special.log_expit(cover)
        return (
            normal_log(special.log_expit(rate), mean, sd)
            + special.log_expit(-rate)  # the slope of the logarithm in the log-odds
            + normal_log(other - rate, 0, 1)
            + beta_logit(cover, *shape)
            + poisson_log(g, np.log(girls) + special.log_expit(rate) + kept)
            + poisson_log(b, np.log(boys) + special.log_expit(other) + kept)
        )

    def odds(log_share: Any) -> tuple[Any, Any]:
        """Return the log-odds of a share, and the log of their slope in its logarithm."""
        rest = np.log(-np.expm1(log_share))
        return log_share - rest, -rest

    def of_rate(rate: Any, of_girls: Any, of_boys: Any) -> Any:
        kept = of_girls - np.log(girls) - special.log_expit(rate)
        (cover, slope), (other, more) = odds(kept), odds(of_boys - np.log(boys) - kept)
        return density(rate, other, cover) + slope + more

    def of_cover(cover: Any, of_girls: Any, of_boys: Any) -> Any:
        kept = special.log_expit(cover)
        rate, slope = odds(of_girls - np.log(girls) - kept)
        other, more = odds(of_boys - np.log(boys) - kept)
        return density(rate, other, cover) + slope + more

    def of_step(step: Any, cover: Any, of_girls: Any) -> Any:
        rate, slope = odds(of_girls - np.log(girls) - special.log_expit(cover))
        return density(rate, rate + step, cover) + slope

    rates, covers = nodes(-4.9, 9, 800, coarse), nodes(-4.9, 9, 800, coarse)
    steps = nodes(-5, 1, 720, coarse)
    exact = {
        "rate of a": below(rates, integrated(of_rate, rates, [a, c]), special.logit),
        "coverage[r]": below(covers, integrated(of_cover, covers, [a, c]), special.logit),
        "rate of a[sex=boys]": below(steps, integrated(of_step, steps, [covers, a])),
    }
    return Case(model, exact)


def register_with_audits(coarse: int = 1) -> Case:
    """A register with a small study of its coverage, and an audit that left much unconfirmed.

    Five unknowns, of which a count fixes one product; the coverage has a pole at 0, and whether
    the unconfirmed were true is anybody's guess.
    """
    people, count, low, high, shape = 1_000_000, 500, 1e-4, 0.05, (0.5, 0.5)
    found, sought, confirmed, open_ones, refuted = 1, 8, 30, 14, 2
    name = "audit of records"
    model = fe.Model(
        fe.Route("a", "b"),
        of_all(people),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        {("a", "b"): fe.Share(0.5)},
        evidence=[
            fe.Register(
                "r",
                step="a",
                count=count,
                defects=[fe.Coverage(fe.Beta(*shape)), fe.PPV(fe.Beta(1, 1))],
            ),
            fe.Validation("audit of people", of="r", what="coverage", yes=found, n=sought),
            fe.Validation(
                name,
                of="r",
                what="ppv",
                yes=confirmed,
                n=confirmed + open_ones + refuted,
                unconfirmed=open_ones,
                confirmable=fe.Beta(1, 1),
                refutable=fe.Beta(1, 1),
            ),
        ],
    )
    mean, sd = log_interval(low, high)
    # The likelihood of the audit is a polynomial in both shares: the rule is exact.
    share, weight = np.polynomial.legendre.leggauss(24)
    share, weight = (share + 1) / 2, np.log(weight)

    def audit(true: Any, s: Any, f: Any) -> Any:
        """Return the density of the log-odds of the predictive value, and of two shares."""
        p, q = special.expit(true), special.expit(-true)
        return (
            beta_logit(true, confirmed + 1, refuted + 1)
            + confirmed * np.log(s)
            + refuted * np.log(f)
            + open_ones * np.log(p * (1 - s) + q * (1 - f))
        )

    covers, trues = nodes(-24, 7, 400, coarse), nodes(-7, 9, 240, coarse)
    weights = weight[:, None] + weight
    audited = special.logsumexp(
        audit(trues[:, None, None], share[:, None], share) + weights, axis=(1, 2)
    )
    of_cover = beta_logit(covers, shape[0] + found, shape[1] + sought - found)
    expected = tight(count, 48, coarse)
    # Coverage and predictive value, with the rate integrated out along the expected count.
    kept = special.log_expit(covers)[:, None] - special.log_expit(trues)
    rate = expected - np.log(people) - kept[..., None]
    given = np.where(rate < 0, normal_log(rate, mean, sd), -np.inf) + poisson_log(count, expected)
    joint = of_cover[:, None] + audited + log_trapezoid(given, expected)
    of_true = log_trapezoid(joint, covers, axis=0)
    beside_audit = of_true - audited
    spline = interpolate.CubicSpline(trues, audited)

    def of_rate(log_rate: Any, true: Any, log_mean: Any) -> Any:
        log_cover = log_mean + special.log_expit(true) - np.log(people) - log_rate
        rest = np.log(-np.expm1(log_cover))
        return (
            normal_log(log_rate, mean, sd)
            + spline(true)
            + beta_logit(log_cover - rest, shape[0] + found, shape[1] + sought - found)
            - rest  # the slope of the log-odds of the coverage in its logarithm
            + poisson_log(count, log_mean)
        )

    def of_share(at: Floats, confirms: bool) -> Floats:
        at, other = at[:, None, None], share[:, None]
        log = audit(trues, at, other) if confirms else audit(trues, other, at)
        return log_trapezoid(special.logsumexp(log + weight[:, None], axis=1) + beside_audit, trues)

    rates, shares = nodes(-10.5, 0, 600, coarse), nodes(0, 1, 400, coarse)
    with np.errstate(divide="ignore"):  # shares of exactly 0
        exact = {
            f"confirmable[{name}]": below(shares, of_share(shares, True)),
            f"refutable[{name}]": below(shares, of_share(shares, False)),
        }
    exact |= {
        "rate of a": below(rates, integrated(of_rate, rates, [trues, expected]), np.log),
        "coverage[r]": below(covers, log_trapezoid(joint, trues), special.logit),
        "ppv[r]": below(trues, of_true, special.logit),
    }
    return Case(model, exact)


def register_with_studies_elsewhere(coarse: int = 1) -> Case:
    """A register whose coverage is only known from three others, that differ: four unknowns.

    How much registers differ is unknown, and so is how far this one lies from their mean; of rate
    and coverage only the product is known.
    """
    people, count, low, high, shape, widest = 1_000_000, 500, 1e-4, 0.05, (1.0, 1.0), 1.0
    found, sought = (12, 20, 9), (40, 30, 40)
    model = fe.Model(
        fe.Route("a", "b"),
        of_all(people),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        {("a", "b"): fe.Share(0.5)},
        [
            fe.Register("r", step="a", count=count, defects=[fe.Coverage(fe.Beta(*shape))]),
            fe.Validation(
                "studies",
                of="r",
                what="coverage",
                yes=found,
                n=sought,
                between=fe.HalfNormal(widest),
            ),
        ],
    )
    mean, sd = log_interval(low, high)
    line = nodes(-20, 20, 800, coarse)
    covers, places = nodes(-16, 16, 400, coarse), nodes(-7, 7, 120, coarse)
    spreads = nodes(0, 6 * widest, 240, coarse)
    studies = [beta_logit(line, k, n - k) for k, n in zip(found, sought, strict=True)]
    of_cover, of_place = [], []
    for spread in spreads:
        # Of the mean of all registers; each study is integrated out by itself.
        mean_over_step = blurred(line, spread)
        spline = interpolate.CubicSpline(line, sum(mean_over_step(one) for one in studies))
        middle = np.clip(covers[:, None] - spread * places, line[0], line[-1])
        log = spline(middle) + normal_log(places, 0, 1) + normal_log(spread, 0, widest)
        log += beta_logit(covers, *shape)[:, None]
        of_cover.append(log_trapezoid(log, places))
        of_place.append(log)
    expected = tight(count, 120, coarse)
    rate = expected - np.log(people) - special.log_expit(covers)[:, None]
    known = np.where(rate < 0, normal_log(rate, mean, sd), -np.inf) + poisson_log(count, expected)
    counted = log_trapezoid(known, expected)
    without_count = log_trapezoid(np.array(of_cover), spreads, axis=0)
    joint = np.array(of_place) + counted[:, None]
    of_studies = interpolate.CubicSpline(covers, without_count)

    def of_rate(log_rate: Any, log_mean: Any) -> Any:
        log_cover = log_mean - np.log(people) - log_rate
        rest = np.log(-np.expm1(log_cover))
        cover = np.clip(log_cover - rest, covers[0], covers[-1])
        prior = normal_log(log_rate, mean, sd) - rest
        return prior + of_studies(cover) + poisson_log(count, log_mean)

    rates = nodes(-8, -1, 1200, coarse)
    places_known = log_trapezoid(log_trapezoid(joint, covers, axis=1), spreads, axis=0)
    exact = {
        "rate of a": below(rates, integrated(of_rate, rates, [expected]), np.log),
        "coverage[r]": below(covers, without_count + counted, special.logit),
        "between studies[studies]": below(
            spreads, log_trapezoid(log_trapezoid(joint, places), covers)
        ),
        "deviation of the source[studies]": below(places, places_known),
    }
    return Case(model, exact)


def lists_that_hardly_overlap(coarse: int = 1) -> Case:
    """Two linked registers with one person in common: what is on neither has a long tail."""
    people, both, first, second = 1_000_000, 1, 41, 60
    low, high, effects = 1e-4, 0.05, (-2.0, 2.0)
    model = fe.Model(
        fe.Route("a", "b"),
        of_all(people),
        fe.Rate(fe.LogNormal.from_interval(low, high)),
        {("a", "b"): fe.Share(0.5)},
        evidence=[
            fe.Linked(
                name="l",
                step="a",
                table=fe.lists.OverlapTable(
                    ["one", "two"], {"11": both, "10": first, "01": second}
                ),
                effects=fe.Normal(*effects),
            )
        ],
    )
    mean, sd = log_interval(low, high)

    def density(log_people: Any, one: Any, two: Any) -> Any:
        """Return the density on the log of the people, and the log-odds of being on each list."""
        on, off = special.log_expit, lambda line: special.log_expit(-line)
        return (
            normal_log(log_people - np.log(people), mean, sd)
            + normal_log(one, *effects)
            + normal_log(two, *effects)
            + poisson_log(both, log_people + on(one) + on(two))
            + poisson_log(first, log_people + on(one) + off(two))
            + poisson_log(second, log_people + off(one) + on(two))
        )

    # By how much the log-odds of a list differ from what its count over the people says.
    across = nodes(-3, 3, 120, coarse)

    def of_people(log_people: Any, one: Any, two: Any) -> Any:
        one, two = (np.log(n) - log_people + x for n, x in ((first, one), (second, two)))
        return density(log_people, one, two)

    def of_one(one: Any, people: Any, two: Any) -> Any:
        log_people = people + np.log(first) - one
        return density(log_people, one, np.log(second) - log_people + two)

    log_people = nodes(np.log(80), np.log(people), 600, coarse)
    ones = nodes(-11, 3, 600, coarse)
    exact = {
        "rate of a": below(
            log_people,
            integrated(of_people, log_people, [across, across]),
            lambda rate: np.log(rate * people),
        ),
        "effect of one[l]": below(ones, integrated(of_one, ones, [across, across])),
    }
    return Case(model, exact)


def withheld_and_rounded(coarse: int = 1) -> Case:
    """Two regions withheld, one rounded, and a rate that is known to five decades: a long tail."""
    regions = {"north": 400_000, "middle": 300_000, "south": 50_000}
    low, high, apart, shape = 1e-7, 1e-2, 2.0, (2.0, 2.0)
    counts = {"north": fe.Withheld(), "middle": fe.Rounded(20, to=10), "south": fe.Withheld()}
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"region": list(regions)}, list(regions.values())),
        fe.Rate(fe.LogNormal.from_interval(low, high), fe.Levels("region", fe.Normal(0, apart))),
        {("a", "b"): fe.Share(0.5)},
        evidence=[
            fe.Register(
                "r", step="a", by="region", count=counts, defects=[fe.Coverage(fe.Beta(*shape))]
            )
        ],
    )
    mean, sd = log_interval(low, high)
    line, covers = nodes(-36, 6, 504, coarse), nodes(-12, 12, 200, coarse)

    def printed(region: str) -> Floats:
        """Return the log-probability of what is printed, by the log-odds of rate and coverage."""
        expected = regions[region] * special.expit(line)[:, None] * special.expit(covers)
        if region != "middle":
            return np.asarray(np.log(special.gammaincc(5, expected)))  # 0 to 4
        up = special.gammainc(15, expected) - special.gammainc(25, expected)  # 15 to 24
        down = special.gammaincc(25, expected) - special.gammaincc(15, expected)
        return np.asarray(np.log(np.where(expected < 20, up, down)))

    with np.errstate(divide="ignore"):
        north, middle, south = map(printed, regions)
    # From the rate of the north to that of another region: every row a node of the former.
    step = np.exp(normal_log(line[:, None] - line, 0, apart))
    prior = normal_log(special.log_expit(line), mean, sd) + special.log_expit(-line)
    joint = prior[:, None] + beta_logit(covers, *shape) + north
    with np.errstate(divide="ignore"):  # where no step from the north leads to what is printed
        elsewhere = {
            name: np.log(step @ np.exp(seen))
            for name, seen in (("middle", middle), ("south", south))
        }
    both = joint + elsewhere["middle"] + elsewhere["south"]

    def of_step(other: str, seen: Floats) -> Any:
        """Return the distribution of a region's step: the whole spacings between the nodes."""
        reach = round(16.0 / (line[1] - line[0]))
        steps = np.arange(-reach, reach + 1) * (line[1] - line[0])
        found = []
        for i, one in zip(range(-reach, reach + 1), steps, strict=True):
            here = slice(max(0, -i), len(line) - max(0, i))
            there = slice(max(0, i), len(line) - max(0, -i))
            log = joint[here] + elsewhere[other][here] + seen[there]
            found.append(special.logsumexp(log) + normal_log(one, 0, apart))
        return below(steps, np.array(found))

    exact = {
        "rate of a": below(line, log_trapezoid(both, covers), special.logit),
        "coverage[r]": below(covers, log_trapezoid(both, line, axis=0), special.logit),
        "rate of a[region=middle]": of_step("south", middle),
        "rate of a[region=south]": of_step("middle", south),
    }
    return Case(model, exact)
