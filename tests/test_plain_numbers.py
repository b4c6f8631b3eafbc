"""A number of NumPy is Python's own behind every door, and overflows nowhere."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import funnelest as fe
from funnelest import fields
from funnelest.defects.base import Defect
from funnelest.evidence.base import Evidence
from funnelest.figures.base import Figure
from funnelest.priors import Prior

WIDTHS = [np.int8, np.uint8, np.int16, np.int64, np.float16, np.float32, np.float64, np.longdouble]
WIDE = pytest.mark.parametrize("width", WIDTHS, ids=lambda one: one.__name__)


def own(value):
    return type(value) in (int, float)


@WIDE
def test_a_number_is_pythons_own(width):
    made = fields.plain(width(120))
    assert own(made)
    assert made == 120
    inside = fields.plain({width(1): [width(2), (width(3), {"a": width(4)})]})
    ((key, (two, (three, four))),) = inside.items()
    assert all(map(own, (key, two, three, four["a"])))


@pytest.mark.parametrize("width", [np.float16, np.float32, np.float64, np.longdouble])
def test_one_of_few_digits_is_read_as_it_is_printed(width):
    assert fields.plain(width("0.15")) == 0.15


def test_what_holds_no_such_number_stays_itself():
    for value in ([1, 2.0], (1, "a"), {"a": [True, None]}, "a", None, np.array([1]), 1j):
        assert fields.plain(value) is value


@WIDE
@pytest.mark.parametrize(
    "build",
    [
        lambda n: fe.AtMost(n(100)), lambda n: fe.AtLeast(n(100)),
        lambda n: fe.Rounded(n(100), to=n(50)), lambda n: fe.RandomlyRounded(n(100), to=n(5)),
        lambda n: fe.Exact(n(100)), lambda n: fe.Between(n(1), n(100)),
        lambda n: fe.Disagreeing([n(100), n(90)], use="mixture", weights=[n(1), n(2)]),
        lambda n: fe.RoundedToUnknown(n(100), bases=[n(5), n(10)]),
        lambda n: fe.Beta(n(2), n(3)), lambda n: fe.Fixed(n(3)),
        lambda n: fe.Truncated(fe.Normal(n(0), n(1)), low=n(0)),
        lambda n: fe.Gamma.from_interval(n(1), n(3)),
        lambda n: fe.Register(name="r", step="b", count=n(3), where={"year": n(100)}),
        lambda n: fe.Survey(name="s", step="b", yes=n(3), n=n(9), deff=n(2)),
        lambda n: fe.Coverage(n(1)), lambda n: fe.Clustered(clusters=n(20), icc=n(1)),
        lambda n: fe.Shift(ages=(n(0), n(11)), like=(12, 16), prior=n(0), statement="s"),
        lambda n: fe.PerLevel("year", {n(100): n(1)}), lambda n: fe.Levels("year", n(1)),
    ],
)  # fmt: skip
def test_every_door_takes_it_so(build, width):
    def inside(value):
        if isinstance(value, dict):
            value = [*value, *value.values()]
        if isinstance(value, list | tuple):
            for one in value:
                yield from inside(one)
        elif dataclasses.is_dataclass(value):
            yield from inside([getattr(value, one.name) for one in dataclasses.fields(value)])
        else:
            yield value

    assert not [one for one in inside(build(width)) if isinstance(one, np.generic)]


@WIDE
def test_a_limit_over_years_does_not_overflow(width):
    divisor = 3
    assert fe.AtMost(width(120)).limits(divisor) == (0.0, 360.0)
    assert fe.AtLeast(width(120)).limits(divisor)[0] == 360.0


@pytest.mark.parametrize("value", [np.complex64(3), 3j, 10**400, np.nan, "3", None, True, [3]])
def test_what_is_no_number_is_told(value):
    assert fe.AtMost(value).problems()
    assert fe.Rounded(3, to=value).problems()
    assert fe.Beta(2, value).problems()
    assert fe.Fixed(value).problems()
    if not isinstance(value, np.complex64 | complex | list | str | bool | None):
        assert fe.Truncated(fe.Normal(0, 1), low=value).problems()


@pytest.mark.parametrize("kind", [Evidence, Defect, Figure, Prior])
def test_the_bases_do_it(kind):
    assert "__post_init__" in vars(kind)
