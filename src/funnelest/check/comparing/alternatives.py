"""Fit one model under several assumptions about the same people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.assumptions.base import Assumption
from funnelest.axes import Where, show_level, show_where
from funnelest.check.comparing.comparison import Comparison, Looked
from funnelest.errors import SpecError, raise_if_any
from funnelest.inference.fitting import argument_problems, fit
from funnelest.model.model import Model
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.route import show_edge

__all__ = ["compare"]

type Floats = NDArray[np.float64]


def compare(
    model: Model,
    alternatives: Mapping[str, Assumption | Sequence[Assumption]],
    *,
    where: Where | None = None,
    per: str | None = "auto",
    probability: float = 0.95,
    seed: int,
    engine: Literal["auto", "importance", "nuts"] = "auto",
    draws: int = 4000,
    progress: bool = True,
) -> Comparison:
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
    engine : {"auto", "importance", "nuts"}
        As in `fit`.
    draws : int, default 4000
        Draws per fit.
    progress : bool, default True
        Show progress bars on the terminal.

    Returns
    -------
    Comparison
        With `table`, `text`, the fits in `results`, and `pooled`.

    Raises
    ------
    SpecError
        With every problem of the alternatives.
    """
    raise_if_any(
        _argument_problems(model, alternatives, where, per, probability, seed, engine, draws),
        "the comparison",
    )
    made, mask = _models(model, alternatives, where)
    per = model.population.mean_over(per)
    imputed = _show_cells(model, mask)
    return Comparison(
        model=model,
        imputed=imputed,
        quantities=_looked(model, mask, imputed, where, per),
        results={
            name: tuple(
                fit(one, seed=seed, engine=engine, draws=draws, progress=progress) for one in models
            )
            for name, models in made.items()
        },
        probability=probability,
    )


def _argument_problems(
    model: Any,
    alternatives: Any,
    where: Any,
    per: Any,
    probability: Any,
    seed: Any,
    engine: Any,
    draws: Any,
) -> list[str]:
    """Return what is wrong with the arguments, before anything is fitted."""
    if not isinstance(model, Model):
        return [f"model must be a Model; given {model!r}."]
    found = argument_problems(model, engine, draws, seed, ended=True)
    if seed is None:
        found.append("seed must be a whole number; without one every alternative has another.")
    if not isinstance(alternatives, Mapping) or not alternatives:
        found.append(f"alternatives must map names to assumptions; given {alternatives!r}.")
    elif not all(isinstance(name, str) for name in alternatives):
        found.append(f"the names of alternatives must be texts; given {list(alternatives)!r}.")
    found += model.population.problems_in({} if where is None else where)
    found += model.population.per_problems(per)
    return found + tables.interval_problems(probability, "equal-tailed")


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
    raise_if_any(problems, "the comparison")
    whole = np.logical_or.reduce(list(masks.values()))
    if not whole.any():
        raise_if_any(["no alternative fills in any cells: nothing is imputed."], "the comparison")
    problems += _where_problems(model, groups, whole, where or {})
    for name, mask in masks.items():
        if (mask != whole).any():
            problems.append(
                f"alternative {name!r} does not fill in {_show_cells(model, whole & ~mask)}, which "
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
    raise_if_any(list(dict.fromkeys(problems)), "the comparison")
    return made, whole


def _sides(group: Sequence[Any], population: Population) -> list[list[Any]]:
    """Return the assumptions to fit: as they are, or bounds at their lower and upper limits."""
    if not any(one.ends(population) for one in group):
        return [list(group)]
    return [[one.ends(population).get(side, one) for one in group] for side in ("lower", "upper")]


def _show_cells(model: Model, mask: NDArray[np.bool_]) -> str:
    """Return cells as text: the levels of every axis over which they are not all."""
    shown = []
    for i, axis in enumerate(model.population.axes):
        inside = np.flatnonzero(mask.any(axis=tuple(j for j in range(mask.ndim) if j != i)))
        if len(inside) == len(axis.levels):
            continue
        levels = [axis.levels[k] for k in inside]
        if axis.numeric and list(inside) == list(range(inside[0], inside[-1] + 1)):
            shown.append(
                f"{axis.name} {show_level((axis.bounds(inside[0])[0], axis.bounds(inside[-1])[1]))}"
            )
        else:
            shown.append(f"{axis.name} {', '.join(show_level(level) for level in levels)}")
    return ", ".join(shown) or "everyone"


def _looked(
    model: Model, mask: NDArray[np.bool_], imputed: str, where: Where | None, per: str | None
) -> list[Looked]:
    """Return what is compared: the imputed people, the total, and every transition."""
    first = model.route.steps[0]
    inside = mask[..., None].astype(np.float64)
    ones = np.ones((1,) * (mask.ndim + 1))

    def people(q: Quantities) -> Any:
        return q.pool(q.in_cells(first) * inside, where) / (
            len(q.cells.select(where)[q.cells.position(per)]) if per is not None else 1
        )

    def rate(q: Quantities, cells: Floats) -> Any:
        return q.pool(q.in_cells(first) * cells, where) / q.pool(ones * cells, where)

    whole = f" ({show_where(where)})" if where else ""
    period = tables.unit(model.population, per, where or {})
    return [
        Looked(
            f"number at {first!r}, {imputed}{whole}",
            "people",
            "imputed",
            people,
            {"nl": f"aantal bij {first!r}, {imputed}{whole}"},
            period,
        ),
        Looked(
            f"yearly rate of {first!r}, {imputed}{whole}",
            "share",
            "imputed",
            lambda q: rate(q, inside),
            {"nl": f"jaarlijks cijfer van {first!r}, {imputed}{whole}"},
        ),
        Looked(
            f"yearly rate of {first!r}, {imputed} over others{whole}",
            "ratio",
            "imputed",
            lambda q: rate(q, inside) / rate(q, 1.0 - inside),
            {"nl": f"jaarlijks cijfer van {first!r}, {imputed} ten opzichte van de rest{whole}"},
        ),
        Looked(
            f"number at {first!r}, all{whole}",
            "people",
            "partly imputed",
            lambda q: q.number(first, where, per=per),
            {"nl": f"aantal bij {first!r}, allen{whole}"},
            period,
        ),
        *(
            Looked(
                f"{show_edge(edge)}{whole}",
                "share",
                "partly imputed",
                lambda q, e=edge: q.transition(*e, where),  # type: ignore[misc]
            )
            for edge in model.route.edges
        ),
    ]
