"""What every defect must be able to do, and what a register holds because of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.fields import Allowed, an, plain_fields, problems_of
from funnelest.population import Population
from funnelest.priors import Prior

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = [
    "Added",
    "Defect",
    "Records",
    "carried",
    "defect_problems",
    "in_order",
    "no_defects",
]

#: A number of people per person that makes no difference beside any other.
_NOBODY = np.float64(1e-200)


@dataclass(frozen=True)
class Added:
    """Records that belong to nobody of the step.

    Parameters
    ----------
    number : array
        Expected number in cells, in the layout of `Quantities.in_cells`.
    axes : tuple of str
        The number is for each level of these axes, and for the whole of every other axis.
    """

    number: Any
    axes: tuple[str, ...]


@dataclass(frozen=True)
class Records:
    """What a register holds, per person of the population and in cells.

    Every defect takes one of these and returns another. The layout is that of
    `Quantities.in_cells`.

    Parameters
    ----------
    people : array
        People at the step.
    registered : array
        Those of them who are in the register.
    true : array
        Records of people of the step.
    all : array
        All records, but for those in `added`.
    added : tuple of Added
        Records that belong to nobody of the step, as numbers and not per person.
    unknown : mapping of str to (str, array)
        Axis -> the name of its unknown class, and the share of records that fall in it.
    """

    people: Any
    registered: Any
    true: Any
    all: Any
    added: tuple[Added, ...] = ()
    unknown: Mapping[str, tuple[str, Any]] = field(default_factory=dict)

    @property
    def one_by_one(self) -> bool:
        """Whether nobody may have several records, and no record be of several people."""
        once = np.allclose(self.true, self.registered, rtol=1e-9, atol=0.0)
        return bool(once and not np.any(self.registered > self.people * (1.0 + 1e-9)))

    def times(self, factor: Any, *names: str) -> Records:
        """Return these with some of the arrays times a factor.

        What is one array stays one, and the number 1 changes nothing: a product in cells of
        thousands of draws is what an expectation costs, and of most sources people, records and
        true records are alike.
        """
        if isinstance(factor, float) and factor == 1.0:
            return self
        made: dict[int, Any] = {}
        for name in names:
            value = getattr(self, name)
            if id(value) not in made:
                made[id(value)] = value * factor
        return replace(self, **{name: made[id(getattr(self, name))] for name in names})

    @property
    def share(self) -> Any:
        """The chance that somebody at the step is in the register, in cells."""
        if self.registered is self.people:
            return 1.0
        return self.registered / fm.maximum(self.people, _NOBODY)

    def of_class(self, axes: Sequence[str], unknown: Sequence[bool]) -> Any:
        """Return the share of the records of which the class on `axes` is `unknown`, or is not."""
        weight: Any = 1.0
        for axis, hidden in zip(axes, unknown, strict=True):
            if axis in self.unknown:
                share = self.unknown[axis][1]
                weight = weight * (share if hidden else 1.0 - share)
        return weight


class Defect:
    """Base of the defects that a source may carry; a user's own kind inherits from it.

    A kind overrides one or more of `on_records`, `on_share`, `on_period`, `on_ever`,
    `on_onset_age`, `spread` and `design_effect`, and suits the kinds of evidence that carry one of
    them. ``source`` is the name of the source; the values of the parameters are in
    ``q.parameters``. Defects work from the truth to the printed number in the order of their
    `stage`, whatever the order in which they are listed.
    """

    #: Defects of a lower stage come first.
    stage: ClassVar[int] = 50
    #: The field that it would be, in messages.
    label: ClassVar[str] = "defect"
    #: Whether it is about the classes in which counts are split.
    of_classes: ClassVar[bool] = False
    #: What its fields may hold, for `problems`.
    allowed: ClassVar[Allowed] = {}
    #: Why it is taken so, and by whom, in the ledger.
    statement: str = ""
    source: str = ""
    #: The unit and the definition of the source for which it accounts.
    unit: str = ""
    definition: str = ""

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with the defect in this `population`, one sentence each."""
        return problems_of(self, population=population)

    def problems_beside(self, source: str, priors: Mapping[str, Prior]) -> list[str]:
        """Return what is wrong with its parameters together, in a model with these `priors`.

        As one `source` carries it; the prior of a shared parameter stands under every name.
        """
        return []

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the priors that a `source` of this `population` gets with it, by name."""
        return {}

    def set_by(self, source: str, population: Population) -> list[str]:
        """Return the parameters of a `source` of a `population` that set the level of the defect.

        All of them, unless a kind knows some that are deviations from it.
        """
        return list(self.parameters(source, population))

    def by_default(self, source: str, population: Population) -> set[str]:
        """Return the parameters of a `source` of a `population` that were left to a default."""
        return set()

    def defaults(self, source: str) -> dict[str, str]:
        """Return what is assumed of a `source` because nothing was said: quantity -> sentence."""
        return {}

    def stated(self, source: str) -> dict[str, str]:
        """Return what is assumed of a `source` because it was said: quantity -> sentence."""
        return {}

    def factor(self) -> tuple[float, float]:
        """Return limits of records per person of the step, hardly ever passed."""
        return 0.0, float("inf")

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return self.label

    def checked(self) -> set[str]:
        """Return what of it a `Validation` may estimate, such as its coverage."""
        return set()

    def sample_problems(self, n: object) -> list[str]:
        """Return why it does not suit a sample of `n`, one sentence each."""
        return []

    def counts_years(self) -> bool:
        """Return whether it needs to know how long ago the ages were that people were asked."""
        return False

    # ------------------------------------------------------- what a kind may override

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        """Return the `records` of a `source` that counts with the defect, given quantities `q`."""
        return records

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        """Return a `share` of people as a `source` that asked measures it, given quantities `q`."""
        return share

    def on_period(self, rate: Any, years: float, q: Quantities, source: str) -> Any:
        """Return the share to whom it happens in a period of some `years`, from the yearly `rate`.

        Both per person and in cells; the period is what a `source` asked about, and `q` are
        quantities.
        """
        return rate

    def every_year(self, q: Quantities, source: str) -> Any:
        """Return the share of a year's victims who are victims in every year; 0 where not said.

        As `on_period` takes it of a `source`, given quantities `q`; it may not contradict what is
        said of first events.
        """
        return 0.0

    def on_ever(self, share: Any, q: Quantities, source: str) -> Any:
        """Return the shares with a first event before the ages that an `OnsetSurvey` asked.

        From the true `share` among the respondents of the `source` and quantities `q`; one row per
        age, shape ``(ages, draws)``.
        """
        return share

    def on_onset_age(self, age: Any, q: Quantities, source: str) -> Any:
        """Return the age before which events happened that are reported as before `age`.

        By a `source` that is an `OnsetSurvey` or `OnsetAge`, given quantities `q`; one per draw, at
        least 0.
        """
        return age

    def spread(self, q: Quantities, source: str) -> Any:
        """Return the coefficient of variation of a `source`'s expected count, per draw of `q`."""
        return 0.0

    def scattered_by(self, axes: Sequence[str], population: Population) -> Sequence[str] | None:
        """Return the axes whose levels each scatter by a factor of their own.

        Of the `axes` over which the counts of a source are split; all counts of one level of each
        share one factor. Those that are years in the `population`, where a kind does not say
        otherwise; None where every count has a factor of its own.
        """
        years = population.years
        return [axis for axis in axes if years is not None and axis == years.name]

    def design_effect(self, n: int, q: Quantities, source: str) -> Any:
        """Return the design effect of the `source`, a sample of `n`, per draw of `q`."""
        return 1.0

    def gives(self, method: str) -> bool:
        """Return whether the kind overrides a `method` of this base."""
        return getattr(type(self), method) is not getattr(Defect, method)


def in_order[Part: Defect](defects: Sequence[Part]) -> list[Part]:
    """Return the defects from the truth to the printed number."""
    return sorted(defects, key=lambda one: one.stage)


def carried(defects: Sequence[Defect], method: str) -> list[Defect]:
    """Return the defects that give a method, in order."""
    return [one for one in in_order(defects) if one.gives(method)]


def defect_problems(
    defects: Any, carries: Sequence[str], kind: str, population: Population
) -> list[str]:
    """Return what is wrong with the defects of a source of this kind, one sentence each."""
    found = no_defects(defects)
    if found:
        return found
    labels = [one.label for one in defects]
    found += [
        f"two defects are named {label!r}; one source has one of each."
        for label in dict.fromkeys(labels)
        if labels.count(label) > 1
    ]
    for one in defects:
        name = type(one).__name__
        if not any(one.gives(method) for method in carries):
            found.append(f"{an(kind)} cannot carry {name}: {_suits(one)}.")
        found += [f"{name}: {text}" for text in one.problems(population)]
    if "ppv" in labels and "false positives" in labels:
        found.append("give PPV or FalsePositives, not both: they say the same thing.")
    if not found:
        named = [name for one in defects for name in one.parameters("", population)]
        found += [
            f"two defects have a parameter named {name.removesuffix('[]')!r}; give the bridge "
            "another name."
            for name in dict.fromkeys(named)
            if named.count(name) > 1
        ]
    return found


def no_defects(defects: Any) -> list[str]:
    """Return why these are not even defects."""
    if isinstance(defects, list | tuple) and all(isinstance(one, Defect) for one in defects):
        return []
    return [f"field 'defects' must be a list of defects such as Coverage; given {defects!r}."]


def _suits(one: Defect) -> str:
    """Return which kinds of evidence a defect suits."""
    kinds = {
        "on_records": "counts and estimated numbers of people",
        "on_share": "shares of people who were asked or tested",
        "on_period": "surveys that ask about another period than a year",
        "on_ever": "surveys of first events before an age",
        "on_onset_age": "ages at the first event",
        "spread": "counts of records",
        "design_effect": "samples given as 'yes' of 'n'",
    }
    return "it suits " + " and ".join(text for m, text in kinds.items() if one.gives(m))
