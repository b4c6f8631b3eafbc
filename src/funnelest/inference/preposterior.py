"""Data that do not exist yet: made up from the posterior, and what its draws then weigh.

Preposterior analysis: Raiffa and Schlaifer, Applied Statistical Decision Theory, 1961. By weights
on draws that are there: Menzies, Med Decis Making 2016;36:308.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.evidence.base import Evidence
from funnelest.inference.fitting import fit_within
from funnelest.likelihood.density import prior_draws
from funnelest.likelihood.given import counts_given
from funnelest.likelihood.once import together
from funnelest.model.model import Model, with_made_up
from funnelest.model.ties import Ties
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.sampling.weights import effective_size, equal_tailed

__all__ = ["Preposterior", "beside", "refit", "repeated"]

type Floats = NDArray[np.float64]
type Quantity = Callable[[Quantities], Any]

#: Effective draws below which a replicate is fitted again: then each tail beyond a 95% interval
#: has no more than five of them.
_EFFECTIVE = 200.0
#: Draws of a refit, at least and at most.
_REFIT = (400, 4000)


class Preposterior:
    """A model with sources that are planned, and draws that their made-up data weigh.

    Parameters
    ----------
    model : Model
        The model with the planned sources.
    added : sequence of Evidence
        The planned sources.
    draws : mapping of str to ndarray
        Every unknown parameter of `model`, shape ``(draws,)``, after what is known now.
    quantity : callable
        What is asked about.
    same : ndarray of int, optional
        Draws with the same number are one draw that is repeated (`repeated`). Left out, none is.
    """

    def __init__(
        self,
        model: Model,
        added: Sequence[Evidence],
        draws: Mapping[str, Floats],
        quantity: Quantity,
        same: NDArray[np.intp] | None = None,
    ) -> None:
        self.draws, self.quantity = draws, quantity
        self.memory: dict[Any, Any] = {}
        names = {one.name for one in added}
        #: Which counts are taken together, whatever stands in for those to come.
        self.ties = Ties(model, planned=names)
        self.model, self.added = model, list(added)
        if any({tie.first, tie.second} & names for tie in self.ties.pairs):
            # What stands in for counts to come may contradict what is known; what is made up from
            # what is known does not.
            self.added = self.made_up(0, np.random.default_rng(0))
            given = {id(one): other for one, other in zip(added, self.added, strict=True)}
            model = with_made_up(model, [given.get(id(one), one) for one in model.evidence])
            self.model = model
            self.memory.clear()
        self.q = Quantities(model, draws, self.memory)
        self.same = np.arange(self.q.draws) if same is None else same
        with np.errstate(all="ignore"):
            value = np.asarray(quantity(self.q), dtype=np.float64)
        self.sample = np.broadcast_to(value, (self.q.draws,))
        # Sources that are known, and estimate a number that a planned one estimates too.
        groups = [{name for name, _ in group.places} for group in model.alike]
        # Or count people whom a planned one counts too; which of these count together may change.
        groups.append({name for tie in model.ties.pairs for name in (tie.first, tie.second)})
        known = {name for group in groups if group & names for name in group} - names
        self.powers = {n: a for n, a in model.powers.items() if n not in names}
        with np.errstate(all="ignore"):
            self.beside = {
                one.name: list(one.observations(self.q))
                for one in model.evidence
                if one.name in known
            }
            self.before = together(model, self.q, self.beside, self.powers)
        self.order = np.argsort(self.sample, kind="stable")
        self.sorted = self.sample[self.order]

    def made_up(self, truth: int, rng: np.random.Generator) -> list[Evidence]:
        """Return the planned sources with data made up from one of the draws.

        Counts of people whom known sources count too are made up given those.
        """
        self.memory.clear()  # evidence remembers there how its figures are printed
        one = Quantities(self.model, {name: d[truth : truth + 1] for name, d in self.draws.items()})
        names = {source.name for source in self.added}
        with np.errstate(all="ignore"):
            tied = {name for tie in self.ties.pairs for name in (tie.first, tie.second)} | names
            seen = {
                source.name: list(source.observations(one))
                for source in self.model.evidence
                if source.name in tied
            }
            counts = counts_given(self.model, self.ties, one, seen, names, rng)
            return [
                source.with_data(
                    [
                        o.of_counts(counts[source.name], rng)
                        if source.name in counts
                        else o.simulate(rng)
                        for o in seen[source.name]
                    ],
                    self.model.population,
                )
                for source in self.added
            ]

    def weights(self, made: Sequence[Evidence], truth: int | None = None) -> Floats | None:
        """Return what every draw weighs after made-up data; None when too few draws carry them.

        The draw `truth` that they were made up from is left out, and so are its repetitions: one
        that is known to be near the data would make them look more telling than they are.
        """
        self.memory.clear()
        with np.errstate(all="ignore"):
            seen = {one.name: list(one.observations(self.q)) for one in made}
            logp = np.zeros(self.q.draws) + together(
                self.model, self.q, self.beside | seen, self.powers
            )
            logp = logp - self.before
        logp = np.where(np.isnan(logp), -np.inf, logp)
        if truth is not None:
            logp[self.same == self.same[truth]] = -np.inf
        if not np.isfinite(logp).any():
            return None
        weights = np.exp(logp - logp.max())
        weights /= weights.sum()
        distinct = np.bincount(self.same, weights=weights)
        return weights if effective_size(distinct) >= _EFFECTIVE else None

    def width(self, weights: Floats, probability: float) -> float:
        """Return the width of the interval of the weighted draws."""
        low, _, high = equal_tailed(self.sorted, probability, weights[self.order])
        return float(high - low)

    def with_made(self, made: Sequence[Evidence]) -> Model:
        """Return the model with made-up data in the place of those that stood for it."""
        given = {id(one): other for one, other in zip(self.added, made, strict=True)}
        return with_made_up(self.model, [given.get(id(one), one) for one in self.model.evidence])


def refit(
    model: Model,
    quantity: Quantity,
    draws: int,
    seed: Sequence[int],
    start: Result | None = None,
) -> Floats | None:
    """Return draws of a quantity from a fit with made-up data; None when that fails."""
    try:
        fitted = fit_within(model, engine="importance", draws=int(np.clip(draws, *_REFIT)),
                            seed=int(np.random.SeedSequence(seed).generate_state(1)[0]),
                            start=start, progress=False)  # fmt: skip
    except FitError:
        return None
    return fitted.sample_of(quantity) if fitted.gate.passed else None


def repeated(draws: Mapping[str, Floats]) -> NDArray[np.intp]:
    """Return a number per draw, the same for draws that are equal in every parameter.

    Importance sampling resamples: a heavy draw comes several times.
    """
    values = np.array(list(draws.values()))
    return np.unique(values, axis=1, return_inverse=True)[1].reshape(-1)


def beside(model: Model, flat: Mapping[str, Floats], size: int, seed: int) -> dict[str, Floats]:
    """Return the draws with those of parameters that only the planned source has."""
    new = [name for name in model.free if name not in flat]
    if not new:
        return dict(flat)
    fresh = prior_draws(model, np.random.default_rng([seed, 1]), size)
    return {**flat, **{name: fresh[name] for name in new}}
