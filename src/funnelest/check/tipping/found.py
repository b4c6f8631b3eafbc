"""What is found of a conclusion: its probability over the values held, and where it turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities
from funnelest.results.tables import show_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conclusion", "Tipping", "Turn"]

type Floats = NDArray[np.float64]

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
    jump : bool
        Whether the probability goes from none of the draws to all of them, or back.
    gap : bool
        Whether fits between the two values failed.
    prior_above : float
        Probability of the prior of the parameter above the value.
    """

    value: float
    low: float
    high: float
    between: tuple[float, float]
    begins: bool
    jump: bool
    gap: bool
    prior_above: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Tipping:
    """How the probability of a conclusion depends on what is assumed.

    Parameters
    ----------
    conclusion : Conclusion
        What is concluded.
    over : mapping of str to (float, ...)
        Parameter -> the values at which it was held.
    priors : mapping of str to Prior
        Parameter -> its prior in the model, which was set aside.
    probability : ndarray
        Probability of the conclusion, one axis per parameter; NaN where the fit failed.
    mc_error : ndarray
        Its Monte Carlo standard error, in the same shape.
    marks : ndarray of str
        What is wrong with the fit, in the same shape; empty where nothing is.
    draws : int
        Number of draws per fit: a probability is not told from 0 or 1 by less than half a draw.
    seed : int
        The seed, with which the same answer comes again.
    """

    conclusion: Conclusion
    over: Mapping[str, tuple[float, ...]]
    priors: Mapping[str, Prior] = field(repr=False)
    probability: Floats = field(repr=False)
    mc_error: Floats = field(repr=False)
    marks: NDArray[np.str_] = field(repr=False)
    draws: int
    seed: int

    @property
    def passed(self) -> bool:
        """Whether every fit passed its convergence gate."""
        return not any(self.marks.flat)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per point of the grid.

        A column per parameter, the `probability` of the conclusion and its Monte Carlo standard
        error `mc_error`, whether it `holds` (missing where the fit failed), the `basis`, and the
        `mark`, which is empty unless something is wrong with the fit.
        """
        import pandas as pd

        made: dict[str, Any] = {
            name: [point[i] for point in product(*self.over.values())]
            for i, name in enumerate(self.over)
        }
        flat = self.probability.reshape(-1)
        holds = [None if np.isnan(p) else bool(p >= self.conclusion.probability) for p in flat]
        made |= {
            "probability": flat,
            "mc_error": self.mc_error.reshape(-1),
            "holds": pd.array(holds, dtype="boolean"),
            "basis": "imputed",
            "mark": [str(mark) for mark in self.marks.flat],
        }
        return pd.DataFrame(made)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """Where the conclusion turns along the grid of one parameter, in order; none for two.

        The logit of the probability is interpolated between neighbours, after the probability is
        kept half a draw away from 0 and 1: linearly in the parameter itself, also where the axis
        of the figure is logarithmic.
        """
        if len(self.over) != 1:
            return ()
        ((name, grid),) = self.over.items()
        known = np.flatnonzero(~np.isnan(self.probability))
        values, p = np.array(grid)[known], self.probability[known]
        moved = {
            sign: list(self._crossings(values, p + sign * _ERRORS * self.mc_error[known]))
            for sign in (-1, 1)
        }
        found = []
        for i, value in self._crossings(values, p):
            a, b = float(values[i]), float(values[i + 1])
            begins = bool(p[i + 1] >= self.conclusion.probability)
            jump = {float(p[i]), float(p[i + 1])} == {0.0, 1.0}
            gap = bool(known[i + 1] - known[i] > 1)
            # A rising curve that is moved up crosses earlier, and later when it is moved down.
            sides = (1, -1) if begins else (-1, 1)
            low = max((v for _, v in moved[sides[0]] if v <= value), default=float(values[0]))
            high = min((v for _, v in moved[sides[1]] if v >= value), default=float(values[-1]))
            if jump or gap:
                low, high = a, b
            prior = float(1 - self.priors[name].cdf(value))
            found.append(
                Turn(
                    value=value,
                    low=low,
                    high=high,
                    between=(a, b),
                    begins=begins,
                    jump=jump,
                    gap=gap,
                    prior_above=prior,
                )
            )
        return tuple(found)

    def _crossings(self, values: Floats, p: Floats) -> Iterator[tuple[int, float]]:
        """Yield the place of the value before, and the value, of each crossing."""
        edge = 0.5 / self.draws

        def logit(probability: Any) -> Any:
            inside = np.clip(probability, edge, 1 - edge)
            return np.log(inside) - np.log1p(-inside)

        wanted, heights = logit(self.conclusion.probability), logit(p)
        above = p >= self.conclusion.probability
        for i, (a, b) in enumerate(pairwise(values)):
            if above[i] == above[i + 1]:
                continue
            span = heights[i + 1] - heights[i]
            # From none to all of the draws nothing is known of the shape between: halfway, also
            # when the stated probability is not a half.
            whole = min(p[i], p[i + 1]) <= 0 and max(p[i], p[i + 1]) >= 1
            part = 0.5 if whole or span == 0 else (wanted - heights[i]) / span
            yield i, float(a + np.clip(part, 0.0, 1.0) * (b - a))

    @property
    def turns_at(self) -> list[float]:
        """Every value of the one parameter at which the conclusion turns; empty for two."""
        return [turn.value for turn in self.turns]

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        names, grids = list(self.over), list(self.over.values())
        spans = [
            f"{name} at {len(grid)} values from {_shown(grid[0])} to {_shown(grid[-1])}"
            for name, grid in zip(names, grids, strict=True)
        ]
        said = [
            f"The conclusion \u201c{self.conclusion.statement}\u201d is drawn where its "
            f"probability is at least {_percent(self.conclusion.probability)}.",
            f"Held, not estimated: {' and '.join(spans)}. So what follows is imputed.",
        ]
        known = self.probability[~np.isnan(self.probability)]
        holding = int((known >= self.conclusion.probability).sum())
        if not len(known):
            said.append("No fit passed, so nothing can be said.")
        elif holding in (0, len(known)):
            lowest, highest = _percent(known.min()), _percent(known.max())
            between = f"is {lowest}" if lowest == highest else f"goes from {lowest} to {highest}"
            said.append(
                f"It {'holds' if holding else 'fails'} over the whole grid: its probability "
                f"{between}."
            )
        elif len(self.over) == 1:
            said += [text for turn in self.turns for text in self._told(turn)]
        else:
            said.append(f"It holds at {holding} of the {len(known)} points of the grid.")
        for name, grid in self.over.items():
            prior = self.priors[name]
            inside = float(prior.cdf(grid[-1]) - prior.cdf(grid[0]))
            said.append(f"The grid of {name} spans {_percent(inside)} of its prior.")
        failed = self.probability.size - len(known)
        if failed:
            said.append(
                f"At {failed} of the {self.probability.size} points the fit did not pass; no "
                "probability is given there."
            )
        return " ".join(said)

    def _told(self, turn: Turn) -> list[str]:
        """Return sentences on one turning point."""
        (name,) = self.over
        verb = "begins to hold" if turn.begins else "stops holding"
        a, b = (_shown(value) for value in turn.between)
        if turn.jump:
            jumped = "0% to 100%" if turn.begins else "100% to 0%"
            said = (
                f"Going up, it {verb} between {name} = {a} and {b}, where its probability jumps "
                f"from {jumped}."
            )
        elif turn.gap:
            said = f"Going up, it {verb} between {name} = {a} and {b}; the fits between failed."
        else:
            low, high = _shown(turn.low), _shown(turn.high)
            said = (
                f"Going up, it {verb} at {name} = {_shown(turn.value)}, between the held values "
                f"{a} and {b} ({low} to {high} when two Monte Carlo standard errors are allowed "
                "for)."
            )
        # The side on which it fails, and of several turning points the side above.
        single = len(self.turns) == 1
        above = not (single and turn.begins)
        prior = self.priors[name]
        ends = turn.between if turn.jump or turn.gap else (turn.value,)
        shares = sorted(float(1 - prior.cdf(v) if above else prior.cdf(v)) for v in ends)
        share = " to ".join(dict.fromkeys(_percent(one) for one in shares))
        side = "above" if above else "below"
        where = f"{side} that" if turn.jump or turn.gap else f"{side} {_shown(turn.value)}"
        fails = ", where the conclusion fails" if single else ""
        return [said, f"The prior of the model puts {share} on values {where}{fails}."]


def _percent(share: float) -> str:
    """Return a share in percent, never 0 or 100 when it is not."""
    value = 100 * float(share)
    if 0 < value < 0.1:
        return "less than 0.1%"
    if 99.9 < value < 100:
        return "more than 99.9%"
    return f"{value:.3g}%" if value < 10 or value > 99 else f"{value:.0f}%"


def _shown(value: float) -> str:
    return show_number(float(value))
