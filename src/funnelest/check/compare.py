"""One model under several assumptions about the same people, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.assumptions.base import Assumption
from funnelest.axes import Where, show_level, show_where
from funnelest.check.arguments import problems_of
from funnelest.check.measures import NOTHING, apart, limits, three
from funnelest.check.wording import lists, naming_defaults, unknown
from funnelest.entry import entry
from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import POSITIVE, plain
from funnelest.inference.fitting import fit_within
from funnelest.model.model import Model
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.intervals import summary_errors
from funnelest.results.result import Result
from funnelest.route import show_edge
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import Language, Sentence, say
from funnelest.words.digits import to_error

__all__ = ["NO_PROBABILITY", "compare", "judged", "pool"]

type Floats = NDArray[np.float64]
type Results = Mapping[str, tuple[Result, ...]]

#: What stands in the column `interval` where no probability is claimed.
NO_PROBABILITY = "bounds, no probability"
_SUBJECT = "the comparison"
#: Monte Carlo errors of what is printed.
_ERRORS = ("median_mc_error", "low_mc_error", "high_mc_error")
_PRINTED = ("assumption", "quantity", "median", "low", "high", "interval", "basis")


@dataclass(frozen=True)
class _Looked:
    """A quantity that is compared; its unit is "share", "ratio", or people and of which period."""

    name: Sentence | str
    unit: str
    basis: Literal["imputed", "partly imputed"]
    of: Callable[[Quantities], Any] = field(repr=False)


@entry
def compare(
    model: Model,
    alternatives: Mapping[str, Assumption | Sequence[Assumption]],
    *,
    where: Where | None = None,
    per: str | None = "auto",
    probability: float = 0.95,
    seed: int,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    draws: int = 4000,
    progress: bool = True,
) -> Verdict:
    """Fit one model under several assumptions about the same people, and compare.

    Parameters
    ----------
    model : Model
        The model, with one of the assumptions; the others take its place. Assumptions about
        other cells stay.
    alternatives : mapping of str to Assumption, or to a sequence of them
        Name -> the assumption; all fill in the same cells. `Bounds` are fitted at both limits.
    where : mapping, optional
        Which levels of the other axes the numbers are of; all when left out.
    per : str, optional
        Axis over which numbers of people are a mean. "auto": that of the years, where there is
        one.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    seed : int
        The same seed gives the same draws.
    engine : {"auto", "importance", "hmc"}
        As in `fit`.
    draws : int, default 4000
        Draws per fit.
    progress : bool, default True
        Show progress bars on the terminal.

    Returns
    -------
    Verdict
        It passes when every fit passed its convergence gate. The table has a row per alternative
        and quantity: posterior median and interval, the same of the prior, the `contraction` (one
        minus the ratio of posterior to prior variance) and how far the posterior `moved`
        (difference of the means over the standard deviation of the prior), both on the log scale
        of numbers and ratios and on the log-odds of shares. The rate over that of others shows
        what the figures say of these people themselves: a contraction of 0 is nothing. Bounds
        have limits and no median: where the quantity is what is bounded, the limits themselves;
        for others the widest that the intervals at the two limits reach. Columns like
        `low_mc_error` are Monte Carlo errors. `found` has what is
        compared. `details` has the `model`, `imputed` (the cells that are filled in), the fits in
        `results` (of bounds one per limit, the lower one first), `probability`, and the `weights`
        and `statement` of a pool; see `pool`.

    Raises
    ------
    SpecError
        With every problem of the alternatives.
    """
    problems = problems_of(
        model=model, probability=probability, seed=seed, engine=engine, draws=draws
    )
    raise_if_any(problems + _argument_problems(model, alternatives, where, per), _SUBJECT)
    made, mask = _models(model, alternatives, where)
    per = model.population.mean_over(per)
    imputed = _cells(model, mask)
    results = {
        name: tuple(
            fit_within(one, seed=seed, engine=engine, draws=draws, progress=progress)
            for one in models
        )
        for name, models in made.items()
    }
    looked = _looked(model, mask, imputed, where, per)
    verdict = judged(
        looked,
        {"model": model, "imputed": imputed, "results": results, "probability": probability},
    )
    first = next(iter(made.values()))[0]
    return naming_defaults(verdict, first, [one.of for one in looked])


@entry
def pool(compared: Verdict, weights: Mapping[str, float], *, statement: str) -> Verdict:
    """Return a comparison with a pool of the alternatives beside them.

    A mixture of their posterior draws, with the weights that you state: no data chose them.

    Parameters
    ----------
    compared : Verdict
        What `compare` gave.
    weights : mapping of str to float
        Alternative -> its weight, above 0; they add up to 1. Bounds cannot be pooled: they
        have no distribution.
    statement : str
        Why these weights.

    Returns
    -------
    Verdict
        That of `compare`; its table has rows for the pool, named by the weights.

    Raises
    ------
    SpecError
        With every problem of the weights.
    """
    weights = plain(weights)
    raise_if_any(_pool_problems(compared, weights, statement), "the pool")
    stated = {"weights": dict(weights), "statement": statement}
    return judged(compared.found, {**compared.details, **stated}).in_language(compared.language)


def _pool_problems(compared: Any, weights: Any, statement: Any) -> list[str]:
    found = []
    if not (isinstance(statement, str) and statement.strip()):
        found.append("a pool needs a statement: why these weights?")
    if not (isinstance(compared, Verdict) and compared.check == "compare"):
        return [*found, f"compared must be what check.compare gives; given {compared!r}."]
    if not isinstance(weights, Mapping) or not weights:
        return [*found, f"weights must map alternatives to numbers; given {weights!r}."]
    results = compared.details["results"]
    for name, weight in weights.items():
        if name not in results:
            found.append(unknown("alternative", name, map(repr, results)))
        elif len(results[name]) > 1:
            found.append(f"{name!r} are bounds: they have no distribution, and cannot be pooled.")
        found += POSITIVE.said(f"the weight of {name!r}", weight)
    if not found and abs(sum(weights.values()) - 1) > 1e-9:
        found.append(f"the weights must add up to 1; they add up to {sum(weights.values()):g}.")
    return found


# ---------------------------------------------------------------- the verdict


def judged(looked: Sequence[_Looked], details: Mapping[str, Any]) -> Verdict:
    """Return the verdict on fits that are there, with a pool where weights were stated."""
    details = {"weights": {}, "statement": "", **details}
    results: Results = details["results"]
    shut = [name for name, fits in results.items() if not all(one.gate.passed for one in fits)]
    rows = list(_rows(looked, details))
    return Verdict(
        check="compare",
        passed=not shut,
        said=list(_said(looked[0], rows, shut, details)),
        marked=say("compare.mark", names=shut) if shut else "",
        rows={"assumptions": rows},
        columns=_PRINTED,
        found=tuple(looked),
        details=details,
    )


def _rows(looked: Sequence[_Looked], details: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    results, weights, p = (details[name] for name in ("results", "weights", "probability"))
    for name, fits in results.items():
        for one in looked:
            numbers = _bounded(fits, one, p) if len(fits) > 1 else _fitted(fits, None, one, p)
            yield _row(name, one, numbers, one.basis, fits)
    fits = [results[name][0] for name in weights]
    for one in looked if weights else ():
        numbers = _fitted(fits, list(weights.values()), one, p)
        yield _row(_pool_name(weights), one, numbers, say(_BASES[one.basis]), fits)


_BASES = {"imputed": "compare.pooled_imputed", "partly imputed": "compare.pooled_partly_imputed"}


def _row(
    name: Any, one: _Looked, numbers: Mapping[str, Any], basis: Any, fits: Sequence[Result]
) -> dict[str, Any]:
    return {
        "assumption": name,
        "quantity": one.name,
        "unit": one.unit,
        **numbers,
        "basis": basis,
        "mark": "" if all(fit.gate.passed for fit in fits) else say("compare.gate"),
    }


def _pool_name(weights: Mapping[str, float]) -> Sentence:
    parts = [say("compare.weight", weight=weight, name=name) for name, weight in weights.items()]
    return say("compare.pool", parts=parts)


def _fitted(
    fits: Sequence[Result], weights: Sequence[float] | None, one: _Looked, probability: float
) -> dict[str, Any]:
    """Return the numbers of a fit, or of a mixture of several."""
    name = interval_name(probability)
    if not all(fit.gate.passed or fit.accepted for fit in fits):
        return _nothing(name)
    posterior = _mixture([fit.sample_of(one.of) for fit in fits], weights)
    prior = _mixture([fit.prior_sample_of(one.of) for fit in fits], weights)
    contraction, moved = apart(posterior, prior, "logit" if one.unit == "share" else "log")
    # Of a pool the largest of its parts: one that rests on few draws is in it as it is.
    errors = [summary_errors(f.sample_of(one.of), probability, f.dependence) for f in fits]
    return {
        **limits(three(posterior, probability, np.nan)),
        "interval": name,
        **{of: max(error[of] for error in errors) for of in _ERRORS},
        **limits(three(prior, probability, len(prior)), "prior_"),
        "contraction": contraction,
        "moved": moved,
    }


def _bounded(fits: Sequence[Result], one: _Looked, probability: float) -> dict[str, Any]:
    """Return the numbers of fits at two limits, without a median."""
    name = interval_name(probability)
    if not all(fit.gate.passed or fit.accepted for fit in fits):
        return _nothing(name)
    ends = [_fitted([fit], None, one, probability) for fit in fits]
    # What is bounded itself does not vary at a limit.
    exact = all(np.isclose(end["low"], end["high"], rtol=1e-9, atol=1e-12) for end in ends)
    made = _nothing(NO_PROBABILITY if exact else f"{name} at both bounds, the widest")
    for which, widest in (("low", min), ("high", max)):
        for of in (which, f"prior_{which}"):
            end = widest(ends, key=itemgetter(of))
            made |= {of: end[of], f"{of}_mc_error": end[f"{of}_mc_error"]}
    return made


def _nothing(interval: str) -> dict[str, Any]:
    """Return the columns of a row without numbers."""
    return {**limits(NOTHING), "interval": interval, **limits(NOTHING, "prior_"),
            "contraction": np.nan, "moved": np.nan}  # fmt: skip


def _mixture(draws: Sequence[Floats], weights: Sequence[float] | None) -> Floats:
    """Return draws from a mixture: as many evenly spread ones of each part as its weight asks."""
    if weights is None:
        return draws[0]
    size = min(len(one) for one in draws)
    counts = np.floor(np.array(weights) * size).astype(int)
    return np.concatenate(
        [
            one[np.linspace(0, len(one) - 1, count).astype(int)]
            for one, count in zip(draws, counts, strict=True)
        ]
    )


def _said(
    number: _Looked,
    rows: Sequence[Mapping[str, Any]],
    shut: Sequence[str],
    details: Mapping[str, Any],
) -> Iterator[Sentence]:
    """Yield what the comparison says; `number` is that of the imputed people."""
    yield say("compare.headline", people=details["imputed"])
    rows = [row for row in rows if isinstance(row["assumption"], str)]  # without the pool
    of = [row for row in rows if row["quantity"] == number.name]
    medians = [
        to_error(row["median"], row["median_mc_error"])[0]
        for row in of
        if not np.isnan(row["median"])
    ]
    if len(medians) > 1:
        low, high = min(medians), max(medians)
        said = {"quantity": number.name, "low": low, "high": high}
        if low > 0:
            yield say("compare.range", factor=high / low, **said)
        else:
            yield say("compare.range_from_none", **said)
    for row in of:
        if row["interval"] == NO_PROBABILITY:
            yield say("compare.bounds", name=row["assumption"], low=row["low"], high=row["high"])
    ratios = [row for row in rows if row["unit"] == "ratio"]
    untold = [row["assumption"] for row in ratios if row["contraction"] < 0.1]
    yield from lists("compare", {"untold": untold})
    if details["weights"]:
        parts = _pool_name(details["weights"]).values["parts"]
        yield say("compare.pooled", parts=parts, statement=details["statement"])
    yield from lists("compare", {"failed": shut})


# ---------------------------------------------------------------- what is compared


def _cells(model: Model, mask: NDArray[np.bool_]) -> Sentence:
    """Return cells: the levels of every axis over which they are not all."""
    shown = []
    for i, axis in enumerate(model.population.axes):
        inside = np.flatnonzero(mask.any(axis=tuple(j for j in range(mask.ndim) if j != i)))
        if len(inside) == len(axis.levels):
            continue
        if axis.numeric and list(inside) == list(range(inside[0], inside[-1] + 1)):
            levels = show_level((axis.bounds(inside[0])[0], axis.bounds(inside[-1])[1]))
        else:
            levels = ", ".join(show_level(axis.levels[k]) for k in inside)
        shown.append(say("compare.axis", axis=axis.name, levels=levels))
    return say("compare.cells", shown=shown) if shown else say("compare.everyone")


def _looked(
    model: Model, mask: NDArray[np.bool_], imputed: Sentence, where: Where | None, per: str | None
) -> list[_Looked]:
    """Return what is compared: the imputed people, the total, and every transition."""
    first = model.route.steps[0]
    inside = mask[..., None].astype(np.float64)
    ones = np.ones((1,) * (mask.ndim + 1))
    whole = f" ({show_where(where)})" if where else ""
    period = tables.unit(model, per, where or {})

    def named(key: str) -> Sentence:
        return say(f"compare.{key}", step=first, people=imputed, whole=whole)

    def people(q: Quantities) -> Any:
        return q.pool(q.in_cells(first) * inside, where) / (
            len(q.cells.select(where)[q.cells.position(per)]) if per is not None else 1
        )

    def rate(q: Quantities, cells: Floats) -> Any:
        return q.pool(q.in_cells(first) * cells, where) / q.pool(ones * cells, where)

    def ratio(q: Quantities) -> Any:
        return rate(q, inside) / rate(q, 1.0 - inside)

    def total(q: Quantities) -> Any:
        return q.number(first, where, per=per)

    return [
        _Looked(named("number"), period, "imputed", people),
        _Looked(named("rate"), "share", "imputed", lambda q: rate(q, inside)),
        _Looked(named("ratio"), "ratio", "imputed", ratio),
        _Looked(named("total"), period, "partly imputed", total),
        *(
            _Looked(
                f"{show_edge(edge)}{whole}",
                "share",
                "partly imputed",
                lambda q, e=edge: q.transition(*e, where),  # type: ignore[misc]
            )
            for edge in model.route.edges
        ),
    ]


# ---------------------------------------------------------------- arguments and models


def _argument_problems(model: Any, alternatives: Any, where: Any, per: Any) -> list[str]:
    """Return what is wrong with what is compared, before anything is fitted."""
    found = []
    if not isinstance(alternatives, Mapping) or not alternatives:
        found.append(f"alternatives must map names to assumptions; given {alternatives!r}.")
    elif not all(isinstance(name, str) for name in alternatives):
        found.append(f"the names of alternatives must be texts; given {list(alternatives)!r}.")
    if not isinstance(model, Model):
        return found
    found += model.population.problems_in({} if where is None else where)
    return found + model.population.per_problems(per)


def _where_problems(
    model: Model, groups: Mapping[str, Sequence[Any]], mask: NDArray[np.bool_], where: Where
) -> list[str]:
    """Return why the people cannot be narrowed down so, one sentence each."""
    found = []
    for i, axis in enumerate(model.population.axes):
        if axis.name in where and (mask != mask.take([0], axis=i)).any():
            found.append(
                f"where selects on axis {axis.name!r}, along which some people are filled in and "
                "others are not: the comparison is of all of them."
            )
    if where:
        found += [
            f"alternative {name!r} has limits in numbers of all people; they say nothing of "
            f"{show_where(where)} alone. Give rates, which hold in every group, or leave out where."
            for name, group in groups.items()
            if any(one.limits_numbers() for one in group)
        ]
    return found


def _models(
    model: Model, alternatives: Mapping[str, Assumption | Sequence[Assumption]], where: Where | None
) -> tuple[dict[str, list[Model]], NDArray[np.bool_]]:
    """Return the models of every alternative, and the cells that they fill in."""
    population = model.population
    problems: list[str] = []
    groups: dict[str, list[Any]] = {
        name: list(one) if isinstance(one, list | tuple) else [one]
        for name, one in alternatives.items()
    }
    masks = {}
    for name, group in groups.items():
        trouble = []
        for one in group:
            if not isinstance(one, Assumption):
                trouble.append(f"alternative {name!r} holds {one!r}, which is no assumption.")
            else:
                trouble += [f"alternative {name!r}: {text}" for text in one.problems(population)]
        if not group:
            trouble.append(f"alternative {name!r} holds no assumption.")
        problems += trouble
        if not trouble:
            empty = np.zeros(population.shape, dtype=bool)
            masks[name] = np.logical_or.reduce([empty, *(g.imputed(population) for g in group)])
    raise_if_any(problems, _SUBJECT)
    whole = np.logical_or.reduce(list(masks.values()))
    if not whole.any():
        raise_if_any(["no alternative fills in any cells: nothing is imputed."], _SUBJECT)
    problems += _where_problems(model, groups, whole, where or {})
    for name, mask in masks.items():
        if (mask != whole).any():
            missing = Language("en").say(_cells(model, whole & ~mask))
            problems.append(
                f"alternative {name!r} does not fill in {missing}, which "
                "another one does: all must be about the same people."
            )
    kept = [one for one in model.assumptions if not (one.imputed(population) & whole).any()]
    made: dict[str, list[Model]] = {}
    for name, group in groups.items():
        made[name] = []
        for sides in _sides(group, population):
            try:
                made[name].append(model.with_assumptions([*kept, *sides]))
            except SpecError as error:
                problems += [f"alternative {name!r}: {text}" for text in error.problems]
    raise_if_any(problems, _SUBJECT)
    return made, whole


def _sides(group: Sequence[Any], population: Population) -> list[list[Any]]:
    """Return the assumptions to fit: as they are, or bounds at their lower and upper limits."""
    ends = [one.ends(population) for one in group]
    sides = ("lower", "upper") if any(ends) else ("",)
    return [[end.get(side, one) for one, end in zip(group, ends, strict=True)] for side in sides]
