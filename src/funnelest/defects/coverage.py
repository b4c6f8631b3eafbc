"""People of a step who are not in the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from funnelest.defects.base import Records
from funnelest.defects.varying import VaryingShare
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["Completeness", "Coverage"]


class Coverage(VaryingShare):
    r"""Share of the people of the step who are in the register.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The coverage, above 0 and at most 1: one prior, one per level of an axis, or a known
        number.
    *terms : Term
        How it varies over axes, such as `Levels` over sex or `ChangePoint` over years;
        deviations of the log-odds.

    Notes
    -----
    :math:`\mu_c \leftarrow \mu_c \kappa_c` in every cell c, with :math:`\kappa_c` the coverage.
    From a total only the product of coverage, bridges and ``1 / ppv`` is identified.
    """

    stage: ClassVar[int] = 10
    label: ClassVar[str] = "coverage"

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        return records.times(self.share(q, source), "registered", "true", "all")

    def factor(self) -> tuple[float, float]:
        return self._limits()

    def describe(self) -> str:
        return named("defect.times", what=self.label)

    def checked(self) -> set[str]:
        return {"coverage"}


class Completeness(Coverage):
    r"""Share of the records of a period that were in when the figure was printed.

    For recent periods that are not yet complete: the share comes from outside, such as from a
    nowcast or from how earlier years were revised.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The share, above 0 and at most 1. With ``PerLevel("year", {(2012, 2017): 1.0, 2018:
        fe.Beta(45, 5)})`` only the last year is incomplete.
    *terms : Term
        How it varies over axes; deviations of the log-odds.

    Notes
    -----
    Works as `Coverage`, and beside it.
    """

    stage: ClassVar[int] = 15
    label: ClassVar[str] = "completeness"
