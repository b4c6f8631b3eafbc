"""What a source that does not exist yet would be expected to add."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest import summaries
from funnelest.check.base import called, per_draw
from funnelest.check.planning.found import BASES, Planned
from funnelest.density import prior_draws
from funnelest.errors import FitError, raise_if_any
from funnelest.evidence.base import Evidence
from funnelest.fitting import fit, seed_problems
from funnelest.model import Model
from funnelest.quantities import Quantities
from funnelest.result import Result
from funnelest.sampling import is_number

__all__ = ["planned"]

type Floats = NDArray[np.float64]

_SUBJECT = "the plan"
#: Effective draws below which a replicate is fitted again: then each tail beyond a 95% interval
#: has no more than five of them.
_EFFECTIVE = 200.0
#: Draws of a refit, at least and at most.
_REFIT = (400, 4000)


def planned(
    result: Result,
    survey: Callable[[int], Evidence],
    quantity: Callable[[Quantities], Any],
    n: Sequence[int],
    *,
    replicates: int = 200,
    probability: float = 0.95,
    seed: int,
    cost: Callable[[int], float] | None = None,
    basis: Literal["estimated", "partly imputed", "imputed"] | None = None,
    progress: bool = True,
) -> Planned:
    r"""Return how wide an interval is expected to be after a source that is planned.

    Per size and replicate, parameters are drawn from the posterior, the planned source is made
    up from them, and all draws of the posterior are weighed by its likelihood.

    Parameters
    ----------
    result : Result
        A fit of what is known now.
    survey : callable
        ``survey(n)`` returns the planned source as any evidence of the model, with a name that
        is not taken and with data that hold its place: only what they measure, and how well,
        counts. Where it has a field `n`, that is the size.
    quantity : callable
        ``quantity(q)`` with `q` a `Quantities`: what the interval is of.
    n : sequence of int
        Sizes of the source, ascending.
    replicates : int, default 200
        Number of made-up sets of data per size; at least 2.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    seed : int
        The same seed gives the same answer.
    cost : callable, optional
        ``cost(n)``, above 0, in any unit.
    basis : {"estimated", "partly imputed", "imputed"}, optional
        What the quantity rests on. Left out: that of the whole model, `Model.basis`. Give it when
        the quantity is of some of the people only, who may all be imputed, or none of them.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Planned
        Its table and its text. Widths are in the unit of the quantity.

    Raises
    ------
    SpecError
        With every problem of the arguments, or of the model with the source in it.
        Also when a function raises an error, gives something of another shape than one number
        per draw, or when the source has a field `n` other than the size that was asked for.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Preposterior analysis: Raiffa and Schlaifer, Applied Statistical Decision Theory, 1961;
    O'Hagan, Stevens and Campbell, Pharm Stat 2005;4:187. By weights on draws that are there:
    Menzies, Med Decis Making 2016;36:308. With :math:`\theta_s` the draws and y made up from
    :math:`\theta_i`, draw s weighs :math:`p(y \mid \theta_s)`; the draw :math:`\theta_i` itself
    is left out, since it is where y came from. Below 200 effective draws
    (:math:`1 / \sum w^2`) the model is fitted again with y, by importance sampling; a replicate
    whose refit fails its gate is counted as failed and is in no mean.

    The same parameters are drawn, and the same stream of random numbers is used, for every size:
    differences between sizes are better known than the `mc_error` of each. That error is over
    replicates. That all of them weigh the same draws is not in it.

    What the planned source needs and the model does not have, such as the sensitivity of its
    question, is drawn from its prior beside the posterior. Ages that an assumption fills in may
    be asked: the assumption is then their prior.
    """
    raise_if_any(
        _problems(result, survey, quantity, n, replicates, probability, seed, cost, basis),
        _SUBJECT,
    )
    from tqdm import tqdm

    sizes = tuple(int(size) for size in n)
    quantity = per_draw(_SUBJECT, "quantity", quantity)
    now = result.sample_of(quantity)  # refuses a result behind a closed gate
    if not np.isfinite(now).all() or np.ptp(now) == 0:
        raise_if_any(
            [
                "quantity must be a finite number in every draw of the result, and not the same "
                "in all: else there is no width to narrow."
            ],
            _SUBJECT,
        )
    seed = int(seed)
    plans = _plans(result.model, survey, sizes)
    costs = None if cost is None else _costs(cost, sizes)
    rng = np.random.default_rng([seed, 0])
    truths = rng.choice(len(now), replicates, replace=replicates > len(now))
    flat = {name: np.asarray(draws).reshape(-1) for name, draws in result.draws.items()}
    shape = (len(sizes), replicates)
    widths, sds = np.full(shape, np.nan), np.full(shape, np.nan)
    refitted = np.zeros(shape, dtype=bool)
    levels = _levels(probability)
    with tqdm(
        total=len(sizes) * replicates,
        desc="planned data",
        delay=2,
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for i, (model, added) in enumerate(plans):
            plan = _Plan(model, added, _beside(model, flat, len(now), seed), quantity)
            for r, truth in enumerate(truths):
                made, weights = plan.replicate(int(truth), np.random.default_rng([seed, 2, r]))
                if weights is not None:
                    widths[i, r], sds[i, r] = plan.spread(weights, levels)
                else:
                    refitted[i, r] = True
                    widths[i, r], sds[i, r] = plan.refit(made, levels, [seed, 3, i, r])
                bar.update()
    low, high = np.quantile(now, levels)
    return Planned(
        n=sizes,
        widths=widths,
        sds=sds,
        refitted=refitted,
        width_now=float(high - low),
        probability=float(probability),
        costs=costs,
        basis=result.model.basis() if basis is None else basis,
        mark=result.mark,
        seed=seed,
    )


class _Plan:
    """One size of the planned source: the model with it, and what its draws say.

    Parameters
    ----------
    model : Model
        The model with the planned source.
    added : Evidence
        The planned source.
    draws : mapping of str to ndarray
        Every unknown parameter of `model`, shape ``(draws,)``.
    quantity : callable
        What the interval is of.
    """

    def __init__(
        self,
        model: Model,
        added: Evidence,
        draws: Mapping[str, Floats],
        quantity: Callable[[Quantities], Any],
    ) -> None:
        self.model, self.added, self.draws, self.quantity = model, added, draws, quantity
        self.memory: dict[Any, Any] = {}
        self.q = Quantities(model, draws, self.memory)
        with np.errstate(all="ignore"):
            value = np.asarray(quantity(self.q), dtype=np.float64)
        sample = np.broadcast_to(value, (self.q.draws,))
        self.order = np.argsort(sample, kind="stable")
        self.sorted = sample[self.order]

    def replicate(self, truth: int, rng: np.random.Generator) -> tuple[Evidence, Floats | None]:
        """Return made-up data from one of the draws, and what every draw weighs then.

        None in place of the weights when too few draws carry them.
        """
        # Evidence remembers there how its figures are printed, and these change.
        self.memory.clear()
        one = Quantities(self.model, {name: d[truth : truth + 1] for name, d in self.draws.items()})
        with np.errstate(all="ignore"):
            figures = [o.simulate(rng) for o in self.added.observations(one)]
            made = self.added.with_data(figures, self.model.population)
            logp = np.zeros(self.q.draws)
            for observation in made.observations(self.q):
                logp = logp + observation.logp()
        logp = np.where(np.isnan(logp), -np.inf, logp)
        logp[truth] = -np.inf
        if not np.isfinite(logp).any():
            return made, None
        weights = np.exp(logp - logp.max())
        weights /= weights.sum()
        return made, weights if 1 / np.sum(weights**2) >= _EFFECTIVE else None

    def spread(self, weights: Floats, levels: tuple[float, float]) -> tuple[float, float]:
        """Return the width of the interval and the standard deviation of the weighted draws."""
        ordered = weights[self.order]
        # The middle of each draw's step: with even weights, quantiles without bias.
        heights = np.cumsum(ordered) - ordered / 2
        low, high = np.interp(levels, heights, self.sorted)
        mean = np.sum(ordered * self.sorted)
        return float(high - low), float(np.sqrt(np.sum(ordered * (self.sorted - mean) ** 2)))

    def refit(
        self, made: Evidence, levels: tuple[float, float], seed: Sequence[int]
    ) -> tuple[float, float]:
        """Return the same of a fit with the made-up data; NaN when that fails."""
        evidence = [made if one is self.added else one for one in self.model.evidence]
        try:
            fitted = fit(
                self.model.with_evidence(evidence),
                engine="importance",
                draws=int(np.clip(self.q.draws, *_REFIT)),
                seed=int(np.random.SeedSequence(seed).generate_state(1)[0]),
                progress=False,
            )
        except FitError:
            return np.nan, np.nan
        if not fitted.gate.passed:
            return np.nan, np.nan
        sample = fitted.sample_of(self.quantity)
        low, high = np.quantile(sample, levels)
        return float(high - low), float(np.std(sample))


def _plans(
    model: Model, survey: Callable[[int], Evidence], sizes: Sequence[int]
) -> list[tuple[Model, Evidence]]:
    """Return the model with the planned source, and that source, for every size."""
    made = [called(_SUBJECT, f"survey({size})", survey, size) for size in sizes]
    problems = []
    for size, one in zip(sizes, made, strict=True):
        if not isinstance(one, Evidence):
            problems.append(f"survey({size}) must return evidence; it gave {one!r}.")
            continue
        given = getattr(one, "n", None)  # None and a series of studies say nothing of the size
        if is_number(given) and given != size:
            problems.append(
                f"survey({size}) must return evidence with n = {size}; its field 'n' is {given}."
            )
    raise_if_any(problems, _SUBJECT)
    # Copies of their own, so that they are known again also when survey returns what is in use.
    sources = [replace(one) for one in made]
    return [(model.with_evidence([*model.evidence, one]), one) for one in sources]


def _beside(model: Model, flat: Mapping[str, Floats], size: int, seed: int) -> dict[str, Floats]:
    """Return the draws with those of parameters that only the planned source has."""
    new = {name: prior for name, prior in model.free.items() if name not in flat}
    if not new:
        return dict(flat)
    fresh = prior_draws(model, np.random.default_rng([seed, 1]), size)
    return {**flat, **{name: fresh[name] for name in new}}


def _costs(cost: Callable[[int], float], sizes: Sequence[int]) -> tuple[float, ...]:
    found = [called(_SUBJECT, f"cost({size})", cost, size) for size in sizes]
    raise_if_any(
        [
            f"cost({size}) must be a number above 0; it gave {value!r}."
            for size, value in zip(sizes, found, strict=True)
            if not (is_number(value) and value > 0)
        ],
        _SUBJECT,
    )
    return tuple(float(value) for value in found)


def _levels(probability: float) -> tuple[float, float]:
    tail = (1 - probability) / 2
    return tail, 1 - tail


def _problems(
    result: Any,
    survey: Any,
    quantity: Any,
    n: Any,
    replicates: Any,
    probability: Any,
    seed: Any,
    cost: Any,
    basis: Any,
) -> list[str]:
    found = []
    if not isinstance(result, Result):
        found.append(f"result must be a Result; given {result!r}.")
    if not callable(survey):
        found.append(f"survey must be a function of n that returns evidence; given {survey!r}.")
    if not callable(quantity):
        found.append(f"quantity must be a function of q; given {quantity!r}.")
    whole = (
        isinstance(n, Sequence | np.ndarray)
        and not isinstance(n, str)
        and len(n) > 0
        and all(_is_whole(one) and one >= 1 for one in n)
    )
    if not whole or not all(a < b for a, b in pairwise(n)):
        found.append(f"n must be ascending whole numbers of at least 1; given {n!r}.")
    if not (_is_whole(replicates) and replicates >= 2):
        found.append(f"replicates must be a whole number of at least 2; given {replicates!r}.")
    found += summaries.interval_problems(probability, "equal-tailed")
    found += seed_problems(seed)
    if cost is not None and not callable(cost):
        found.append(f"cost must be a function of n; given {cost!r}.")
    if basis is not None and not (isinstance(basis, str) and basis in BASES):
        known = ", ".join(map(repr, BASES))
        found.append(f"basis must be one of {known}, or left out; given {basis!r}.")
    return found


def _is_whole(value: object) -> bool:
    """Return whether `value` is a whole number (a truth value is not)."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
