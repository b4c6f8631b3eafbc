"""Fit a model: choose the engine, run it, and return a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from funnelest.entry import entry
from funnelest.errors import FitError, NothingFoundError, UnboundedError, raise_if_any
from funnelest.fields import SEED, Allowed, instance, number, one_of, whole
from funnelest.inference.interrupts import Interrupt, put_off
from funnelest.inference.progress import progress_bar
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.sampling.gate import (
    COARSE,
    MC_ERROR,
    joined_gate,
    known_gate,
    least_mixed,
)
from funnelest.words import Named, Sentence, named

__all__ = ["ALLOWED", "argument_problems", "fit", "fit_within", "more"]

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
#: Draws of chains where nothing else is asked for: 256 chains cost hardly more than 16, and so many
#: take so many draws to be judged. Fewer draws of one chain cannot show whether it agrees with
#: the others.
_CHAINED, _LEAST, _EACH = 8000, 1000, 16
#: Notes that hold of a result whatever is drawn more; others are of the draws that it has.
_LASTING = frozenset({"fit.given_up"})


@entry
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
        Number of draws in the result, over all chains; at least 400. Of c Markov chains 500 times
        the root of c are made where fewer are asked for, since R-hat of fewer is a matter of luck.
        More are added where so few leave limits too imprecise to be printed, which would close the
        gate. Left out: 4,000 (of Markov chains 8,000), and then as many more as `precision` needs,
        16,000 at most (more when it is smaller than its default).
        Fewer than 2,000 of importance sampling are made the short way, where that passes the gate:
        from a proposal that is less adapted.
    precision : float, default 0.02
        The Monte Carlo standard error that is aimed at, of the median and both limits of the 95%
        interval of every step, every transition and every unknown parameter, as a share of the
        width of that interval (on its own scale or a log one). What was reached is
        `Result.monte_carlo_error`.
    chains : int, optional
        Number of Markov chains ("hmc"), at least 2: they run together, so that many take hardly
        longer than few. So many that each has fewer than 16 draws are refused. Left out: 256, and
        fewer, down to 16, where fewer than 8,000 draws are asked for. Draws of importance sampling
        are independent, and are dealt out over so many; left out: 4.
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
        Draws and tables. Its tables stay closed when the convergence gate failed. Of a model in
        which nothing is unknown it has no draws, and its numbers are those that were given.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    FitError
        When no parameters were found that give the figures a positive probability, or when some
        give them an infinite density.

    Notes
    -----
    A fit that is interrupted (Ctrl-C) once it has draws returns what it has, with a note;
    `Result.more` goes on from there. Before, and the second time, an interrupt is raised.

    What the user's own code gives (priors, terms, assumptions, sources, likelihoods) was tried when
    the model was made, and is not checked here.
    """
    with put_off() as interrupt:
        return fit_within(
            model, engine=engine, draws=draws, precision=precision, chains=chains, seed=seed,
            start=start, progress=progress, interrupt=interrupt,
        )  # fmt: skip


def fit_within(
    model: Model,
    *,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    draws: int | None = None,
    precision: float = _PRECISION,
    chains: int | None = None,
    seed: int | None = None,
    start: Result | None = None,
    progress: bool = True,
    interrupt: Interrupt | None = None,
) -> Result:
    """Estimate everything in a model, as a part of something larger; see `fit`.

    An interrupt is raised, which ends that, unless an `interrupt` is handed in.
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
    draws = None if draws is None else int(draws)
    # So many draws were asked for: only as many more as open the gate.
    aim = precision if draws is None else COARSE
    interrupt = interrupt or Interrupt()
    with progress_bar(progress) as report:
        if not model.free:
            result = _known(model, seed)
        elif engine == "importance" or (engine == "auto" and len(model.free) <= _IMPORTANCE_LIMIT):
            result = _weighed(model, engine, draws, chains, seed, start, aim, report, interrupt)
        else:
            result = _hmc(model, draws, chains, seed, None, report, interrupt)
        result = _precise(result, aim, report, interrupt)
    return replace(result, seconds=time.perf_counter() - begun)


def _known(model: Model, seed: int) -> Result:
    """Return the result of a model in which nothing is unknown: no draws, and all its numbers."""
    from funnelest.likelihood.density import log_likelihoods

    never = [
        name
        for name, value in log_likelihoods(model, {}).items()
        if model.power_of(name) and not np.any(value > -np.inf)
    ]
    if never:
        raise NothingFoundError(
            "nothing in the model is unknown, and with its numbers the figures of "
            f"{', '.join(map(repr, never))} have no probability"
        )
    return Result(model=model, draws={}, gate=known_gate(), seed=seed)


def _weighed(
    model: Model,
    engine: str,
    draws: int | None,
    chains: int | None,
    seed: int,
    start: Result | None,
    precision: float,
    report: Progress,
    interrupt: Interrupt,
) -> Result:
    """Return the result of importance sampling; of chains where it fails and may be left.

    It goes on for `precision` first, which may open a gate that was only coarse.
    """
    given_up: Result | None = None
    try:
        first = _FIRST if draws is None else draws
        result = _importance(model, first, chains or _DEALT, seed, start, report, interrupt)
        result = _precise(result, precision, report, interrupt)
        if engine == "importance" or _worth(result):
            return result
        given_up, note = result, named("fit.given_up", why=result.gate.text)
    except (NothingFoundError, UnboundedError):
        raise  # chains would have nowhere to go
    except FitError as error:
        if engine == "importance":
            raise
        note = named("fit.given_up", why=str(error))
    try:
        result = _hmc(model, draws, chains, seed, None, report, interrupt)
    except FitError as error:
        raise FitError(f"{note}; {error}") from error
    except KeyboardInterrupt:
        if given_up is None:
            raise
        return replace(given_up, notes=(named("fit.no_chains"),))
    if given_up is not None and result.gate.passed and _higher(given_up, result):
        raise FitError(
            f"{note}; and it had found a place of far higher density than any that the "
            "chains came to. Such separate parts of a posterior no engine here can weigh"
        )
    return replace(result, notes=(note, *result.notes))


def more(
    result: Result,
    draws: int,
    *,
    report: Progress = lambda done, text: None,
    interrupt: Interrupt | None = None,
) -> Result:
    """Return a result with more draws of its posterior: what `Result.more` does.

    `report` is told the share done and what is being done. An `interrupt` of weighted draws raises,
    and of chains gives what they have made.
    """
    if interrupt is None:
        with put_off() as interrupt:
            return more(result, draws, report=report, interrupt=interrupt)
    chains, size = next(iter(result.draws.values())).shape
    going = result.proposal if result.engine == "hmc" else None
    paused = going is not None and going.paused is not None
    # Of the seed of the result and of what is there, so that every further call draws anew.
    seed = int(np.random.SeedSequence([result.seed, 3, size]).generate_state(1)[0])
    begun = time.perf_counter()
    make = _importance if result.engine == "importance" else _hmc
    if paused:  # a run that goes on: its draws are spread anew over all that it makes
        whole = make(result.model, chains * size + draws, chains, seed, result, report, interrupt)
        seconds = result.seconds + time.perf_counter() - begun
        notes = (*_lasting(result), *whole.notes)
        return replace(
            whole, seed=result.seed, notes=notes, seconds=seconds, accepted=result.accepted
        )
    new = make(result.model, draws, chains, seed, result, report, interrupt)
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
        notes=(*_lasting(result), *(one for one in new.notes if _key(one) == "fit.interrupted")),
        seconds=result.seconds + time.perf_counter() - begun,
    )
    return _judged(joined)


def _key(note: str) -> str:
    """Return the key of a note in the catalogue; empty of any other text."""
    sentence = note.sentence if isinstance(note, Named) else None
    return sentence.key if isinstance(sentence, Sentence) else ""


def _lasting(result: Result) -> list[str]:
    """Return the notes of a result that are not of the draws it has."""
    return [note for note in result.notes if _key(note) in _LASTING]


def _origins(result: Result, new: Result) -> Any:
    """Return the origins of the draws of both, of which none is in both."""
    if result.origins is None or new.origins is None:
        return None
    return np.concatenate([result.origins, new.origins + result.origins.max() + 1], axis=1)


def _precise(result: Result, precision: float, report: Progress, interrupt: Interrupt) -> Result:
    """Return a result that goes on until it is precise, with a note where it is not.

    One that was interrupted, or of which more draws are not worth making, as it is.
    """
    most = _FIRST * _FURTHER * max(1.0, (_PRECISION / precision) ** 2)
    while _worth(result) and (error := result.monte_carlo_error) > precision:
        size = next(iter(result.draws.values())).size
        # The error falls with the root of the number; a tenth more, since it is an estimate.
        wanted = min(1.1 * size * (error / precision) ** 2, most) - size
        if wanted < 1:
            note = named("fit.imprecise", error=100 * error, aim=100 * precision)
            return replace(result, notes=(*_lasting(result), note))
        report(0.9, "going on until the limits are precise")
        try:
            if interrupt.came:
                raise KeyboardInterrupt
            result = more(result, max(int(wanted), 400), report=report, interrupt=interrupt)
        except KeyboardInterrupt:
            return replace(result, notes=(*_lasting(result), named("fit.interrupted")))
    return result


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
    """Return the result with the Monte Carlo error of what it prints among its measures.

    Of chains that do not agree a note says on what.
    """
    gate = result.gate.with_measures({MC_ERROR: result.monte_carlo_error})
    notes = result.notes
    if result.engine == "hmc" and not gate.passed:
        notes = (*notes, named("fit.least_mixed", name=least_mixed(result.draws)))
    return replace(result, gate=gate, notes=notes)


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
    chains, draws = given.get("chains"), given.get("draws")
    if not found and chains is not None and draws is not None:
        draws = max(int(draws), _LEAST)
        if chains * _EACH > draws:
            found.append(
                f"chains must be at most {draws // _EACH:,} for {draws:,} draws, since a chain of "
                f"fewer than {_EACH} cannot be judged; given {chains:,}: ask for fewer chains, or "
                f"for {chains * _EACH:,} draws."
            )
    if start is not None and not (
        isinstance(start, Result)
        and isinstance(model, Model)
        and list(start.model.free) == list(model.free)
    ):
        found.append("start must be the result of a model with the same parameters.")
    return found


def _importance(
    model: Model,
    draws: int,
    chains: int,
    seed: int,
    start: Result | None,
    report: Progress,
    interrupt: Interrupt,
) -> Result:
    from funnelest.inference.engines import importance
    from funnelest.likelihood.density import Density

    density = Density(model)
    per_chain = -(-draws // chains)
    with interrupt.at_once():
        weighted = importance.sample(
            density,
            draws=per_chain * chains,
            rng=np.random.default_rng(seed),
            start=start.proposal if start is not None and start.engine == "importance" else None,
            same=start is not None and start.model is model,
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
        further=more,
    )
    return _judged(result)


def _hmc(
    model: Model,
    draws: int | None,
    chains: int | None,
    seed: int,
    start: Result | None,
    report: Progress,
    interrupt: Interrupt,
) -> Result:
    """Return the result of chains; with `start`, of its own, which go on."""
    from funnelest.inference.engines import hmc
    from funnelest.likelihood.density import Density

    if draws is None:
        draws = _CHAINED if chains is None else _FIRST
    chains = hmc.chains_for(draws) if chains is None else chains
    if start is None:
        draws = max(draws, hmc.draws_for(chains))
    found = hmc.sample(
        Density(model),
        draws=-(-draws // chains),
        chains=chains,
        rng=np.random.default_rng(seed),
        start=None if start is None else start.proposal,
        progress=report,
        interrupt=interrupt,
    )
    return _judged(
        Result(
            model=model,
            draws=found.draws,
            gate=found.gate,
            seed=seed,
            notes=(named("fit.interrupted"),) if found.interrupted else (),
            proposal=found.going,
            further=more,
        )
    )
