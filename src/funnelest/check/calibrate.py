"""Whether a model gets back what made-up data were made from: simulation-based calibration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from funnelest.check.arguments import Quantity, main_quantities, per_draw, problems_of
from funnelest.check.calibration.judging import judged
from funnelest.check.calibration.kept import Kept
from funnelest.check.calibration.replicate import LIKELIHOOD, Task
from funnelest.entry import entry
from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import PATH, instance, one_of, whole
from funnelest.inference.fitting import ALLOWED, argument_problems
from funnelest.inference.progress import counted
from funnelest.likelihood.density import prior_draws
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.sampling import parallel
from funnelest.verdict import Verdict
from funnelest.words import named

__all__ = ["calibrate"]

_SUBJECT = "the calibration"
#: Replicates in one task, at most, and tasks, at least: results are kept when a task is done.
_CHUNK, _TASKS = 5, 40
_PRIOR = 4000


@entry
def calibrate(
    model: Model,
    *,
    replicates: int = 1000,
    quantities: Mapping[str, Quantity] | None = None,
    draws: int = 1000,
    seed: int,
    engine: Literal["importance", "auto", "hmc"] = "importance",
    truth: Model | None = None,
    executor: Executor | None = None,
    cores: int | None = None,
    path: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> Verdict:
    r"""Check that fits of made-up data get back what the data were made from.

    Over and over, parameters are drawn from the prior, data are made up from them, and the model
    is fitted to these. Over all replicates the true value's rank among the posterior draws is
    then uniform, if the posterior is right; and intervals hold the truth as often as they say.

    Parameters
    ----------
    model : Model
        The model. Of its data only their kind, size and print count, since they are made up anew.
    replicates : int, default 1000
        Number of made-up sets of data; at least 10.
    quantities : mapping of str to callable, optional
        Further quantities to look at: name -> function of `Quantities`. Looked at in any case:
        every unknown parameter, the number at every step, every transition, and the
        log-likelihood of the data.
    draws : int, default 1000
        Posterior draws per fit; at least 400.
    seed : int
        The same seed gives the same answer, on one core and on many, and after an interruption.
    engine : {"importance", "auto", "hmc"}, default "importance"
        As in `fit`. Chains take seconds for each replicate.
    truth : Model, optional
        Another model to make data up from, with sources of the same names, such as
        ``model.with_priors(...)`` or ``model.holding(...)``: how well do intervals hold when an
        assumption is wrong? Left out, the model itself.
    executor : concurrent.futures.Executor, optional
        Where replicates run: a pool of processes or threads, or a Dask client's
        ``client.get_executor()``. Left out, processes of this machine.
    cores : int, optional
        Number of processes when there is no `executor`; all cores when left out. With 1 everything
        runs in this process.
    path : path-like, optional
        File to which the result of every replicate is added, one JSON line each. When the file
        is there the run goes on from it: a killed run loses nothing that was written, and more
        replicates add to what is there. A file made with another model, seed, engine or number of
        draws is refused. Functions of `quantities` are known by their names only.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Verdict
        It passes when all ranks are uniform and hardly any fit failed. The table has a row per
        quantity: its `kind`; the number of `replicates` with a rank; `p`, the p-value of uniform
        ranks by the simultaneous test of their distribution, `p_corrected` for the number of
        quantities (Holm) and the verdict on it, `uniform`; `p_chi_squared`, of even bins, to look
        at beside it; how often equal-tailed intervals held the truth (`coverage_50`,
        `coverage_80`, `coverage_95`, with `_low` and `_high` of the `coverage_interval`); the mean
        of posterior mean minus truth over the posterior standard deviation (`bias_in_sd`) and its
        standard error (`bias_error`); the median of the `contraction`, ``1 - posterior variance /
        prior variance``; the rank correlation of truth and posterior median (`recovery`); how many
        fits `failed` their gate; and the `basis` of the model. ``tables["ranks"]`` has the rank of
        every true value, one row per replicate, missing where a fit gave no draws;
        ``tables["recovered"]`` the truth beside posterior median and interval. `details` has the
        numbers of `replicates`, of those that `failed` (and are in every number: leaving out what
        is hard to fit would flatter), of those `lost` without any draws, and of true values
        `redrawn`; the quantities that are `off`, the worst first; the `names`, `ranked`, `draws`,
        `engine`, and `records`, what every replicate gave.

    Raises
    ------
    SpecError
        With every problem of the arguments; when a quantity's function raises an error or does
        not give one number per draw; when the file of `path` holds results of something else.

    Notes
    -----
    Talts et al., arXiv:1804.06788. Each replicate has random numbers of its own, from the seed
    and its number, so neither cores nor chunks nor interruptions change it. Data are fitted by
    `fit`, with its gate; so few draws are mostly made the short way (see there). When the gate
    stays closed they are fitted once more with four times the draws. When that fails too the ranks
    stay in, the fit is counted, and more than 1% of such fits fail the check.

    The true value is ranked among 99 of the draws, evenly taken. They come from at least 400
    effective draws, of which systematic resampling hardly takes one twice, so these 99 are nearly
    independent, and ranks 0 to 99 equally likely. Ties, of quantities that take few values, are
    broken at random. Uniformity is tested by the distribution of ranks at 1/100, 2/100, ..., with
    the simultaneous test of Säilynoja, Bürkner and Vehtari (Stat Comput 2022;32:32), whose p-value
    is exact for independent ranks; p-values are corrected for the number of quantities (Holm), at
    1%.

    The log-likelihood of the data is a test quantity that depends on the data: without one, a
    posterior that ignores the data, and equals the prior, would pass (Modrák et al., Bayesian
    Analysis 2025;20:461).
    """
    raise_if_any(
        [
            *argument_problems(model=model, draws=draws, cores=cores),
            *problems_of(seed=seed, quantities=quantities),
            *one_of("importance", "auto", "hmc").said("engine", engine),
            *whole(10).said("replicates", replicates),
            *instance(Executor, "a concurrent.futures.Executor").or_none.said("executor", executor),
            *_model_problems(model, truth),
            *_path_problems(path),
        ],
        _SUBJECT,
    )
    draws, replicates = int(draws), int(replicates)
    task, kinds, prior_sd = _task(model, truth, quantities or {}, draws, engine, int(seed))
    header = {
        "model": _hash(model, path),
        "truth": None if truth is None else _hash(truth, path),
        "seed": task.seed,
        "draws": draws,
        "engine": engine,
        "quantities": task.names,
    }
    kept = Kept(None if path is None else Path(path), header)
    _run(task, kept, replicates, executor, cores, progress)
    return judged(
        [kept.records[i] for i in range(replicates)],
        names=task.names,
        kinds=kinds,
        prior_sd=prior_sd,
        basis=model.basis(),
        draws=draws,
        engine=engine,
        wrong=truth is not None,
    )


def _run(
    task: Task,
    kept: Kept,
    replicates: int,
    executor: Executor | None,
    cores: int | None,
    progress: bool,
) -> None:
    """Make the replicates that are not there yet."""
    missing = [i for i in range(replicates) if i not in kept.records]
    size = int(np.clip(len(missing) // _TASKS, 1, _CHUNK))
    chunks = [tuple(missing[i : i + size]) for i in range(0, len(missing), size)]
    with counted(replicates, "calibration", progress, done=replicates - len(missing)) as bar:
        for _, records in parallel.each(task, chunks, executor=executor, cores=cores):
            kept.add(records)
            bar.update(len(records))


def _task(
    model: Model,
    truth: Model | None,
    own: Mapping[str, Quantity],
    draws: int,
    engine: str,
    seed: int,
) -> tuple[Task, tuple[str, ...], Any]:
    """Return what every replicate does, the kinds of what is ranked, and its prior spread."""
    source = truth or model
    main = main_quantities(model)
    known = {name: name for name in main}  # as the library names them, in every language
    parameters = tuple(known.get(name, name) for name in model.free if name in source.places)
    values = prior_draws(model, np.random.default_rng([seed, 2**32 - 1]), _PRIOR)
    q = Quantities(model, values)
    before = {name: values[name] for name in parameters}
    quantities: dict[str, Quantity] = {}
    for name, function in main.items():
        with np.errstate(all="ignore"):
            sample = np.broadcast_to(np.asarray(function(q), dtype=np.float64), (q.draws,))
        if name in before and np.allclose(sample, before[name], rtol=1e-9):
            continue  # a transition that is one parameter
        label = named("calibrate.of_all", name=name) if name in before else name
        quantities[label], before[label] = function, sample
    taken = [name for name in own if name in before or name == LIKELIHOOD]
    raise_if_any(
        [f"quantity {name!r} has the name of something that is looked at." for name in taken],
        _SUBJECT,
    )
    kinds = ["parameter"] * len(parameters) + ["number or share"] * len(quantities)
    for name, function in own.items():
        checked = per_draw(_SUBJECT, name, function)
        before[name] = np.broadcast_to(checked(q), (q.draws,))
        if truth is not None:
            one = prior_draws(truth, np.random.default_rng(seed), 1)
            checked(Quantities(truth, one))
        quantities[name] = function
        kinds.append("own")
    likelihood = bool(model.evidence) and len(parameters) == len(model.free)
    with np.errstate(all="ignore"):
        sds = [float(np.std(sample)) for sample in before.values()]
    task = Task(
        model=model, truth=truth, parameters=parameters, quantities=quantities,
        likelihood=likelihood, draws=draws, engine=engine, seed=seed,
    )  # fmt: skip
    if likelihood:
        kinds.append("log-likelihood")
        sds.append(np.nan)
    return task, tuple(kinds), np.array(sds)


def _hash(model: Model, path: Any) -> str | None:
    """Return the fingerprint of a model, where a file needs it."""
    if path is None:
        return None
    try:
        return model.hash()
    except SpecError as error:
        text = "path cannot be used: a file must say which model its results are of, and "
        raise SpecError([text + one for one in error.problems], _SUBJECT) from error


def _model_problems(model: Any, truth: Any) -> list[str]:
    """Return why nothing can be calibrated with these two models, one sentence each."""
    found = [] if truth is None else ALLOWED["model"].said("truth", truth)
    if not isinstance(model, Model):
        return found
    if not model.free:
        found.append("the model has no unknown parameter: there is nothing to calibrate.")
    if not isinstance(truth, Model):
        return found
    found += argument_problems(model=truth)
    names = [{one.name: type(one) for one in each.evidence} for each in (model, truth)]
    if names[0] != names[1]:
        found.append("truth must have sources of the same names and kinds as the model.")
    for one, other in zip(model.evidence, truth.evidence, strict=False):
        found += [
            f"truth must have the same {name!r} of source {one.name!r} as the model."
            for name in ("n", "by", "where", "per", "step", "of")
            if type(one) is type(other) and getattr(one, name, None) != getattr(other, name, None)
        ]
    return found + [
        f"truth must have the {name} of the model."
        for name, given, wanted in (
            ("route", truth.route, model.route),
            ("population", truth.population, model.population),
        )
        if given != wanted
    ]


def _path_problems(path: Any) -> list[str]:
    if path is None:
        return []
    found = PATH.said("path", path)
    if not found and Path(path).is_dir():
        found = [f"path must be the path of a file; {os.fspath(path)!r} is a folder."]
    return found
