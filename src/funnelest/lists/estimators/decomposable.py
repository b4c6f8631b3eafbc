"""Average over all decomposable graphs: which lists depend on each other need not be chosen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from funnelest.fields import POSITIVE, Allowed, Constraint
from funnelest.lists.computing.graphs import GRAPHS, Graphs, decomposable_graphs
from funnelest.lists.computing.hidden_numbers import (
    HiddenNumbers,
    gammaln,
    hidden_numbers,
    log_rising,
)
from funnelest.lists.estimate import Estimate, because
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.number_priors import NumberPrior, OneOverN
from funnelest.lists.table.table import OverlapTable
from funnelest.sampling.weights import levels_of
from funnelest.words import Sentence, named, say

__all__ = ["DecomposableAverage", "Posterior"]

type Floats = NDArray[np.float64]
type Details = dict[str, dict[str, Any]]

#: Number of draws, and how many graphs are reported: those of more than this weight.
_DRAWS, _SHOWN, _LEAST = 2000, 20, 1e-4
#: Weight of graphs that say nothing of the number hidden, from which a reader is told, and from
#: which nothing is shown. More than this share of the probability at the far end is visible.
_TOLD, _MOST, _FAR_SHARE = 0.01, 0.5, 1e-5
#: Graphs of at least this weight disagree when their totals are further apart than this factor.
_HEAVY, _APART = 0.05, 1.5


@dataclass(frozen=True, kw_only=True)
class DecomposableAverage(Estimator):
    r"""Average over all decomposable graphs on 3 to 5 lists, in closed form.

    Every decomposable log-linear model (8 of three lists, 61 of four, 822 of five) is as
    probable as every other beforehand; the probabilities of the overlaps have a hyper-Dirichlet
    prior. Given a graph and the number h on no list, the probability of the table is a product
    over cliques, divided by one over separators,

    .. math:: p(n, h \mid g) \propto \frac{N!}{h!}
              \frac{\prod_{C} D(C)}{\prod_{S} D(S)}, \qquad
              D(A) = \prod_i \frac{\Gamma(n_A(i) + \delta_A)}{\Gamma(\delta_A)}
              \Big/ \frac{\Gamma(N + \delta_\emptyset)}{\Gamma(\delta_\emptyset)},

    where i are the overlaps of the lists of A alone, and :math:`\delta_A` is ``delta`` times the
    number of patterns that are one of them. Nothing is drawn: the sum over h is taken as far as it
    goes.

    The complete graph is one of the average, as it is in Madigan & York and in the R package
    `dga`. Under it, and under others where overlaps are empty, the table says nothing of the
    number hidden: there the prior alone speaks. Its weight is reported, told in a warning from 1%
    on, and above one half nothing is shown.

    Parameters
    ----------
    delta : float, optional
        Prior count of each of the ``2**lists`` patterns; without it ``2**-lists``, as `dga`
        recommends, which is one prior person altogether. Madigan & York take 1.
    prior : NumberPrior, default OneOverN()
        Prior of N, known and hidden people together: `OneOverN`, `UniformN` or
        `NegativeBinomialN`.

    Raises
    ------
    SpecError
        By `estimate`: fewer than 3 or more than 5 lists; a prior without a posterior.

    Notes
    -----
    The number shown is the posterior median, with the equal-tailed interval. `Estimate.draws` are
    2,000 quantiles at even steps, shuffled; `Estimate.predicted` are draws that go with them, of
    graph and probabilities. `Estimate.details` holds the weights of the ``"graphs"`` and the
    ``"totals"`` under each: median, limits of the interval, mode.

    References
    ----------
    Madigan & York, Biometrika 1997;84:19. Dawid & Lauritzen, Annals of Statistics 1993;21:1272.
    """

    delta: float | None = None
    prior: NumberPrior = field(default_factory=OneOverN)

    fewest: ClassVar[int] = 3
    most: ClassVar[int] = 5
    allowed: ClassVar[Allowed] = {
        "delta": POSITIVE.or_none,
        "prior": Constraint(
            "must be OneOverN(), UniformN() or NegativeBinomialN(a=, b=)",
            lambda value: isinstance(value, NumberPrior),
            (OneOverN(),),
            (None, 3, "1/N"),
        ),
    }

    @property
    def name(self) -> str:
        return named("lists.method.decomposable")

    def _problems(self, table: OverlapTable, wrong: Collection[str]) -> list[str]:
        count = len(table.lists)
        found = [] if "prior" in wrong else self.prior.problems(table.known)
        if not wrong and not found and self.prior.upper is None:
            # The complete graph falls the slowest: as this power of N.
            power = self.prior.power - self._delta(count) * (2**count - 1)
            if power >= -1.0:
                found.append(
                    f"with a {self.prior.text} prior there is no posterior: under the complete "
                    "graph nothing bounds the number hidden. Give the prior an 'upper' limit, or "
                    "use OneOverN()."
                )
        if count > self.most:
            number = f"{GRAPHS[count]:,}" if count in GRAPHS else "more than 30 million"
            found.append(f"there are {number} decomposable graphs on {count} lists.")
        return found

    def _delta(self, lists: int) -> float:
        return 2.0**-lists if self.delta is None else float(self.delta)

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        count = len(table.lists)
        counts = np.concatenate([[0.0], table.cells(table.strata[0]).counts])
        found = Posterior(counts, self._delta(count), self.prior)
        limits = np.array(levels_of(self.probability))
        withheld, details = found.why_not, found.details(limits)
        warnings = () if withheld else found.warnings(details)
        low, middle, high = found.quantiles(limits) if not withheld else np.full(3, np.nan)
        hidden, predicted = found.draws(_DRAWS, default_rng(seed))
        return self._made(
            table,
            middle,
            None if withheld else (float(low), float(high)),
            statistic="posterior median",
            kind=named("lists.kind.posterior"),
            assumes=(
                "the lists depend on each other as in some decomposable graph, alike for "
                f"everybody; all graphs are as probable beforehand. Prior of N: {self.prior.text}."
            ),
            **(because(withheld) if withheld else {}),
            warnings=warnings,
            measures=found.measures,
            draws=None if withheld else hidden,
            predicted={table.strata[0]: predicted},
            details=details,
        )


class Posterior:
    """Posterior of graph and number hidden, for one table.

    Parameters
    ----------
    counts : ndarray
        Number of people by pattern in binary order, shape ``(2**lists,)``; the first is 0.
    delta : float
        Prior count of each pattern.
    prior : NumberPrior
        Prior of N.
    """

    def __init__(self, counts: Floats, delta: float, prior: NumberPrior) -> None:
        self.lists = len(counts).bit_length() - 1
        self.graphs: Graphs = decomposable_graphs(self.lists)
        self.known = int(counts.sum())
        self.prior = prior
        self._delta = delta
        self._cube = counts.reshape((2,) * self.lists)
        self._signs = self.graphs.signs
        margins = [self._margin(code) for code in range(2**self.lists)]
        self._deltas = np.array([self._delta_of(code) for code in range(2**self.lists)])
        self._unlisted = np.array([one.flat[0] for one in margins])
        #: What does not depend on the number hidden.
        self._constants = np.array(
            [
                gammaln(one.ravel()[1:] + d).sum() - one.size * gammaln(d)
                for one, d in zip(margins, self._deltas, strict=True)
            ]
        )

    def _margin(self, code: int) -> Floats:
        """Return the counts by the pattern of some lists."""
        others = tuple(i for i in range(self.lists) if not code & self.graphs.bit(i))
        return np.asarray(self._cube.sum(axis=others))

    def _delta_of(self, code: int) -> float:
        return self._delta * 2.0 ** (self.lists - code.bit_count())

    # ------------------------------------------------------------ probability

    def log_joint(self, hidden: Floats) -> Floats:
        """Return the logarithm of table, number and graph, shape ``(graphs, numbers)``."""
        terms = log_rising(hidden, (self._unlisted + self._deltas)[:, None])
        terms += self._constants[:, None]
        N = hidden + self.known
        common = log_rising(hidden, self.known + 1.0) + self.prior.log_density(N)
        return np.asarray(self._signs @ terms + common)

    @cached_property
    def numbers(self) -> HiddenNumbers:
        """The numbers that the sum goes over."""
        upper = None if self.prior.upper is None else int(self.prior.upper) - self.known
        lower = max(0, int(self.prior.lower) - self.known)
        return hidden_numbers(self.known, lower, upper, self.log_joint)

    @cached_property
    def mass(self) -> Floats:
        """Probability of graph and number, shape ``(graphs, points)``; it adds up to 1."""
        log_joint = self.log_joint(self.numbers.points)
        log_joint -= log_joint.max()
        found = np.exp(log_joint, out=log_joint)
        found *= self.numbers.weights
        found /= found.sum()
        return found

    @cached_property
    def weights(self) -> Floats:
        """Posterior probability of each graph, shape ``(graphs,)``."""
        return np.asarray(self.mass.sum(axis=1))

    @cached_property
    def bounded_by(self) -> NDArray[np.int64]:
        """How many people bound the number hidden under each graph, shape ``(graphs,)``.

        Of two independent lists, those who are on both. The density falls as N to minus this
        power, less what the priors add.
        """
        bounding: Floats = -(self._signs @ self._unlisted + self.known)
        return np.rint(bounding).astype(np.int64)

    @property
    def powers(self) -> Floats:
        """Power of N as which the posterior falls under each graph, shape ``(graphs,)``."""
        return np.asarray(self._signs @ self._deltas - self.bounded_by + self.prior.power)

    @cached_property
    def beyond(self) -> tuple[float, float]:
        """Probability and mean of N beyond the last number, where a power law holds."""
        if self.prior.upper is not None or self.prior.power == -np.inf:
            return 0.0, 0.0
        last, powers = self.numbers.points[-1], self.powers
        density = self.mass[:, -1] / self.numbers.weights[-1]
        share = float(np.sum(density * last / -(powers + 1.0)))
        if (powers >= -2.0).any():
            return share, np.inf
        return share, float(np.sum(density * last**2 / -(powers + 2.0)))

    @property
    def weight_open(self) -> float:
        """Weight of the graphs under which the overlaps say nothing of the number hidden."""
        return float(self.weights[self.bounded_by == 0].sum())

    @property
    def worst(self) -> str:
        """The graph with most weight of those that say nothing."""
        return self.graphs.name(int(np.argmax(np.where(self.bounded_by == 0, self.weights, -1.0))))

    @property
    def why_not(self) -> Sentence | None:
        """Why no number may be shown; None when one may."""
        if self.weight_open > _MOST:
            return say("lists.why.open", weight=self.weight_open, worst=self.worst)
        if self.beyond[0] > _FAR_SHARE:
            return say("lists.why.far", share=self.beyond[0], last=self.numbers.points[-1])
        return None

    def warnings(self, details: Details) -> tuple[str, ...]:
        """Return what a reader should know of the average."""
        said = []
        if self.weight_open >= _TOLD:
            said.append(
                f"{self.weight_open:.0%} of the weight is on graphs under which the overlaps say "
                f"nothing of the number on no list (such as {self.worst}): there the prior alone "
                "speaks."
            )
        weights, totals = details["graphs"], details["totals"]
        heavy = sorted(
            (g for g in totals if weights[g] >= _HEAVY), key=lambda g: totals[g]["median"]
        )
        if heavy and totals[heavy[-1]]["median"] > _APART * totals[heavy[0]]["median"]:
            each = [
                f"{totals[g]['median']:,.0f} under {g} (weight {weights[g]:.0%})"
                for g in (heavy[0], heavy[-1])
            ]
            said.append(f"The graphs disagree: a total of {' and of '.join(each)}.")
        return tuple(said)

    # ---------------------------------------------------------------- summary

    def quantiles(self, levels: Floats, graph: int | None = None) -> Floats:
        """Return quantiles of the number hidden, over all graphs or under one."""
        mass = self.mass.sum(axis=0) if graph is None else self.mass[graph]
        return self.numbers.quantiles(mass, levels * mass.sum())

    def mode(self, graph: int | None = None) -> float:
        """Return the most probable number hidden, over all graphs or under one."""

        def density(hidden: Floats) -> Floats:
            log_joint = self.log_joint(hidden)
            if graph is not None:
                return np.asarray(log_joint[graph])
            return np.asarray(np.exp(log_joint - log_joint.max()).sum(axis=0))

        points = self.numbers.points
        mass = self.mass.sum(axis=0) if graph is None else self.mass[graph]
        best = int(np.argmax(mass / self.numbers.weights))
        low = points[max(best - 1, 0)]
        high = points[best + 1] if best + 1 < len(points) else self.numbers.last
        between = np.rint(np.linspace(low, high, min(int(high - low) + 1, 1000)))
        return float(between[np.argmax(density(between))])

    @property
    def measures(self) -> dict[str, float]:
        """Summaries of N besides its median."""
        mass = self.mass.sum(axis=0)
        N = self.numbers.points + self.known
        return {
            "mean total": float(mass @ N) + self.beyond[1],
            "mode of the total": self.mode() + self.known,
            # The estimate that is best for a loss of ((estimate - N) / N)**2.
            "relative squared error total": float((mass / N).sum() / (mass / N**2).sum()),
            "graphs": float(len(self.graphs)),
            "weight that says nothing": self.weight_open,
        }

    def details(self, levels: Floats) -> Details:
        """Return the weights of the graphs and the totals under them, largest weight first."""
        shown = [int(g) for g in np.argsort(-self.weights, kind="stable")[:_SHOWN]]
        shown = [g for g in shown if self.weights[g] >= _LEAST]
        names = {g: self.graphs.name(g) for g in shown}
        totals: dict[str, Any] = {}
        for g, name in names.items():
            low, middle, high = self.known + self.quantiles(levels, g)
            totals[name] = {
                "median": float(middle),
                "low": float(low),
                "high": float(high),
                "mode": self.known + self.mode(g),
            }
        return {"graphs": {n: float(self.weights[g]) for g, n in names.items()}, "totals": totals}

    # ------------------------------------------------------------------ draws

    def draws(self, count: int, rng: Generator) -> tuple[Floats, Floats]:
        """Return draws of the number hidden, ``(draws,)``, and of expected counts.

        The numbers are quantiles at even steps, so that no chance is in their distribution,
        shuffled; expected counts are ``N`` times the probabilities, without the empty pattern:
        ``(2**lists - 1, draws)``.
        """
        hidden = self.quantiles((np.arange(count) + 0.5) / count)
        log_joint = self.log_joint(hidden)
        upto = np.cumsum(np.exp(log_joint - log_joint.max(axis=0)), axis=0)
        graph = (upto < rng.random(count) * upto[-1]).sum(axis=0)
        order = rng.permutation(count)
        hidden, graph = hidden[order], graph[order]
        shares = self._shares(hidden, self.graphs.parents[graph], rng)
        return hidden, shares[1:] * (hidden + self.known)

    def _shares(self, hidden: Floats, parents: NDArray[np.int64], rng: Generator) -> Floats:
        """Draw the probabilities of all patterns, shape ``(2**lists, draws)``.

        Given its parents a list has a beta distribution, independent of all others (Dawid &
        Lauritzen 1993, section 3.2: strong hyper-Markov).
        """
        shares = np.ones((2**self.lists, len(hidden)))
        cells = np.arange(2**self.lists)
        for place in range(self.lists):
            bit = self.graphs.bit(place)
            for code in sorted(set(parents[:, place].tolist())):
                these = np.flatnonzero(parents[:, place] == code)
                with_parents = np.moveaxis(
                    self._margin(code | bit),
                    self.graphs.members(code | bit).index(place),
                    0,
                ).reshape(2, -1, 1)
                # The hidden are on neither the list nor any parent.
                off = np.repeat(with_parents[0], len(these), axis=1)
                off[0] += hidden[these]
                d = self._delta_of(code | bit)
                on = rng.beta(with_parents[1] + d, off + d)
                members = self.graphs.members(code)
                row = np.zeros(len(cells), dtype=np.int64)
                for i in members:
                    row = 2 * row + ((cells & self.graphs.bit(i)) > 0)
                factor = np.where(((cells & bit) > 0)[:, None], on[row], 1.0 - on[row])
                shares[:, these] *= factor
        return shares
