"""Who says what: how much of each quantity is owed to each source, prior and assumption."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from funnelest.axes import Where
from funnelest.check.arguments import Quantity, looked_at, main_quantities, result_problems
from funnelest.check.contributions.sentences import resting, sentences
from funnelest.check.contributions.shares import Known, Shares
from funnelest.check.measures import NOTHING, limits
from funnelest.check.wording import naming_defaults
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.inference.leaving_out import LeftOut, left_out
from funnelest.likelihood.components import held
from funnelest.model.model import Model
from funnelest.results.precision import CONTRACTION
from funnelest.results.result import Result
from funnelest.results.tables import column_of
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import say

__all__ = ["contributions"]

_SUBJECT = "the contributions"
#: Columns of the table that are printed under the text.
_PRINTED = ("contraction", "moved", "sources", "priors", "assumptions", "most", "rests_on")


@entry
def contributions(
    result: Result,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    by: Sequence[str] | str = (),
    probability: float = 0.95,
    contraction: float = CONTRACTION,
    seed: int,
    cores: int | None = None,
    refit: bool = True,
    without: Mapping[str, LeftOut] | None = None,
    progress: bool = True,
) -> Verdict:
    r"""Return who says what: how much of each quantity is owed to each source and each prior.

    Parameters
    ----------
    result : Result
        A fit.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step and
        every transition.
    by : str or sequence of str, default ()
        Axes of which every level gets rows of its own beside the totals; only without
        `quantities`.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    contraction : float, default 0.1
        Contraction, below 1, under which a quantity is said to rest on its prior.
    seed : int
        The same seed gives the same answer, on one core and on many.
    cores : int, optional
        How many refits run at a time; all cores when left out, 1 for this process alone.
    refit : bool, default True
        Whether to find what is known without each source, by weights and, where these fail, by
        fitting again.
    without : mapping of str to LeftOut, optional
        The posterior without each source, where it is known already: ``details["left_out"]`` of
        a conflict of this result.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Verdict
        It passed when no quantity rests for more than half on priors and what was assumed. `table`
        has one row per quantity (and stratum): median and limits of the `interval`, and of the
        prior; the `contraction` and how far it `moved`; the sources it is `seen_by` ("prior only"
        where none does, "held" of a number that was given), and those that see the stratum `apart`
        from others; the shares owed to `sources`, `priors` and `assumptions`, and the component to
        which `most` is owed; what it `rests_on` that no figure says; the `basis`.

        ``tables["shares"]`` has one row per quantity (and stratum) and component: the `share` owed
        to it and its Monte Carlo standard error `share_mc_error`, the `total` that the shares added
        up to before (1 for a normal posterior; little where rounded figures leave out all but a
        range); of sources what is known without it: median and limits (`without_median` ...), the
        `shift` of the median in posterior standard deviations, the `variance` over what it is with
        the source, and `how` that was computed ("reweighted", "refit", "failed", "not asked";
        "cannot be left out" of priors).

        `found` has one value per row, and `details` the `components`: sources, priors of the
        route, and priors of what is assumed.

    Raises
    ------
    SpecError
        With every problem of the arguments. Also when a quantity raises an error, or does not give
        one finite number per draw.
    FitError
        When the convergence gate of the result failed and it was not opened all the same.

    Notes
    -----
    Numbers are looked at on the log scale, shares on the log-odds. The posterior is the product of
    components :math:`p_k(\theta)`, the likelihood of each source and each prior, each to a power
    :math:`\alpha_k = 1` (Kallioinen et al., Stat Comput 2024;34:57). The share owed to k is

    .. math:: s_k \propto -\frac{\partial \log \mathrm{Var}(\phi)}{\partial \alpha_k}
              = -\frac{\mathrm{Cov}((\phi - \bar\phi)^2, \log p_k)}{\mathrm{Var}(\phi)},

    over the sum for all k. When everything is normal, the sum is 1 as it is (the variance falls
    as one over a common power), and none is negative; of one parameter they are then the shares of
    the posterior precision. A negative share is of a component that makes the quantity less
    certain, such as one in conflict with others. Nothing is owed to what would count the same to
    any power: a held number, the hard limits of a rounded figure.

    Priors are scaled on their own scale, `log_prior_density`, so that a flat one has its share: 2
    of n + 2 observations for a uniform share.

    Without a source: its likelihood to the power 0, every parameter kept; by weights
    :math:`1 / p_k(\theta_s)` where these can be trusted, and else by a fit, as in `conflict`.
    """
    problems = result_problems(
        result=result, quantities=quantities, probability=probability, contraction=contraction,
        seed=seed, cores=cores, refit=refit, without=without,
    )  # fmt: skip
    if isinstance(result, Result):
        problems += _axis_problems(result.model, quantities, by)
    raise_if_any(problems, _SUBJECT)
    model = result.model
    looked: dict[tuple[str, tuple[tuple[str, Any], ...]], Quantity] = {
        (name, ()): function for name, function in looked_at(model, quantities).items()
    }
    for where in _strata(model, [by] if isinstance(by, str) else list(by)):
        for name, function in main_quantities(model, where).items():
            looked[name, tuple(where.items())] = function
    shares = Shares(_SUBJECT, result, looked, float(probability), float(contraction))
    if without is None:
        names = [one.name for one in shares.sources] if refit else []
        without = left_out(result, names, seed=int(seed), cores=cores, progress=progress)
    found = [shares.known(key, without) for key in looked]
    interval = interval_name(probability)
    axes = list(dict.fromkeys(axis for row in found for axis in row.labels))
    rows = [_quantity_row(row, axes, interval) for row in found]
    rests = {
        "contributions.mark": resting(found, "prior only") + resting(found, "prior"),
        "contributions.mark_assumed": resting(found, "assumption") + resting(found, "both"),
    }
    marks = [say(key, names=names) for key, names in rests.items() if names]
    verdict = Verdict(
        check="contributions",
        passed=not marks,
        said=sentences(found, list(held(model))),
        marked=say("word.marks", parts=marks) if marks else "",
        rows={
            "quantities": rows,
            "shares": [
                _share_row(row, axes, interval, one.name, one.kind)
                for row in found
                for one in shares.components
            ],
        },
        found=found,
        details={"components": shares.components},
        result_mark=result.said_mark,
        columns=("quantity", *axes, *_PRINTED),
    )
    return naming_defaults(verdict, model, looked.values())


def _axis_problems(model: Model, quantities: object, by: object) -> list[str]:
    """Return why rows cannot be made by these axes, one sentence each."""
    if not isinstance(by, str | list | tuple):
        return [f"by must name axes; given {by!r}."]
    names = [by] if isinstance(by, str) else list(by)
    known = ", ".join(axis.name for axis in model.population.axes) or "none"
    found = [
        f"by names axis {name!r}; the population's axes are: {known}."
        for name in names
        if model.population.axis(name) is None
    ]
    if names and quantities is not None:
        found.append("by goes with the default quantities: give yours a where of their own.")
    return found


def _strata(model: Model, axes: Sequence[str]) -> list[Where]:
    """Return the selection of every combination of levels of some axes, but for empty ones."""
    if not axes:
        return []
    population = model.population
    levels = [population.axes[population.position(name)].levels for name in axes]
    wheres = [dict(zip(axes, chosen, strict=True)) for chosen in product(*levels)]
    return [where for where in wheres if population.total(where) > 0]


# -------------------------------------------------------------------------- tables


def _quantity_row(row: Known, axes: Sequence[str], interval: str) -> dict[str, Any]:
    return {
        "quantity": row.quantity,
        **{column_of(axis): row.labels.get(axis, "all") for axis in axes},
        **limits(row.posterior),
        "interval": interval,
        **limits(row.prior, "prior_"),
        "contraction": row.contraction,
        "moved": row.moved,
        "seen_by": ", ".join(row.seen_by) or ("held" if row.rests_on == "held" else "prior only"),
        "apart": ", ".join(row.apart),
        "sources": row.owed["source"],
        "priors": row.owed["prior"],
        "assumptions": row.owed["assumption"],
        "most": max(row.shares, key=lambda name: row.shares[name]) if row.shares else "",
        "rests_on": row.rests_on,
        "basis": row.basis,
    }


def _share_row(
    row: Known, axes: Sequence[str], interval: str, name: str, kind: str
) -> dict[str, Any]:
    without = row.without.get(name)
    return {
        "quantity": row.quantity,
        **{column_of(axis): row.labels.get(axis, "all") for axis in axes},
        "component": name,
        "kind": kind,
        "share": row.shares.get(name, math.nan),
        "share_mc_error": row.errors.get(name, math.nan),
        "total": row.total,
        **limits(without.after if without else NOTHING, "without_"),
        "interval": interval,
        "shift": without.shift if without else math.nan,
        "variance": without.widened**2 if without else math.nan,
        "how": without.how if without else "cannot be left out",
        "basis": row.basis,
    }
