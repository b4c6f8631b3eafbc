"""Contraction, the share owed to each part of a posterior, and what is known without a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where, show_level
from funnelest.check.arguments import (
    Quantity,
    main_quantities,
    quantity_problems,
    result_problems,
    sampled,
)
from funnelest.check.contributing.found import Contributions, Known, Without
from funnelest.check.measures import apart, on_scale, scale_of
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.likelihood.components import (
    components,
    held,
    log_densities,
    weighted_quantiles,
    weighted_variance,
)
from funnelest.likelihood.informed import Probe
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.result import Result

__all__ = ["contributions"]

type Floats = NDArray[np.float64]

_SUBJECT = "the contributions"
#: Parts of the draws from which the Monte Carlo error of a share is found.
_PARTS = 20
#: Below this total nothing that counts less makes the variance larger: there are no shares.
_LEAST = 0.1


def contributions(
    result: Result,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    by: Sequence[str] | str = (),
    probability: float = 0.95,
    contraction: float = 0.1,
    seed: int,
    cores: int | None = None,
    refit: bool = True,
    without: Mapping[str, LeftOut] | None = None,
    progress: bool = True,
) -> Contributions:
    r"""Return who says what: how much of each quantity is owed to each source and each prior.

    Parameters
    ----------
    result : Result
        A fit.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    by : str or sequence of str, default ()
        Axes of which every level gets rows of its own beside the totals; only without
        `quantities`.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    contraction : float, default 0.1
        Contraction, below 1, under which a quantity is said to rest on its prior.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.
    refit : bool, default True
        Whether to find what is known without each source, by weights and, where these fail, by
        fitting again.
    without : mapping of str to LeftOut, optional
        The posterior without each source, where it is known already: that of a conflict of this
        result, ``conflict.left_out``.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Contributions
        Its table, the `shares`, its text, and whether nothing rests on a prior.

    Raises
    ------
    SpecError
        With every problem of the arguments. Also when a quantity raises an error, or does not give
        one finite number per draw.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Numbers are looked at on the log scale, shares on the log-odds. The posterior is the product of
    components :math:`p_k(\theta)`, the likelihood of each source and each prior, each to a power
    :math:`\alpha_k = 1` (Kallioinen et al., Stat Comput 2024;34:57). The share owed to k is

    .. math:: s_k \propto -\frac{\partial \log \mathrm{Var}(\phi)}{\partial \alpha_k}
              = -\frac{\mathrm{Cov}((\phi - \bar\phi)^2, \log p_k)}{\mathrm{Var}(\phi)},

    over the sum for all k. When everything is normal, the sum is 1 as it is (the variance falls
    as one over a common power), and none is negative; of one parameter they are then the shares of
    the posterior precision. A negative share is of a component that makes the quantity less
    certain, such as one in conflict with others. Nothing is owed to what would count the same to
    any power: a held number, the hard limits of a rounded figure.

    Priors are scaled on their own scale, `log_prior_density`, so that a flat one has its share: 2
    of n + 2 observations for a uniform share.

    Without a source: its likelihood to the power 0, every parameter kept; by weights
    :math:`1 / p_k(\theta_s)` where these can be trusted, and else by a fit, as in `conflict`.
    """
    problems = result_problems(result, seed, cores) + quantity_problems(quantities)
    problems += tables.interval_problems(probability, "equal-tailed")
    if not (is_number(contraction) and contraction < 1):
        problems.append(f"contraction must be a number below 1; given {contraction!r}.")
    if not isinstance(refit, bool):
        problems.append(f"refit must be True or False; given {refit!r}.")
    if without is not None and not (
        isinstance(without, Mapping) and all(isinstance(one, LeftOut) for one in without.values())
    ):
        problems.append(
            f"without must be what a conflict found, conflict.left_out; given {without!r}."
        )
    if isinstance(result, Result):
        problems += _axis_problems(result.model, quantities, by)
    raise_if_any(problems, _SUBJECT)
    axes = [by] if isinstance(by, str) else list(by)
    model = result.model
    looked: dict[tuple[str, tuple[tuple[str, Any], ...]], Quantity] = {
        (name, ()): function for name, function in (quantities or main_quantities(model)).items()
    }
    for where in _strata(model, axes):
        for name, function in main_quantities(model, where).items():
            looked[name, tuple(where.items())] = function
    finder = _Finder(result, looked, float(probability))
    if without is None:
        names = [one.name for one in finder.sources] if refit else []
        without = left_out(result, names, seed=int(seed), cores=cores, progress=progress)
    return Contributions(
        rows=[finder.known(key, without) for key in looked],
        components=components(model),
        held=held(model),
        contraction=float(contraction),
        probability=float(probability),
        result_mark=result.mark,
        seed=int(seed),
    )


def _axis_problems(model: Model, quantities: object, by: object) -> list[str]:
    """Return why rows cannot be made by these axes, one sentence each."""
    if not isinstance(by, str | list | tuple):
        return [f"by must name axes; given {by!r}."]
    names = [by] if isinstance(by, str) else list(by)
    known = ", ".join(axis.name for axis in model.population.axes) or "none"
    found = [
        f"by names axis {name!r}; the population's axes are: {known}."
        for name in names
        if model.population.axis(name) is None
    ]
    if names and quantities is not None:
        found.append("by goes with the default quantities: give yours a where of their own.")
    return found


def _strata(model: Model, axes: Sequence[str]) -> list[Where]:
    """Return the selection of every combination of levels of some axes, but for empty ones."""
    if not axes:
        return []
    population = model.population
    levels = [population.axes[population.position(name)].levels for name in axes]
    wheres = [dict(zip(axes, chosen, strict=True)) for chosen in product(*levels)]
    return [where for where in wheres if population.total(where) > 0]


class _Finder:
    """Draws of every quantity, and what is found of them.

    Parameters
    ----------
    result : Result
        The fit.
    looked : mapping of (str, tuple) to callable
        Name and stratum -> the quantity.
    probability : float
        Probability of the intervals.
    """

    def __init__(self, result: Result, looked: Mapping[Any, Quantity], probability: float) -> None:
        self.result, self.model, self.looked = result, result.model, looked
        shown = {key: f"{key[0]}{dict(key[1]) or ''}" for key in looked}
        after, before = sampled(
            _SUBJECT, result, {shown[key]: function for key, function in looked.items()}
        )
        self.after = {key: after[name] for key, name in shown.items()}
        self.before = {key: before[name] for key, name in shown.items()}
        tail = (1 - probability) / 2
        self.levels = (0.5, tail, 1 - tail)
        flat = {name: np.asarray(draws).reshape(-1) for name, draws in result.draws.items()}
        size = len(next(iter(after.values())))
        self.logs = {
            name: _finite(log * np.ones(size))
            for name, log in log_densities(self.model, flat).items()
        }
        self.sources = [one for one in components(self.model) if one.kind == "source"]
        self.probe = Probe(self.model)
        self.informed = self.probe.informed()

    # ------------------------------------------------------------ left out

    def _left_out(self, key: Any, found: LeftOut, scale: str) -> Without:
        if found.how == "failed":
            return Without(how="failed")
        with np.errstate(all="ignore"):
            value = self.looked[key](Quantities(self.model, found.draws))
        other = np.broadcast_to(np.asarray(value, dtype=np.float64), found.weights.shape)
        now, then = on_scale(self.after[key], scale), on_scale(other, scale)
        if not now.std() > 0 or not np.isfinite(then).all():
            return Without(how="failed")
        moved = weighted_quantiles(then, found.weights, [0.5])[0] - np.median(now)
        return Without(
            how="refit" if found.how == "refit" else "weights",
            values=self._three(other, found.weights),
            shift=float(moved / now.std()),
            variance=weighted_variance(then, found.weights) / float(now.var()),
        )

    def _three(self, draws: Floats, weights: Floats | None = None) -> tuple[float, float, float]:
        weights = np.full(len(draws), 1 / len(draws)) if weights is None else weights
        median, low, high = weighted_quantiles(draws, weights, self.levels)
        return float(median), float(low), float(high)

    # ------------------------------------------------------------ quantities

    def known(self, key: Any, without: Mapping[str, LeftOut]) -> Known:
        """Return what is known of one quantity, and by whom."""
        name, stratum = key
        where = dict(stratum)
        after, before = self.after[key], self.before[key]
        scale = scale_of(after, before)
        contracted, moved = apart(after, before, scale)
        shares, errors, total = self._shares(on_scale(after, scale))
        seen, alone = self._seen(self.looked[key], where)
        return Known(
            quantity=name,
            labels={axis: show_level(level) for axis, level in where.items()},
            posterior=self._three(after),
            prior=self._three(before),
            contraction=contracted,
            moved=moved,
            seen_by=seen,
            apart=alone,
            shares=shares,
            errors=errors,
            total=total,
            without={
                one.name: self._left_out(key, without[one.name], scale)
                if one.name in without
                else Without()
                for one in self.sources
            },
            basis=self.result.rests_on(self.looked[key], self.model.basis(where)),
        )

    def _shares(self, phi: Floats) -> tuple[dict[str, float], dict[str, float], float]:
        """Return the share owed to each component, its Monte Carlo error, and the total."""
        if not phi.std() > 0 or not self.logs:
            return {}, {}, np.nan
        spread = (phi - phi.mean()) ** 2 / phi.var() - 1
        names = list(self.logs)
        # One row per component: what each draw adds to minus the covariance.
        parts = np.array([-spread * (log - log.mean()) for log in self.logs.values()])
        raw = parts.mean(axis=1)
        total = float(raw.sum())
        if not total > _LEAST:
            return {}, {}, total
        shares = raw / total
        # Of a ratio: what is left of each part when the common total is taken off.
        rest = (parts - shares[:, None] * parts.sum(axis=0)) / total
        batches = np.array([one.mean(axis=1) for one in np.array_split(rest, _PARTS, axis=1)])
        errors = batches.std(axis=0, ddof=1) / np.sqrt(_PARTS)
        return (
            dict(zip(names, map(float, shares), strict=True)),
            dict(zip(names, map(float, errors), strict=True)),
            total,
        )

    def _seen(self, quantity: Quantity, where: Where) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the sources that see a quantity, and those that see its stratum apart."""
        mine = self.probe.depends_on(quantity)
        sees = {source for parameter in mine for source in self.informed[parameter]}
        cells = self.model.population.mask(where)
        people = self.model.population.counts > 0
        seen, alone = [], []
        for one in self.sources:
            if one.name not in sees:
                continue
            evidence = next(e for e in self.model.evidence if e.name == one.name)
            masks = [self.model.population.mask(w) & people for w in _counted(evidence)]
            if not where or any((mask & cells).any() for mask in masks):
                seen.append(one.name)
                if not where or any(
                    (mask & cells).any() and not (mask & ~cells).any() for mask in masks
                ):
                    alone.append(one.name)
        return tuple(seen), tuple(alone)


def _counted(evidence: Any) -> list[Where]:
    """Return the cells of each figure of a source."""
    found: list[Where] = []
    for one in (evidence, *evidence.members()):
        found += one.counted_in()
    return found


def _finite(log: Floats) -> Floats:
    """Return a log-density with what is impossible as unlikely as the least likely draw."""
    finite = np.isfinite(log)
    if finite.all():
        return log
    return np.where(finite, log, log[finite].min() if finite.any() else 0.0)
