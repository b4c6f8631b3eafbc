"""An estimate with its standard error or its interval, as it was printed, and how it is read."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from funnelest.distributions import (
    SUPPORTS,
    NormalOn,
    QuantilesOn,
    Triplet,
    off_scale,
    on_scale,
    scale_problems,
    slope_on,
)
from funnelest.evidence.printed import estimate_problems, in_order, number_in, step_of
from funnelest.fields import is_number
from funnelest.figures import Exact, Figure, Rounded
from funnelest.figures.base import exact
from funnelest.observations.measured import Measured, shown, shown_inside, span
from funnelest.observations.observation import Observation
from funnelest.priors.base import normal_quantile
from funnelest.words import Named, named

__all__ = ["Estimated"]

#: A limit that prints as the estimate is rounded to its digits when the whole interval is at most
#: this many of its steps wide: then the two sides may well be alike.
_STEPS = 2
#: The least probability of an interval that goes to an end of the scale (`_Ends`). What lies beyond
#: it is cut off: the estimate is then the 49% quantile of a 95% interval, and the 33% of a 50% one.
_SURE = 0.9
#: Values on a scale are made up between these, so that a limit fits before the end.
_ROOM = {"identity": (-math.inf, math.inf), "log": (-680.0, 680.0), "logit": (-680.0, 35.0)}


@dataclass(frozen=True)
class _Ends:
    """Which of three printed numbers are ends of their scale.

    Parameters
    ----------
    low, high : bool, default False
        Whether the limit was printed as an end, beside an estimate that is none.
    estimate : {-1, 0, 1, 2}, default 0
        Whether the estimate may be the lower end (-1), the upper one (1), either (2) or none (0).
    """

    low: bool = False
    high: bool = False
    estimate: int = 0

    def __bool__(self) -> bool:
        """Return whether a limit is an end."""
        return self.low or self.high


@dataclass(frozen=True)
class Estimated:
    r"""An estimate as it was printed, on a scale, with what says how sure it is.

    Parameters
    ----------
    scale : {"identity", "log", "logit"}
        The scale on which its error is described.
    estimate : float or Figure, optional
        The estimate; left out, the middle of the interval on the scale.
    se : float, optional
        Its standard error, on the natural scale.
    interval : (float or Figure, float or Figure), optional
        Its limits.
    probability : float, default 0.95
        Their probability.
    unit : float, default 1.0
        What was printed is the number times this.

    Notes
    -----
    A number stands for all that print as it. The three numbers of an estimate with its interval
    are read as their means, spread evenly over the numbers that print so, given that low,
    estimate and high are in order and inside the scale. Where none of these prints as another that
    is the printed number itself; 27% (27-28) is read as 27.17 (26.83-28).

    No error on a logarithm or log-odds has a limit at an end. One that was printed there is read as
    one that comes ever nearer to it (`Triplet`), whatever its digits. A limit that is printed
    inside, and that may be an end by its rounding, is read at least as far from the estimate, on
    the scale, as the other limit is. An estimate that may be
    an end of the scale is not known on that side at all: it stands for all that print as it, and
    the likelihood does not fall towards the end.
    """

    scale: str
    estimate: Any = None
    se: float | None = None
    interval: Any = None
    probability: float = 0.95
    unit: float = 1.0

    # ----------------------------------------------------------------- problems

    def problems(self, what: str) -> list[str]:
        """Return why the interval is none of the estimate, called `what`; the fields are good."""
        figures = [("interval", one) for one in self.interval or ()] + [(what, self.estimate)]
        found = [t for name, one in figures for t in estimate_problems(name, one)]
        if found:
            return found
        if self.interval is None:
            return found
        lowest, highest = (end * self.unit for end in SUPPORTS[self.scale])
        low, high = map(number_in, self.interval)
        for limit in (low, high):
            if not lowest <= limit <= highest:
                problem = scale_problems(self.scale, limit / self.unit)
                if self.unit != 1:
                    problem = [f"a limit must lie between {lowest:g} and {highest:,.10g}."]
                found += [f"field 'interval': {text}" for text in problem]
        if self.estimate is not None and not found:
            found += self._estimate_problems(what, number_in(self.estimate), low, high)
        elif not found and self._to_an_end():
            found.append(
                f"field 'interval': ({low:g}, {high:g}) goes to an end of the scale, so that "
                f"without an estimate only one limit is known: give field {what!r} too."
            )
        sure = not is_number(self.probability) or self.probability >= _SURE
        if not found and not sure and self.ends:
            found.append(
                f"field 'interval': ({low:g}, {high:g}) goes to an end of the scale, beyond which "
                f"{50 * (1 - self.probability):g}% would lie by its 'probability' of "
                f"{self.probability:g}: give an interval of at least {_SURE:g}, the standard error "
                f"or the counts."
            )
        if not found and not self._possible():
            found.append(
                f"field 'interval': ({low:g}, {high:g}) leaves no room between its limits and "
                f"the estimate, or an end of its scale."
            )
        return found

    def number_problems(self, wrong: Collection[str] = ()) -> list[str]:
        """Return what does not go together in a number, but for fields wrong by themselves."""
        found = []
        if (self.se is None) == (self.interval is None):
            found.append(
                "give one of the fields 'se' (standard error) and 'interval' (with its "
                "'probability'): a number without its uncertainty is not evidence."
            )
        if self.estimate is None and self.interval is None:
            found.append("field 'estimate' is needed.")
        elif not {"interval", "estimate", "probability"} & set(wrong):
            found += self.problems("estimate")
        return found

    def _estimate_problems(self, what: str, middle: float, low: float, high: float) -> list[str]:
        if not self._may_be_in_order(low, middle, high):
            return [f"field 'interval': the estimate {middle:g} lies outside ({low:g}, {high:g})."]
        lowest, highest = (end * self.unit for end in SUPPORTS[self.scale])
        if not lowest < middle < highest and not isinstance(self.estimate, Figure):
            return [
                f"field {what!r} must lie strictly between {lowest:g} and {highest:,.10g} when its "
                f"interval is given; given {middle:g}. Give 'yes' and 'n' instead, or say what it "
                f"was rounded to: {what}=Rounded({middle:g}, to=...)."
            ]
        if self.ends.estimate == 2:
            return [f"field {what!r}: any number at all prints as {middle:g}, so it says nothing."]
        plain = not any(isinstance(one, Figure) for one in (self.estimate, *self.interval))
        if plain and middle in (low, high) and not self._tie_is_rounding():
            return [
                f"field 'interval': the estimate {middle:g} is itself a limit of "
                f"({low:g}, {high:g}), so that nothing of it lies on that side. If all three were "
                f"rounded, say to what: {what}=Rounded({middle:g}, to=...), and so the limits."
            ]
        return []

    def _may_be_in_order(self, low: float, middle: float, high: float) -> bool:
        """Return whether the estimate may lie between its limits, given how each was printed."""
        if low <= middle <= high:
            return True
        if not any(isinstance(one, Figure) for one in (self.estimate, *self.interval)):
            return False
        a, b, c = self._cells
        return a[0] <= b[1] and b[0] <= c[1] and a[0] <= c[1]

    def _to_an_end(self) -> bool:
        lowest, highest = SUPPORTS[self.scale]
        return self._cells[0][0] <= lowest or self._cells[-1][1] >= highest

    def _tie_is_rounding(self) -> bool:
        """Return whether a limit that equals the estimate may be one by whole digits."""
        low, high = map(exact, self.interval)
        return high - low <= _STEPS * self._step(digits=True)

    def _possible(self) -> bool:
        try:
            with np.errstate(all="ignore"):
                below, above = Triplet(*self._read, 1.0, self.scale).reaches
        except (ValueError, ZeroDivisionError, OverflowError):
            return False
        return bool(np.isfinite([below, above]).all() and below > 0 and above > 0)

    # ------------------------------------------------------------------ how it is read

    def _step(self, *, digits: bool) -> Fraction:
        """Return the step in which its plain numbers seem to be printed."""
        given = [one for one in (self.estimate, *(self.interval or ())) if is_number(one)]
        percent = 0.01 if self.scale == "logit" and self.unit == 1 else math.inf
        return step_of(given, digits=digits, most=percent)

    def _cell(self, value: Any, steps: Fraction | None) -> tuple[float, float]:
        """Return between which numbers, on the scale's own, lie those that print as `value`."""
        if not isinstance(value, Figure):
            value = Exact(value) if steps is None else Rounded(value, float(steps))
        found = span(value)
        lowest, highest = SUPPORTS[self.scale]
        low, high = (float(end / exact(self.unit)) for end in found)
        return max(low, lowest), min(high, highest)

    @cached_property
    def _cells(self) -> list[tuple[float, float]]:
        """Between which numbers low, estimate (where there is one) and high may lie."""
        ends = [end * self.unit for end in SUPPORTS[self.scale]]
        numbers = [self.interval[0], self.estimate, self.interval[1]]
        plain = [one for one in numbers if is_number(one)]
        at_end = any(one in ends for one in plain)
        tied = len(set(plain)) < len(plain)
        # The digits of plain numbers matter where one of them cannot be what it says.
        steps = self._step(digits=not at_end) if at_end or tied else None
        return [self._cell(one, steps) for one in numbers if one is not None]

    @cached_property
    def ends(self) -> _Ends:
        """Which of the numbers are ends of the scale; none where no interval was printed."""
        if self.estimate is None or self.interval is None:
            return _Ends()
        lowest, highest = SUPPORTS[self.scale]
        first, middle, last = self._cells
        below = math.isfinite(lowest) and max(first[0], middle[0]) <= lowest
        above = math.isfinite(highest) and min(last[1], middle[1]) >= highest
        if below or above:
            return _Ends(estimate=2 if below and above else int(above) - int(below))
        low, high = map(number_in, self.interval)
        return _Ends(low <= lowest * self.unit, high >= highest * self.unit)

    @cached_property
    def _read(self) -> tuple[float, float, float]:
        """Low, estimate and high as they are read, on the scale's own numbers."""
        cells = self._cells
        read = in_order(cells)
        if len(read) == 2:
            low, high = read
            line = [float(on_scale(self.scale, np.float64(v))) for v in read]
            return low, float(off_scale(self.scale, np.float64(sum(line) / 2))), high
        lowest, highest = SUPPORTS[self.scale]
        if self.ends:
            low = lowest if self.ends.low else read[0]
            return low, read[1], highest if self.ends.high else read[2]
        low, middle, high = (float(on_scale(self.scale, np.float64(v))) for v in read)
        # A limit that may be an end of the scale sets no tail of its own.
        down = cells[0][0] <= lowest and middle - low < high - middle
        up = cells[2][1] >= highest and high - middle < middle - low
        if down:
            read[0] = float(off_scale(self.scale, np.float64(2 * middle - high)))
        elif up:
            read[2] = float(off_scale(self.scale, np.float64(2 * middle - low)))
        return read[0], read[1], read[2]

    @cached_property
    def triplet(self) -> Triplet:
        """The three quantiles of the number."""
        return Triplet(*self._read, normal_quantile(self.probability), self.scale)

    @property
    def centre(self) -> float:
        """The number, on its own scale."""
        if self.interval is not None:
            return self._read[1]
        low, high = self._cell(self.estimate, None)
        return low + (high - low) / 2

    @property
    def sd(self) -> float:
        """The standard error on the scale, where one is given."""
        assert self.se is not None
        return float(slope_on(self.scale, self.centre) * self.se / self.unit)

    def as_printed(self) -> tuple[float, tuple[float, float] | None]:
        """Return the numbers that were printed: the estimate and its limits."""
        pair = None if self.interval is None else tuple(map(number_in, self.interval))
        middle = self.centre * self.unit if self.estimate is None else number_in(self.estimate)
        return middle, pair  # type: ignore[return-value]

    def reading(self) -> Named | None:
        """Return how the three numbers are read; None where no interval was printed."""
        if self.interval is None:
            return None
        low, middle, high = (value * self.unit for value in self._read)
        tail = round(50 * (1 - self.probability), 8)
        if self.ends.estimate:
            first, last = (end * self.unit for end in self._cells[1])
            end, limit = ("lower", high) if self.ends.estimate < 0 else ("upper", low)
            return named(
                "default.quantiles_end", end=named(f"default.end.{end}"), low=first, high=last,
                limit=limit, scale=named(f"default.scale.{self.scale}"),
            )  # fmt: skip
        if self.ends.low and self.ends.high:
            return named("default.quantiles_open_both", middle=middle, low=low, high=high)
        if self.ends:
            end, limit, p = ("lower", high, 100 - tail) if self.ends.low else ("upper", low, tail)
            return named(
                "default.quantiles_open", middle=middle, limit=limit, p=p,
                scale=named(f"default.scale.{self.scale}"),
                end=named(f"default.end.{end}"),
            )  # fmt: skip
        return named(
            f"default.quantiles_{self.scale}", low=low, middle=middle, high=high,
            below=tail, above=100 - tail,
        )  # fmt: skip

    @cached_property  # every evaluation of the density asks for it
    def text(self) -> str:
        """What was printed and how it is read, where the number alone does not say it."""
        middle, pair = self.as_printed()
        if pair is None:
            return self.estimate.describe() if isinstance(self.estimate, Figure) else ""
        numbers = {"value": middle, "low": pair[0], "high": pair[1]}
        numbers["p"] = 100 * self.probability
        read = tuple(float(f"{value * self.unit:.5g}") for value in self._read)
        if self.ends.estimate:
            first, last = (float(f"{end * self.unit:.5g}") for end in self._cells[1])
            return named("figure.interval_end", **numbers, first=first, last=last)
        if self.ends:
            return named("figure.interval_open", **numbers)
        same = all(
            math.isclose(a, b, rel_tol=1e-4)
            for a, b in zip((pair[0], middle, pair[1]), read, strict=True)
        )
        if same:
            return named("figure.with_interval", **numbers)
        return named(
            "figure.interval_read", **numbers, low_read=read[0], read=read[1], high_read=read[2]
        )

    # ------------------------------------------------------------------ observations

    def observation(self, expected: Any) -> Observation:
        """Return the observation of a number whose true value is `expected`."""
        if self.interval is not None:
            known = self.estimate if self.ends.estimate else None
            figure = Measured(self.centre, known, self.unit, self.text)
            return Observation(QuantilesOn(expected, self.triplet), figure, unit=self.unit)
        rounded = self.estimate if isinstance(self.estimate, Figure) else None
        if isinstance(rounded, Exact):
            rounded = None
        figure = Measured(self.centre, rounded, self.unit)
        return Observation(NormalOn(expected, self.sd, self.scale), figure, unit=self.unit)

    def redrawn(self, value: float) -> Estimated:
        """Return the estimate with a new value, printed by the same rules and as sure."""
        there = float(on_scale(self.scale, np.float64(value / self.unit)))
        # With room for a limit before the end of the scale, where numbers lie as far apart as
        # their last digits.
        least, most = _ROOM[self.scale]
        if not least < there < most:
            there = min(max(there, least), most)
            value = float(off_scale(self.scale, np.float64(there))) * self.unit
        new = replace(self, estimate=self._like(self.estimate, float(value), inside=True))
        if self.interval is None and self.se is None:  # its error stands elsewhere
            return new
        if self.interval is None:
            se = self.sd / slope_on(self.scale, new.centre) * self.unit
            return replace(new, se=float(se))
        reach = self.triplet.error(np.array([-1.0, 1.0]) * self.triplet.z)
        ends = (float(off_scale(self.scale, np.float64(there + h))) * self.unit for h in reach)
        alone = self.estimate is None
        limits = (
            old if at_end else self._like(old, end, inside=alone)
            for old, end, at_end in zip(
                self.interval, ends, (self.ends.low, self.ends.high), strict=True
            )
        )
        return replace(new, interval=tuple(limits))

    def _like(self, old: Any, new: float, inside: bool) -> Any:
        """Return a new number in the form of an old one; of an interval alone there is none.

        One that has to lie `inside` the scale is printed with more digits where it would else
        print as one of its ends.
        """
        if old is None:
            return None
        low, high = (end * self.unit for end in SUPPORTS[self.scale])
        # Not at an end of the scale, to which it may have rounded.
        least = low + 1e-300 if math.isfinite(low) else -math.inf
        most = float(np.nextafter(high, 0.0)) if math.isfinite(high) else math.inf
        new = float(min(max(new, least), most))
        if not isinstance(old, Figure):
            return new
        return shown_inside(old, new, (low, high)) if inside else shown(old, new)

    def range(self) -> tuple[float, float]:
        """Return limits that the true number hardly exceeds (five standard errors)."""
        there = float(on_scale(self.scale, np.float64(self.centre)))
        if self.interval is not None:
            reach = self.triplet.error(np.array([-5.0, 5.0]))
        else:
            reach = np.array([-5.0, 5.0]) * self.sd
        most = 700.0
        low, high = (
            float(off_scale(self.scale, np.float64(np.clip(there + h, -most, most)))) for h in reach
        )
        lowest, highest = SUPPORTS[self.scale]
        return (
            lowest if self.ends.estimate < 0 or self.ends.low else low,
            highest if self.ends.estimate > 0 or self.ends.high else high,
        )
