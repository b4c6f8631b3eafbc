"""Figures drawn anew: what else a source might have printed, and how far out what it printed is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.results.tables import Shown, shown_figures

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.quantities.quantities import Quantities

__all__ = ["Replicated", "figures_of", "replicated"]

type Floats = NDArray[Any]

#: At how many of the numbers drawn anew their density is computed, the others between them.
_PLACES = 200
#: How many standard errors the density of the printed number may be larger than its mean.
_ERRORS = 3.0
#: Of fewer draws than this a mean of densities says little; and how many places further on the next
#: number is from whose distance a density is taken.
_FEW, _APART = 40, 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Replicated:
    """A printed figure beside what might have been printed in its place.

    What it is `of` is empty where the source has one figure. The number in it is on the printed
    scale; of a `limit`, of which only one side can be passed, it is the limit itself. Per draw
    there is a made-up figure in `numbers` (of a limit the counts themselves, which are not
    printed), and the probability that one drawn anew is larger (`above`) and that it is the `same`:
    those of the distribution where they are `exact`, else 0 or 1. NaN where the data have no order.
    What was drawn before it was printed are the `raw` numbers, beside the `printed` one.
    """

    of: str
    figure: str
    value: float
    limit: str
    numbers: Floats
    above: Floats
    same: Floats
    exact: bool
    shown: Shown
    together: Floats
    raw: Floats
    printed: float

    def as_likely(
        self,
        weights: Floats | None = None,
        logarithm: bool = False,
        integrated: Callable[[], float] | None = None,
    ) -> float:
        r"""Return the probability that a number drawn anew is no likelier than the printed one.

        :math:`P(m(y^*) \le m(y))` with :math:`m` the predictive density on the printed scale, or on
        that of its `logarithm`, the mean over draws (Box, J R Stat Soc A 1980;143:383). Where
        every number is about as likely, as under a flat prior, none is unlikely, however far out it
        lies. Where fewer than some dozens of draws say how likely a number is, m of the printed one
        is `integrated`, and of the others what the numbers drawn anew are apart; without an
        integral what the draws leave unsure of m(y), three standard errors, counts for the printed
        one. NaN of limits and of data without a density.
        """
        law = self.shown.seen.law(self.shown.rows)
        if law is None or self.limit or not np.isfinite(self.raw).all():
            return float("nan")
        size = len(self.raw)
        weights = np.full(size, 1 / size) if weights is None else weights
        order = np.argsort(self.raw)
        ends = np.cumsum(weights[order])
        places = np.searchsorted(ends, (np.arange(_PLACES) + 0.5) / _PLACES * ends[-1])
        at = np.unique(self.raw[order[np.minimum(places, size - 1)]])
        try:
            with np.errstate(all="ignore"):
                mine = np.exp(np.broadcast_to(law.log_density(self.printed), (size,))) * weights
                theirs = np.exp([np.broadcast_to(law.log_density(v), (size,)) for v in at])
                theirs = theirs * weights
                mean = float(mine.sum())
                error = float(np.sqrt(np.sum((mine - weights * mean) ** 2)))
                if _saying(mine) < _FEW and integrated is not None:
                    mean, error = integrated(), 0.0
        except Exception:  # a kind of the user's own may have none
            return float("nan")
        few, theirs = _saying(theirs) < _FEW, theirs.sum(axis=1)
        if few.any():
            below = np.searchsorted(self.raw[order], at, side="right") - 1
            theirs = np.where(few, _spaced(at, ends[below]), theirs)
        if logarithm and min(self.printed, at.min()) >= 0:
            # Of counts the middle of what prints as one, so that none is at minus infinity.
            step = 0.5 if np.array_equal(self.raw, np.rint(self.raw)) else 0.0
            mean, error = mean * (self.printed + step), error * (self.printed + step)
            theirs = theirs * (at + step)
        less = np.interp(self.raw, at, theirs) <= mean + _ERRORS * error
        return float(less @ weights)

    @property
    def ordered(self) -> bool:
        """Whether a made-up figure can be called larger or smaller than the printed one."""
        return not np.isnan(self.above).all()

    @property
    def mid(self) -> Floats:
        """Per draw ``P(new > printed) + P(new = printed) / 2``."""
        return self.above + 0.5 * self.same


def _saying(parts: Floats) -> Floats:
    """Return how many draws a mean over them rests on, given what each adds."""
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(parts.sum(axis=-1) ** 2 / np.sum(parts**2, axis=-1)))


def _spaced(at: Floats, below: Floats) -> Floats:
    """Return the density at numbers of which the probability of at most each is known."""
    if len(at) < 2:
        return np.full(len(at), np.inf)
    first = np.maximum(np.arange(len(at)) - _APART, 0)
    last = np.minimum(np.arange(len(at)) + _APART, len(at) - 1)
    return np.asarray((below[last] - below[first]) / (at[last] - at[first]))


def replicated(
    source: Evidence, q: Quantities, rng: np.random.Generator, *, beside_others: bool = False
) -> list[Replicated]:
    """Return every figure of a source beside what might have been printed in its place by `rng`.

    With `beside_others` a figure that scatters by the same factor as others is compared with what
    these say of the factor; else with what the draws say alone, as when the source was left out.

    A source that is made of others has the figures of these. Totals beside counts that are known
    exactly are left out: they say nothing new.
    """
    made: dict[int, Any] = {}
    found = []
    with np.errstate(all="ignore"):
        for of, shown in figures_of(source, q):
            if id(shown.seen) not in made:
                made[id(shown.seen)] = shown.seen.anew(q.draws, rng)
            sampled = made[id(shown.seen)]
            found.append(_compared(of, shown, sampled, q.draws, rng, beside_others))
    return found


def figures_of(source: Evidence, q: Quantities) -> list[tuple[str, Shown]]:
    """Return what each figure of a source is of, by a name of its own, and the figure.

    In the order of `replicated`.
    """
    members = source.members()
    found = []
    with np.errstate(all="ignore"):
        for one in members or (source,):
            shown = [
                part
                for part in shown_figures(one, q)
                if part.place is not None or not part.seen.all_known(part.rows)
            ]
            twice = len({part.of for part in shown}) < len(shown)
            for i, part in enumerate(shown, 1):
                names = [one.name] if members else []
                names += [part.of or f"figure {i}"] if part.of or twice else []
                found.append((", ".join(names), part))
    return found


def _compared(
    of: str,
    shown: Shown,
    sampled: Floats | None,
    draws: int,
    rng: np.random.Generator,
    beside_others: bool,
) -> Replicated:
    """Return a figure beside its replicates."""
    divisor, figure, law = shown.seen.divisor, shown.figure, shown.seen.law(shown.rows)
    given = shown.seen.law_given_others(shown.rows) if beside_others else None
    numbers, value, exact = np.full(draws, np.nan), np.nan, False
    above = same = together = numbers
    there = sampled is not None and max(shown.rows) < len(sampled)
    raw, printed = numbers, np.nan
    if sampled is not None and there and not np.isnan(figure.middle):
        used = figure.used(divisor)
        raw, printed = sampled[list(shown.rows)].sum(axis=0), used.as_drawn(divisor)
        numbers = together = used.anew(raw, divisor, rng)
        if given is not None:
            law = given
            counts = np.broadcast_to(np.asarray(law.sample(rng), dtype=np.float64), (draws,))
            numbers = used.anew(counts, divisor, rng)
        value, *among = used.beside(numbers, divisor)
        tails = None if law is None else used.tails(law, divisor)
        above, same = tails or among
        exact = tails is not None
    numbers, above, same, together = (
        np.broadcast_to(one, (draws,)) for one in (numbers, above, same, together)
    )
    return Replicated(
        of=of, figure=figure.describe(), value=value, limit=figure.side, numbers=numbers,
        above=above, same=same, exact=exact, shown=shown, together=together,
        raw=np.broadcast_to(raw, (draws,)), printed=printed,
    )  # fmt: skip
