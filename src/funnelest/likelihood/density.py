"""The log-density of a model on the unconstrained line, for many draws at once (NumPy)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.likelihood.once import likelihoods, observed, together
from funnelest.likelihood.tied import log_ratios
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities
from funnelest.tape.repeated import Repeated

__all__ = ["Density", "column", "log_added", "log_given", "log_likelihoods", "prior_draws"]

type Floats = NDArray[np.float64]

#: Numbers in one array in cells: of more draws some at a time, as a cache holds.
_ROOM = 2**18
#: Up to `_FEW` draws are done by so many at a time, the last ones filled up: then a program is
#: soon there. More pay for themselves, and hardly ever are as many again.
_WIDTH, _FEW = 256, 512
#: Where as many draws fit into a block, some more cost nothing. So many numbers cost nothing
#: beside the steps that they take.
_SMALL, _FREE = 64, 2**13


class _Block:
    """Parameters of one prior family, evaluated together."""

    def __init__(self, rows: list[int], priors: list[Prior]) -> None:
        self.rows = np.array(rows)
        first = priors[0]
        self.prior = first.stacked(priors) if first.together else first
        self.line, self.back, _ = self.prior.line()


def _blocks(free: Mapping[str, Prior]) -> list[_Block]:
    groups: dict[Any, list[tuple[int, Prior]]] = {}
    for row, (name, prior) in enumerate(free.items()):
        key = type(prior) if prior.together else name
        groups.setdefault(key, []).append((row, prior))
    return [
        _Block([row for row, _ in group], [prior for _, prior in group])
        for group in groups.values()
    ]


class Density:
    """Prior, likelihood and their sum, as functions of points on the unconstrained line.

    Points are arrays of shape ``(parameters, draws)``, in the order of `names`. The density of the
    prior includes the slope of the map from the line to the parameter.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names = tuple(model.free)
        self._blocks = _blocks(model.free)
        self._memory: dict[Any, Any] = {}
        cells = max(1, model.population.counts.size)
        self._block, free = (_power(max(1, room // cells)) for room in (_ROOM, _FREE))
        self._least = min(_WIDTH, free)
        small = self._block >= _SMALL
        #: What is asked for many times: each is written down once, with its slopes.
        self.whole = Repeated(lambda z: [self.log_prior(z) + self._log_likelihood(z)], small)
        self.likelihood = Repeated(lambda z: [self._log_likelihood(z)], small)
        self.middles = Repeated(lambda z: [place[0] for place in self.places(z)], small)
        self._located = Repeated(lambda z: [x for place in self.places(z) for x in place], small)

    def __reduce__(self) -> tuple[Any, ...]:
        # What was written down is made again, and holds functions that cannot be pickled.
        return Density, (self.model,)

    def values(self, z: Floats) -> dict[str, Floats]:
        """Return the parameters on their natural scale, by name."""
        found: dict[str, Floats] = {}
        with np.errstate(over="ignore"):
            for block in self._blocks:
                x = block.line(z[block.rows])
                found.update((self.names[row], x[i]) for i, row in enumerate(block.rows))
        return {name: found[name] for name in self.names}

    def line(self, values: Mapping[str, Any]) -> Floats:
        """Return the points on the line of natural-scale `values`."""
        x = np.array([np.asarray(values[name], dtype=np.float64) for name in self.names])
        z = np.empty_like(x)
        for block in self._blocks:
            z[block.rows] = block.back(x[block.rows])
        return z

    def log_prior(self, z: Floats) -> Floats:
        """Return the log-density of the prior, one per draw."""
        total = np.zeros(z.shape[1:])
        with np.errstate(all="ignore"):
            for block in self._blocks:
                total = total + block.prior.line_logpdf(z[block.rows]).sum(axis=0)
        return np.where(np.isnan(total), -np.inf, total)

    def log_likelihood(self, z: Floats) -> Floats:
        """Return the log-likelihood of all evidence, one per draw."""
        return self._in_blocks(lambda z: self.likelihood.values(z)[0], z)

    def _log_likelihood(self, z: Floats) -> Floats:
        total = np.zeros(z.shape[1:])
        with np.errstate(all="ignore"):
            q = Quantities(self.model, self.values(z), self._memory)
            seen = {
                one.name: list(one.observations(q))
                for one in self.model.evidence
                if self.model.power_of(one.name)
            }
            total = total + together(self.model, q, seen, self.model.powers)
        return np.where(np.isnan(total), -np.inf, total)

    def _seen(self, z: Floats) -> Iterator[tuple[float, Any]]:
        """Yield what every source that counts has observed, and the power of that."""
        q = Quantities(self.model, self.values(z), self._memory)
        for one in self.model.evidence:
            power = self.model.power_of(one.name)
            for observation in one.observations(q) if power else ():
                yield power, observation

    def located(self, z: Floats) -> tuple[Floats, Floats, Floats] | None:
        """Return what the figures locate, as `funnelest.observations.observation` says it.

        Values per draw, what the data say that they are, and the information in that: each of
        shape ``(figures, draws)``. None when no figure locates anything.
        """
        if not self._locates:
            return None

        def made(z: Floats) -> Floats:
            found = self._located.values(z)
            return np.stack([column(found[i::3], z.shape[1]) for i in range(3)])

        value, aim, information = self._in_blocks(made, z)
        return value, aim, information

    def located_values(self, z: Floats) -> Floats:
        """Return only the values of `located`, where some figure locates something."""
        return self._in_blocks(lambda z: column(self.middles.values(z), z.shape[1]), z)

    def places(self, z: Any) -> list[Any]:
        """Return value, aim and information of everything that is `located`, one by one."""
        with np.errstate(all="ignore"):
            return [
                (value, aim, power * information) if power != 1 else (value, aim, information)
                for power, observation in self._seen(z)
                for place in observation.locations()
                if place is not None
                for value, aim, information in [place]
            ]

    def _in_blocks(self, function: Callable[[Any], Floats], z: Floats) -> Floats:
        """Return what a function gives of the points, of some at a time.

        So that nothing of the size of cells times draws is held, what is stays in the cache, and
        few numbers of draws are asked for, each again and again.
        """
        draws = z.shape[1]
        rest = draws % self._block
        step = max(rest, 1)
        if 0 < rest <= self._least:
            step = self._least
        elif _SMALL < rest <= _FEW:
            step = min(_WIDTH, self._block)
        if missing := -rest % step:
            more = np.broadcast_to(z[:, -1:], (len(z), missing))
            z = np.concatenate([z, more], axis=1)
        ends = [*range(0, draws - rest, self._block), *range(draws - rest, z.shape[1], step)]
        if len(ends) < 2:
            return function(z)[..., :draws]
        blocks = [function(z[:, i:j]) for i, j in pairwise([*ends, z.shape[1]])]
        return np.concatenate(blocks, axis=-1)[..., :draws]

    @cached_property
    def _locates(self) -> bool:
        """Whether some figure locates something."""
        return bool(self.places(np.zeros((len(self.names), 1))))

    def all_located(self) -> bool:
        """Return whether every figure can say what it locates."""
        nowhere = np.zeros((len(self.names), 1))
        with np.errstate(all="ignore"):
            return all(None not in one.locations() for _, one in self._seen(nowhere))

    def any_shape(self) -> bool:
        """Return whether some likelihood is the user's own, of which nobody says where it is high.

        Of limits from one side nobody says it either, but these have no modes or necks.
        """
        nowhere = np.zeros((len(self.names), 1))
        with np.errstate(all="ignore"):
            return any(one.any_shape for _, one in self._seen(nowhere))

    def __call__(self, z: Floats) -> Floats:
        """Return the log of prior times likelihood, one per draw."""
        return self._in_blocks(lambda z: self.whole.values(z)[0], z)


def _power(number: int) -> int:
    """Return the largest power of two that is at most a number."""
    return 1 << (number.bit_length() - 1)


def column(parts: Sequence[Any], draws: int) -> Floats:
    """Return numbers per draw, and arrays with several rows of them, as one array of rows."""
    heights = [len(one) if np.ndim(one) == 2 else 1 for one in parts]
    found = np.empty((sum(heights), draws))
    first = 0
    for height, one in zip(heights, parts, strict=True):
        found[first : first + height] = one
        first += height
    return found


def log_likelihoods(model: Model, values: Mapping[str, Any]) -> dict[str, Floats]:
    """Return the log-likelihood of each source, one per draw, by source name.

    Not yet to the power to which the model raises it. To these they add up to the log-likelihood
    of all: what several sources have in common is shared out (see `once`).
    """
    q = Quantities(model, values)
    with np.errstate(all="ignore"):
        found = likelihoods(model, q, observed(model, q), model.powers)
        return {name: _summed(parts, values) for name, parts in found.items()}


def log_given(model: Model, values: Mapping[str, Any], name: str) -> Floats:
    """Return the log-density of the data of one source given those of the others, one per draw.

    It differs from that by themselves where some are of the same people.
    """
    q = Quantities(model, values)
    with np.errstate(all="ignore"):
        seen = observed(model, q)
        others = [other for other in seen if other != name and model.power_of(other)]
        parts = [o.logp() for o in seen[name]]
        parts += [log for *_, log in log_ratios(model, q, seen, [*others, name])]
        parts += [-log for *_, log in log_ratios(model, q, seen, others)]
        return _summed(parts, values)


def log_added(model: Model, values: Mapping[str, Any]) -> dict[str, Floats]:
    """Return what each source, to its power, adds to the log-likelihood of all the others."""
    q, powers = Quantities(model, values), model.powers
    with np.errstate(all="ignore"):
        seen = observed(model, q)
        parts = likelihoods(model, q, seen, powers)
        found = {name: model.power_of(name) * _summed(some, values) for name, some in parts.items()}
        shared = {name for group in model.alike for name, _ in group.places}
        counting = [name for name in seen if model.power_of(name)]
        for tie, _ in model.ties.among(counting):
            shared |= {tie.first, tie.second}
        whole = together(model, q, seen, powers) if shared else 0.0
        for name in shared:
            without = together(model, q, seen, {**powers, name: 0.0})
            # What is impossible without it too is as it is by itself.
            added = _summed([whole - without], values)
            found[name] = np.where(np.isnan(added), found[name], added)
    return found


def _summed(parts: Sequence[Any], values: Mapping[str, Any]) -> Floats:
    draws = len(next(iter(values.values()))) if values else 1
    return np.broadcast_to(np.sum([one * np.ones(draws) for one in parts], axis=0), (draws,))


def prior_draws(model: Model, rng: np.random.Generator, size: int) -> dict[str, Floats]:
    """Return draws of every free parameter from its prior, by name."""
    return {name: prior.sample(rng, size) for name, prior in model.free.items()}
