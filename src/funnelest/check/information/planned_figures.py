"""What planned figures would take away: made-up data, and what they leave of the variance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.information.folds import FOLDS, Folds
from funnelest.errors import FitError
from funnelest.evidence.base import Evidence
from funnelest.inference.fitting import fit_within
from funnelest.inference.preposterior import Preposterior, Quantity, beside, refit
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.sampling.parallel import each
from funnelest.sampling.weights import equal_tailed

__all__ = ["expected"]

type Floats = NDArray[np.float64]

#: How many times as many draws are made where those of the result are too few to be weighed.
_MORE = 8
#: Refits per plan, at most; replicates that need one and get none are stood for by those that do.
_REFITS = 40
#: Fewer refits than this are not worth a second process.
_FEW = 4
#: Share of the replicates that may fail: beyond it nothing is said.
_FAILED = 0.05


def expected(
    result: Result,
    plans: Mapping[str, tuple[Model, Sequence[Evidence]]],
    quantity: Quantity,
    *,
    replicates: int,
    probability: float,
    seed: int,
    cores: int | None,
    folds: Folds,
    report: Callable[[], Any],
) -> dict[str, dict[str, Any]]:
    """Return by name what each plan takes away of the variance, the width that is left, and how."""
    now = result.sample_of(quantity)
    rng = np.random.default_rng([seed, 0])
    truths = rng.choice(len(now), replicates, replace=replicates > len(now))
    flat = result.flat
    more = cache(lambda: _more_draws(result, seed))  # made when they are first asked for
    made: dict[str, _Replicates] = {}
    waiting: list[tuple[str, int, Model, list[int]]] = []
    for place, (name, (model, added)) in enumerate(plans.items()):
        draws = beside(model, flat, len(now), seed)
        plan = Preposterior(model, added, draws, quantity, folds.same)
        wider: Preposterior | None = None
        found = made[name] = _Replicates(now, probability, replicates)
        hard = []
        for r, truth in enumerate(truths):
            figures = plan.made_up(int(truth), np.random.default_rng([seed, 2, r]))
            weights = plan.weights(figures, int(truth))
            if weights is not None:
                found.weigh(r, plan, weights, folds)
            else:
                if wider is None and more():
                    size = len(next(iter(more().values())))
                    # Other draws than those that the figures were made up from: none is left out.
                    wider = Preposterior(model, added, beside(model, more(), size, seed), quantity)
                weights = None if wider is None else wider.weights(figures)
                if wider is not None and weights is not None:
                    found.weigh(r, wider, weights)
                else:
                    hard.append((r, plan.with_made(figures)))
            report()
        chosen = np.random.default_rng([seed, 4, place]).permutation(len(hard))[:_REFITS]
        found.stand_in([r for r, _ in hard], len(chosen))
        waiting += [(name, *hard[i], [seed, 3, place, hard[i][0]]) for i in sorted(chosen)]
    size, known = len(now), list(result.model.free)

    def again(item: tuple[str, int, Model, list[int]]) -> Floats | None:
        _, _, model, seeds = item
        start = result if list(model.free) == known else None
        return refit(model, quantity, size, seeds, start)

    for at, sample in each(again, waiting, cores=1 if len(waiting) < _FEW else cores):
        name, r, _, _ = waiting[at]
        made[name].put(r, sample)
    return {name: found.expected(folds) for name, found in made.items()}


def _more_draws(result: Result, seed: int) -> dict[str, Floats]:
    """Return more draws of every parameter; none where importance sampling gave no result."""
    # Past a failed gate more draws of the same kind are no better.
    if result.engine != "importance" or result.proposal is None or not result.gate.passed:
        return {}
    size = sum(one.size for one in list(result.draws.values())[:1])
    try:
        more = fit_within(result.model, engine="importance", draws=_MORE * size,
                          seed=int(np.random.SeedSequence([seed, 5]).generate_state(1)[0]),
                          start=result, progress=False)  # fmt: skip
    except FitError:
        return {}
    return more.flat if more.gate.passed else {}


@dataclass
class _Replicates:
    """What each set of made-up data leaves.

    Parameters
    ----------
    now : ndarray
        Draws of the quantity now.
    probability : float
        That of the interval.
    count : int
        Number of replicates.
    """

    now: Floats
    probability: float
    count: int
    figures: Floats = field(init=False)
    without: Floats = field(init=False)
    counted: Floats = field(init=False)
    refitted: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        #: Mean, mean square and variance after the data, in standard deviations of now around the
        #: mean of now, and width: shape ``(4, replicates)``.
        self.figures = np.full((4, self.count), np.nan)
        #: The same without each fold of the draws: shape ``(4, FOLDS, replicates)``.
        self.without = np.full((4, FOLDS, self.count), np.nan)
        #: How many replicates each stands for.
        self.counted = np.ones(self.count)
        self.refitted = np.zeros(self.count, dtype=bool)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        return float(self.now.mean()), float(self.now.std())

    def weigh(
        self, r: int, plan: Preposterior, weights: Floats, folds: Folds | None = None
    ) -> None:
        """Take what weighted draws leave; with the folds of these draws also without each."""
        centre, scale = self._scale
        q = (plan.sample - centre) / scale
        terms = [one * q**power for one in (weights, weights**2) for power in range(3)]
        self.figures[:3, r] = _moments(*(term.sum() for term in terms))
        self.figures[3, r] = plan.width(weights, self.probability)
        self.without[:, :, r] = self.figures[:, r, None]
        if folds is None:  # of draws that no fold holds
            return
        sums = [folds.sums(term) for term in terms]
        self.without[:3, :, r] = _moments(*(one.sum() - one for one in sums))
        for k in range(FOLDS):
            kept = np.where(folds.of == k, 0.0, weights)
            self.without[3, k, r] = plan.width(kept / kept.sum(), self.probability)

    def stand_in(self, hard: list[int], fitted: int) -> None:
        """Let those replicates that are fitted stand for all that no draws could be found for."""
        for r in hard:
            self.refitted[r] = True
            self.counted[r] = len(hard) / fitted

    def put(self, r: int, sample: Floats | None) -> None:
        """Take what a fit with the made-up data leaves; None when it failed."""
        if sample is None:
            return
        centre, scale = self._scale
        q = (sample - centre) / scale
        low, _, high = equal_tailed(sample, self.probability)
        self.figures[:, r] = q.mean(), np.mean(q**2), q.var(ddof=1), high - low
        self.without[:, :, r] = self.figures[:, r, None]

    def expected(self, folds: Folds) -> dict[str, Any]:
        """Return what is expected, over the replicates."""
        good = ~np.isnan(self.figures[0])
        fitted = min(int(self.refitted.sum()), _REFITS)
        failed = fitted - int((self.refitted & good).sum())
        lost = failed * float(self.counted[self.refitted][0]) if failed else 0.0
        numbers = {"reweighted": int((~self.refitted).sum()), "refitted": fitted, "failed": failed}
        if lost > _FAILED * self.count or good.sum() < 2:
            names = ("reduction", "mc_error", "width", "width_error")
            return {**dict.fromkeys(names, np.nan), **numbers}
        centre, scale = self._scale
        q, counted = (self.now - centre) / scale, self.counted[good]
        (left, width), errors = _controlled(self.figures[:, good], q, counted)
        # The draws themselves: everything again without each of their folds.
        again = np.array(
            [
                _controlled(self.without[:, k, good], q[folds.of != k], counted)[0]
                for k in range(FOLDS)
            ]
        )
        draws = np.sqrt((FOLDS - 1) / FOLDS * ((again - again.mean(axis=0)) ** 2).sum(axis=0))
        mc_error, width_error = np.hypot(errors, draws)
        return {
            "reduction": 1 - float(left),
            "mc_error": float(mc_error),
            "width": float(width),
            "width_error": float(width_error),
            **numbers,
        }


def _moments(w: Any, wq: Any, wq2: Any, w2: Any, w2q: Any, w2q2: Any) -> tuple[Any, Any, Any]:
    r"""Return mean, mean square and variance of weighted draws, from their sums.

    The variance is without the bias of few draws: the squared error of the weighted mean,
    :math:`\sum w^2 (q - m)^2`, is added.
    """
    mean, square = wq / w, wq2 / w
    return mean, square, square - mean**2 + (w2q2 - 2 * mean * w2q + mean**2 * w2) / w**2


def _controlled(figures: Floats, now: Floats, counted: Floats) -> tuple[Floats, Floats]:
    r"""Return the share of the variance that is left and the width, and their standard errors.

    Means over replicates, with control variates: over all data that the model makes up, mean and
    mean square after the data have those of now as their means.

    Parameters
    ----------
    figures : ndarray
        Mean, mean square, variance and width of each replicate, shape ``(4, replicates)``.
    now : ndarray
        Draws of now, on the same scale.
    counted : ndarray
        How many replicates each stands for.
    """
    means, squares, variances, widths = figures
    values = np.column_stack([variances / now.var(ddof=1), widths])
    controls = np.column_stack([means - now.mean(), squares - np.mean(now**2)])
    share = counted / counted.sum()
    root = np.sqrt(share)[:, None]
    slopes = np.linalg.lstsq(
        (controls - share @ controls) * root, (values - share @ values) * root, rcond=1e-10
    )[0]
    kept = values - controls @ slopes
    found = share @ kept
    count = len(values)
    spread = (share**2) @ (kept - found) ** 2 * count / max(count - 3, 1)
    return np.asarray(found), np.sqrt(spread)
