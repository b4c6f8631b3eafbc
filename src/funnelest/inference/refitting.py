"""A posterior under a changed model: by weights on draws that are there, or by fitting again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.inference.fitting import fit_within
from funnelest.inference.progress import counted
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.sampling.gate import K_HAT
from funnelest.sampling.parallel import each
from funnelest.sampling.pareto import pareto_smooth
from funnelest.sampling.weights import importance_size

__all__ = ["Reweighted", "refits", "reweighted"]

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reweighted:
    """Draws of a result as draws from another posterior.

    Parameters
    ----------
    weights : ndarray
        Normalised and Pareto-smoothed, shape ``(draws,)``.
    k_hat : float
        Pareto k-hat of the ratios; minus infinity where they are all alike.
    effective : float
        Effective number of draws, ``1 / sum(w**2)``.
    """

    weights: Floats
    k_hat: float
    effective: float

    @property
    def reliable(self) -> bool:
        """Whether what is computed with the weights can be trusted.

        k-hat below 0.7 (Vehtari et al., JMLR 2024;25(72)), and 100 effective draws.
        """
        return self.k_hat < K_HAT and self.effective >= 100


def reweighted(log_ratio: Floats) -> Reweighted:
    """Return the weights of draws, given how much likelier each is under another model.

    Parameters
    ----------
    log_ratio : ndarray
        Log of the density of the other posterior over that of the one drawn from, up to a
        constant; shape ``(draws,)``. Where it is not a number the draw weighs nothing.

    Returns
    -------
    Reweighted
        The weights, and whether they can be trusted.
    """
    ratio = np.where(np.isnan(log_ratio), -np.inf, log_ratio)
    if not np.isfinite(ratio.max()):
        return Reweighted(np.full(len(ratio), 1 / len(ratio)), np.inf, 0.0)
    weights, k_hat = pareto_smooth(ratio)
    return Reweighted(weights, k_hat, importance_size(ratio, weights))


def refits(
    models: Mapping[str, Model],
    *,
    start: Result | None = None,
    draws: int = 4000,
    seed: int,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    cores: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
) -> dict[str, Result | FitError]:
    """Fit several models side by side.

    Parameters
    ----------
    models : mapping of str to Model
        Name -> model.
    start : Result, optional
        Those with the same unknown parameters start where this ended.
    draws, engine
        As in `fit`.
    seed : int
        The same seed gives the same draws, whatever runs beside it: that of the i-th fit is made
        of it and i.
    cores : int, optional
        How many at a time; all cores when left out.
    executor : concurrent.futures.Executor, optional
        Where to run; processes of this machine when left out.
    progress : bool, default False
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    dict of str to Result or FitError
        In the order of `models`; an error also where the convergence gate failed.
    """
    names = list(models)
    seeds = np.random.SeedSequence([seed, 7]).generate_state(max(len(names), 1))

    def one(i: int) -> Any:
        model = models[names[i]]
        warm = start is not None and list(start.model.free) == list(model.free)
        start_at = start if warm else None
        try:
            found = fit_within(model, engine=engine, draws=draws, seed=int(seeds[i]),
                        start=start_at, progress=False)  # fmt: skip
        except FitError as error:
            return error
        if not found.gate.passed:
            return FitError(found.gate.text)
        # The model is here already, and the proposal is not asked for again.
        return replace(found, model=None, proposal=None)  # type: ignore[arg-type]

    made: dict[int, Any] = {}
    with counted(len(names), "refits", progress) as bar:
        for i, found in each(one, range(len(names)), cores=cores, executor=executor):
            made[i] = found
            bar.update()
    return {
        name: made[i] if isinstance(made[i], FitError) else replace(made[i], model=models[name])
        for i, name in enumerate(names)
    }
