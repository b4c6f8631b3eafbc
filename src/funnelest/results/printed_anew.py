"""Figures drawn anew: what else a source might have printed, and how far out what it printed is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.figures import Figure
from funnelest.figures.base import larger_and_same
from funnelest.results.tables import Shown, shown_figures
from funnelest.sampling.weights import discrete_quantiles
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.quantities.quantities import Quantities

__all__ = ["Replicated", "figures_of", "replicated", "weighted_quantiles"]

type Floats = NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Replicated:
    """A printed figure beside what might have been printed in its place.

    Parameters
    ----------
    of : str
        What the figure is of; empty where the source has one figure.
    figure : str
        As it was printed.
    value : float
        The number in it, on the printed scale; of a limit the limit itself.
    limit : {"", "at least", "at most"}
        Whether it is a limit, of which only one side can be passed.
    numbers : ndarray
        One made-up figure per draw, on the printed scale, shape ``(draws,)``. Of a limit the
        counts themselves, which are not printed.
    above, same : ndarray
        Per draw the probability that a figure drawn anew is larger than the printed one, and that
        it is the same; shape ``(draws,)``. NaN where the data have no order.
    exact : bool
        Whether these are probabilities of the distribution; else they are 0 or 1, of `numbers`.
    shown : Shown
        The figure, with its mean and standard deviation per draw.
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

    @property
    def ordered(self) -> bool:
        """Whether a made-up figure can be called larger or smaller than the printed one."""
        return not np.isnan(self.above).all()

    @property
    def mid(self) -> Floats:
        """Per draw ``P(new > printed) + P(new = printed) / 2``."""
        return self.above + 0.5 * self.same


def replicated(source: Evidence, q: Quantities, rng: np.random.Generator) -> list[Replicated]:
    """Return every figure of a source beside what might have been printed in its place.

    Parameters
    ----------
    source : Evidence
        A source; one that is made of others has the figures of these.
    q : Quantities
        The draws.
    rng : numpy.random.Generator
        Where the made-up figures come from.

    Returns
    -------
    list of Replicated
        Totals beside counts that are known exactly are left out: they say nothing new.
    """
    made: dict[int, Any] = {}
    found = []
    with np.errstate(all="ignore"):
        for of, shown in figures_of(source, q):
            if id(shown.seen) not in made:
                made[id(shown.seen)] = shown.seen.anew(q.draws, rng)
            found.append(_compared(of, shown, made[id(shown.seen)], q.draws, rng))
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
    of: str, shown: Shown, sampled: Floats | None, draws: int, rng: np.random.Generator
) -> Replicated:
    """Return a figure beside its replicates."""
    seen, figure, nothing = shown.seen, shown.figure, np.full(draws, np.nan)
    law = seen.law(shown.rows)
    there = sampled is not None and max(shown.rows) < len(sampled)
    raw = sampled[list(shown.rows)].sum(axis=0) if sampled is not None and there else None
    if raw is None or isinstance(figure, str):
        return Replicated(
            of=of, figure=str(figure), value=np.nan, limit="", numbers=nothing,
            above=nothing, same=nothing, exact=False, shown=shown,
        )  # fmt: skip
    if isinstance(figure, Figure):
        used = figure.used(seen.divisor)
        numbers = used.anew(raw, seen.divisor, rng)
        value, *among = used.beside(numbers, seen.divisor)
        tails = None if law is None else used.tails(law, seen.divisor)
        text, limit = figure.describe(), figure.side
    else:
        numbers, value = raw * seen.unit, float(figure)
        among = [*larger_and_same(numbers, value)]
        tails = None if law is None else law.tails(value / seen.unit)
        text, limit = named("figure.short", value=value), ""
    above, same = (np.broadcast_to(part, (draws,)) for part in tails or among)
    return Replicated(
        of=of, figure=text, value=value, limit=limit, numbers=np.broadcast_to(numbers, (draws,)),
        above=above, same=same, exact=tails is not None, shown=shown,
    )  # fmt: skip


def weighted_quantiles(values: Floats, weights: Floats, levels: Sequence[float]) -> Floats:
    """Old name of `funnelest.sampling.weights.discrete_quantiles`."""
    return discrete_quantiles(values, levels, weights)
