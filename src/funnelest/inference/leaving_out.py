"""The posterior without each source: by weights where these can be trusted, else by a refit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.inference.refitting import refits, reweighted
from funnelest.likelihood.density import log_added, log_given
from funnelest.results.result import Result
from funnelest.sampling.gate import K_HAT
from funnelest.sampling.pareto import pareto_smooth

__all__ = ["LeftOut", "left_out"]

type Floats = NDArray[np.float64]

#: Weights are trusted only where their variance is surely finite, and few draws are lost.
_K_HAT, _SHARE, _LEAST = 0.5, 0.5, 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class LeftOut:
    """Draws from the posterior of all sources but one.

    Parameters
    ----------
    source : str
        The one that is left out; its own parameters have their prior.
    how : {"refit", "reweighted", "failed"}
        By fitting again, or by weights on the draws of the result. After a failure there are no
        draws.
    why : str
        What failed; empty when nothing did.
    draws : mapping of str to ndarray
        Parameter name -> draws, shape ``(draws,)``.
    weights : ndarray
        What they weigh, adding up to 1.
    k_hat : float
        Pareto k-hat of the weights one over the likelihood of the source, also after a refit.
    effective : float
        Effective number of the draws.
    log_score : float
        Log of the predictive density of the source's figures, given the others; NaN where the
        draws cannot say.
    score_k_hat : float
        Pareto k-hat of the average that `log_score` is.
    """

    source: str
    how: Literal["refit", "reweighted", "failed"]
    why: str = ""
    draws: Mapping[str, Floats] = field(default_factory=dict, repr=False)
    weights: Floats = field(default_factory=lambda: np.empty(0), repr=False)
    k_hat: float = np.nan
    effective: float = 0.0
    log_score: float = np.nan
    score_k_hat: float = np.nan


def left_out(
    result: Result,
    sources: Sequence[str],
    *,
    seed: int,
    draws: int | None = None,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    refit: bool = False,
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> dict[str, LeftOut]:
    r"""Return the posterior without each of some sources.

    Parameters
    ----------
    result : Result
        A fit of all sources, past its gate.
    sources : sequence of str
        Names of those that are left out, one at a time.
    seed, draws, engine, cores, executor, progress
        As in `refitting.refits`; as many draws as the result has, when left out.
    refit : bool, default False
        Whether to fit again without every one of them, whatever the weights say.

    Returns
    -------
    dict of str to LeftOut
        In the order of `sources`.

    Notes
    -----
    The power of the source is set to 0 (`Model.with_powers`): its own parameters stay, with their
    prior. Draws of the full posterior are weighed by one over what the source adds to the
    likelihood of all, where the Pareto k-hat of these weights is below 0.5, so that their variance
    is finite, and at least half of the draws and 1,000 are left of them; never of a source that
    makes anything impossible. The usual limit of 0.7 is not enough here, since tail probabilities
    are what they are for. `log_score` is
    :math:`\log \int p(y_s \mid \theta) p(\theta \mid y_{-s})`, by Pareto-smoothed importance
    sampling (Vehtari, Gelman and Gabry, Stat Comput 2017;27:1413) or from the refit, and then
    only where the k-hat of the likelihoods that are averaged is below 0.7.
    """
    model = result.model
    flat = result.flat
    size = len(next(iter(flat.values())))
    logs = log_added(model, flat)
    # What a source excludes altogether has no draw that could be weighed up again.
    excludes = {
        name: bool(np.isneginf(one).any())
        for name, one in log_added(model, result.prior_draws).items()
    }
    found: dict[str, LeftOut] = {}
    again, k_hats = {}, {}
    for name in sources:
        power = model.power_of(name)
        weighed = reweighted(-logs[name])
        k_hats[name] = weighed.k_hat
        few = weighed.effective * result.effective_draws / size
        trusted = (
            not excludes[name]
            and weighed.k_hat < _K_HAT
            and weighed.effective >= _SHARE * size
            and few >= _LEAST
        )
        if (refit or not trusted) and power:
            again[name] = model.with_powers({name: 0.0})
            continue
        found[name] = LeftOut(
            source=name,
            how="reweighted",
            draws=flat,
            weights=weighed.weights,
            k_hat=weighed.k_hat,
            effective=few,
            log_score=_log_mean(log_given(model, flat, name), weighed.weights),
            score_k_hat=weighed.k_hat,
        )
    made = refits(
        again,
        start=result,
        draws=size if draws is None else draws,
        seed=seed,
        engine=engine,
        cores=cores,
        executor=executor,
        progress=progress,
    )
    for name, one in made.items():
        found[name] = _refitted(name, one, k_hats[name])
    return {name: found[name] for name in sources}


def _refitted(name: str, one: Result | FitError, k_hat: float) -> LeftOut:
    if isinstance(one, FitError):
        return LeftOut(source=name, how="failed", why=str(one), k_hat=k_hat)
    flat = one.flat
    size = len(next(iter(flat.values())))
    weights = np.full(size, 1 / size)
    logs = log_given(one.model, flat, name)
    logs = np.where(np.isnan(logs), -np.inf, logs)
    score_k_hat = pareto_smooth(logs)[1] if np.isfinite(logs).any() else np.inf
    return LeftOut(
        source=name,
        how="refit",
        draws=flat,
        weights=weights,
        k_hat=k_hat,
        effective=one.effective_draws,
        log_score=_log_mean(logs, weights) if score_k_hat < K_HAT else np.nan,
        score_k_hat=score_k_hat,
    )


def _log_mean(logs: Floats, weights: Floats) -> float:
    """Return the log of the weighted mean of what `logs` are the logarithms of."""
    top = float(np.max(logs))
    return top + float(np.log(np.sum(weights * np.exp(logs - top)))) if np.isfinite(top) else np.nan
