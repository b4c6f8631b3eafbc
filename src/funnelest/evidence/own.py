"""Your own evidence: any function of the route's quantities, with a likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.distributions import Binomial, Custom, NormalOn, Poisson, scale_problems
from funnelest.evidence.base import AskedEvidence, Evidence
from funnelest.fields import is_number
from funnelest.figures import as_figure, figure_problems
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

    def asks_about(self, route: Route, population: Population) -> list[NDArray[np.bool_]]:
        """Return the cells of the `population` in the field `asks`, whatever the `route`."""
        return [] if self.asks is None else [population.mask(self.asks)]

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = super().problems(route, population)
        if self.asks is not None:
            found += [f"field 'asks': {text}" for text in population.problems_in(self.asks)]
        if self.where:
            found.append(
                "field 'where' is not used here: select cells inside the function, such as "
                "q.number(step, {'age': (0, 11)})."
            )
        if not callable(self.quantity):
            found.append(f"field 'quantity' must be a function of q; given {self.quantity!r}.")
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
    carries: ClassVar[tuple[str, ...]] = ("on_share",)

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = super().problems(route, population)
        found += [f"field 'yes': {text}" for text in figure_problems(self.yes)]
        if not (is_number(self.n) and self.n > 0 and self.n == int(self.n)):
            found.append(f"field 'n' must be a whole number above 0; given {self.n!r}.")
        elif not found and as_figure(self.yes).limits()[0] > self.n:
            found.append(f"field 'yes' must not be above field 'n'; given {self.yes} of {self.n}.")
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the number, and what the route expects of it."""
        share = self.as_measured(self.quantity(q), q)
        return [Observation(Binomial(int(self.n), share), as_figure(self.yes))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with another number."""
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

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = super().problems(route, population)
        return found + [f"field 'count': {text}" for text in figure_problems(self.count)]

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the count, and what the route expects of it."""
        return [Observation(Poisson(self.quantity(q)), as_figure(self.count))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with another count."""
        return replace(self, count=_like(self.count, figures[0]))


@dataclass(frozen=True, kw_only=True, repr=False)
class OwnNormal(OwnEvidence):
    """An estimate with a standard error, of a function that you write.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since `quantity` chooses its own cells.

    Parameters
    ----------
    quantity : callable
        ``quantity(q)``: the true value.
    estimate : float
        The published value, on its natural scale.
    se : float
        Its standard error, on the named scale.
    scale : {"identity", "log", "logit"}, default "identity"
        Scale on which the error is normal.

    Notes
    -----
    ``g(estimate) ~ Normal(g(quantity(q)), se)`` with g the scale.
    """

    estimate: float
    se: float
    scale: str = "identity"

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = super().problems(route, population)
        if not is_number(self.estimate):
            found.append(f"field 'estimate' must be a number; given {self.estimate!r}.")
        else:
            found += scale_problems(str(self.scale), self.estimate)
        if not (is_number(self.se) and self.se > 0):
            found.append(f"field 'se' must be above 0; given {self.se!r}.")
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the estimate, and what the route expects of it."""
        distribution = NormalOn(self.quantity(q), float(self.se), self.scale)
        return [Observation(distribution, float(self.estimate))]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with another estimate."""
        return replace(self, estimate=float(figures[0]))


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

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = super().problems(route, population)
        if not callable(self.log_likelihood):
            found.append(
                f"field 'log_likelihood' must be a function; given {self.log_likelihood!r}."
            )
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the data, and what the route expects of them."""
        distribution = Custom(self.quantity(q), self.log_likelihood, self.simulate)
        return [Observation(distribution, self.data)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with other data."""
        return replace(self, data=figures[0])


def _like(old: Any, figure: Any) -> Any:
    """Return a simulated figure in the form in which the old number was given."""
    return int(figure.value) if isinstance(old, int | float | np.number) else figure
