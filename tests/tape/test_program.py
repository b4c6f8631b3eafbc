"""Arithmetic that is written down once and done again: the same digits, or no program at all."""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import numpy as np
import pytest
from tests.tape.test_traced import CASES, X

import funnelest.math as fm
from funnelest.errors import FitError
from funnelest.tape.program import Elsewhere, Program
from funnelest.tape.repeated import Repeated
from funnelest.tape.tape import Tape
from funnelest.tape.traced import Held, Traced, changes_along, gradient_of, traced

OTHER = np.random.default_rng(8).uniform(0.15, 0.85, X.shape)
Z = np.random.default_rng(9).uniform(0.5, 1.5, (3, 20))


def written(function, at):
    start = traced(at, Tape(again=True))
    with np.errstate(all="ignore"):
        made = function(start)
    return Program(start.tape, start, [made])


@pytest.mark.parametrize("case", CASES)
def test_a_program_takes_the_steps_of_the_tape(case):
    function = CASES[case]
    program = written(function, X)
    directions = np.random.default_rng(5).standard_normal((3, *X.shape))
    start = traced(OTHER)
    with np.errstate(all="ignore"):
        made = function(start)
        (value,) = program.values(program.begun(OTHER))
        first, slopes = program.slopes(program.begun(OTHER))
        (again,), (changes,) = program.along(program.begun(OTHER), directions)
    for found in (value, first, again):
        np.testing.assert_array_equal(found, made.numbers)
    np.testing.assert_array_equal(value, function(OTHER))
    np.testing.assert_array_equal(slopes, gradient_of(made, start))
    np.testing.assert_array_equal(changes, changes_along(start, directions)(made))


def test_numbers_without_slopes_follow_the_points():
    program = written(lambda x: x * fm.constant(x) + np.where(fm.constant(x) > 0.5, 1.0, x), X)
    np.testing.assert_array_equal(
        program.values(program.begun(OTHER))[0], OTHER * OTHER + np.where(OTHER > 0.5, 1.0, OTHER)
    )


def test_what_is_not_wanted_is_not_done():
    done = []

    def unused(x):
        done.append(fm.exp(x))
        return x * 2.0

    start = traced(Z, Tape(again=True))
    program = Program(start.tape, start, [unused(start)])
    assert len(program._rest.steps) == 1
    assert len(start.tape.steps) == 3


def one_way(x):
    """Another formula where some number is large."""
    if (fm.constant(x) > 2.0).any():
        return fm.log(x[0] * x[1])
    return fm.log(x[0]) + x[2] * x[2]


def test_another_way_is_seen():
    program = written(one_way, Z)
    np.testing.assert_array_equal(program.values(program.begun(Z * 0.9))[0], one_way(Z * 0.9))
    with pytest.raises(Elsewhere):
        program.values(program.begun(Z + 2.0))


def looks(x):
    return x[0] * len(np.flatnonzero(fm.constant(x)[1] > 1.0))


def parts(x):
    return x[0] * fm.sum(x[1][fm.constant(x)[2] > 1.0])


STATE = {"calls": 0}


def remembers(x):
    STATE["calls"] += 1
    return x[0] * STATE["calls"]


def constant(x):
    return np.ones(x.shape[1])


@pytest.mark.parametrize("function", [one_way, looks, parts, constant, lambda x: x[1] ** 2])
@pytest.mark.parametrize("draws", [0, 1, 3, 20, 70])
def test_repeated_gives_what_the_function_gives(function, draws):
    """Whatever it looks at, at every call, and the same digits before and after."""
    repeated = Repeated(lambda z: [function(z)], small=False)
    filled = Repeated(lambda z: [function(z)])
    rng = np.random.default_rng(4)
    for turn in range(24):
        z = rng.uniform(0.5, 1.5, (3, draws)) + 2.0 * (turn % 3 == 2)
        start = traced(z)
        made = function(start)
        slopes = gradient_of(made, start)
        np.testing.assert_array_equal(repeated.values(z)[0], function(z))
        np.testing.assert_array_equal(repeated.slopes(z)[1], slopes)
        if function is not looks and function is not parts:  # in which draws are not apart
            np.testing.assert_array_equal(filled.values(z)[0], function(z))
            np.testing.assert_array_equal(filled.slopes(z)[1], slopes)
            directions = rng.standard_normal((2, *z.shape))
            (changes,) = filled.along(z, directions)[1]
            np.testing.assert_array_equal(changes, changes_along(start, directions)(made))


def test_a_program_is_made_of_what_is_asked_for_often_and_only_of_that():
    calls = []

    def function(z):
        calls.append(z)
        return [one_way(z)]

    repeated = Repeated(function)
    for _ in range(30):
        repeated.values(Z)
    assert len(calls) == 8 + 1 + 6  # as it comes, written down, and compared
    calls.clear()
    for _ in range(30):  # another way: asked of the function itself, until that is written down
        repeated.values(Z + 2.0)
    assert len(calls) == 2 + 1 + 6


def test_what_remembers_is_never_a_program():
    repeated = Repeated(lambda z: [remembers(z)])
    STATE["calls"] = 0
    for _ in range(40):
        repeated.values(Z)
    assert repeated._programs == {}
    before = STATE["calls"]
    np.testing.assert_array_equal(repeated.values(Z)[0], Z[0] * (before + 1))


def three_ways(x):
    """Forks after one another, of which the second is there on one side only."""
    y = fm.exp(x[0])
    if (fm.constant(x[1]) > 1.3).any():
        y = y * x[1]
        if not (fm.constant(y) > 2.0).all():
            return y + x[2]
    return y - (x[2] if (fm.constant(x[2]) > 1.2).any() else 2.0 * x[2])


def test_each_set_of_ways_has_its_program():
    """And from its first fork on nothing is done twice."""
    done = Counter()

    def function(z):
        done[type(z)] += 1
        return [three_ways(z)]

    repeated = Repeated(function)
    rng = np.random.default_rng(7)
    for turn in range(400):
        z = rng.uniform(0.5, 1.0 + 0.4 * rng.integers(1, 4, (3, 1)) / 3, (3, 8))
        directions = rng.standard_normal((2, *z.shape))
        start = traced(z)
        made = three_ways(start)
        value, slopes = repeated.slopes(z)
        np.testing.assert_array_equal(value, made.numbers)
        np.testing.assert_array_equal(slopes, gradient_of(made, start))
        np.testing.assert_array_equal(repeated.values(z)[0], three_ways(z))
        (changes,) = repeated.along(z, directions)[1]
        np.testing.assert_array_equal(changes, changes_along(start, directions)(made))
        if turn == 199:
            done.clear()
    assert len(repeated._programs[8]) >= 3
    assert done[Traced] + done[np.ndarray] < 60  # of 600 calls


def many_ways(x):
    for i in range(5):
        x = x + (0.1 if (fm.constant(x[0, i]) > 1.0) else -0.1) * x
    return x[0]


def test_few_programs_are_kept():
    repeated = Repeated(lambda z: [many_ways(z)])
    rng = np.random.default_rng(7)
    for _ in range(3000):
        z = rng.uniform(0.5, 1.5, (3, 8))
        np.testing.assert_array_equal(repeated.values(z)[0], many_ways(z))
        assert all(len(one) <= 16 for one in repeated._programs.values())


def large(x):
    """Whether a value is large where it is an array, and otherwise not."""
    return isinstance(x, np.ndarray) and bool((x > 1.4).any())


def by_asarray(x):
    try:
        return bool((np.asarray(x) > 1.4).any())
    except TypeError:
        return False


def by_number(x):
    try:
        return float(x[0, 0]) > 1.4
    except TypeError:
        return False


#: How a function may choose a way and hide from a tape that it does.
HIDING = {
    "an array": by_asarray,
    "a number": by_number,
    "an attribute": lambda x: bool((getattr(x, "value", x) > 1.4).any()),
    "the data": lambda x: hasattr(x, "data") and large(x),
    "a function": lambda x: by_function(x),
}


def by_function(x):
    try:
        return bool(np.median(x) > 1.4)
    except TypeError:
        return False


@pytest.mark.parametrize("what", HIDING)
def test_a_hidden_choice_is_never_a_wrong_value(what):
    """Something was asked of a value that it could not answer: so nothing is written down."""
    chooses = HIDING[what]

    def function(x):
        return [x[0] * x[1] if chooses(x) else x[0] + x[1]]

    repeated = Repeated(function)
    for turn in range(64):
        z = np.full((3, 8), 1.1 + 0.5 * (turn >= 20))
        np.testing.assert_array_equal(repeated.values(z)[0], function(z)[0])
    assert repeated._programs == {}


def test_a_choice_that_cannot_be_seen_is_found_when_it_is_compared_again():
    repeated = Repeated(lambda x: [x[0] * 2.0 if large(x) else x[0]])
    for _ in range(30):
        repeated.values(Z * 0.5)
    with pytest.raises(FitError, match="chooses its way"):
        _ = [repeated.values(Z + 1.0) for _ in range(30)]


def test_slopes_of_another_way_are_refused():
    repeated = Repeated(lambda x: [x[0] * 2.0 if isinstance(x, np.ndarray) else x[0]])
    with pytest.raises(FitError, match="plain arrays"):
        repeated.slopes(Z)
    repeated = Repeated(lambda x: [x[0] * 2.0 if isinstance(x, np.ndarray) else x[0]])
    with pytest.raises(FitError, match="plain arrays"):
        repeated.along(Z, Z[None])


def test_numbers_without_slopes_are_no_arrays_on_such_a_tape():
    start = traced(Z, Tape(again=True))
    assert isinstance(fm.constant(start), Held)
    for wrong in (float, np.asarray, np.flatnonzero, lambda x: Z[:, x[0] > 1.0]):
        with pytest.raises((TypeError, IndexError)):
            wrong(fm.constant(start))


@pytest.mark.parametrize("case", CASES)
def test_a_program_does_not_hold_the_values_of_its_tape(case):
    start = traced(X, Tape(again=True))
    with np.errstate(all="ignore"):
        program = Program(start.tape, start, [CASES[case](start)])
    tape = weakref.ref(start.tape)
    del start
    gc.collect()
    assert tape() is None
    assert program.values(program.begun(OTHER))


def test_room_is_kept():
    with pytest.raises(TypeError, match="room"):
        traced(Z, Tape(again=True, room=100.0))
