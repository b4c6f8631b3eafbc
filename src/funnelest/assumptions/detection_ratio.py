"""The rate of unobserved ages is left to registers that see them less well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.assumptions.imputation import LikeOthers, filled, mask_of, pooled, spread
from funnelest.fields import Allowed, instances
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of

if TYPE_CHECKING:
    from funnelest.defects.base import Records
    from funnelest.evidence.base import Evidence
    from funnelest.quantities.quantities import Quantities

__all__ = ["DetectionRatio"]


@dataclass(frozen=True, kw_only=True)
class DetectionRatio(LikeOthers):
    r"""Registers see some ages with a coverage that is a ratio times that of other ages.

    The rate of the unobserved ages has a wide prior of its own, and what informs it are the
    records of these ages. From them only the product of rate and detection ratio is identified:
    the split between the two is the prior's. Where the registers print no number for these ages
    apart, hardly even the product is.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included.
    like : (int, int)
        The observed ages that they are compared with, both included.
    registers : sequence of str
        Names of the registers that see them so: any `Register` or `Total`.
    prior : Prior or float
        Of the detection ratio: coverage of `ages` over coverage of `like`. Above 0.
    relative : Prior or float
        Of the rate ratio: rate of `ages` over mean rate of `like`. Wide, since this is what is to
        be found. At least 0.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    :math:`r_{ages} = \min(k\, \bar r_{like}, 1)` and, in the named registers,
    :math:`\kappa_{ages} = \min(\rho\, \kappa, 1)`, with k the rate ratio, :math:`\rho` the
    detection ratio and :math:`\kappa` the coverage that the register has without it. With a known
    rate and coverage, a gamma prior :math:`(a, b)` on k, a known :math:`\rho` and a Poisson count
    y of the ages, :math:`k \mid y \sim \mathrm{Gamma}(a + y, b + P \bar r \rho \kappa)`.
    """

    registers: Sequence[str] = ()
    prior: Prior | float | None = None
    relative: Prior | float | None = None

    allowed: ClassVar[Allowed] = {
        "registers": instances(str, "names of registers", some=True),
        "prior": prior_of(0.0, above=True),
        "relative": prior_of(0.0),
    }

    #: Among the defects of a register: after its coverage.
    stage: ClassVar[int] = 12

    def words(self, language: str) -> dict[str, str]:
        return {
            **super().words(language),
            "factor": spread(within(as_prior(self.prior), 0.0, np.inf), language),
            "relative": spread(within(as_prior(self.relative), 0.0, np.inf), language),
            "registers": ", ".join(map(str, self.registers)),
        }

    def register_names(self) -> Sequence[str]:
        return self.registers

    def problems_among(self, evidence: Sequence[Evidence]) -> list[str]:
        counted = [one for top in evidence for one in (top, *top.members())]
        known = [str(one.name) for one in counted if "on_records" in one.carries]
        inside = [str(one.name) for top in evidence for one in top.members()]
        return [
            f"field 'registers' names {name!r}, which is a member of registers that are not "
            "linked: how well each of them sees the people is estimated there, and cannot also "
            "differ by age."
            for name in self.registers
            if name in inside
        ] + [
            f"field 'registers' names {name!r}, which is no register of the model; its registers "
            f"are: {', '.join(known) or 'none'}."
            for name in self.registers
            if name not in known
        ]

    def parameters(self, population: Population) -> dict[str, Prior]:
        return {
            self.label("detection ratio"): within(as_prior(self.prior), 0.0, np.inf),
            self.label("rate ratio"): within(as_prior(self.relative), 0.0, np.inf),
        }

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        observed = pooled(rate, population, self.axis, self.like)
        new = fm.minimum(observed * values[self.label("rate ratio")], 1.0)
        return filled(rate, new, population, self.axis, self.ages)

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        if source not in self.registers:
            return records
        ratio = q.parameters[self.label("detection ratio")]
        # No more people are registered than there are.
        there = records.registered > 0
        most = records.people / fm.where(there, records.registered, 1.0)
        ratio = fm.where(there, fm.minimum(ratio, most), ratio)
        inside = mask_of(q.cells, self.axis, self.ages)[..., None]
        ratio = fm.where(inside, ratio, 1.0)
        return records.times(ratio, "registered", "true", "all")
