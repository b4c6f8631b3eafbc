"""The figures drawn anew from the fitted model, beside the printed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.figures_compared import (
    UNLIKELY,
    asked_problems,
    at_least,
    columns,
    compared,
    known,
    lie,
    told,
)
from funnelest.check.wording import lists, naming_defaults, naming_tied
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.quantities.quantities import Quantities
from funnelest.results.printed_anew import Replicated, replicated
from funnelest.results.result import Result
from funnelest.results.tables import bases_of, standardised
from funnelest.verdict import Compared, Verdict
from funnelest.words import Sentence, say

__all__ = ["posterior_predictive"]

type Floats = NDArray[Any]

_PRINTED = ("source", "of", "figure", "predicted", "low", "high", "residual", "mid_p")


@entry
def posterior_predictive(
    result: Result,
    *,
    probability: float = 0.95,
    seed: int,
    loo: bool = False,
    without: Mapping[str, LeftOut] | None = None,
    draws: int | None = None,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> Verdict:
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
        The posterior without each source, when it is there already: ``details["left_out"]`` of
        `conflict`. It is then scored without another fit.
    draws, engine, cores, executor, progress : optional
        Of the refits for `loo`, as in `conflict`.

    Returns
    -------
    Verdict
        `found` has every figure (`Compared`). `details` has the figures that lie `outside`, how
        many are `expected_outside` by chance at most, the sources that are `misfitting`, and the
        sum of the leave-one-source-out scores, `log_score` (NaN where any is not known).

        The table has the `predicted` median and the limits `low` and `high` of the predictive
        `interval`, the standardised `residual` (as in `Result.figures`), the `mid_p` and its Monte
        Carlo standard error, and whether the figure is `outside` (missing where there is no
        mid-p). ``tables["by_source"]`` has the number of `figures` that have a mean and a standard
        deviation, their `chi_squared` (mean over the draws), the probability `p` that made-up
        figures have a larger one, and the `log_score`, with how the source was left out (`by`) and
        the Pareto `k_hat` of that average.

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
    Of figures that are off together (`Overdispersion`) each is compared with what the others say of
    their factor, so that one factor far out is seen in the sum, and not in every figure.
    Since the figures were used in the fit, p-values are closer to one half than uniform ones, and
    the check is conservative.

    A source is described badly when one of its figures is too far out for their number
    (Bonferroni), when all of them together are for the number of sources, or when a figure of it
    is among more far out than chance gives (with a probability below 1%, binomially).

    The log score of a source is that of `LeftOut.log_score`.
    """
    problems = asked_problems(
        result=result, probability=probability, seed=seed, draws=draws, engine=engine, cores=cores,
        loo=loo, without=without,
    )  # fmt: skip
    raise_if_any(problems, "the check")
    result.sample_of(lambda q: 0.0)  # refuses a result behind a closed gate
    model, seed = result.model, int(seed)
    q = Quantities(model, result.flat)
    used = [one for one in model.evidence if model.power_of(one.name)]
    scores = dict(without or {})
    if loo:
        missing = [one.name for one in used if one.name not in scores]
        scores |= left_out(result, missing, seed=seed, draws=draws, engine=engine, cores=cores,
                           executor=executor, progress=progress)  # fmt: skip
    effective = result.effective_draws
    figures: list[Compared] = []
    rests = bases_of(model)
    sources: list[dict[str, Any]] = []
    for i, source in enumerate(used):
        rng = np.random.default_rng([seed, 12, i])
        parts = replicated(source, q, rng, beside_others=True)
        for part in parts:
            basis = rests(part.shown)
            one = compared(source.name, part, basis, probability, effective=effective)
            limits = {"": None, "at least": (part.value, np.inf), "at most": (-np.inf, part.value)}
            residual = standardised(part.shown, part.value, limits[part.limit])
            figures.append(replace(one, residual=residual))
        together = _together(source.name, parts, effective)
        sources.append(together | _score(scores.get(source.name)))
    verdict = judged(
        figures,
        sources,
        probability=float(probability),
        scored=bool(scores),
        draws=q.draws,
        result_mark=result.said_mark,
    )
    names = [one.name for one in used]
    return naming_tied(naming_defaults(verdict, model, sources=names), model, names)


def judged(
    figures: Sequence[Compared],
    sources: Sequence[Mapping[str, Any]],
    *,
    probability: float,
    scored: bool,
    draws: int,
    result_mark: Sentence | str = "",
) -> Verdict:
    """Return the verdict on figures, and on all of each source together."""
    level = 1 - probability
    there = known(figures)
    outside = [one for one in there if one.p < level]
    chance = at_least(len(outside), len(there), level)
    bad = {one.source for one in there if one.p * len(there) < level}
    bad |= {one.source for one in outside} if chance < UNLIKELY else set()
    tested = [one for one in sources if not np.isnan(one["p"])]
    # No less than one draw can tell.
    bad |= {one["source"] for one in tested if max(one["p"], 1 / draws) * len(tested) < level}
    misfitting = [one["source"] for one in sources if one["source"] in bad]
    counted = lie("posterior_predictive", len(outside), len(there), level)
    headline = "nothing" if not there else "poor" if misfitting else "fits"
    said = [say(f"posterior_predictive.{headline}", names=misfitting, lie=counted)]
    said += [told("posterior_predictive", one) for one in sorted(outside, key=lambda one: one.p)]
    said += [
        say("posterior_predictive.source", source=one["source"], p=one["p"])
        for one in sources
        if one["source"] in bad and one["p"] < level
    ]
    if there:
        key = "chance_of_more" if outside else "chance"
        numbers = {"expected": level * len(there), "chance": chance, "limit": UNLIKELY}
        said.append(say(f"posterior_predictive.{key}", **numbers))
        said.append(say("posterior_predictive.levels", level=100 * level))
        said.append(say("posterior_predictive.weak"))
    gone = [one.name for one in figures if np.isnan(one.mid_p)]
    said += lists("posterior_predictive", {"not_compared": gone})
    said += [_scores_told(sources)] if scored else []
    rows = [
        {
            **columns(one, probability),
            "residual": one.residual,
            "outside": None if np.isnan(one.mid_p) else one.p < level,
            "basis": one.basis,
        }
        for one in figures
    ]
    return Verdict(
        check="posterior_predictive",
        passed=not misfitting,
        said=said,
        marked=say("posterior_predictive.mark", names=", ".join(misfitting)) if misfitting else "",
        rows={"figures": rows, "by_source": sources},
        found=tuple(figures),
        details={
            "probability": probability,
            "outside": tuple(outside),
            "expected_outside": level * len(there),
            "misfitting": tuple(misfitting),
            "log_score": sum(one["log_score"] for one in sources) if scored else np.nan,
        },
        result_mark=result_mark,
        columns=_PRINTED,
    )


def _scores_told(sources: Sequence[Mapping[str, Any]]) -> Sentence:
    missing = [one["source"] for one in sources if np.isnan(one["log_score"])]
    if missing:
        return say("posterior_predictive.no_score", names=missing)
    worst = min(sources, key=lambda one: one["log_score"])
    return say(
        "posterior_predictive.score",
        score=sum(one["log_score"] for one in sources),
        source=worst["source"],
        lowest=worst["log_score"],
    )


def _together(source: str, parts: list[Replicated], effective: float) -> dict[str, Any]:
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
            made = made + ((part.together - part.shown.mean) / sd) ** 2
    p = error = chi_squared = np.nan
    if count:
        further = np.where(made > seen, 1.0, np.where(made == seen, 0.5, 0.0))
        p, chi_squared = float(np.mean(further)), float(np.mean(seen))
        error = float(np.std(further) / np.sqrt(effective))
    return {
        "source": source,
        "figures": count,
        "chi_squared": chi_squared,
        "p": p,
        "p_mc_error": error,
    }


def _score(without: LeftOut | None) -> dict[str, Any]:
    """Return the density that the others give the figures of a source, where it was asked for."""
    if without is None:
        return {"log_score": np.nan, "by": "", "k_hat": np.nan}
    return {"log_score": without.log_score, "by": without.how, "k_hat": without.score_k_hat}
