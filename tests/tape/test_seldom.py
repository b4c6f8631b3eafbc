"""What few draws need is no fork: one program serves all points, with the same digits."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
import funnelest.math as fm
from funnelest.distributions import hidden_counts
from funnelest.distributions.counts import NegativeBinomial, Poisson
from funnelest.distributions.shares import Binomial
from funnelest.tape.program import Program
from funnelest.tape.seldom import replaced
from funnelest.tape.tape import Tape
from funnelest.tape.traced import gradient_of, traced

COUNTS = np.arange(30, 42)
WEIGHTS = np.log(np.linspace(0.1, 1.0, len(COUNTS)))
FUNCTIONS = {
    "prior": lambda z: fe.Truncated(fe.LogNormal(0.0, 1.0), low=0.2, high=3.0).line_logpdf(z),
    "prior, one end": lambda z: fe.Truncated(fe.Normal(0.0, 1.0), low=0.2).line_logpdf(z),
    "poisson": lambda z: Poisson(fm.exp(z)).total(COUNTS),
    "poisson, weighted": lambda z: Poisson(fm.exp(z)).total(COUNTS, WEIGHTS),
    "binomial": lambda z: Binomial(100.0, fm.expit(z)).total(COUNTS),
    "negative binomial": lambda z: NegativeBinomial(fm.exp(z), 0.3 + 0.0 * z).total(COUNTS),
    "own spread": lambda z: NegativeBinomial(3e9 + 0.0 * z, fm.exp(z)).total(COUNTS),
}
NEAR = np.linspace(-1.0, 3.0, 5)
#: So far out that sums over counts are not finite, and parameters have lost their digits.
FAR = np.array([0.5, 2.0, -730.0, 45.0, 740.0])


def test_what_is_chosen_is_known_to_each_call_alone():
    """The other way is only asked where an entry needs it, and sees which."""
    seen = []

    def other(chosen, x):
        seen.append(chosen)
        return -x

    def made(x):
        return replaced(x * x, lambda value, x: value > 4.0, other, x)

    np.testing.assert_array_equal(made(np.array([1.0, 2.0])), [1.0, 4.0])
    assert not seen
    np.testing.assert_array_equal(made(np.array([1.0, 3.0])), [1.0, -3.0])
    np.testing.assert_array_equal(seen, [[False, True]])


def test_slopes_that_are_not_finite_stay_out():
    start = traced(np.array([0.0, 2.0]))
    with np.errstate(all="ignore"):
        made = replaced(
            start * start,
            lambda value, _: value == 0.0,
            lambda chosen, x: np.where(chosen, 3.0 * x, fm.log(x - 2.0)),
            start,
        )
        np.testing.assert_array_equal(gradient_of(made, start), [3.0, 4.0])


@pytest.mark.parametrize("what", FUNCTIONS)
def test_one_program_serves_points_near_and_far(what):
    """None of these looks at its numbers to choose a way, and the digits are those of the tape."""
    function = FUNCTIONS[what]
    start = traced(NEAR, Tape(again=True))
    with np.errstate(all="ignore"):
        program = Program(start.tape, start, [function(start)])
        assert not start.tape.ways
        for at in (NEAR, FAR):
            start = traced(at)
            made = function(start)
            value, slopes = program.slopes(program.begun(at))
            np.testing.assert_array_equal(value, function(at))
            np.testing.assert_array_equal(value, made.numbers)
            np.testing.assert_array_equal(slopes, gradient_of(made, start))


def test_without_any_people_there_is_nothing_to_sum(monkeypatch):
    """Nor where there is no number: so are most of the points that need more."""
    monkeypatch.setattr(hidden_counts, "sum_of_logs", None)
    mean = np.array([0.0, 35.0, np.nan])
    with np.errstate(all="ignore"):
        for law in (Poisson(mean), NegativeBinomial(mean, np.full(3, 0.3))):
            value = law.total(COUNTS)
            assert value[0] == -np.inf
            assert np.isfinite(value[1])
            assert np.isnan(value[2])
