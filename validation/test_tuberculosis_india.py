"""Subbaraman et al., PLoS Med 2016;13:e1002149: tuberculosis care cascade, India 2013.

Mark: published shares, read second-hand (quoted in secondary sources). No tolerance is given:
the shares are entered and must come out as entered, and the numbers are shares of the start.
"""

from __future__ import annotations

import itertools

import pytest

import funnelest as fe

START = 2_700_000
SHARES = {
    "prevalent": 1.0,
    "evaluated": 0.72,
    "diagnosed": 0.6,
    "registered": 0.53,
    "completed": 0.45,
    "recurrence free": 0.39,
}


def chain(number: fe.Number, evidence=(), known: bool = True) -> fe.Model:
    steps = list(SHARES)
    given = {
        (a, b): fe.Share(SHARES[b] / SHARES[a] if known else fe.Beta(1, 1))
        for a, b in itertools.pairwise(steps)
    }
    return fe.Model(fe.Route(*steps), fe.Population.cells(), number, given, evidence)


@pytest.fixture(scope="module")
def known() -> fe.Result:
    model = chain(fe.Number(fe.LogNormal.from_interval(0.9 * START, 1.1 * START)))
    return fe.fit(model, engine="importance", seed=1, progress=False)


def test_shares_of_the_start(known):
    table = known.shares().set_index("step")
    for step, share in list(SHARES.items())[1:]:
        assert table.loc[step, "median"] == pytest.approx(share, rel=1e-12)
        assert table.loc[step, "sd"] == pytest.approx(0, abs=1e-12)


def test_numbers_by_step(known):
    table = known.steps().set_index("step")
    start = table.loc["prevalent", "median"]
    assert start == pytest.approx(START, rel=0.01)
    for step, share in SHARES.items():
        assert table.loc[step, "median"] == pytest.approx(share * start, rel=1e-9)


def test_losses_by_transition(known):
    table = known.transitions().set_index(["from", "to"])["median"]
    assert table["prevalent", "evaluated"] == pytest.approx(0.72)
    assert table["evaluated", "diagnosed"] == pytest.approx(0.6 / 0.72)
    assert table["completed", "recurrence free"] == pytest.approx(0.39 / 0.45)


def test_shares_are_found_from_the_numbers():
    """Known start, every later step as a register: the gaps come out of the counts."""
    counts = [
        fe.Register(name=step, step=step, count=fe.Rounded(round(share * START, -3), to=1000))
        for step, share in list(SHARES.items())[1:]
    ]
    # Too many counts print as such shares for a Cascade of them; that it is one is asked about.
    with pytest.warns(fe.FunnelestWarning, match="hold everybody at 'evaluated'.*Cascade"):
        model = chain(fe.Number(START), counts, known=False)
    result = fe.fit(model, seed=1, progress=False)
    table = result.shares().set_index("step")
    for step, share in list(SHARES.items())[1:]:
        # The chance of counts of a million; half a rounding step is 0.0002.
        assert table.loc[step, "median"] == pytest.approx(share, abs=0.0025)
