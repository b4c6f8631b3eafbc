"""A result under other priors, by weights or by fitting again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import (
    Quantity,
    main_quantities,
    quantity_problems,
    result_problems,
    sampled,
)
from funnelest.check.measures import on_scale, scale_of, steady
from funnelest.check.prior_scaling.other import AlternativePriors, Other
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.fields import is_number
from funnelest.inference.refitting import refits, reweighted
from funnelest.likelihood.components import weighted_quantiles
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.results import tables
from funnelest.results.result import Result

__all__ = ["alternative_priors"]

type Floats = NDArray[np.float64]

_SUBJECT = "the alternative priors"
#: Cells of the histogram of an overlap, each with as many draws of the two posteriors.
_CELLS = 40


def alternative_priors(
    result: Result,
    alternatives: Mapping[str, Mapping[str, Prior]],
    *,
    quantities: Mapping[str, Quantity] | None = None,
    probability: float = 0.95,
    moved: float = 0.5,
    widened: float = 1.5,
    seed: int,
    cores: int | None = None,
) -> AlternativePriors:
    r"""Return what quantities would be under other priors.

    Parameters
    ----------
    result : Result
        A fit.
    alternatives : mapping of str to mapping of str to Prior
        Name -> unknown parameter, as in the ledger -> the prior in place of its own. Several
        parameters may change together.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    moved : float, default 0.5
        Shift of a median, in posterior standard deviations, beyond which a quantity has moved.
    widened : float, default 1.5
        Factor, above 1, by which an interval may be wider or narrower.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.

    Returns
    -------
    AlternativePriors
        Its table, its text, and whether nothing changes.

    Raises
    ------
    SpecError
        With every problem of the arguments and of the priors.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    With :math:`p` the priors of the model and :math:`p'` those in their place, draw s weighs
    :math:`p'(\theta_s) / p(\theta_s)`, Pareto-smoothed (Vehtari et al., JMLR 2024;25(72)). Where
    k-hat is 0.7 or more, or fewer than 400 effective draws are left, the model is fitted again;
    where that fit does not pass its gate no number is given.
    """
    problems = result_problems(result, seed, cores) + quantity_problems(quantities)
    problems += tables.interval_problems(probability, "equal-tailed")
    if not (is_number(moved) and moved > 0):
        problems.append(f"moved must be above 0; given {moved!r}.")
    if not (is_number(widened) and widened > 1):
        problems.append(f"widened must be above 1; given {widened!r}.")
    models, found = _models(result, alternatives)
    raise_if_any(problems + found, _SUBJECT)
    looked = main_quantities(result.model) if quantities is None else dict(quantities)
    after, _ = sampled(_SUBJECT, result, looked)
    flat = {name: np.asarray(draws).reshape(-1) for name, draws in result.draws.items()}
    tail = (1 - probability) / 2
    levels = (0.5, tail, 1 - tail)
    size = len(next(iter(after.values())))
    even = np.full(size, 1 / size)
    base = {name: _three(weighted_quantiles(x, even, levels)) for name, x in after.items()}
    weights = {
        name: reweighted(_ratio(result.model, priors, flat))
        for name, priors in alternatives.items()
    }
    again = {name: model for name, model in models.items() if not steady(weights[name])}
    made = refits(again, start=result, draws=max(4000, size), seed=int(seed), cores=cores)
    rows = []
    for name in alternatives:
        fitted = made.get(name)
        failed = isinstance(fitted, FitError) or (fitted is not None and not fitted.gate.passed)
        for quantity, draws in after.items():
            other, heavy = draws, weights[name].weights
            if isinstance(fitted, Result) and not failed:
                other = fitted.sample_of(looked[quantity])
                heavy = np.full(len(other), 1 / len(other))
            how = "weights" if fitted is None else "failed" if failed else "refit"
            values = (
                (np.nan, np.nan, np.nan)
                if failed
                else _three(weighted_quantiles(other, heavy, levels))
            )
            rows.append(
                Other(
                    alternative=name,
                    quantity=quantity,
                    values=values,
                    how=how,
                    k_hat=weights[name].k_hat,
                    **_against(draws, base[quantity], other, heavy, values),
                )
            )
    return AlternativePriors(
        rows=rows,
        base=base,
        priors={
            name: {
                one: (result.model.free[one].describe(), prior.describe())
                for one, prior in priors.items()
            }
            for name, priors in alternatives.items()
        },
        moved=float(moved),
        widened=float(widened),
        probability=float(probability),
        basis=result.model.basis(),
        result_mark=result.mark,
        seed=int(seed),
    )


def _models(result: Any, alternatives: Any) -> tuple[dict[str, Model], list[str]]:
    """Return the model of each alternative, and what is wrong with them, one sentence each."""
    if not isinstance(alternatives, Mapping) or not alternatives:
        return {}, [
            f"alternatives must map names to parameters and their priors; given {alternatives!r}."
        ]
    models, problems = {}, []
    for name, priors in alternatives.items():
        if not isinstance(priors, Mapping) or not priors:
            problems.append(
                f"alternative {name!r} must map parameters to priors; given {priors!r}."
            )
            continue
        numbers = [one for one, prior in priors.items() if not isinstance(prior, Prior)]
        problems += [
            f"alternative {name!r}: {one!r} must be a Prior; given {priors[one]!r}. To hold it at "
            "a number, use Model.holding."
            for one in numbers
        ]
        if isinstance(result, Result) and not numbers:
            try:
                models[name] = result.model.with_priors(priors)
            except SpecError as error:
                texts = (text.removeprefix("instead: ") for text in error.problems)
                problems += [f"alternative {name!r}: {text}" for text in texts]
    return models, problems


def _ratio(model: Model, priors: Mapping[str, Prior], draws: Mapping[str, Floats]) -> Floats:
    """Return the log of the new density of the priors over the old one, per draw."""
    with np.errstate(all="ignore"):
        return np.sum(
            [
                prior.logpdf(draws[name]) - model.free[name].logpdf(draws[name])
                for name, prior in priors.items()
            ],
            axis=0,
        )


def _three(values: Any) -> tuple[float, float, float]:
    median, low, high = values
    return float(median), float(low), float(high)


def _against(
    draws: Floats,
    base: tuple[float, float, float],
    other: Floats,
    weights: Floats,
    values: tuple[float, float, float],
) -> dict[str, float]:
    """Return shift, widening and overlap of weighted draws against those of the model."""
    if np.isnan(values[0]) or not np.ptp(draws) > 0:
        return dict.fromkeys(("shift", "widened", "overlap"), np.nan)
    scale = scale_of(draws, other)
    now, then = (on_scale(np.array([three[0]]), scale)[0] for three in (base, values))
    edges = np.quantile(np.concatenate([draws, other]), np.linspace(0, 1, _CELLS + 1)[1:-1])
    parts = [
        np.bincount(np.searchsorted(edges, x), weights=w, minlength=_CELLS)
        for x, w in ((draws, np.full(len(draws), 1 / len(draws))), (other, weights))
    ]
    return {
        "shift": float((then - now) / on_scale(draws, scale).std()),
        "widened": (values[2] - values[1]) / (base[2] - base[1]),
        "overlap": float(np.minimum(*parts).sum()),
    }
