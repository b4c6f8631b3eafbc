"""Your own evidence: any function of the route's quantities, with a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.distributions import Binomial, Custom, Poisson, scale_problems, slope_on
from funnelest.evidence.base import FIGURE, AskedEvidence, Evidence
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.printed import number_in, printed, printed_pair
from funnelest.fields import FUNCTION, PAIR, POSITIVE, Allowed, number, whole, wrong_fields
from funnelest.figures import as_figure
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["OwnBinomial", "OwnCustom", "OwnEvidence", "OwnNormal", "OwnPoisson"]

type Quantity = Callable[[Quantities], Any]


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnEvidence(Evidence):
    """Base of evidence whose expected value is a function that you write.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)`` with `q` a `Quantities`; returns one value per draw. Use the ordinary
        operators and `funnelest.math`, so that it works on arrays and on symbols.
    asks : mapping, optional
        The cells, such as ``{"age": (0, 11)}``, of which it sees how many enter the first step.
        The model cannot read that from a function, and refuses ages that no source asks about.
    """

    quantity: Quantity
    asks: Where | None = None

    allowed: ClassVar[Allowed] = {"quantity": FUNCTION}
    written: ClassVar[str] = "quantity(q)"

    def asks_about(self, route: Route, population: Population) -> list[NDArray[np.bool_]]:
        return [] if self.asks is None else [population.mask(self.asks)]

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        if self.asks is not None:
            found += [f"field 'asks': {text}" for text in population.problems_in(self.asks)]
        if self.where:
            found.append(
                "field 'where' is not used here: select cells inside the function, such as "
                "q.number(step, {'age': (0, 11)})."
            )
        return found


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnBinomial(OwnEvidence, AskedEvidence):
    """Of `n`, `yes` had a property whose probability is a function that you write.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since `quantity` chooses its own cells. Its `defects` are those of a share: `TestError`,
    `OutsideFrame`, `Bridge`.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)``: the probability, between 0 and 1.
    yes, n : int
        Number with the property, and number looked at.

    Notes
    -----
    ``yes ~ Binomial(n, quantity(q))``.
    """

    yes: Any
    n: int
    allowed: ClassVar[Allowed] = {"yes": FIGURE, "n": whole(1)}
    carries: ClassVar[tuple[str, ...]] = ("on_share",)

    def people_asked(self) -> int | None:
        return self.n

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if not wrong and as_figure(self.yes).limits()[0] > self.n:
            found.append(f"field 'yes' must not be above field 'n'; given {self.yes} of {self.n}.")
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        share = self.as_measured(self.quantity(q), q)
        return [Observation(Binomial(int(self.n), share), as_figure(self.yes))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        return replace(self, yes=_like(self.yes, figures[0]))


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnPoisson(OwnEvidence):
    """A count whose mean is a function that you write.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since `quantity` chooses its own cells.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)``: the expected count, above 0.
    count : int or figure
        The printed number.

    Notes
    -----
    ``count ~ Poisson(quantity(q))``.
    """

    count: Any
    allowed: ClassVar[Allowed] = {"count": FIGURE}

    def observations(self, q: Quantities) -> Sequence[Observation]:
        return [Observation(Poisson(self.quantity(q)), as_figure(self.count))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        return replace(self, count=_like(self.count, figures[0]))


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnNormal(OwnEvidence):
    """An estimate with a standard error or an interval, of a function that you write.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since `quantity` chooses its own cells.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)``: the true value.
    estimate : float or figure, optional
        The published value, on its natural scale. Left out, the middle of the interval.
    se : float, optional
        Its standard error, on the named scale.
    interval : (float or figure, float or figure), optional
        Its interval, with its `probability`, on its natural scale.
    probability : float, default 0.95
        Probability of the interval.
    scale : {"identity", "log", "logit"}, default "identity"
        Scale on which the error is normal, or the interval is joined to the estimate.

    Notes
    -----
    ``g(estimate) ~ Normal(g(quantity(q)), se)`` with g the scale. With `interval` the estimate and
    its limits are three quantiles of the true value, joined on the scale as in `Total`.
    """

    estimate: Any = None
    se: float | None = None
    scale: str = "identity"
    interval: Any = None
    probability: float = 0.95

    allowed: ClassVar[Allowed] = {
        "estimate": printed(number()).or_none,
        "se": POSITIVE.or_none,
        "interval": printed_pair(PAIR).or_none,
        "probability": number(least=0.001, most=0.999999),
    }

    def _estimated(self) -> Estimated:
        one = Estimated(self.scale, self.estimate, None, self.interval, self.probability)
        if self.se is None or self.interval is not None:
            return one
        return replace(one, se=float(self.se / slope_on(self.scale, one.centre)))

    def readings(self, population: Population) -> dict[str, str]:
        text = self._estimated().reading()
        return {} if text is None else {f"estimate[{self.name}]": text}

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if "estimate" in wrong:
            return found
        inside = 0.5 if self.estimate is None else number_in(self.estimate)
        trouble = scale_problems(str(self.scale), inside)
        found += [f"field 'scale': {text}" for text in trouble]
        if not trouble and "se" not in wrong:
            errors = Estimated(self.scale, self.estimate, self.se, self.interval, self.probability)
            found += errors.number_problems(wrong)
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        return [self._estimated().observation(self.quantity(q))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        new = self._estimated().redrawn(float(figures[0]))
        return replace(self, estimate=new.estimate, interval=new.interval)


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnCustom(OwnEvidence):
    """Data with a likelihood that you write.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since `quantity` chooses its own cells.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)``: whatever the likelihood needs, one value per draw.
    data : object
        The observed data, handed to the likelihood as they are.
    log_likelihood : callable
        ``log_likelihood(data, expected)``: the log-probability of the data, one per draw.
    simulate : callable, optional
        ``simulate(expected, rng)``: made-up data; `expected` has one draw.
    """

    data: Any
    log_likelihood: Callable[[Any, Any], Any]
    simulate: Callable[[Any, np.random.Generator], Any] | None = None

    allowed: ClassVar[Allowed] = {"log_likelihood": FUNCTION, "simulate": FUNCTION.or_none}
    written: ClassVar[str] = "log_likelihood(data, expected)"

    def observations(self, q: Quantities) -> Sequence[Observation]:
        distribution = Custom(self.quantity(q), self.log_likelihood, self.simulate)
        return [Observation(distribution, self.data)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        return replace(self, data=figures[0])


def _like(old: Any, figure: Any) -> Any:
    """Return a simulated figure in the form in which the old number was given."""
    return int(figure.value) if isinstance(old, int | float | np.number) else figure
