"""Which figure to buy next: what knowing more is expected to take away of a variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from funnelest.check.arguments import Quantity, main_quantities, per_draw, problems_of
from funnelest.check.information.folds import Folds
from funnelest.check.information.known_parameters import explained, width_left
from funnelest.check.information.planned_figures import expected
from funnelest.check.information.ranking import Gain, judged
from funnelest.check.wording import naming_defaults, unknown
from funnelest.entry import entry
from funnelest.errors import SpecError, raise_if_any
from funnelest.evidence.base import Evidence
from funnelest.fields import POSITIVE, whole
from funnelest.inference.progress import counted
from funnelest.model.model import Model
from funnelest.results.result import Result
from funnelest.sampling.weights import equal_tailed
from funnelest.verdict import Verdict
from funnelest.words import say

__all__ = ["Plan", "value_of_information"]

type Planned = Plan | Evidence | Sequence[Evidence]

_SUBJECT = "the value of information"


@dataclass(frozen=True, eq=False)
class Plan:
    """A figure that is planned: as evidence, with what it costs.

    Parameters
    ----------
    evidence : Evidence or sequence of Evidence
        Any evidence of a model, with a name that is not taken. The data in it stand in for those
        to come: only what they measure, and how well, counts. A survey of n children is a
        `Survey`, an audit of n records a `Validation` of the ``"ppv"``, linking n people of one
        register to another a `Validation` of the ``"coverage"``. Several count as one plan.
    cost : float, optional
        What it costs, above 0, in any unit.
    """

    evidence: Evidence | Sequence[Evidence]
    cost: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """A planned figure, its cost, and the plan of several sizes that it belongs to."""

    sources: list[Evidence]
    cost: Any = None
    series: str = ""
    size: int | None = None


@entry
def value_of_information(
    result: Result,
    quantity: str | Quantity | Mapping[str, Quantity],
    *,
    plans: Mapping[str, Planned | Mapping[int, Planned]] | None = None,
    parameters: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    replicates: int = 200,
    probability: float = 0.95,
    currency: str = "",
    basis: Literal["estimated", "partly imputed", "imputed"] | None = None,
    seed: int,
    cores: int | None = None,
    progress: bool = True,
) -> Verdict:
    r"""Return how much of the variance of a quantity would go with every figure, and parameter.

    Also how wide its interval is then expected to be, by the size of a planned figure.

    Parameters
    ----------
    result : Result
        A fit of what is known now.
    quantity : str, callable or mapping
        What is asked about: the name of a main quantity, such as ``"number at happened"`` (a mean
        over years) or ``"told -> helped"``, a function of q, a `Quantities`, or
        ``{name: function}``.
    plans : mapping of str to Plan, Evidence, or mapping of int to these, optional
        Name -> a figure that is planned, or the same at several sizes:
        ``{"ask children": {n: fe.Survey(..., n=n) for n in (500, 2_000)}}``. Each is judged by
        itself, beside what is known now.
    parameters : mapping of str to names, or sequence of str, optional
        What might be known exactly: name -> a parameter, as the ledger names it, a source, which
        stands for all parameters that it brings, or several of these, which are known together. A
        sequence of names takes each by itself. Left out, every unknown parameter by itself.
    replicates : int, default 200
        Sets of made-up data per plan; at least 20.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    currency : str, default ""
        Unit of the costs, for table and text.
    basis : {"estimated", "partly imputed", "imputed"}, optional
        What the quantity rests on. Left out: what `Result.rests_on` says of it.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        Number of refits side by side; all cores when left out.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Verdict
        It passes unless the result carries a mark. Its table has a row per planned figure and per
        parameter, by rank: by the cost of 1% of the variance where all figures have a cost.
        ``tables["sizes"]`` has the expected width by size. `found` has what each takes away, in
        the same order; `details` the `quantity`, `variance_now`, `width_now`, `probability`,
        `replicates`, `currency`, `basis`, and the `series` of sizes.

    Raises
    ------
    SpecError
        With every problem of the arguments, and of the models with the plans in them.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Of a parameter :math:`\theta`, the share of the variance that goes when it is known exactly,
    :math:`\mathrm{Var}(E[q \mid \theta]) / \mathrm{Var}(q)` over the posterior: the first-order
    index of Sobol. By cubic splines through the draws, corrected for the bias of few draws (Strong,
    Oakley and Brennan, Med Decis Making 2014;34:311). Of several parameters together also
    products of them up to degree 4: what these miss is not counted, so the share is a lower
    bound. Unknown parameters depend on each other after the figures: what one tells of another is
    counted with both.

    Of a figure y that is planned, :math:`1 - E[\mathrm{Var}(q \mid y)] / \mathrm{Var}(q)`: per
    replicate, parameters are drawn from the posterior, the figure is made up from them, and all
    other draws are weighed by its likelihood (Menzies, Med Decis Making 2016;36:308). Below
    200 effective draws eight times as many are made and weighed (importance sampling only), and
    below 200 of those the model is fitted again, for at most 40 replicates per plan, which stand
    for all that need it. Averages use as control variates that the posterior mean is the mean of
    now on average, and that :math:`E[\mathrm{Var}(q \mid y)] + \mathrm{Var}(E[q \mid y])` is the
    variance of now. When refits of more than 5% of the replicates fail, nothing is said.

    The errors (``..._mc_error``) are over replicates and over the draws: that all replicates weigh
    the same ones is in them (jackknife over 20 folds of the draws).

    What a figure tells is in variances: for a skewed quantity the variance is mostly that of its
    long tail. Ask about its logarithm where ratios count.

    What a planned figure needs and the model does not have, such as the sensitivity of its
    question, is drawn from its prior beside the posterior. Counts of a planned register of people
    whom known ones count too are made up given these.
    """
    (name, function), problems = _quantity(result, quantity)
    problems += problems_of(
        result=result, probability=probability, currency=currency, basis=basis, seed=seed,
        cores=cores,
    )  # fmt: skip
    problems += whole(20).said("replicates", replicates)
    figures, wrong = _figures(plans)
    known, unclear = _known(result, parameters)
    raise_if_any([*problems, *wrong, *unclear], _SUBJECT)
    seed, replicates = int(seed), int(replicates)
    function = per_draw(_SUBJECT, name, function)
    now = result.sample_of(function)  # refuses a result behind a closed gate
    if not np.isfinite(now).all() or np.ptp(now) == 0:
        raise_if_any(
            [
                f"quantity {name!r} must be a finite number in every draw of the result, and not "
                "the same in all: else there is no variance to take away."
            ],
            _SUBJECT,
        )
    models = _with_plans(result.model, figures)
    if not (models or known):
        raise_if_any(["give plans or parameters: there is nothing to judge."], _SUBJECT)
    folds = Folds(result, np.random.default_rng([seed, 6]))
    steps = len(models) * replicates + len(known)
    with counted(steps, "value of information", progress) as bar:
        gains = []
        for title, names in known.items():
            gains.append(_learnt(result, now, title, names, folds, probability, seed))
            bar.update()
        left = expected(
            result, models, function, replicates=replicates, probability=probability, seed=seed,
            cores=cores, folds=folds, report=bar.update,
        )  # fmt: skip
    for title, one in figures.items():
        gains.append(
            Gain(
                name=title,
                kind="figure",
                of=tuple(source.describe() for source in models[title][1]),
                status="planned",
                cost=None if one.cost is None else float(one.cost),
                series=one.series,
                size=one.size,
                **left[title],
            )
        )
    low, _, high = equal_tailed(now, probability)
    others = "".join(f"; {mark}" for mark in result.marks)
    verdict = judged(
        gains,
        mark=result.mark if result.gate.passed else say("value_of_information.gate", others=others),
        quantity=name,
        variance_now=float(np.var(now)),
        width_now=float(high - low),
        probability=float(probability),
        replicates=replicates,
        currency=currency,
        basis=result.rests_on(function) if basis is None else basis,
    )
    return naming_defaults(verdict, result.model, [function])


def _learnt(
    result: Result,
    now: Any,
    title: str,
    names: tuple[str, ...],
    folds: Folds,
    probability: float,
    seed: int,
) -> Gain:
    """Return what goes when parameters are known exactly."""
    draws, model = result.flat, result.model
    assumed = {p for a in model.assumptions for p in a.parameters(model.population)}
    status = {0: "estimated", len(names): "assumed"}.get(
        sum(name in assumed for name in names), "partly assumed"
    )
    values = np.array([draws[name] for name in names])
    share, error, cut = explained(now, values, folds)
    width, width_error = np.nan, np.nan
    if len(names) == 1:
        rng = np.random.default_rng([seed, 7])
        width, width_error = width_left(now, values[0], folds, probability, rng)
    return Gain(
        name=title,
        kind="parameter",
        of=names,
        status=status,
        reduction=share,
        mc_error=error,
        width=width,
        width_error=width_error,
        cut=cut,
    )


# ---------------------------------------------------------------- plans


def _figures(plans: Any) -> tuple[dict[str, _Figure], list[str]]:
    """Return every planned figure by its name, and what is wrong with them."""
    if plans is None:
        return {}, []
    if not isinstance(plans, Mapping):
        return {}, [f"plans must map names to plans; given {plans!r}."]
    made: dict[str, _Figure] = {}
    found = []
    for name, given in plans.items():
        if not isinstance(name, str) or not name:
            found.append(f"plans must have names; given {name!r}.")
        if not isinstance(given, Mapping):
            made[name] = _figure(given)
            continue
        if not given or not all(map(whole(1).holds, given)):
            found.append(
                f"plan {name!r}: sizes must be whole numbers of at least 1; given {list(given)!r}."
            )
            continue
        for size, one in sorted(given.items()):
            made[f"{name}, n = {size}"] = _figure(one, series=name, size=int(size))
    for name, figure in made.items():
        sources, cost = figure.sources, figure.cost
        if not sources or not all(isinstance(one, Evidence) for one in sources):
            found.append(f"plan {name!r} must be evidence or a Plan of it; given {sources!r}.")
            continue
        found += POSITIVE.or_none.said(f"plan {name!r}: field 'cost'", cost)
        # A source without a number n, or with a series of studies, says nothing of its size.
        sized = sources[0].people_asked() if len(sources) == 1 else None
        if figure.size is not None and sized is not None and sized != figure.size:
            found.append(f"plan {name!r} must have a field 'n' of {figure.size}; given {sized}.")
    return made, found


def _figure(given: Any, **of: Any) -> _Figure:
    """Return a planned figure with copies of its sources.

    They are known again by what they are, also when one is given twice, or is in use.
    """
    plan = given if isinstance(given, Plan) else Plan(given)
    sources = plan.evidence if isinstance(plan.evidence, list | tuple) else [plan.evidence]
    copies: list[Any] = [replace(one) if isinstance(one, Evidence) else one for one in sources]
    return _Figure(sources=copies, cost=plan.cost, **of)


def _with_plans(
    model: Model, figures: Mapping[str, _Figure]
) -> dict[str, tuple[Model, Sequence[Evidence]]]:
    """Return the model with each planned figure, and the sources of that figure."""
    found: dict[str, tuple[Model, Sequence[Evidence]]] = {}
    problems: list[str] = []
    for name, figure in figures.items():
        try:
            planned = model.with_evidence([*model.evidence, *figure.sources])
        except SpecError as error:
            problems += [f"plan {name!r}: {text}" for text in error.problems]
            continue
        found[name] = planned, figure.sources
    raise_if_any(problems, _SUBJECT)
    return found


# ---------------------------------------------------------------- quantity and parameters


def _known(result: Any, parameters: Any) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return name -> the unknown parameters that would be known, and what is wrong with them."""
    if not isinstance(result, Result):
        return {}, []
    model = result.model
    if parameters is None:
        return {name: (name,) for name in model.free}, []
    if isinstance(parameters, str) or not isinstance(parameters, Mapping | Sequence):
        return {}, [f"parameters must be names, or map names to names; given {parameters!r}."]
    given = parameters.items() if isinstance(parameters, Mapping) else [(p, p) for p in parameters]
    sources = {one.name for one in model.sources()}
    made: dict[str, tuple[str, ...]] = {}
    found = []
    for title, names in given:
        if not isinstance(title, str):
            found.append(f"parameters must be names, or map names to names; given {title!r}.")
            continue
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list | tuple) or not names:
            found.append(f"parameters {title!r} must name parameters; given {names!r}.")
            continue
        brought = [_brought(model, name) if isinstance(name, str) else [] for name in names]
        made[title] = tuple(dict.fromkeys(place for places in brought for place in places))
        for name, places in zip(names, brought, strict=True):
            if places:
                continue
            if name in sources:
                found.append(f"the source {name!r} brings no unknown parameter.")
            elif isinstance(name, str) and name in model.places:
                found.append(f"the parameter {name!r} is held: there is nothing to learn of it.")
            else:
                found.append(unknown("parameter or source", name, model.free))
    return made, found


def _brought(model: Model, name: str) -> list[str]:
    """Return the unknown parameter of this name, or all that the source of this name brings."""
    sources = [source for source in model.sources() if source.name == name]
    brought = [one for source in sources for one in source.parameters(model.population)]
    places = (model.places.get(one) for one in (name, *brought))
    found = [place for place in places if isinstance(place, str)]
    return found[:1] if isinstance(model.places.get(name), str) else found


def _quantity(result: Any, quantity: Any) -> tuple[tuple[str, Quantity], list[str]]:
    """Return name and function of the quantity, and what is wrong with it."""
    wrong = ""
    if isinstance(quantity, Mapping):
        if len(quantity) == 1 and all(callable(one) for one in quantity.values()):
            ((name, function),) = quantity.items()
            return (str(name), function), []
        wrong = f"quantity must be one name with a function of q; given {quantity!r}."
    elif isinstance(quantity, str):
        main = main_quantities(result.model) if isinstance(result, Result) else {}
        for name, function in main.items():  # as the library names it, in every language
            if name == quantity:
                return (name, function), []
        wrong = unknown("main quantity", quantity, main) if main else ""
    elif callable(quantity):
        name = getattr(quantity, "__name__", "<lambda>")
        return ("the quantity" if name == "<lambda>" else name.replace("_", " "), quantity), []
    else:
        wrong = (
            f"quantity must be the name of a main quantity or a function of q; given {quantity!r}."
        )
    return ("", lambda q: np.nan), [wrong] if wrong else []
