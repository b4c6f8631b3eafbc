"""Fit a model: choose the engine, run it, and return a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from funnelest.errors import FitError, NothingFoundError, raise_if_any
from funnelest.fields import SEED, Allowed, instance, number, one_of, whole
from funnelest.inference.progress import progress_bar
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.sampling.gate import MC_ERROR, joined_gate, least_mixed

__all__ = ["ALLOWED", "argument_problems", "fit", "more"]

type Progress = Callable[[float, str], None]

#: What each argument may be.
ALLOWED: Allowed = {
    "model": instance(Model, "a Model"),
    "engine": one_of("auto", "importance", "hmc"),
    "draws": whole(400),
    "precision": number(above=0, below=1),
    "chains": whole(2).or_none,
    "seed": SEED.or_none,
    "cores": whole(1).or_none,
}

#: Above this many parameters `auto` does not try importance sampling.
_IMPORTANCE_LIMIT = 60
#: Draws made before their error is looked at, and at most, as a multiple of these, for an error of
#: so much. That of an about normal quantity is reached with these; a smaller one takes
#: more by its square.
_FIRST, _FURTHER, _PRECISION = 4000, 4, 0.02
#: Chains over which independent draws are dealt out, which serves ArviZ's diagnostics.
_DEALT = 4
#: Fewer draws of chains cannot show 400 effective ones in every tail.
_CHAINED = 1000
_INTERRUPTED = "interrupted: the chains were ended where they were"


def fit(
    model: Model,
    *,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    draws: int | None = None,
    precision: float = _PRECISION,
    chains: int | None = None,
    seed: int | None = None,
    start: Result | None = None,
    progress: bool = True,
) -> Result:
    """Estimate everything in a model.

    Parameters
    ----------
    model : Model
        The model; it is not changed.
    engine : {"auto", "importance", "hmc"}, default "auto"
        "importance" weighs thousands of points; "hmc" runs many Markov chains at once
        (Hamiltonian Monte Carlo). "auto" takes importance sampling for up to 60 unknown
        parameters, and chains when there are more, or when importance sampling fails its gate.
    draws : int, optional
        Number of draws in the result, over all chains; at least 400, and of Markov chains 1,000 are
        made where fewer are asked for. Left out: 4,000, and then as many more as `precision` needs,
        four times as many at most (more when it is smaller than its default). Fewer than 2,000 of
        importance sampling are made the short way, where that passes the gate: from a proposal
        that is less adapted.
    precision : float, default 0.02
        The Monte Carlo standard error that is aimed at, of the median and both limits of the 95%
        interval of every step, every transition and every unknown parameter, as a share of the
        width of that interval (on its own scale or a log one). What was reached is
        `Result.monte_carlo_error`.
    chains : int, optional
        Number of Markov chains ("hmc"), at least 2: they run together, so that many take hardly
        longer than few. Left out: 256, fewer where each would have fewer than 16 draws. Draws of
        importance sampling are independent, and are dealt out over so many; left out: 4.
    seed : int, optional
        The same seed gives the same draws, on one core and on many. Left out, a fresh one is
        taken, and kept in the result.
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
        When no parameters were found that give the figures a positive probability.

    Notes
    -----
    A fit that is interrupted (Ctrl-C) while its chains run, or while it goes on for `precision`,
    returns what it has, with a note; `Result.more` goes on from there.
    """
    raise_if_any(
        argument_problems(
            model=model, engine=engine, draws=_FIRST if draws is None else draws,
            precision=precision, chains=chains, seed=seed, start=start,
        ),
        "fit",
    )  # fmt: skip
    chains = None if chains is None else int(chains)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)
    begun = time.perf_counter()
    first = _FIRST if draws is None else int(draws)
    notes: list[str] = []
    result: Result | None = None
    given_up: Result | None = None
    with progress_bar(progress) as report:
        small = len(model.free) <= _IMPORTANCE_LIMIT
        if engine == "importance" or (engine == "auto" and small):
            try:
                result = _importance(model, first, chains or _DEALT, seed, start, report)
            except NothingFoundError:
                raise  # chains would have nowhere to start
            except FitError as error:
                if engine == "importance" or not model.free:
                    raise
                notes.append(f"importance sampling was given up: {error}")
            if result is not None and draws is None:
                result, note = _precise(result, precision, report)
                notes += note
            if engine == "auto" and result is not None and not _worth(result):
                notes = [f"importance sampling was given up: {result.gate.text}"]
                given_up, result = result, None
        if result is None:
            try:
                result = _hmc(model, first, chains, seed, None, report)
            except FitError as error:
                raise FitError("; ".join([*notes, str(error)])) from error
            if given_up is not None and result.gate.passed and _higher(given_up, result):
                raise FitError(
                    f"{notes[0]}; and it had found a place of far higher density than any that the "
                    "chains came to. Such separate parts of a posterior no engine here can weigh"
                )
            notes += result.notes
            if draws is None:
                result, note = _precise(result, precision, report)
                notes += note
    return replace(result, seconds=time.perf_counter() - begun, notes=tuple(notes))


def more(result: Result, draws: int, *, report: Progress = lambda done, text: None) -> Result:
    """Return a result with more draws of its posterior: what `Result.more` does.

    `report` is told the share done and what is being done.
    """
    chains, size = next(iter(result.draws.values())).shape
    # Of the seed of the result and of what is there, so that every further call draws anew.
    seed = int(np.random.SeedSequence([result.seed, 3, size]).generate_state(1)[0])
    begun = time.perf_counter()
    if result.engine == "importance":
        new = _importance(result.model, draws, chains, seed, result, report)
    else:
        new = _hmc(result.model, draws, chains, seed, result, report)
        if _INTERRUPTED in new.notes:  # the result is what there was
            raise KeyboardInterrupt
    made = {
        name: np.concatenate([one, new.draws[name]], axis=1) for name, one in result.draws.items()
    }
    every = np.stack(list(made.values()))
    gate = joined_gate([result.gate, new.gate], [size, every.shape[2] - size], every)
    joined = replace(
        result,
        draws=made,
        gate=gate,
        origins=_origins(result, new),
        proposal=new.proposal,
        marks=(),
        seconds=result.seconds + time.perf_counter() - begun,
    )
    return _judged(joined)


def _origins(result: Result, new: Result) -> Any:
    """Return the origins of the draws of both, of which none is in both."""
    if result.origins is None or new.origins is None:
        return None
    return np.concatenate([result.origins, new.origins + result.origins.max() + 1], axis=1)


def _precise(result: Result, precision: float, report: Progress) -> tuple[Result, list[str]]:
    """Return a result that goes on until it is precise, and a note where it is not.

    One that was interrupted, or of which more draws are not worth making, as it is.
    """
    if result.notes or not _worth(result):
        return result, []
    most = _FIRST * _FURTHER * max(1.0, (_PRECISION / precision) ** 2)
    try:
        while (error := result.monte_carlo_error) > precision:
            size = next(iter(result.draws.values())).size
            # The error falls with the root of the number; a tenth more, since it is an estimate.
            wanted = min(1.1 * size * (error / precision) ** 2, most) - size
            if wanted < 1:
                return result, [
                    f"the Monte Carlo error is {error:.1%} of the width of an interval, where "
                    f"{precision:.1%} was aimed at: result.more(draws) goes on"
                ]
            report(0.9, "going on until the limits are precise")
            result = more(result, max(int(wanted), 400))
    except KeyboardInterrupt:
        return result, ["interrupted before the limits were as precise as was aimed at: "
                        "result.more(draws) goes on"]  # fmt: skip
    return result, []


def _higher(one: Result, other: Result) -> bool:
    """Return whether draws of one reach a density far above all of the other's.

    Thousands of draws of a posterior of d parameters come within some d/4 of its height, in
    logarithm.
    """
    from funnelest.likelihood.density import Density

    density = Density(one.model)
    heights = [
        float(np.max(density(density.line({name: np.ravel(x) for name, x in each.draws.items()}))))
        for each in (one, other)
    ]
    return heights[0] > heights[1] + len(density.names) / 4 + 1


def _worth(result: Result) -> bool:
    """Return whether more draws of the same kind are worth making, if any are wanted."""
    return result.gate.passed or result.gate.coarse


def _judged(result: Result) -> Result:
    """Return the result with the Monte Carlo error of what it prints among its measures."""
    return replace(result, gate=result.gate.with_measures({MC_ERROR: result.monte_carlo_error}))


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
    model: Model, draws: int, chains: int, seed: int, start: Result | None, report: Progress
) -> Result:
    from funnelest.inference.engines import importance
    from funnelest.likelihood.density import Density

    density = Density(model)
    per_chain = -(-draws // chains)
    weighted = importance.sample(
        density,
        draws=per_chain * chains,
        rng=np.random.default_rng(seed),
        start=start.proposal if start is not None and start.engine == "importance" else None,
        progress=report,
    )
    values = density.values(weighted.draws)
    result = Result(
        model=model,
        draws={name: value.reshape(chains, per_chain) for name, value in values.items()},
        gate=weighted.gate,
        seed=seed,
        proposal=weighted.proposal,
        origins=None if weighted.origins is None else weighted.origins.reshape(chains, per_chain),
        further=more if model.free else None,
    )
    return _judged(result)


def _hmc(
    model: Model,
    draws: int,
    chains: int | None,
    seed: int,
    start: Result | None,
    report: Progress,
) -> Result:
    """Return the result of chains; with `start`, of its own, which go on."""
    from funnelest.inference.engines import hmc
    from funnelest.likelihood.density import Density

    if not model.free:
        raise FitError("the model has no unknown parameter: there is nothing to sample.")
    if start is None:
        draws = max(draws, _CHAINED)
    chains = hmc.chains_for(draws) if chains is None else chains
    found = hmc.sample(
        Density(model),
        draws=-(-draws // chains),
        chains=chains,
        rng=np.random.default_rng(seed),
        start=None if start is None else start.proposal,
        progress=report,
    )
    notes = [_INTERRUPTED] if found.interrupted else []
    if not found.gate.passed:
        notes.append(f"the chains agree least on {least_mixed(found.draws)!r}")
    return _judged(
        Result(
            model=model,
            draws=found.draws,
            gate=found.gate,
            seed=seed,
            notes=tuple(notes),
            proposal=found.going,
            further=more,
        )
    )
