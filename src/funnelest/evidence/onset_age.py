"""The mean age at the first event, of people to whom it happened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from funnelest import math as fm
from funnelest.distributions import NormalOn
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.first_events import FirstEventEvidence
from funnelest.evidence.printed import estimate_problems, number_in, printed
from funnelest.fields import POSITIVE, TRUTH, Allowed, number, whole, wrong_fields
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["OnsetAge"]


@dataclass(frozen=True, kw_only=True, repr=False)
class OnsetAge(FirstEventEvidence):
    r"""Mean age at the first event, of people with a first event before an age.

    It says how first events are spread over ages, and nothing of how many there are, so the ages
    below `before` still need another source or an assumption. The model needs `FirstTime`.
    `Telescoping` may be among its `defects`.

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`, and `axis`, the name of the axis of ages, as in `FirstTime`.
    `where` selects no ages.

    Parameters
    ----------
    before : int
        The age before which these people had their first event, at least 2.
    n : int
        Number of people, at least 2.
    mean : float or figure
        Their mean age at the first event; of one decimal ``Rounded(9.3, to=0.1)``.
    sd : float, optional
        Standard deviation of their ages, from which the standard error of the mean follows.
    se : float, optional
        Standard error of the mean, in place of `sd`.
    use_sd : bool, default False
        Whether the standard deviation is evidence of its own. It is not by default: ages are
        remembered in round numbers, and who was young at the interview has no late ages, both of
        which change the spread much more than the mean.
    completed_years : bool, default True
        Whether the ages are at the last birthday, half a year below the exact ones on average.
    deff : float, default 1
        Design effect, at least 1; with `sd`.

    Notes
    -----
    With :math:`f_a` first events per person at age level a, :math:`y_a` its years below `before`
    and :math:`m_a` the middle of these (first events are spread evenly within a level):
    :math:`\mu = \sum_a f_a y_a m_a / \sum_a f_a y_a`, less 1/2 in completed years, and
    ``mean ~ Normal(mu, s)`` with :math:`s^2` = ``sd**2 * deff / n``, summed over all that print as
    a rounded mean. With `use_sd` also
    ``log(sd) ~ Normal(log(sigma), sqrt(deff / (2 (n - 1))))``, where sigma is the model's standard
    deviation (its square less 1/12 in completed years); the factor is that of normal ages. With
    `Telescoping` by t years, :math:`\mu` is the mean of those with a first event before
    ``before - t``, plus t.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.OnsetAge(name="clients", before=18, n=120, mean=9.3, sd=4.1)
    OnsetAge(name='clients', before=18, n=120, mean=9.3, sd=4.1)
    """

    before: int
    n: int
    mean: Any
    sd: float | None = None
    se: float | None = None
    use_sd: bool = False
    completed_years: bool = True
    deff: float = 1.0

    allowed: ClassVar[Allowed] = {
        "before": whole(2),
        "n": whole(2),
        "mean": printed(number(least=0)),
        **dict.fromkeys(("sd", "se"), POSITIVE.or_none),
        **dict.fromkeys(("use_sd", "completed_years"), TRUTH),
        "deff": number(least=1),
    }
    carries: ClassVar[tuple[str, ...]] = ("on_onset_age",)
    checks: ClassVar[Mapping[str, str]] = {}

    def people_asked(self) -> int | None:
        return self.n

    def ages(self) -> tuple[int, ...]:
        return (int(self.before),)

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if not {"before", "mean"} & wrong.keys() and number_in(self.mean) >= self.before:
            found.append(
                f"field 'mean' must be an age below {self.before}, field 'before'; given "
                f"{self.mean!r}."
            )
        found += [] if "mean" in wrong else estimate_problems("mean", self.mean)
        if (self.sd is None) == (self.se is None):
            found.append(
                "give field 'sd' (standard deviation of the ages) or field 'se' (standard error of "
                "the mean): a mean without its uncertainty is not evidence."
            )
        if self.use_sd is True and self.sd is None:
            found.append("field 'use_sd' needs field 'sd'.")
        if "deff" not in wrong and self.deff > 1 and self.sd is None:
            found.append("field 'deff' only means something beside field 'sd'.")
        return found + ([] if "before" in wrong else self._age_problems(population, "before"))

    def _moments(self, q: Quantities) -> tuple[Any, Any]:
        """Return mean and standard deviation of the ages that people report, per draw."""
        end = self._moved(self.before, q)
        later = self.before - end
        rates = q.first_rates(self.where)
        axis = q.cells.age_axis(self.axis)
        number = total = squares = 0.0
        for i in range(len(axis.levels)):
            low, high = axis.bounds(i)
            if low >= self.before:
                continue
            years = fm.minimum(fm.maximum(end - low, 0.0), float(high + 1 - low))
            events = rates[i] * years
            middle = low + years / 2
            number = number + events
            total = total + events * middle
            squares = squares + events * (middle * middle + years * years / 12)
        # Not 0: an age that moved below birth leaves no first events.
        number = fm.maximum(number, 1e-12)
        mean = total / number
        variance = squares / number - mean * mean
        mean = mean + later
        if self.completed_years:
            mean, variance = mean - 0.5, variance - 1 / 12
        return mean, fm.sqrt(fm.maximum(variance, 1e-6))

    def _error(self) -> float:
        """Return the standard error of the printed mean."""
        if self.sd is not None:
            return float(self.sd) * math.sqrt(self.deff / self.n)
        assert self.se is not None
        return float(self.se)

    def _mean(self) -> Estimated:
        return Estimated("identity", self.mean, self._error())

    def observations(self, q: Quantities) -> Sequence[Observation]:
        mean, sd = self._moments(q)
        found = [self._mean().observation(mean)]
        if self.use_sd:
            assert self.sd is not None
            error = math.sqrt(self.deff / (2 * (self.n - 1)))
            found.append(Observation(NormalOn(sd, error, "log"), float(self.sd)))
        return found

    def with_data(self, figures: Sequence[Any], population: Population) -> OnsetAge:
        mean, *sd = (float(figure) for figure in figures)
        return replace(self, mean=self._mean().redrawn(mean).estimate, sd=sd[0] if sd else self.sd)
