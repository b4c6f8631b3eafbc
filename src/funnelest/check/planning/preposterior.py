"""What a source that does not exist yet would be expected to add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import called, per_draw
from funnelest.check.planning.found import Planned
from funnelest.errors import raise_if_any
from funnelest.evidence.base import Evidence
from funnelest.fields import is_number
from funnelest.inference.fitting import seed_problems
from funnelest.inference.preposterior import (
    BASES,
    Preposterior,
    beside,
    flattened,
    levels_of,
    refit,
    repeated,
)
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.result import Result

__all__ = ["planned"]

type Floats = NDArray[np.float64]

_SUBJECT = "the plan"


def planned(
    result: Result,
    survey: Callable[[int], Evidence],
    quantity: Callable[[Quantities], Any],
    n: Sequence[int],
    *,
    replicates: int = 200,
    probability: float = 0.95,
    seed: int,
    cost: Callable[[int], float] | None = None,
    basis: Literal["estimated", "partly imputed", "imputed"] | None = None,
    progress: bool = True,
) -> Planned:
    r"""Return how wide an interval is expected to be after a source that is planned.

    Per size and replicate, parameters are drawn from the posterior, the planned source is made
    up from them, and all draws of the posterior are weighed by its likelihood.

    Parameters
    ----------
    result : Result
        A fit of what is known now.
    survey : callable
        ``survey(n)`` returns the planned source as any evidence of the model, with a name that
        is not taken and with data that hold its place: only what they measure, and how well,
        counts. Where it has a field `n`, that is the size.
    quantity : callable
        ``quantity(q)`` with `q` a `Quantities`: what the interval is of.
    n : sequence of int
        Sizes of the source, ascending.
    replicates : int, default 200
        Number of made-up sets of data per size; at least 2.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    seed : int
        The same seed gives the same answer.
    cost : callable, optional
        ``cost(n)``, above 0, in any unit.
    basis : {"estimated", "partly imputed", "imputed"}, optional
        What the quantity rests on. Left out: that of the whole model, `Model.basis`. Give it when
        the quantity is of some of the people only, who may all be imputed, or none of them.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Planned
        Its table and its text. Widths are in the unit of the quantity.

    Raises
    ------
    SpecError
        With every problem of the arguments, or of the model with the source in it.
        Also when a function raises an error, gives something of another shape than one number
        per draw, or when the source has a field `n` other than the size that was asked for.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Preposterior analysis: Raiffa and Schlaifer, Applied Statistical Decision Theory, 1961;
    O'Hagan, Stevens and Campbell, Pharm Stat 2005;4:187. By weights on draws that are there:
    Menzies, Med Decis Making 2016;36:308. With :math:`\theta_s` the draws and y made up from
    :math:`\theta_i`, draw s weighs :math:`p(y \mid \theta_s)`; the draw :math:`\theta_i` itself
    (and its repetitions) is left out, since it is where y came from. Below 200 effective draws
    (:math:`1 / \sum w^2`) the model is fitted again with y, by importance sampling; a replicate
    whose refit fails its gate is counted as failed and is in no mean.

    The same parameters are drawn, and the same stream of random numbers is used, for every size:
    differences between sizes are better known than the `mc_error` of each. That error is over
    replicates. That all of them weigh the same draws is not in it.

    What the planned source needs and the model does not have, such as the sensitivity of its
    question, is drawn from its prior beside the posterior. Ages that an assumption fills in may
    be asked: the assumption is then their prior.
    """
    raise_if_any(
        _problems(result, survey, quantity, n, replicates, probability, seed, cost, basis),
        _SUBJECT,
    )
    from tqdm import tqdm

    sizes = tuple(int(size) for size in n)
    quantity = per_draw(_SUBJECT, "quantity", quantity)
    now = result.sample_of(quantity)  # refuses a result behind a closed gate
    if not np.isfinite(now).all() or np.ptp(now) == 0:
        raise_if_any(
            [
                "quantity must be a finite number in every draw of the result, and not the same "
                "in all: else there is no width to narrow."
            ],
            _SUBJECT,
        )
    seed = int(seed)
    plans = _plans(result.model, survey, sizes)
    costs = None if cost is None else _costs(cost, sizes)
    rng = np.random.default_rng([seed, 0])
    truths = rng.choice(len(now), replicates, replace=replicates > len(now))
    flat = flattened(result)
    same = repeated(flat)
    shape = (len(sizes), replicates)
    widths, sds = np.full(shape, np.nan), np.full(shape, np.nan)
    refitted = np.zeros(shape, dtype=bool)
    levels = levels_of(probability)
    with tqdm(
        total=len(sizes) * replicates,
        desc="planned data",
        delay=2,
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for i, (model, added) in enumerate(plans):
            draws = beside(model, flat, len(now), seed)
            plan = Preposterior(model, [added], draws, quantity, same)
            for r, truth in enumerate(truths):
                made, weights = plan.replicate(int(truth), np.random.default_rng([seed, 2, r]))
                if weights is not None:
                    widths[i, r], sds[i, r] = plan.spread(weights, levels)
                else:
                    refitted[i, r] = True
                    again = refit(plan.with_made(made), quantity, len(now), [seed, 3, i, r])
                    if again is not None:
                        ends = np.quantile(again, levels)
                        widths[i, r], sds[i, r] = ends[1] - ends[0], np.std(again)
                bar.update()
    low, high = np.quantile(now, levels)
    return Planned(
        n=sizes,
        widths=widths,
        sds=sds,
        refitted=refitted,
        width_now=float(high - low),
        probability=float(probability),
        costs=costs,
        basis=result.model.basis() if basis is None else basis,
        mark=result.mark,
        seed=seed,
    )


def _plans(
    model: Model, survey: Callable[[int], Evidence], sizes: Sequence[int]
) -> list[tuple[Model, Evidence]]:
    """Return the model with the planned source, and that source, for every size."""
    made = [called(_SUBJECT, f"survey({size})", survey, size) for size in sizes]
    problems = []
    for size, one in zip(sizes, made, strict=True):
        if not isinstance(one, Evidence):
            problems.append(f"survey({size}) must return evidence; it gave {one!r}.")
            continue
        given = one.people_asked()
        if given is not None and given != size:
            problems.append(
                f"survey({size}) must return evidence with n = {size}; its field 'n' is {given}."
            )
    raise_if_any(problems, _SUBJECT)
    # Copies of their own, so that they are known again also when survey returns what is in use.
    sources = [replace(one) for one in made]
    return [(model.with_evidence([*model.evidence, one]), one) for one in sources]


def _costs(cost: Callable[[int], float], sizes: Sequence[int]) -> tuple[float, ...]:
    found = [called(_SUBJECT, f"cost({size})", cost, size) for size in sizes]
    raise_if_any(
        [
            f"cost({size}) must be a number above 0; it gave {value!r}."
            for size, value in zip(sizes, found, strict=True)
            if not (is_number(value) and value > 0)
        ],
        _SUBJECT,
    )
    return tuple(float(value) for value in found)


def _problems(
    result: Any,
    survey: Any,
    quantity: Any,
    n: Any,
    replicates: Any,
    probability: Any,
    seed: Any,
    cost: Any,
    basis: Any,
) -> list[str]:
    found = []
    if not isinstance(result, Result):
        found.append(f"result must be a Result; given {result!r}.")
    if not callable(survey):
        found.append(f"survey must be a function of n that returns evidence; given {survey!r}.")
    if not callable(quantity):
        found.append(f"quantity must be a function of q; given {quantity!r}.")
    whole = (
        isinstance(n, Sequence | np.ndarray)
        and not isinstance(n, str)
        and len(n) > 0
        and all(_is_whole(one) and one >= 1 for one in n)
    )
    if not whole or not all(a < b for a, b in pairwise(n)):
        found.append(f"n must be ascending whole numbers of at least 1; given {n!r}.")
    if not (_is_whole(replicates) and replicates >= 2):
        found.append(f"replicates must be a whole number of at least 2; given {replicates!r}.")
    found += tables.interval_problems(probability, "equal-tailed")
    found += seed_problems(seed)
    if cost is not None and not callable(cost):
        found.append(f"cost must be a function of n; given {cost!r}.")
    if basis is not None and not (isinstance(basis, str) and basis in BASES):
        known = ", ".join(map(repr, BASES))
        found.append(f"basis must be one of {known}, or left out; given {basis!r}.")
    return found


def _is_whole(value: object) -> bool:
    """Return whether `value` is a whole number (a truth value is not)."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
