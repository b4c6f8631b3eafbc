"""Fit a model: choose the engine, run it, and return a result."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from funnelest.errors import FitError, raise_if_any
from funnelest.fields import SEED, Allowed, instance, one_of, whole
from funnelest.inference.progress import progress_bar
from funnelest.model.model import Model
from funnelest.results.result import Result

__all__ = ["ALLOWED", "argument_problems", "fit"]

#: What each argument may be.
ALLOWED: Allowed = {
    "model": instance(Model, "a Model"),
    "engine": one_of("auto", "importance", "nuts"),
    "draws": whole(400),
    "chains": whole(2),
    "seed": SEED.or_none,
    "cores": whole(1).or_none,
}

#: Above this many parameters `auto` does not try importance sampling.
_IMPORTANCE_LIMIT = 60


def fit(
    model: Model,
    *,
    engine: Literal["auto", "importance", "nuts"] = "auto",
    draws: int = 4000,
    chains: int = 4,
    seed: int | None = None,
    cores: int | None = None,
    start: Result | None = None,
    progress: bool = True,
) -> Result:
    """Estimate everything in a model.

    Parameters
    ----------
    model : Model
        The model; it is not changed.
    engine : {"auto", "importance", "nuts"}, default "auto"
        "importance" evaluates thousands of points at once and compiles nothing; "nuts" runs
        Markov chains with nutpie. "auto" takes importance sampling for up to 60 unknown
        parameters, and NUTS when there are more, or when importance sampling fails its gate or
        finds no point at which the figures are possible.
    draws : int, default 4000
        Number of draws in the result, over all chains; at least 400.
    chains : int, default 4
        Number of Markov chains (NUTS); at least 2.
    seed : int, optional
        The same seed gives the same draws, on one core and on many. Left out, a fresh one is
        taken, and kept in the result.
    cores : int, optional
        Number of chains that run at a time; all cores when left out.
    start : Result, optional
        Result of the same model with other data: importance sampling starts where that ended.
    progress : bool, default True
        Show a progress bar on the terminal when the fit takes more than two seconds. Never
        shown when standard error is not a terminal.

    Returns
    -------
    Result
        Draws and tables. Its tables stay closed when the convergence gate failed.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When no engine that was tried found parameters that give the figures a positive
        probability: with "auto" none of both.
    """
    raise_if_any(
        argument_problems(
            model=model, engine=engine, draws=draws, chains=chains, seed=seed, cores=cores,
            start=start,
        ),
        "fit",
    )  # fmt: skip
    draws, chains, cores = int(draws), int(chains), None if cores is None else int(cores)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)
    begun = time.perf_counter()
    notes: list[str] = []
    result: Result | None = None
    with progress_bar(progress) as report:
        small = len(model.free) <= _IMPORTANCE_LIMIT
        if engine == "importance" or (engine == "auto" and small):
            try:
                result = _importance(model, draws, chains, seed, start, report)
            except FitError as error:
                # A search that finds nothing shows nothing: chains may find it.
                if engine == "importance" or not model.free:
                    raise
                notes.append(f"importance sampling was given up: {error}")
            if engine == "auto" and result is not None and not result.gate.passed:
                notes.append(f"importance sampling was given up: {result.gate.text}")
                result = None
        if result is None:
            try:
                result = _nuts(model, draws, chains, seed, cores, report)
            except FitError as error:
                raise FitError("; ".join([*notes, str(error)])) from error
    return replace(result, seconds=time.perf_counter() - begun, notes=tuple(notes))


def argument_problems(*, start: Any = None, ended: bool = False, **given: Any) -> list[str]:
    """Return what is wrong with the arguments of a fit, each by its name, one sentence each.

    With `ended` a model may have limits without a distribution: each of them is fitted.
    """
    found = [text for name, value in given.items() for text in ALLOWED[name].said(name, value)]
    model = given.get("model")
    if isinstance(model, Model) and not ended:
        found += [
            f"{one.describe()}. So there is no posterior: compare the two limits with "
            "funnelest.check.compare, or state a distribution."
            for one in model.assumptions
            if one.ends(model.population)
        ]
    if start is not None and not (
        isinstance(start, Result)
        and isinstance(model, Model)
        and list(start.model.free) == list(model.free)
    ):
        found.append("start must be the result of a model with the same parameters.")
    return found


def _importance(
    model: Model, draws: int, chains: int, seed: int, start: Result | None, report: Any
) -> Result:
    from funnelest.inference.engines import importance
    from funnelest.likelihood.density import Density

    density = Density(model)
    per_chain = -(-draws // chains)
    weighted = importance.sample(
        density,
        draws=per_chain * chains,
        rng=np.random.default_rng(seed),
        start=None if start is None else start.proposal,
        progress=report,
    )
    values = density.values(weighted.draws)
    return Result(
        model=model,
        # The draws are independent: dealing them out over chains serves ArviZ's diagnostics.
        draws={name: value.reshape(chains, per_chain) for name, value in values.items()},
        gate=weighted.gate,
        seed=seed,
        proposal=weighted.proposal,
    )


def _nuts(
    model: Model, draws: int, chains: int, seed: int, cores: int | None, report: Any
) -> Result:
    from funnelest.inference.engines import nuts

    if not model.free:
        raise FitError("the model has no unknown parameter: there is nothing to sample.")
    found = nuts.sample(
        model, draws=-(-draws // chains), chains=chains, seed=seed, cores=cores, progress=report
    )
    return Result(model=model, draws=found.draws, gate=found.gate, seed=seed)
