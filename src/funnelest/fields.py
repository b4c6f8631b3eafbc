"""Constraints of the fields that a user fills in, each with its sentence.

A kind says once what its fields may hold, `problems_of` collects every sentence, and a test feeds
every bad example of a constraint into every field that has it::

    allowed: ClassVar[Allowed] = {"clusters": whole(2), "deff": number(least=1)}
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from funnelest.numbers import given, is_integer, is_number, plain_number

if TYPE_CHECKING:
    from funnelest.population import Population
    from funnelest.route import Route

__all__ = [
    "AGES",
    "AXIS",
    "FUNCTION",
    "LARGEST",
    "MAPPING",
    "NAME",
    "PAIR",
    "PATH",
    "PER",
    "POSITIVE",
    "SEED",
    "SHARE",
    "STEP",
    "TEXT",
    "TRUTH",
    "Allowed",
    "Constraint",
    "an",
    "answers",
    "axis_problems",
    "declared",
    "explained",
    "instance",
    "instances",
    "integer",
    "is_integer",
    "is_number",
    "is_text",
    "is_whole",
    "key_problems",
    "number",
    "one_of",
    "plain",
    "plain_fields",
    "problems_of",
    "seed_problems",
    "step_problems",
    "text_problems",
    "unwritable",
    "whole",
    "wrong_fields",
]


#: No count of people is larger, and larger numbers are not whole to the last digit.
LARGEST = 1e15


def is_whole(value: object, least: float = -LARGEST) -> bool:
    """Return whether `value` is a whole number of at least `least` (2.0 is one)."""
    return is_number(value) and bool(value == int(value) and least <= value <= LARGEST)  # type: ignore[call-overload, operator]


def an(name: str) -> str:
    """Return a name with its article: an AtLeast, a Survey."""
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def plain(value: Any) -> Any:
    """Return `value` with NumPy's numbers as Python's own, in lists and mappings too.

    NumPy's overflow at their own width; see `funnelest.numbers`.
    """
    if type(value) in (int, float, str, bool, type(None)):
        return value
    if (number := plain_number(value)) is not None:
        return number
    if isinstance(value, np.bool_ | np.str_):
        return value.item()
    if type(value) in (list, tuple):
        made = [plain(one) for one in value]
        same = all(new is old for new, old in zip(made, value, strict=True))
        return value if same else type(value)(made)
    if type(value) is dict:
        pairs = {plain(key): plain(one) for key, one in value.items()}
        same = all(new is old for new, old in zip(pairs.values(), value.values(), strict=True))
        return value if same and all(map(_is_own, value)) else pairs
    return value


def _is_own(key: object) -> bool:
    return not isinstance(key, np.generic)


def plain_fields(one: Any) -> None:
    """Make the numbers in the fields of a frozen dataclass Python's own; see `plain`.

    Called where an object is made, so that nothing behind the door meets another kind of number.
    """
    if not is_dataclass(one):
        return
    for field in fields(one):
        value = getattr(one, field.name, None)
        made = plain(value)
        if made is not value:
            object.__setattr__(one, field.name, made)


def _is_seed(value: object) -> bool:
    """Return whether `value` is an integer from 0 to 4294967295."""
    return is_integer(value) and bool(0 <= value < 2**32)  # type: ignore[operator]


@dataclass(frozen=True)
class Constraint:
    """What a field may hold.

    Parameters
    ----------
    must : str
        What it must be, such as ``"must be at least 1"``.
    holds : callable
        ``holds(value)``: whether the value may stand there.
    good, bad : tuple
        Examples, for tests.
    optional : bool, default False
        Whether the field may be left out, as None.
    most : float, default inf
        The largest number that it may be; said of larger ones only.
    why : callable, optional
        ``why(name, value, route, population)``: the sentences, in place of `must` and `holds`.
    """

    must: str
    holds: Callable[[Any], bool]
    good: tuple[Any, ...] = ()
    bad: tuple[Any, ...] = ()
    optional: bool = False
    most: float = math.inf
    why: Callable[[str, Any, Any, Any], list[str]] | None = None

    @property
    def or_none(self) -> Self:
        """The same constraint, of a field that may be left out."""
        bad = tuple(value for value in self.bad if value is not None)
        return replace(self, optional=True, bad=bad)

    def problems(
        self,
        name: str,
        value: object,
        route: Route | None = None,
        population: Population | None = None,
    ) -> list[str]:
        """Return why field `name` may not hold `value`, one sentence each."""
        if self.why is not None and not (self.optional and value is None):
            return self.why(name, value, route, population)
        return self.said(f"field {name!r}", value)

    def said(self, subject: str, value: object) -> list[str]:
        """Return why `value` is refused, with what it is the value of as the subject."""
        if (self.optional and value is None) or self.holds(value):
            return []
        if found := text_problems(subject, value):
            return found
        must = self.must
        if is_number(value) and value > self.most:  # type: ignore[operator]
            must = f"must be at most {self.most:g}"
        return [f"{subject} {must}; {given(value)}."]


def explained(why: Callable[[str, Any, Any, Any], list[str]], *bad: Any) -> Constraint:
    """Return the constraint whose sentences a function gives, with bad examples."""
    return Constraint("", lambda value: True, bad=bad, why=why)


#: Name of a field -> what it may hold.
type Allowed = Mapping[str, Constraint]


def declared(kind: type) -> dict[str, Constraint]:
    """Return what the fields of a kind may hold, as ``allowed`` says of it and of its bases.

    A field of type ``str`` of which nothing is said holds text.
    """
    found: dict[str, Constraint] = {}
    if is_dataclass(kind):
        found |= {one.name: TEXT for one in fields(kind) if one.type in ("str", str)}
    for base in reversed(kind.__mro__):
        said = vars(base).get("allowed")
        found |= said if isinstance(said, Mapping) else {}
    return found


def wrong_fields(
    one: object, route: Route | None = None, population: Population | None = None
) -> dict[str, list[str]]:
    """Return the fields with a value that they may not hold -> why, one sentence each."""
    found = {
        name: constraint.problems(name, getattr(one, name), route, population)
        for name, constraint in declared(type(one)).items()
    }
    return {name: problems for name, problems in found.items() if problems}


def problems_of(
    one: object, route: Route | None = None, population: Population | None = None
) -> list[str]:
    """Return what is wrong with each field by itself, one sentence each."""
    return [text for texts in wrong_fields(one, route, population).values() for text in texts]


# ------------------------------------------------------------------- numbers


#: What looks like a number to NumPy or to a reader, and is none.
_OTHER: tuple[Any, ...] = (np.timedelta64(1, "D"), np.datetime64("2020"), np.ma.masked, b"1")


def number(
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> Constraint:
    """Return the constraint of a number; `above` and `below` are limits that it does not reach."""

    def holds(value: Any) -> bool:
        return is_number(value) and not (
            (above is not None and value <= above)
            or (least is not None and value < least)
            or (below is not None and value >= below)
            or (most is not None and value > most)
        )

    low, high = above if least is None else least, below if most is None else most
    if None not in (least, most):
        must = f"must lie between {least:g} and {most:g}"
    elif None not in (above, below):
        must = f"must lie strictly between {above:g} and {below:g}"
    else:
        limits = [] if low is None else [f"above {low:g}" if least is None else f"at least {low:g}"]
        limits += (
            [] if high is None else [f"below {high:g}" if most is None else f"at most {high:g}"]
        )
        must = "must be " + " and ".join(limits) if limits else "must be a number"
    near = [value for value in (low, high) if value is not None]
    good = [0.25, 1, 1.5, np.int64(2), np.float64(-0.5)]
    bad: list[Any] = [None, True, "1", math.nan, math.inf, 1j, (1,), np.array([1.0, 2.0]), *_OTHER]
    bad += [value for one in near for value in (one - 1.0, one, one + 1.0) if not holds(value)]
    return Constraint(must, holds, tuple(filter(holds, good)), tuple(bad))


def whole(least: int) -> Constraint:
    """Return the constraint of a whole number of at least `least` (2.0 is one)."""
    return Constraint(
        f"must be a whole number of at least {least}",
        lambda value: is_whole(value, least),
        (least, float(least + 1), np.int64(least + 2)),
        (None, True, "3", least + 0.5, least - 1, math.nan, math.inf, [least], 1e30, *_OTHER),
        most=LARGEST,
    )


def integer(least: int) -> Constraint:
    """Return the constraint of a whole number that is written as one (2.0 is not)."""
    return Constraint(
        f"must be a whole number of at least {least}",
        lambda value: is_integer(value) and is_whole(value, least),
        (least, np.int64(least + 2)),
        (None, True, "3", float(least), least - 1, math.nan, [least], 10**30, *_OTHER),
        most=LARGEST,
    )


SHARE = number(least=0, most=1)
POSITIVE = number(above=0)


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(map(is_number, value))
        and bool(value[0] < value[1])
    )


PAIR = Constraint(
    "must be a tuple or list (low, high) of two numbers, low below high",
    _is_pair,
    ((0.1, 0.2), [1, 2]),
    (None, 3, "ab", (1,), (0.2, 0.1), (0.1, 0.1), (math.nan, 1.0), (0, "x"), (1, 2, 3)),
)

SEED = Constraint(
    "must be a whole number from 0 to 4294967295",
    _is_seed,
    (0, 1, np.int64(1), np.uint32(7), 2**32 - 1),
    (None, True, "1", 1.0, -1, 2**32, np.float64(1.0), [1], *_OTHER),
)


def seed_problems(seed: object, *, generator: bool = False) -> list[str]:
    """Return why this is no seed (a truth value is not), one sentence each.

    With `generator` a `numpy.random.Generator` may take its place: it is used as it is, and moves
    on. Where there is no such choice a result remembers its seed, which a generator has not.
    """
    if SEED.holds(seed) or (generator and isinstance(seed, np.random.Generator)):
        return []
    other = " or a numpy.random.Generator" if generator else ""
    return [f"seed {SEED.must}{other}; given {seed!r}."]


# --------------------------------------------------------------- other values


def one_of(*values: Any) -> Constraint:
    """Return the constraint of a field that holds one of some texts or whole numbers."""
    *first, last = map(repr, values)
    return Constraint(
        f"must be {', '.join(first)} or {last}",
        lambda value: (isinstance(value, str) or is_integer(value)) and value in values,
        values,
        (None, True, "none of these", -7, 1.5, [values[0]]),
    )


def instances(kind: type, what: str, *, some: bool = False) -> Constraint:
    """Return the constraint of a list of `kind`, called `what`; with `some` of at least one."""
    return Constraint(
        f"must be a list of {what}" + (", at least one" if some else ""),
        lambda value: (
            isinstance(value, list | tuple)
            and (len(value) > 0 or not some)
            and all(isinstance(one, kind) for one in value)
        ),
        (),
        (None, 3, "abc", [object()], *([()] if some else [])),
    )


def instance(kind: type, what: str) -> Constraint:
    """Return the constraint of a value of a `kind`, called `what`."""
    return Constraint(
        f"must be {what}", lambda value: isinstance(value, kind), (), (None, 3, "a", object())
    )


#: What no file and no figure can hold: characters that only steer a terminal, and halves of one.
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def is_text(value: object) -> bool:
    """Return whether `value` is text that can be written to files and figures."""
    return isinstance(value, str) and not unwritable(value)


def unwritable(text: str) -> str:
    """Return the first of the letters of a `text` that cannot be written, or nothing."""
    found = _UNWRITABLE.search(text)
    return found[0] if found else ""


def text_problems(subject: str, value: object) -> list[str]:
    """Return why a text cannot be written; nothing of what is no text, of which others speak."""
    letter = unwritable(value) if isinstance(value, str) else ""
    if not letter:
        return []
    return [f"{subject} must be text that can be written: without {letter!r}; given {value!r}."]


_HALF = ("a\0b", "\ud800")
TEXT = Constraint("must be text", is_text, ("", "a"), (None, 3, ["a"], *_HALF))
TRUTH = Constraint(
    "must be True or False", lambda value: isinstance(value, bool), (True, False), (None, 0, "yes")
)
NAME = Constraint(
    "must be a name",
    lambda value: is_text(value) and bool(value),
    ("a",),
    (None, "", 3, ["a"], *_HALF),
)
MAPPING = Constraint(
    "must be a mapping", lambda value: isinstance(value, Mapping), ({},), (None, 3, "a", [1])
)


def _is_path(value: object) -> bool:
    if not isinstance(value, str | os.PathLike):
        return False
    path = os.fspath(value)
    return isinstance(path, str) and bool(path) and "\0" not in path


PATH = Constraint(
    "must be the path of a file",
    _is_path,
    ("a.html",),
    (None, "", 3, ["a"], b"a", "a\0b"),
)
FUNCTION = Constraint("must be a function", callable, (abs,), (None, 3, "abs"))


def answers(question: str) -> Constraint:
    """Return the constraint of a statement, which must answer a `question`."""

    def why(name: str, value: Any, *_: Any) -> list[str]:
        if not (isinstance(value, str) and value.strip()):
            return [f"field {name!r} is needed: {question}"]
        return text_problems(f"field {name!r}", value)

    return explained(why, None, "", "  ", 3, *_HALF)


def key_problems(subject: str, data: object, keys: Iterable[str]) -> list[str]:
    """Return why `data`, read from a file, is no mapping with just these `keys`."""
    if not isinstance(data, Mapping):
        return [f"{subject} must be a mapping; given {data!r}."]
    known = list(keys)
    return [
        *(f"{subject} has no {name!r}." for name in known if name not in data),
        *(
            f"{subject} has {name!r}, which this version does not know."
            for name in data
            if name not in known
        ),
    ]


# ------------------------------------------------- names that the model must have


def axis_problems(name: str, value: object, population: Population) -> list[str]:
    """Return why field `name` does not name an axis of the `population`."""
    if isinstance(value, str) and population.axis(value) is not None:
        return []
    known = ", ".join(axis.name for axis in population.axes) or "none"
    return [f"field {name!r} names axis {value!r}; the population's axes are: {known}."]


def step_problems(name: str, value: object, route: Route) -> list[str]:
    """Return why field `name` does not name a step of the `route`."""
    if isinstance(value, str) and value in route.steps:
        return []
    return [
        f"field {name!r} names the unknown step {value!r}; the steps are: {', '.join(route.steps)}."
    ]


AXIS = explained(
    lambda name, value, _, population: axis_problems(name, value, population),
    None, 3, "no axis", [],
)  # fmt: skip
#: The axis over which a number is a mean.
PER = explained(
    lambda name, value, _, population: axis_problems(name, value, population)
    or population.per_problems(value, f"field {name!r}"),
    None, 3, "no axis", [],
)  # fmt: skip
#: The axis of ages by its name; None is the one that is known.
AGES = explained(
    lambda name, value, _, population: [
        f"field {name!r}: {text}" for text in population.age_problems(value)
    ],
    3, "no axis", [],
)  # fmt: skip
STEP = explained(
    lambda name, value, route, _: step_problems(name, value, route), None, 3, "no step", []
)
