"""Registers of which only the totals are known: how many distinct people are on them?

Mark: exact sums, for the likelihood of two registers with a known overlap (tolerance 5e-5, the
digits printed) and for the bounds of six; counted from the published table, for the entries per
person.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import funnelest as fe
from funnelest import bounds
from funnelest.distributions import Overlapping
from funnelest.likelihood.density import log_likelihoods

# ---------------------------------------------------------------- two registers, known overlap

TOLERANCE = 5e-5
#: Expected people only in 1, only in 2 and in both; the totals; log-likelihood, and the normal one.
TWO = {
    "as expected": ((760, 710, 200), (960, 910), -8.6548, -8.6546),
    "one up, one down": ((760, 710, 200), (1000, 870), -10.8331, -10.8331),
    "small": ((8, 6, 3), (12, 9), -4.193, -4.1378),
}
CASES = pytest.mark.parametrize("case", TWO)


def two_registers(case: str) -> fe.Model:
    """Return a model in which every expected number is known, but for who comes to register 1."""
    (one, two, both), printed, *_ = TWO[case]
    registers = [
        fe.Register(name=name, step="reported", count=count)
        for name, count in zip("12", printed, strict=True)
    ]
    return fe.Model(
        fe.Route("reported", "helped"), fe.Population.cells(), fe.Number(float(one + two + both)),
        {("reported", "helped"): fe.Share(0.5)},
        [fe.Unlinked(name="two", registers=registers, overlaps={("1", "2"): float(both)})],
    )  # fmt: skip


def share_of_entries(case: str) -> float:
    """Return which share of the expected entries of both registers is in register 1."""
    (one, two, both), *_ = TWO[case]
    return (one + both) / (one + two + 2 * both)


@CASES
def test_two_registers_on_arrays(case):
    shares = np.full(3, share_of_entries(case))
    found = log_likelihoods(two_registers(case), {"entries of 1[two]": shares})
    np.testing.assert_allclose(sum(found.values()), TWO[case][2], atol=TOLERANCE, rtol=0)


@CASES
def test_two_registers_on_symbols(case):
    import pytensor

    with pytensor.config.change_flags(mode="FAST_COMPILE", floatX="float64"):
        made = fe.to_pymc(two_registers(case))
        # PyMC's own scale of a share is its log-odds.
        share = share_of_entries(case)
        log_odds = np.full(1, np.log(share / (1 - share)))
        likelihood = made.compile_logp(vars=made.potentials)
        found = likelihood({variable.name: log_odds for variable in made.value_vars})
    assert float(found) == pytest.approx(TWO[case][2], abs=TOLERANCE)


@CASES
def test_two_registers_by_the_normal_approximation(case):
    (one, two, both), printed, _, expected = TWO[case]
    means = np.array([[one + both], [two + both]], dtype=float)
    found = Overlapping(means, {(0, 1): np.array([float(both)])}).normal_logp(printed)
    assert float(found[0]) == pytest.approx(expected, abs=TOLERANCE)


def test_the_probabilities_of_all_totals_add_up_to_one():
    (one, two, both), *_ = TWO["small"]
    means = np.array([[one + both], [two + both]], dtype=float)
    law = Overlapping(means, {(0, 1): np.array([float(both)])})
    total = sum(np.exp(law.logp(x)[0]) for x in itertools.product(range(51), range(46)))
    assert total == pytest.approx(1.0, abs=1e-9)


# ---------------------------------------------------------------- bounds

SIX = dict(zip("ABCDEF", (960, 910, 1660, 30, 360, 140), strict=True))


LOW, HIGH = 1660, 4060
#: The overlap weight, and what is assumed of it.
NOBODY = fe.Fixed(0.0, statement="nobody is on two registers")
WITHIN = fe.Fixed(1.0, statement="the smaller registers lie within the largest")
ANY = fe.Beta(1, 1, statement="any weight is as likely as another")


def six_registers(overlap: fe.Prior, engine: str = "importance") -> fe.Result:
    registers = [fe.Register(name=name, step="reported", count=n) for name, n in SIX.items()]
    model = fe.Model(
        fe.Route("reported", "helped"), fe.Population.cells(),
        fe.Number(fe.LogUniform(100, 100_000)), {("reported", "helped"): fe.Share(0.5)},
        [fe.Unlinked(name="six", registers=registers, overlap=overlap)],
    )  # fmt: skip
    return fe.fit(model, engine=engine, draws=20_000, seed=6, progress=False)


def test_bounds_of_six_registers():
    """Any number from 1,660 children, all on the largest, to 4,060, all on one list only."""
    found = bounds.distinct(SIX)
    assert (found.low, found.high) == (LOW, HIGH)


def by_name(result: fe.Result):
    return result.distinct().set_index("quantity")


@pytest.mark.parametrize("engine", ["importance", pytest.param("hmc", marks=pytest.mark.slow)])
def test_the_weight_takes_distinct_people_from_one_bound_to_the_other(engine):
    """Known exactly: with a log-uniform prior the entries, a Poisson sum, are Gamma(4060, 1)."""
    # Shares uniform before the counts are Dirichlet(count + 1) after them.
    largest = HIGH * (LOW + 1) / (HIGH + len(SIX))
    for overlap, mean, bound in ((NOBODY, HIGH, "entries"), (WITHIN, largest, "largest")):
        result = six_registers(overlap, engine)
        assert result.gate.passed, result.gate.text
        table = by_name(result)
        columns = ["mean", "median", "low", "high"]
        (name,) = (one for one in table.index if one.startswith(bound))
        np.testing.assert_allclose(
            table.loc["distinct people", columns].astype(float),
            table.loc[name, columns].astype(float),
            rtol=1e-9,
        )
        assert table.loc["distinct people", "mean"] == pytest.approx(mean, rel=0.001)
        assert table.loc["distinct people", "sd"] == pytest.approx(np.sqrt(mean), rel=0.03)
        per_person = table.loc["registers per person", "mean"]
        assert per_person == pytest.approx(HIGH / mean, rel=0.002)


def test_distinct_people_lie_within_the_bounds_of_every_draw():
    result = six_registers(ANY)
    assert result.gate.passed, result.gate.text
    table = by_name(result)
    assert LOW < table.loc["distinct people", "low"] < table.loc["distinct people", "high"] < HIGH
    # Any weight is as likely: so is any number between the bounds, and the data say no more.
    assert table.loc["distinct people", "mean"] == pytest.approx((LOW + HIGH) / 2, rel=0.01)
    distinct = result.sample_of(lambda q: q.distinct("six"))
    entries = distinct * result.sample_of(lambda q: q.multiplicity("six"))
    assert (distinct <= entries * (1 + 1e-12)).all()
    assert (distinct >= 0.9 * LOW).all()
    weight = result.draws["overlap[six]"].ravel()
    assert abs(np.mean(weight) - 0.5) < 0.01


# ---------------------------------------------------------------- entries per person

#: Potential victims of modern slavery, United Kingdom 2013, by the lists that they are on, with
#: police and National Crime Agency as one list (Home Office 2014; Silverman BW, J R Stat Soc A
#: 2020;183:691).
LISTS = ("LA", "NG", "PFNCA", "GO", "GP")
UK_2013 = {
    "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15, "10100": 19,
    "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11, "00011": 8,
    "11100": 1, "11010": 1, "01110": 4, "11110": 1,
}  # fmt: skip
PERSONS = 2744
#: Six lists, with the two apart: counted from the published table.
ENTRIES_OF_SIX, MULTIPLICITY_OF_SIX = 3008, 1.096


def number_on(*names: str) -> int:
    """Return how many people are on all of these lists, whatever else they are on."""
    at = [LISTS.index(name) for name in names]
    return sum(n for on, n in UK_2013.items() if all(on[i] == "1" for i in at))


def test_entries_per_person():
    """A basis for a prior on how many registers know the same child; nothing is fitted."""
    assert sum(UK_2013.values()) == PERSONS
    assert round(ENTRIES_OF_SIX / PERSONS, 3) == MULTIPLICITY_OF_SIX
    # Joining two lists into one can only lose entries.
    assert PERSONS < sum(number_on(name) for name in LISTS) < ENTRIES_OF_SIX


def test_overlaps_all_but_give_the_number_of_persons():
    """The bounds hold the true number, and are narrow once the overlaps of pairs are known."""
    totals = {name: number_on(name) for name in LISTS}
    overlaps = {pair: number_on(*pair) for pair in itertools.combinations(LISTS, 2)}
    wide = bounds.distinct(totals)
    found = bounds.distinct(totals, overlaps=overlaps)
    assert found.low >= sum(totals.values()) - sum(overlaps.values())  # Bonferroni
    assert wide.low <= found.low <= PERSONS <= found.high <= wide.high
    assert found.high - found.low < 0.03 * PERSONS
