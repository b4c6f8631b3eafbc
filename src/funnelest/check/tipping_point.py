"""At which value of what is assumed a conclusion turns: fitted again at every value held."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise, product
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import per_draw, problems_of
from funnelest.check.wording import naming_defaults, unknown
from funnelest.entry import entry
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.fields import (
    Allowed,
    Constraint,
    answers,
    is_number,
    number,
    plain,
    plain_fields,
)
from funnelest.fields import problems_of as problems_of_fields
from funnelest.inference.fitting import fit_within
from funnelest.inference.progress import counted
from funnelest.likelihood.density import prior_draws
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say
from funnelest.words.digits import to_error

__all__ = ["Conclusion", "judged", "tipping_point"]

type Floats = NDArray[np.float64]
type Grids = Mapping[str, tuple[float, ...]]

#: Fewest values on a grid: with two, a conclusion that turns and turns back is not seen.
_FEWEST = 3
_SUBJECT = "the tipping point"
#: Monte Carlo errors that the range of a turning point allows for.
_ERRORS = 2.0


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """A comparison of two quantities at a stated probability.

    Parameters
    ----------
    statement : str
        What is concluded, such as "more victims under 12 than at 12-16".
    larger : callable
        ``larger(q)`` with `q` a `Quantities`: what is said to be the larger.
    than : callable or float
        The other quantity, or a number.
    probability : float, default 0.5
        The conclusion is drawn where the probability that `larger` is above `than` is at least
        this.
    """

    statement: str
    larger: Callable[[Quantities], Any] = field(repr=False)
    than: Callable[[Quantities], Any] | float = field(repr=False)
    probability: float = 0.5

    def __post_init__(self) -> None:
        plain_fields(self)

    allowed: ClassVar[Allowed] = {
        "statement": answers("what is concluded?"),
        "larger": Constraint("must be a function of q", callable, (abs,), (None, 3, "abs")),
        "than": Constraint(
            "must be a function of q or a number",
            lambda value: callable(value) or is_number(value), (abs, 3), (None, "abs", True),
        ),
        "probability": number(above=0, below=1),
    }  # fmt: skip


@entry
def tipping_point(
    model: Model,
    conclusion: Conclusion,
    over: Mapping[str, Sequence[float]],
    *,
    seed: int,
    engine: Literal["auto", "importance", "hmc"] = "auto",
    draws: int = 4000,
    progress: bool = True,
) -> Verdict:
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
    engine : {"auto", "importance", "hmc"}, default "auto"
        As in `fit`.
    draws : int, default 4000
        Number of draws of every fit, as in `fit`.
    progress : bool, default True
        Show a progress bar on the terminal when it takes more than two seconds.

    Returns
    -------
    Verdict
        It passes when every fit passed its convergence gate; one that failed has no probability,
        but a mark. The table has a row per point of the grid: a column per parameter, the
        `probability` of the conclusion with its Monte Carlo standard error
        (`probability_mc_error`), whether it `holds` (missing where the fit failed), and the
        `basis`. ``tables["turns"]``, and `found`, have the turning points along the grid of one
        parameter, in order: the `value`, the values of the grid `between` which it lies, and from
        `low` to `high` what two Monte Carlo errors allow. `details` has the `conclusion`, the grids
        in `over`, the `priors` that were set aside, `probability`, `mc_error` and `marks` with one
        axis per parameter, and the number of `draws` per fit.

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
    problems = problems_of(model=model, seed=seed, engine=engine, draws=draws)
    raise_if_any([*_problems(model, conclusion, over), *problems], _SUBJECT)
    grids = {name: tuple(float(plain(value)) for value in grid) for name, grid in over.items()}
    shape = tuple(len(grid) for grid in grids.values())
    seeds = np.random.SeedSequence(seed).generate_state(math.prod(shape)).reshape(shape)
    probability, error = np.full(shape, np.nan), np.full(shape, np.nan)
    marks = np.full(shape, "", dtype=object)
    size, start = int(draws), None
    with counted(math.prod(shape), "held values", progress) as bar:
        for at in _path(shape):
            held = {name: grid[i] for (name, grid), i in zip(grids.items(), at, strict=True)}
            bar.update()
            try:
                result = fit_within(model.holding(held), engine=engine, draws=draws,
                                    seed=int(seeds[at]), start=start, progress=False)  # fmt: skip
            except FitError as trouble:
                marks[at] = say("tipping_point.no_fit", why=str(trouble))
                continue
            if not result.gate.passed:
                marks[at] = say("tipping_point.gate")
                continue
            start = result
            probability[at], error[at], size = _probability(result, conclusion)
            if np.isnan(probability[at]):
                marks[at] = say("tipping_point.no_value")
    verdict = judged(
        {
            "conclusion": conclusion,
            "over": grids,
            "priors": {name: model.priors[name] for name in grids},
            "probability": probability,
            "mc_error": error,
            "marks": marks,
            "draws": size,
        }
    )
    return naming_defaults(verdict, model, _compared(conclusion))


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
    return [per_draw(_SUBJECT, "", one, f"conclusion: {name}") for name, one in functions.items()]


def _probability(result: Result, conclusion: Conclusion) -> tuple[float, float, int]:
    """Return the probability of the conclusion, its Monte Carlo error, and the number of draws."""
    larger, than = map(result.sample_of, _compared(conclusion))
    size = len(larger)
    if np.isnan(larger).any() or np.isnan(than).any():
        return np.nan, np.nan, size
    p = float(np.mean(larger > than))
    inside = min(max(p, 0.5 / size), 1 - 0.5 / size)
    return p, float(np.sqrt(inside * (1 - inside) / result.effective_draws)), size


# ---------------------------------------------------------------- the verdict


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A value of the parameter at which a conclusion begins or stops to hold.

    Parameters
    ----------
    value : float
        Where the probability crosses the stated one; halfway where it jumps.
    low, high : float
        Where it crosses when every probability is two Monte Carlo standard errors higher or
        lower: how coarse the grid is, is not in it. Of a jump, and where fits between failed, the
        values of the grid on both sides.
    between : (float, float)
        The values of the grid on both sides.
    begins : bool
        Whether the conclusion holds above the value, and not below it.
    kind : {"at", "jump", "gap"}
        Whether it is known where it crosses; whether the probability jumps from none of the draws
        to all of them, or back; or whether fits between the two values failed.
    prior_above : float
        Probability of the prior of the parameter above the value.
    """

    value: float
    low: float
    high: float
    between: tuple[float, float]
    begins: bool
    kind: Literal["at", "jump", "gap"]
    prior_above: float

    @property
    def error(self) -> float:
        """The Monte Carlo standard error of the value; 0 where it is one of the grid."""
        return (self.high - self.low) / (2 * _ERRORS) if self.kind == "at" else 0.0


def judged(details: Mapping[str, Any]) -> Verdict:
    """Return the verdict on probabilities over a grid, from its details (see `tipping_point`)."""
    turns = _turns(details)
    marks = details["marks"]
    bad = [mark for mark in marks.flat if mark]
    return Verdict(
        check="tipping_point",
        passed=not bad,
        said=list(_said(turns, **details)),
        marked=say("tipping_point.mark", n=len(bad), all=marks.size) if bad else "",
        rows={"grid": list(_rows(**details)), "turns": [asdict(turn) for turn in turns]},
        found=tuple(turns),
        details=details,
    )


def _rows(
    conclusion: Conclusion, over: Grids, probability: Floats, mc_error: Floats, marks: Any, **_: Any
) -> Iterator[dict[str, Any]]:
    points = product(*over.values())
    columns = (probability.flat, mc_error.flat, marks.flat)
    for point, p, error, mark in zip(points, *columns, strict=True):
        yield {
            **dict(zip(over, point, strict=True)),
            "probability": p,
            "probability_mc_error": error,
            "holds": None if np.isnan(p) else bool(p >= conclusion.probability),
            "basis": "imputed",
            "mark": mark,
        }


def _turns(details: Mapping[str, Any]) -> list[Turn]:
    """Return where the conclusion turns along the grid of one parameter, in order."""
    if len(details["over"]) != 1:
        return []
    ((name, grid),) = details["over"].items()
    wanted, draws = details["conclusion"].probability, details["draws"]
    known = np.flatnonzero(~np.isnan(details["probability"]))
    values, p, error = (
        np.array(grid)[known],
        *(details[n][known] for n in ("probability", "mc_error")),
    )
    moved = {
        sign: list(_crossings(values, p + sign * _ERRORS * error, wanted, draws))
        for sign in (-1, 1)
    }
    found = []
    for i, value in _crossings(values, p, wanted, draws):
        a, b = float(values[i]), float(values[i + 1])
        begins = bool(p[i + 1] >= wanted)
        jump = {float(p[i]), float(p[i + 1])} == {0.0, 1.0}
        kind = "jump" if jump else "gap" if known[i + 1] - known[i] > 1 else "at"
        # A rising curve that is moved up crosses earlier, and later when it is moved down.
        sides = (1, -1) if begins else (-1, 1)
        low = max((v for _, v in moved[sides[0]] if v <= value), default=float(values[0]))
        high = min((v for _, v in moved[sides[1]] if v >= value), default=float(values[-1]))
        if kind != "at":
            low, high = a, b
        found.append(
            Turn(
                value=value,
                low=low,
                high=high,
                between=(a, b),
                begins=begins,
                kind=kind,  # type: ignore[arg-type]
                prior_above=float(1 - details["priors"][name].cdf(value)),
            )
        )
    return found


def _crossings(values: Floats, p: Floats, wanted: float, draws: int) -> Iterator[tuple[int, float]]:
    """Yield the place of the value before, and the value, of each crossing.

    The logit of the probability is linear between neighbours, after the probability is kept half
    a draw away from 0 and 1.
    """
    edge = 0.5 / draws

    def logit(probability: Any) -> Any:
        inside = np.clip(probability, edge, 1 - edge)
        return np.log(inside) - np.log1p(-inside)

    aim, heights, above = logit(wanted), logit(p), p >= wanted
    for i, (a, b) in enumerate(pairwise(values)):
        if above[i] == above[i + 1]:
            continue
        span = heights[i + 1] - heights[i]
        # From none to all of the draws nothing is known of the shape between: halfway, also
        # when the stated probability is not a half.
        whole = min(p[i], p[i + 1]) <= 0 and max(p[i], p[i + 1]) >= 1
        part = 0.5 if whole or span == 0 else (aim - heights[i]) / span
        yield i, float(a + np.clip(part, 0.0, 1.0) * (b - a))


def _said(
    turns: Sequence[Turn],
    conclusion: Conclusion,
    over: Grids,
    priors: Mapping[str, Prior],
    probability: Floats,
    **_: Any,
) -> Iterator[Sentence]:
    known = probability[~np.isnan(probability)]
    holding = int((known >= conclusion.probability).sum())
    how = "turns" if len(over) == 1 else "points"
    if holding in (0, len(known)):
        how = ("always" if holding else "never") if len(known) else "nothing"
    yield say(
        f"tipping_point.{how}",
        statement=conclusion.statement,
        p=conclusion.probability,
        n=holding,
        all=len(known),
        low=known.min(initial=1.0),
        high=known.max(initial=0.0),
        at=[
            say(
                f"tipping_point.{'begins' if one.begins else 'stops'}_{one.kind}",
                **_values(one, *over),
            )
            for one in turns
        ],
    )
    spans = [
        say("tipping_point.span", name=name, n=len(grid), low=grid[0], high=grid[-1])
        for name, grid in over.items()
    ]
    yield say("tipping_point.held", spans=spans)
    for turn in turns:
        ((name, prior),) = priors.items()
        if turn.kind == "at":
            yield say("tipping_point.range", **_values(turn, name))
        # The side on which it fails, and of several turning points the side above.
        side = "below" if len(turns) == 1 and turn.begins else "above"
        ends = (turn.value,) if turn.kind == "at" else turn.between
        shares = sorted(float(prior.cdf(v) if side == "below" else 1 - prior.cdf(v)) for v in ends)
        yield say(
            f"tipping_point.prior_{side}_{'one' if turn.kind == 'at' else 'two'}",
            low=shares[0],
            high=shares[-1],
            value=to_error(turn.value, turn.error)[0],
            fails=say("tipping_point.fails") if len(turns) == 1 else "",
        )
    for name, grid in over.items():
        inside = float(priors[name].cdf(grid[-1]) - priors[name].cdf(grid[0]))
        yield say("tipping_point.inside", name=name, share=inside)
    failed = probability.size - len(known)
    if failed:
        yield say("tipping_point.failed", n=failed, all=probability.size)


def _values(turn: Turn, name: str) -> dict[str, Any]:
    a, b = turn.between
    value = to_error(turn.value, turn.error)[0]
    return {"name": name, "value": value, "a": a, "b": b, "low": turn.low, "high": turn.high}


# ---------------------------------------------------------------- arguments


def _problems(model: Any, conclusion: Any, over: Any) -> list[str]:
    found = []
    if isinstance(model, Model):
        found += [
            f"{one.describe()}. So there is no posterior, and no probability of a conclusion: "
            "compare the two limits with funnelest.check.compare, or state a distribution."
            for one in model.assumptions
            if one.ends(model.population)
        ]
    drawable = isinstance(model, Model) and not found
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
            found.append(f"over: {unknown('unknown parameter', name, map(repr, model.free))}")
        elif isinstance(model, Model):
            support = model.free[name].support
        found += [f"over[{name!r}] {text}" for text in _grid_problems(grid, support)]
    return found


def _conclusion_problems(conclusion: Any) -> list[str]:
    if not isinstance(conclusion, Conclusion):
        return [f"conclusion must be a Conclusion; given {conclusion!r}."]
    return [f"conclusion: {text}" for text in problems_of_fields(conclusion)]


def _grid_problems(grid: Any, support: tuple[float, float]) -> list[str]:
    if isinstance(grid, str) or not isinstance(grid, Sequence | np.ndarray):
        return [f"must be a list of values; given {grid!r}."]
    values = [plain(value) for value in grid]
    if not all(map(is_number, values)):
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
