"""Records that are not people of the step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from funnelest.defects.base import Added, Defect, Records
from funnelest.defects.varying import VaryingShare
from funnelest.fields import PER, TEXT, Allowed
from funnelest.population import Population
from funnelest.priors import Prior
from funnelest.rates import Number, PerLevel
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities
    from funnelest.terms.base import Term

__all__ = ["PPV", "FalsePositives"]


@dataclass(frozen=True, init=False, repr=False)
class PPV(VaryingShare):
    r"""Positive predictive value: share of the records that are people of the step.

    Not together with `FalsePositives`: they say the same thing.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The share, above 0 and at most 1: one prior, one per level of an axis, or a known
        number.
    *terms : Term
        How it varies over axes; deviations of the log-odds.
    definition : str, default ""
        The wider definition of the source, when this is the share of its records that meet the
        route's. It is then the bridge from that definition.

    Notes
    -----
    :math:`\mu_c \leftarrow \mu_c / \mathrm{ppv}_c` in every cell c. From a total only the ratio
    of coverage to predictive value is identified: a `Validation` of one of them tells them apart.
    """

    definition: str
    stage: ClassVar[int] = 30
    label: ClassVar[str] = "ppv"
    allowed: ClassVar[Allowed] = {"definition": TEXT}

    def __init__(self, base: Prior | PerLevel | float, *terms: Term, definition: str = "") -> None:
        super().__init__(base, *terms)
        object.__setattr__(self, "definition", definition)

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        return replace(records, all=records.all / self.share(q, source))

    def factor(self) -> tuple[float, float]:
        low, high = self._limits()
        return 1 / high, 1 / low if low > 0 else float("inf")

    def describe(self) -> str:
        return named("defect.ppv")

    def checked(self) -> set[str]:
        return {"ppv"}


@dataclass(frozen=True, init=False, repr=False)
class FalsePositives(Number, Defect):
    r"""Number of records that are nobody of the step.

    Not together with `PPV`: they say the same thing.

    Parameters
    ----------
    base : Prior, PerLevel or float
        Expected number of false records on the scale of the printed number: per year for a
        yearly mean. With `PerLevel` or terms, the number for each level of those axes.
    *terms : Term
        How it varies over axes; deviations of the logarithm.
    per : str, optional
        The number is for each level of this axis, such as ``"year"``: needed where the figures
        are of several years and not a yearly mean.

    Notes
    -----
    :math:`\mu_f \leftarrow \mu_f + \sum_l \phi_l` for the figure f, over the levels l that it
    covers of the axes over which the number varies, of `per`, and of the axis of a mean.
    """

    per: str | None
    stage: ClassVar[int] = 50
    label: ClassVar[str] = "false positives"
    allowed: ClassVar[Allowed] = {"per": PER.or_none}

    def __init__(
        self, base: Prior | PerLevel | float, *terms: Term, per: str | None = None
    ) -> None:
        super().__init__(base, *terms)
        object.__setattr__(self, "per", per)

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return super().parameters(f"{self.label}[{source}]", population)

    def set_by(self, source: str, population: Population) -> list[str]:
        return super().set_by(f"{self.label}[{source}]", population)

    def by_default(self, source: str, population: Population) -> set[str]:
        return super().by_default(f"{self.label}[{source}]", population)

    def counted_by(self) -> set[str]:
        """Return the axes of which every level has false records of its own."""
        return self.axes() | ({self.per} if self.per is not None else set())

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        number: Any = self.evaluate(q.parameters, f"{self.label}[{source}]", q.cells)
        added = Added(number, tuple(sorted(self.counted_by())))
        return replace(records, added=(*records.added, added))

    def factor(self) -> tuple[float, float]:
        return 1.0, float("inf")

    def describe(self) -> str:
        return named("defect.false")

    def checked(self) -> set[str]:
        return {"ppv"}
