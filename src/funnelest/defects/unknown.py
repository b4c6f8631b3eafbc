"""Records on which the sex, the age or another class is not filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from funnelest.defects.base import Records
from funnelest.defects.varying import VaryingShare
from funnelest.fields import AXIS, TEXT, Allowed
from funnelest.population import Population
from funnelest.priors import Prior
from funnelest.rates import PerLevel
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities
    from funnelest.terms.base import Term

__all__ = ["Unrecorded"]


@dataclass(frozen=True, init=False, repr=False)
class Unrecorded(VaryingShare):
    r"""Share of the records on which the level of an axis is not filled in.

    For a register whose counts are split over that axis and have a class of unknowns, such as
    ``count={"male": 310, "female": 580, "unknown": 60}`` with ``by="sex"``.

    Parameters
    ----------
    base : Prior, PerLevel or float
        Share of the records of which the level is unknown: one prior, or one per level when the
        classes differ.
    *terms : Term
        How it varies over axes, such as ``Levels("sex", Normal(0, 0.3))``; deviations of the
        log-odds.
    axis : str
        The axis, such as ``"sex"`` or ``"age"``.
    name : str, default "unknown"
        What the register calls the class of unknowns.

    Notes
    -----
    With :math:`u_l` the share of level l: the expected count of the level is
    :math:`\mu_l (1 - u_l)`, that of the unknowns :math:`\sum_l \mu_l u_l`. Levels are told
    apart in the unknown class by nothing but their share: with equal shares it has the mix of
    all records.
    """

    axis: str
    name: str
    stage: ClassVar[int] = 40
    of_classes: ClassVar[bool] = True
    allowed: ClassVar[Allowed] = {"axis": AXIS, "name": TEXT}

    def __init__(
        self, base: Prior | PerLevel | float, *terms: Term, axis: str, name: str = "unknown"
    ) -> None:
        super().__init__(base, *terms)
        object.__setattr__(self, "axis", axis)
        object.__setattr__(self, "name", name)

    @property
    def label(self) -> str:  # type: ignore[override]
        """Name of the parameter."""
        return f"unknown {self.axis}"

    def problems(self, population: Population) -> list[str]:
        found = super().problems(population)
        axis = population.axis(self.axis) if isinstance(self.axis, str) else None
        if axis is not None and self.name in axis.levels:
            found.append(f"{self.name!r} is a level of {self.axis!r}; give the unknowns a name.")
        return found

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        entry = (self.name, self.share(q, source))
        return replace(records, unknown={**records.unknown, self.axis: entry})

    def factor(self) -> tuple[float, float]:
        return 1.0, 1.0

    def describe(self) -> str:
        return named("defect.unknown", axis=self.axis)
