"""Deaths from cancer of the cervix, 1969-1973: not every such death is certified as one.

Whittemore and Gong, Appl Stat 1991;40:81: deaths and woman-years in four countries and four age
groups. In each country doctors certified one and the same death; so many did it rightly (Kelson
and Farebrother, Int J Epidemiol 1987;16:411). The data are also in the R package `pogit`. Mark:
data published, answers of the model below second-hand (whose they are was not said).

Tolerance: none was given. The printed limits are those of a run of some 10,000 draws, and are held
to three of its Monte Carlo errors. Here the answer is known: with p of the deaths certified and d
deaths on certificates, p is Beta(1 + right, 1 + wrong) and the expected number of deaths
Gamma(d) / p. A gamma prior of shape 0.001 adds 0.001 to each d, and nothing that can be seen.

The number is that of the rate. The people who really died are at least those on certificates, and
somewhat better known: in Belgium 642 to 816, where the published interval is 623 to 830.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import beta, gamma

import funnelest as fe

AGES = [(25, 34), (35, 44), (45, 54), (55, 64)]
#: Deaths on certificates, and thousands of woman-years, by age.
DATA = {
    "Belgium": ((8, 81, 242, 268), (2_328, 2_557, 2_268, 2_253)),
    "England": ((192, 860, 2_762, 3_035), (15_399, 14_268, 15_450, 15_142)),
    "France": ((96, 477, 998, 1_117), (15_324, 16_186, 14_432, 13_201)),
    "Italy": ((45, 255, 621, 839), (19_115, 18_811, 16_234, 15_246)),
}
#: Doctors who certified it rightly, and all.
RIGHT = {"Belgium": (43, 50), "England": (50, 50), "France": (38, 53), "Italy": (41, 50)}
#: Mean and 95% interval: of the share certified, and of the number of deaths.
PUBLISHED = {
    "Belgium": ((0.846, 0.736, 0.930), (710, 623, 830)),
    "England": ((0.981, 0.931, 1.000), (6_986, 6_747, 7_390)),
    "France": ((0.709, 0.585, 0.818), (3_819, 3_269, 4_606)),
    "Italy": ((0.808, 0.691, 0.902), (2_188, 1_930, 2_560)),
}
COUNTRIES = pytest.mark.parametrize("country", DATA)


def model(country: str) -> fe.Model:
    deaths, thousands = DATA[country]
    right, asked = RIGHT[country]
    return fe.Model(
        fe.Route("died of it", "certified so"),
        fe.Population({"age": AGES}, [1000 * number for number in thousands]),
        fe.Rate(fe.PerLevel("age", {age: fe.Gamma(0.001, 1.0) for age in AGES})),
        {("died of it", "certified so"): fe.Share(fe.Uniform(0, 1))},
        [
            fe.Register(
                "certificates", step="certified so", by="age",
                count=dict(zip(AGES, deaths, strict=True)),
            ),
            fe.Cohort("doctors", of="died of it", step="certified so", yes=right, n=asked),
        ],
    )  # fmt: skip


class Share:
    """The share certified, exactly."""

    unit = 0.001

    def __init__(self, country: str):
        right, asked = RIGHT[country]
        self.known = beta(1 + right, 1 + asked - right)
        self.mean, self.sd, self.below = self.known.mean(), self.known.std(), self.known.cdf

    @staticmethod
    def of(q: fe.Quantities):
        return q.transition("died of it", "certified so")


class Deaths:
    """The expected number of deaths, exactly."""

    unit = 1

    def __init__(self, country: str):
        right, asked = RIGHT[country]
        self.certified = sum(DATA[country][0]) + 0.004
        # Of 1 / p and 1 / p**2 of a beta distribution.
        first = (asked + 1) / right
        second = first * asked / (right - 1)
        self.mean = self.certified * first
        self.sd = np.sqrt(self.certified * (self.certified + 1) * second - self.mean**2)
        self.shares = Share(country).known.ppf((np.arange(2000) + 0.5) / 2000)

    def below(self, number: float) -> float:
        return gamma.cdf(number * self.shares, self.certified).mean()

    @staticmethod
    def of(q: fe.Quantities):
        return q.number("died of it")


QUANTITIES = pytest.mark.parametrize("kind", [Share, Deaths])


def held(exact: Share | Deaths, found, errors: float, draws: int, digit: float = 0.0) -> None:
    """Hold mean and limits to errors of so many draws, each printed to a digit."""
    mean, low, high = found
    assert mean == pytest.approx(exact.mean, abs=errors * exact.sd / np.sqrt(draws) + digit / 2)
    for limit, p in ((low, 0.025), (high, 0.975)):
        error = errors * np.sqrt(p * (1 - p) / draws)
        assert exact.below(limit - digit / 2) - error < p < exact.below(limit + digit / 2) + error


@cache
def fitted(country: str) -> fe.Result:
    return fe.fit(model(country), engine="importance", draws=8000, seed=1, progress=False)


@QUANTITIES
@COUNTRIES
def test_the_published_answer(country, kind):
    share, deaths = PUBLISHED[country]
    printed = share if kind is Share else deaths
    held(kind(country), printed, errors=3, draws=10_000, digit=kind.unit)


@QUANTITIES
@COUNTRIES
def test_the_exact_answer(country, kind):
    drawn = fitted(country).sample_of(kind.of)
    found = (np.mean(drawn), *np.quantile(drawn, [0.025, 0.975]))
    held(kind(country), found, errors=4, draws=8000)
