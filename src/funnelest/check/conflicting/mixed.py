"""Every figure held against what the model foretells of it without its source."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.conflicting.found import Compared, Conflict
from funnelest.errors import raise_if_any
from funnelest.evidence.base import Evidence
from funnelest.inference.fitting import argument_problems, seed_problems
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.printed_anew import Replicated, figures_of, replicated, weighted_quantiles
from funnelest.results.result import Result

__all__ = ["conflict", "source_problems"]

type Floats = NDArray[Any]

#: Prior and posterior this alike (Kolmogorov's distance) are taken for the same, or what chance
#: makes of the same one time in a thousand.
_ALIKE, _CHANCE = 0.05, 1.95
#: Part of the prior variance above which the prior says most of what is foretold.
_KEPT = 0.5


def conflict(
    result: Result,
    *,
    sources: Sequence[str] | None = None,
    probability: float = 0.95,
    seed: int,
    draws: int | None = None,
    engine: Literal["auto", "importance", "nuts"] = "auto",
    refit: bool = False,
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Conflict:
    r"""Return how each figure lies in what the model foretells of it without its source.

    Each source is left out in turn, and its figures are drawn anew from the posterior of the
    others, printed as the real ones are.

    Parameters
    ----------
    result : Result
        A fit of all sources.
    sources : sequence of str, optional
        Names of the sources to look at; all of them when left out.
    probability : float, default 0.95
        Probability of the predictive intervals. One minus it is the level of the verdict.
    seed : int
        The same seed gives the same answer, on one core and on many.
    draws : int, optional
        Number of draws of each refit; as many as the result has, when left out.
    engine : {"auto", "importance", "nuts"}, default "auto"
        That of the refits, as in `fit`.
    refit : bool, default False
        Whether to fit again without every source. By default weights on the draws of the result
        take the place of a refit where they can be trusted (Pareto k-hat below 0.5, and at least
        half of the draws and 1,000 left), which is so of sources that move the answer little.
    cores : int, optional
        Number of refits at a time; all cores when left out.
    executor : concurrent.futures.Executor, optional
        Where refits run; processes of this machine when left out.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Conflict
        Its table, its text, and which sources are in conflict.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    The mixed predictive check of Marshall and Spiegelhalter (Stat Med 2003;22:1649; Bayesian
    Analysis 2007;2:409; Presanis, Ohlssen, Spiegelhalter and De Angelis, Statistical Science
    2013;28:376): parameters that the source shares with others are drawn from their posterior
    without it, its own ones from their prior (the source has power 0, `Model.with_powers`). With
    :math:`y` the printed figure,

    .. math:: p = P(y^* > y \mid y_{-s}) + \tfrac12 P(y^* = y \mid y_{-s}).

    Where the distribution gives tail probabilities these are averaged over draws, which leaves
    less Monte Carlo error than made-up figures would; `mc_error` says how much. Figures that are
    rounded or withheld, limits and official values that disagree are compared as printed. Of
    several numbers of one source (a table, a joint survey) each is compared by itself, all of the
    source being left out.

    The verdict is Holm's (Scand J Stat 1979;6:65) on the two-sided p-values
    :math:`2 \min(p, 1 - p)`. Apart from that it fails when so many figures have one below one
    minus `probability` that chance gives as many with a probability below 1%, binomially:
    several sources of which none is far out may well contradict each other together.

    A figure is said to have only the prior to compare with when its expected value has the same
    distribution under the prior and under the posterior of the others (a Kolmogorov distance
    below 0.05, or below what chance gives once in a thousand times). It is corrected among these,
    and counts for no conflict between sources.
    """
    raise_if_any(
        [
            *source_problems(result, sources),
            *_problems(result, probability, seed, draws, engine, cores),
        ],
        "the check",
    )
    result.sample_of(lambda q: 0.0)  # refuses a result behind a closed gate
    model = result.model
    names = [one.name for one in model.evidence if sources is None or one.name in sources]
    gone = left_out(
        result,
        names,
        seed=int(seed),
        draws=draws,
        engine=engine,
        refit=refit,
        cores=cores,
        executor=executor,
        progress=progress,
    )
    before = Quantities(model, result.prior_draws)
    found: list[Compared] = []
    for i, source in enumerate(one for one in model.evidence if one.name in names):
        one = gone[source.name]
        priors = figures_of(source, before)
        if one.how == "failed":
            rows = replicated(source, before, np.random.default_rng(0))
            why = "the fit without it failed"
            found += [_unknown(model, source, part, one, why) for part in rows]
            continue
        q = Quantities(model, one.draws)
        rows = replicated(source, q, np.random.default_rng([int(seed), 11, i]))
        for part, (_, prior) in zip(rows, priors, strict=True):
            if part.ordered:
                found.append(_compared(model, source, part, one, prior.mean, probability))
            else:
                why = "its data have no order, or cannot be made up"
                found.append(_unknown(model, source, part, one, why))
    return Conflict(
        figures=tuple(found),
        probability=float(probability),
        left_out=gone,
        draws=next(iter(result.draws.values())).size,
        result_mark=result.mark,
        seed=int(seed),
    )


def _compared(
    model: Model,
    source: Evidence,
    part: Replicated,
    one: LeftOut,
    prior: Floats,
    probability: float,
) -> Compared:
    """Return a figure beside what is foretold of it by draws without its source."""
    weights, mid = one.weights, part.mid
    known = np.isfinite(mid)
    if not known.all():  # draws for which nothing is expected at all
        return _unknown(model, source, part, one, "it is undefined in some of the draws")
    mean = float(np.sum(weights * mid))
    tail = (1 - probability) / 2
    low, median, high = weighted_quantiles(part.numbers, weights, [tail, 0.5, 1 - tail])
    expected = np.broadcast_to(part.shown.mean, mid.shape)
    return Compared(
        source=source.name,
        of=part.of,
        figure=part.figure,
        limit=part.limit,
        value=part.value,
        median=float(median),
        low=float(low),
        high=float(high),
        mid_p=min(max(mean, 0.0), 1.0),
        mc_error=float(np.sqrt(np.sum(weights * (mid - mean) ** 2) / one.effective)),
        exact=part.exact,
        against="prior" if _alike(expected, weights, one.effective, prior) else "other sources",
        how=one.how,
        k_hat=one.k_hat,
        why="",
        basis=model.basis(source.where),
    )


def _unknown(model: Model, source: Evidence, part: Replicated, one: LeftOut, why: str) -> Compared:
    """Return a figure that is not compared."""
    return Compared(
        source=source.name,
        of=part.of,
        figure=part.figure,
        limit=part.limit,
        value=part.value,
        median=np.nan,
        low=np.nan,
        high=np.nan,
        mid_p=np.nan,
        mc_error=np.nan,
        exact=False,
        against="",
        how=one.how,
        k_hat=one.k_hat,
        why=why,
        basis=model.basis(source.where),
    )


def _alike(after: Floats, weights: Floats, effective: float, before: Floats) -> bool:
    """Return whether an expected value is, without its source, what its prior says more than not.

    Distributed as under the prior, or with more than half of the prior's variance.
    """
    before = np.sort(np.atleast_1d(before))
    order = np.argsort(after)
    values, heights = after[order], np.cumsum(weights[order])
    points = np.concatenate([values, before])
    there = np.searchsorted(values, points, side="right")
    first = np.where(there > 0, heights[np.maximum(there - 1, 0)], 0.0)
    second = np.searchsorted(before, points, side="right") / len(before)
    chance = _CHANCE * np.sqrt(1 / effective + 1 / len(before))
    if np.max(np.abs(first - second)) < max(_ALIKE, chance):
        return True
    # What the others add to a strong prior may be next to nothing: what is foretold is its own.
    mean = np.sum(weights * after)
    return bool(np.sum(weights * (after - mean) ** 2) > _KEPT * np.var(before))


def source_problems(result: Any, sources: Any) -> list[str]:
    """Return what is wrong with a result and the names of some of its sources."""
    if not isinstance(result, Result):
        return [f"result must be a Result; given {result!r}."]
    if not result.draws:
        return ["the model has no unknown parameter: nothing is learned from its sources."]
    names = [one.name for one in result.model.evidence]
    if sources is None:
        return [] if names else ["the model has no sources."]
    if isinstance(sources, str) or not isinstance(sources, Sequence) or not sources:
        return [f"sources must be a list of names; given {sources!r}."]
    return [
        f"there is no source {name!r}; the sources are: {', '.join(names) or 'none'}."
        for name in sources
        if name not in names
    ]


def _problems(
    result: Any, probability: Any, seed: Any, draws: Any, engine: Any, cores: Any
) -> list[str]:
    found = tables.interval_problems(probability, "equal-tailed")
    found += seed_problems(seed)
    if isinstance(result, Result):
        size = 400 if draws is None else draws
        found += argument_problems(result.model, engine, size, None, cores=cores)
    return found
