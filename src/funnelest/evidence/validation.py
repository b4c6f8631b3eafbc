"""A study of another source: how many of the records, people or answers it gets right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import Binomial, LogisticNormalBinomial, Multinomial
from funnelest.evidence.base import Evidence
from funnelest.fields import is_number
from funnelest.figures import Exact
from funnelest.observations.observation import Observation, Seen
from funnelest.observations.table import Printed, Table
from funnelest.population import Population
from funnelest.priors import Beta, Fixed, Normal, Prior, as_prior, within
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["Validation"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Validation(Evidence):
    r"""One or more studies that checked another source: an audit, a test of a test.

    So coverage, predictive value, sensitivity and specificity are estimated and not typed in.
    It takes `name`, `where`, `source` and `statement` as well, as every `Evidence`; axes left out
    of `where` are those of the source that was checked.

    Parameters
    ----------
    of : str
        Name of the source that was checked.
    what : {"coverage", "ppv", "sensitivity", "specificity"}
        What was checked: of `n` people of the step, `yes` were in the register; of `n` records,
        `yes` were people of the step; of `n` people of the step, `yes` said so; of `n` others,
        `yes` did not say so.
    yes, n : int or sequence of int
        The numbers of each study.
    unconfirmed : int, optional
        Of `n` records those that could be neither confirmed nor shown to be false (``what="ppv"``
        and one study): then `yes` are the confirmed and the rest are the false ones.
    confirmable, refutable : Prior or float, optional
        Share of the true records that could be confirmed, and of the false ones that could be
        shown to be false. Left out: anything from 0 to 1, a default that the ledger shows. The
        unconfirmed are not taken as false.
    between : Prior or float, optional
        Standard deviation of the log-odds between studies, of which the source that was checked
        is one more. Left out: the studies were done on this very source, and share its value.

    Notes
    -----
    ``yes ~ Binomial(n, p)``, with p the share of the source pooled over `where`. With `between`,
    :math:`\sigma`: :math:`\mathrm{logit}\, p_j = m + \sigma z_j` for study j and
    :math:`\mathrm{logit}\, p = m + \sigma z` for the source, with standard normal z; the
    :math:`z_j` are integrated out numerically (the model of Gelman and Carpenter, J R Stat Soc C
    2020;69:1269, who sample them). With `unconfirmed`, confirmed,
    unconfirmed and false are multinomial with :math:`p s`, :math:`p(1-s) + (1-p)(1-f)` and
    :math:`(1-p) f`, where s is `confirmable` and f `refutable`.
    """

    of: str
    what: str
    yes: int | Sequence[int]
    n: int | Sequence[int]
    unconfirmed: int | None = None
    confirmable: Prior | float | None = None
    refutable: Prior | float | None = None
    between: Prior | float | None = None

    def _studies(self) -> list[tuple[int, int]]:
        return list(zip(_several(self.yes), _several(self.n), strict=True))

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the study, one sentence each."""
        found = super().problems(route, population)
        counts: list[list[Any]] = []
        for name, value in (("yes", self.yes), ("n", self.n)):
            several: list[Any] = (
                list(value) if isinstance(value, list | tuple | np.ndarray) else [value]
            )
            counts.append(several)
            least = 1 if name == "n" else 0
            found += [
                f"field {name!r} must be a whole number of at least {least}; given {one!r}."
                for one in several
                if not (is_number(one) and one == int(one) and one >= least)
            ]
        if len(counts[0]) != len(counts[1]) or not counts[0]:
            found.append(
                f"fields 'yes' and 'n' must be of as many studies; given {len(counts[0])} and "
                f"{len(counts[1])}."
            )
        elif not found:
            found += [
                f"field 'yes' must not be above field 'n'; given {yes} of {n}."
                for yes, n in zip(*counts, strict=True)
                if yes > n
            ]
        if self.unconfirmed is None:
            found += [
                f"field {name!r} only means something beside 'unconfirmed'."
                for name in ("confirmable", "refutable")
                if getattr(self, name) is not None
            ]
        else:
            found += self._three_way_problems(len(counts[0]), bool(found))
        if (
            isinstance(self.between, int | float | Fixed)
            and not as_prior(self.between).support[0] > 0
        ):
            found.append(f"field 'between' must be above 0; given {self.between!r}.")
        return found

    def _three_way_problems(self, studies: int, wrong: bool) -> list[str]:
        found = []
        for name in ("confirmable", "refutable"):
            given = getattr(self, name)
            prior = as_prior(0.0 if given is None else given)
            if isinstance(prior, Fixed) and not 0 <= prior.value <= 1 and not prior.problems():
                found.append(f"field {name!r} must lie between 0 and 1; given {prior.value:g}.")
        if self.what != "ppv" or studies != 1 or self.between is not None:
            found.append("field 'unconfirmed' is of one study of the 'ppv', without 'between'.")
        whole = is_number(self.unconfirmed) and self.unconfirmed == int(self.unconfirmed)  # type: ignore[arg-type]
        if not (whole and self.unconfirmed >= 0):  # type: ignore[operator]
            found.append(
                f"field 'unconfirmed' must be a whole number of at least 0; given "
                f"{self.unconfirmed!r}."
            )
        elif not found and not wrong:
            ((yes, n),) = self._studies()
            if yes + self.unconfirmed > n:  # type: ignore[operator]
                found.append(
                    f"fields 'yes' and 'unconfirmed' add up to {yes + self.unconfirmed}, more than "  # type: ignore[operator]
                    f"field 'n'; given n={n}."
                )
        return found

    def problems_among(self, evidence: Sequence[Evidence]) -> list[str]:
        """Return why there is nothing to check, one sentence each."""
        known = {one.name: one for top in evidence for one in (top, *top.members())}
        checked = known.get(self.of) if isinstance(self.of, str) else None
        if checked is None or checked is self:
            names = ", ".join(repr(name) for name in known if name != self.name) or "none"
            return [f"field 'of' names the unknown source {self.of!r}; the sources are: {names}."]
        kind = type(checked).__name__
        if not checked.checks:
            return [
                f"the {kind} {self.of!r} has no coverage, predictive value or test that a study "
                "could check: leave the Validation out, or give it the source that was checked."
            ]
        if not isinstance(self.what, str) or self.what not in checked.checks:
            allowed = " or ".join(map(repr, checked.checks))
            return [
                f"field 'what' must be {allowed} for the {kind} {self.of!r}; given {self.what!r}."
            ]
        labels = {getattr(one, "label", "") for one in checked.defects}
        needed = {
            "coverage": {"coverage", "completeness"},
            "ppv": {"ppv", "false positives"},
        }.get(self.what, {"test error"})
        given = labels & needed
        if self.what in ("sensitivity", "specificity"):
            given = {
                self.what for one in checked.defects if getattr(one, self.what, None) is not None
            }
        if not given and not (self.what == "coverage" and _is_member(evidence, self.of)):
            return [
                f"{kind} {self.of!r} has no {self.what} that could be estimated: give it the "
                f"defect {checked.checks[self.what]} with a prior."
            ]
        return []

    def parameters(self, population: Population) -> dict[str, Prior]:
        """Return the priors of what else the studies need."""
        found: dict[str, Prior] = {}
        if self.between is not None:
            found[self._label("between studies")] = within(as_prior(self.between), 0.0, np.inf)
            found[self._label("deviation of the source")] = Normal(0.0, 1.0)
        if self.unconfirmed is not None:
            for name in ("confirmable", "refutable"):
                value = getattr(self, name)
                prior = Beta(1.0, 1.0) if value is None else as_prior(value)
                found[self._label(name)] = within(prior, 0.0, 1.0)
        return found

    def defaults(self) -> dict[str, str]:
        """Return what is assumed because nothing was said."""
        if self.between is not None:
            return {self._label("deviation of the source"): "the source is one more such study"}
        if self.unconfirmed is None:
            return {}
        return {
            self._label(name): "any share of them, uniform from 0 to 1"
            for name in ("confirmable", "refutable")
            if getattr(self, name) is None
        }

    def observations(self, q: Quantities) -> Sequence[Seen]:
        """Return the numbers of the studies, and what is expected of them."""
        share = q.source(self.of).checked(self.what, q, self.where)
        if self.unconfirmed is not None:
            ((yes, n),) = self._studies()
            confirmed = q.parameter(self._label("confirmable"))
            refuted = q.parameter(self._label("refutable"))
            rest = share * (1.0 - confirmed) + (1.0 - share) * (1.0 - refuted)
            p = fm.stack([share * confirmed + 0.0 * rest, rest])
            return [Observation(Multinomial(n, p), [yes, int(self.unconfirmed)])]
        if self.between is None:
            return [Observation(Binomial(n, share), Exact(yes)) for yes, n in self._studies()]
        spread = q.parameter(self._label("between studies"))
        mean = fm.logit(share) - spread * q.parameter(self._label("deviation of the source"))
        # In one vector: a quadrature per study takes long to compile.
        sizes = np.array([[float(n)] for _, n in self._studies()])
        figures = tuple(Exact(yes) for yes, _ in self._studies())
        return [Table(LogisticNormalBinomial(sizes, mean, spread), Printed(figures))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Validation:
        """Return the same studies with other numbers."""
        if self.unconfirmed is not None:
            ((yes, unconfirmed),) = figures
            return replace(self, yes=int(yes), unconfirmed=int(unconfirmed))
        several = figures if self.between is None else figures[0][0]
        counts = [int(figure.value) for figure in several]
        one = isinstance(self.yes, int | np.integer)
        return replace(self, yes=counts[0] if one else type(self.yes)(counts))  # type: ignore[call-arg, call-overload]


def _several(value: Any) -> list[int]:
    return [int(one) for one in np.atleast_1d(value)]


def _is_member(evidence: Sequence[Evidence], name: str) -> bool:
    """Return whether a source is one of several registers, which have a coverage each."""
    return any(member.name == name for top in evidence for member in top.members())
