"""The figures drawn anew from the fitted model, beside the printed ones."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.predicting.found import Fitted, PosteriorPredictive, SourceFit
from funnelest.errors import raise_if_any
from funnelest.inference.fitting import argument_problems, seed_problems
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.printed_anew import Replicated, replicated, weighted_quantiles
from funnelest.results.result import Result
from funnelest.results.tables import standardised

__all__ = ["posterior_predictive"]

type Floats = NDArray[Any]


def posterior_predictive(
    result: Result,
    *,
    probability: float = 0.95,
    seed: int,
    loo: bool = False,
    without: Mapping[str, LeftOut] | None = None,
    draws: int | None = None,
    engine: Literal["auto", "importance", "nuts"] = "auto",
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> PosteriorPredictive:
    r"""Return what the fitted model would print in the place of every figure.

    Parameters
    ----------
    result : Result
        A fit.
    probability : float, default 0.95
        Probability of the predictive intervals. One minus it is the level of the verdict.
    seed : int
        The same seed gives the same answer.
    loo : bool, default False
        Whether to score every source by the density that the others give its figures: by weights
        on the draws where these can be trusted, else by fitting again.
    without : mapping of str to LeftOut, optional
        What `Conflict.left_out` is: the posterior without each source, when it is there already.
        It is then scored without another fit.
    draws, engine, cores, executor, progress : optional
        Of the refits for `loo`, as in `conflict`.

    Returns
    -------
    PosteriorPredictive
        Its tables (`table` by figure, `by_source`), and its text.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Posterior predictive checks: Gelman, Meng and Stern, Statistica Sinica 1996;6:733. Every draw
    of the posterior prints every figure anew, by the rule of the real one. The mid-p of a figure
    is :math:`P(y^* > y) + P(y^* = y) / 2`, tail probabilities averaged over draws where the
    distribution gives them. All figures of a source together are compared by
    :math:`\sum (y - \mu)^2 / \sigma^2`, of the printed figures and of made-up ones, at the mean
    and the standard deviation of each draw; limits are not in it, since they have no distance.
    Since the figures were used in the fit, p-values are closer to one half than uniform ones, and
    the check is conservative.

    The log score of a source is that of `LeftOut.log_score`.
    """
    raise_if_any(_problems(result, probability, seed, loo, without, draws, engine, cores), "check")
    result.sample_of(lambda q: 0.0)  # refuses a result behind a closed gate
    model, seed = result.model, int(seed)
    flat = {name: np.asarray(one).reshape(-1) for name, one in result.draws.items()}
    q = Quantities(model, flat)
    used = [one for one in model.evidence if model.powers.get(one.name, 1.0)]
    scores = dict(without or {})
    if loo:
        scores |= left_out(
            result,
            [one.name for one in used if one.name not in scores],
            seed=seed,
            draws=draws,
            engine=engine,
            cores=cores,
            executor=executor,
            progress=progress,
        )
    effective = result.effective_draws
    figures: list[Fitted] = []
    sources: list[SourceFit] = []
    for i, source in enumerate(used):
        parts = replicated(source, q, np.random.default_rng([seed, 12, i]))
        basis = model.basis(source.where)
        figures += [_fitted(source.name, part, basis, probability, effective) for part in parts]
        sources.append(_together(source.name, parts, effective, scores.get(source.name)))
    return PosteriorPredictive(
        figures=tuple(figures),
        sources=tuple(sources),
        probability=float(probability),
        scored=bool(scores),
        draws=q.draws,
        result_mark=result.mark,
        seed=seed,
    )


def _fitted(
    source: str, part: Replicated, basis: str, probability: float, effective: float
) -> Fitted:
    """Return a figure beside its replicates."""
    mid, size = part.mid, len(part.mid)
    known = bool(np.isfinite(mid).all())
    tail = (1 - probability) / 2
    low, median, high = np.full(3, np.nan)
    if known:
        even = np.full(size, 1 / size)
        low, median, high = weighted_quantiles(part.numbers, even, [tail, 0.5, 1 - tail])
    limits = {"": None, "at least": (part.value, np.inf), "at most": (-np.inf, part.value)}
    return Fitted(
        source=source,
        of=part.of,
        figure=part.figure,
        limit=part.limit,
        value=part.value,
        median=float(median),
        low=float(low),
        high=float(high),
        residual=standardised(part.shown, part.value, limits[part.limit]),
        mid_p=float(np.clip(np.mean(mid), 0, 1)) if known else np.nan,
        mc_error=float(np.std(mid) / np.sqrt(effective)) if known else np.nan,
        basis=basis,
    )


def _together(
    source: str, parts: list[Replicated], effective: float, without: LeftOut | None
) -> SourceFit:
    """Return how far off all figures of a source are, beside made-up ones."""
    seen: Any = 0.0
    made: Any = 0.0
    count = 0
    with np.errstate(all="ignore"):
        for part in parts:
            sd = part.shown.sd
            if part.limit or not part.ordered or not (np.isfinite(sd).all() and (sd > 0).all()):
                continue
            count += 1
            seen = seen + ((part.value - part.shown.mean) / sd) ** 2
            made = made + ((part.numbers - part.shown.mean) / sd) ** 2
    p = error = discrepancy = np.nan
    if count:
        further = np.where(made > seen, 1.0, np.where(made == seen, 0.5, 0.0))
        p, discrepancy = float(np.mean(further)), float(np.mean(seen))
        error = float(np.std(further) / np.sqrt(effective))
    return SourceFit(
        source=source,
        figures=count,
        discrepancy=discrepancy,
        p=p,
        mc_error=error,
        log_score=np.nan if without is None else without.log_score,
        by="" if without is None else without.how,
        k_hat=np.nan if without is None else without.score_k_hat,
    )


def _problems(
    result: Any,
    probability: Any,
    seed: Any,
    loo: Any,
    without: Any,
    draws: Any,
    engine: Any,
    cores: Any,
) -> list[str]:
    found = []
    if not isinstance(result, Result):
        found.append(f"result must be a Result; given {result!r}.")
    elif not result.draws or not result.model.evidence:
        found.append("the model has no unknown parameter or no source: there is nothing to check.")
    found += tables.interval_problems(probability, "equal-tailed") + seed_problems(seed)
    if not isinstance(loo, bool):
        found.append(f"loo must be True or False; given {loo!r}.")
    if without is not None and not (
        isinstance(without, Mapping) and all(isinstance(v, LeftOut) for v in without.values())
    ):
        found.append("without must be what Conflict.left_out is.")
    if isinstance(result, Result):
        size = 400 if draws is None else draws
        found += argument_problems(result.model, engine, size, None, cores=cores)
    return found
