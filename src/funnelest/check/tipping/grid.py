"""A model fitted again at every value at which a parameter is held."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import per_draw
from funnelest.check.tipping.found import Conclusion, Tipping
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.fields import is_number
from funnelest.inference.fitting import argument_problems, fit, seed_problems
from funnelest.likelihood.density import prior_draws
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result

__all__ = ["tipping_point"]

type Floats = NDArray[np.float64]

#: Fewest values on a grid: with two, a conclusion that turns and turns back is not seen.
_FEWEST = 3
_SUBJECT = "the tipping point"


def tipping_point(
    model: Model,
    conclusion: Conclusion,
    over: Mapping[str, Sequence[float]],
    *,
    seed: int,
    engine: Literal["auto", "importance", "nuts"] = "auto",
    draws: int = 4000,
    progress: bool = True,
) -> Tipping:
    r"""Return at which value of what is assumed a conclusion turns.

    One or two unknown parameters are held at every value of a grid, in place of their priors, and
    everything else is fitted again. Meant for parameters that no figure informs: how wrong the
    assumption has to be before the conclusion falls is then a question about the world, which
    readers can answer for themselves.

    Parameters
    ----------
    model : Model
        The model.
    conclusion : Conclusion
        What is concluded, and at which probability.
    over : mapping of str to sequence of float
        One or two unknown parameters, as `Model.free` names them -> ascending values, at least
        three.
    seed : int
        The same seed gives the same answer.
    engine : {"auto", "importance", "nuts"}, default "auto"
        As in `fit`.
    draws : int, default 4000
        Number of draws of every fit, as in `fit`.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Tipping
        Its table, its turning points and its text. A fit that failed its convergence gate has
        no probability, but a mark.

    Raises
    ------
    SpecError
        With every problem of the arguments. Also when a function of the conclusion raises an
        error, or gives something of another shape than one number per draw.

    Notes
    -----
    Tipping-point analysis: Yan, Lee and Li, J Biopharm Stat 2009;19:1085. Every fit starts from
    the proposal of its neighbour on the grid, and has a seed of its own that follows from `seed`
    and its place: the Monte Carlo errors are independent. The standard error is
    :math:`\sqrt{P(1-P)/n}`, with n the effective number of draws and P kept half a draw away from
    0 and 1.

    A comparison that follows from the held value alone, such as a ratio of rates that is itself
    assumed, has probability 0 or 1. It jumps between two values of the grid, and the turning
    point is only known to lie between these.

    Elsewhere the logit of the probability is taken as linear between neighbours, in the parameter
    itself: also when that spans so much that the axis of the figure is logarithmic. The finer the
    grid, the less this matters.

    Fits are conditional on the held value; how well that value itself agrees with the figures
    is not weighed. Where figures do inform the parameter, look at its posterior as well.
    """
    raise_if_any(_problems(model, conclusion, over, seed, engine, draws), _SUBJECT)
    from tqdm import tqdm

    grids = {name: tuple(float(value) for value in grid) for name, grid in over.items()}
    shape = tuple(len(grid) for grid in grids.values())
    seeds = np.random.SeedSequence(seed).generate_state(math.prod(shape)).reshape(shape)
    probability, error = np.full(shape, np.nan), np.full(shape, np.nan)
    marks = np.full(shape, "", dtype=object)
    counted, start = draws, None
    for at in tqdm(
        list(_path(shape)),
        desc="held values",
        delay=2,
        leave=False,
        disable=None if progress else True,
    ):
        held = {name: grid[i] for (name, grid), i in zip(grids.items(), at, strict=True)}
        try:
            result = fit(
                model.holding(held),
                engine=engine,
                draws=draws,
                seed=int(seeds[at]),
                start=start,
                progress=False,
            )
        except FitError as trouble:
            marks[at] = f"NO FIT: {trouble}"
            continue
        if not result.gate.passed:
            marks[at] = result.mark
            continue
        start = result
        probability[at], error[at], counted = _probability(result, conclusion)
        if np.isnan(probability[at]):
            marks[at] = "NO VALUE: what is compared is undefined in some of the draws"
    return Tipping(
        conclusion=conclusion,
        over=grids,
        priors={name: model.priors[name] for name in grids},
        probability=probability,
        mc_error=error,
        marks=marks.astype(str),
        draws=counted,
        seed=int(seed),
    )


def _path(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every point of a grid, each a neighbour of the one before: there and back."""
    if len(shape) == 1:
        yield from ((i,) for i in range(shape[0]))
        return
    rows, columns = shape
    for i in range(rows):
        yield from ((i, j) for j in (range(columns) if i % 2 == 0 else reversed(range(columns))))


def _compared(conclusion: Conclusion) -> list[Callable[[Quantities], Floats]]:
    """Return both things that are compared, as functions of `q`."""
    than = conclusion.than
    functions = {"larger": conclusion.larger}
    functions["than"] = than if callable(than) else lambda q: float(than)
    return [per_draw(_SUBJECT, f"conclusion: {name}", one) for name, one in functions.items()]


def _probability(result: Result, conclusion: Conclusion) -> tuple[float, float, int]:
    """Return the probability of the conclusion, its Monte Carlo error, and the number of draws."""
    larger, than = map(result.sample_of, _compared(conclusion))
    size = len(larger)
    if np.isnan(larger).any() or np.isnan(than).any():
        return np.nan, np.nan, size
    p = float(np.mean(larger > than))
    inside = min(max(p, 0.5 / size), 1 - 0.5 / size)
    return p, float(np.sqrt(inside * (1 - inside) / result.effective_draws)), size


def _problems(
    model: Any, conclusion: Any, over: Any, seed: Any, engine: Any, draws: Any
) -> list[str]:
    found = []
    if isinstance(model, Model):
        found += [
            f"{one.describe()}. So there is no posterior, and no probability of a conclusion: "
            "compare the two limits with funnelest.check.compare, or state a distribution."
            for one in model.assumptions
            if one.ends(model.population)
        ]
    drawable = isinstance(model, Model) and not found
    found += argument_problems(model, engine, draws, seed, ended=True)
    if seed is None:  # else every value would have another
        found += seed_problems(seed)
    trouble = _conclusion_problems(conclusion)
    found += trouble
    if drawable and not trouble:
        # Once on draws from the prior: a name that is wrong is then found before any fit.
        q = Quantities(model, prior_draws(model, np.random.default_rng(0), 2))
        for function in _compared(conclusion):
            try:
                function(q)
            except SpecError as error:
                found += error.problems
    if not isinstance(over, Mapping) or not over:
        return [*found, f"over must map one or two parameters to values; given {over!r}."]
    if len(over) > 2:
        found.append(
            f"over must name one or two parameters; given {len(over)}: "
            f"{', '.join(map(repr, over))}."
        )
    for name, grid in over.items():
        support = (-np.inf, np.inf)
        if isinstance(model, Model) and name not in model.free:
            known = ", ".join(map(repr, model.free)) or "none"
            found.append(
                f"over: there is no unknown parameter {name!r}; the unknown ones are: {known}."
            )
        elif isinstance(model, Model):
            support = model.free[name].support
        found += [f"over[{name!r}] {text}" for text in _grid_problems(grid, support)]
    return found


def _conclusion_problems(conclusion: Any) -> list[str]:
    if not isinstance(conclusion, Conclusion):
        return [f"conclusion must be a Conclusion; given {conclusion!r}."]
    found = []
    if not (isinstance(conclusion.statement, str) and conclusion.statement.strip()):
        found.append("conclusion: it needs a statement: what is concluded?")
    if not callable(conclusion.larger):
        found.append(f"conclusion: larger must be a function of q; given {conclusion.larger!r}.")
    if not (callable(conclusion.than) or is_number(conclusion.than)):
        found.append(
            f"conclusion: than must be a function of q or a number; given {conclusion.than!r}."
        )
    p = conclusion.probability
    if not (is_number(p) and 0 < p < 1):
        found.append(f"conclusion: probability must lie between 0 and 1; given {p!r}.")
    return found


def _grid_problems(grid: Any, support: tuple[float, float]) -> list[str]:
    if isinstance(grid, str) or not isinstance(grid, Sequence | np.ndarray):
        return [f"must be a list of values; given {grid!r}."]
    values = list(grid)
    if not all(is_number(value) and np.isfinite(value) for value in values):
        return [f"must hold finite numbers; given {values!r}."]
    found = []
    if len(values) < _FEWEST:
        found.append(f"must hold at least {_FEWEST} values; given {len(values)}.")
    if not all(a < b for a, b in pairwise(values)):
        found.append(f"must ascend; given {values!r}.")
    low, high = support
    outside = [value for value in values if not low <= value <= high]
    if outside:
        shown = ", ".join(f"{value:g}" for value in outside)
        found.append(
            f"must lie between {low:g} and {high:g}, the support of its prior; given {shown}."
        )
    return found
