"""Figures drawn anew: what else a source might have printed, and how far out what it printed is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import (
    Binomial,
    Custom,
    Multinomial,
    MultivariateNormalOn,
    NormalOn,
    Poisson,
    on_scale,
)
from funnelest.figures import (
    Between,
    Disagreeing,
    Exact,
    Figure,
    RandomlyRounded,
    Rounded,
    Withheld,
    as_figure,
)
from funnelest.figures.base import known
from funnelest.observations.table import Table, row
from funnelest.results.tables import Shown, shown_figures
from funnelest.sampling.weights import discrete_quantiles

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.quantities.quantities import Quantities

__all__ = ["Replicated", "figures_of", "replicated", "weighted_quantiles"]

type Floats = NDArray[Any]

#: Printed by a rule that never turns the order of two counts around.
_IN_ORDER = (Exact, Between, Rounded, Withheld)
#: Most counts that are summed one by one for a figure that is printed at random.
_FEW = 400
#: Most draws for which a user's own data are made up, one call each.
_CALLS = 1000


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
                made[id(shown.seen)] = _sampled(shown.seen, q.draws, rng)
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
            shown = [part for part in shown_figures(one, q) if not _says_nothing(part)]
            twice = len({part.of for part in shown}) < len(shown)
            for i, part in enumerate(shown, 1):
                names = [one.name] if members else []
                names += [part.of or f"figure {i}"] if part.of or twice else []
                found.append((", ".join(names), part))
    return found


def _says_nothing(shown: Shown) -> bool:
    """Return whether a figure is a total of counts that are all known."""
    if not isinstance(shown.seen, Table) or shown.place is not None:
        return False
    printed = shown.seen.printed
    return all(
        printed.figures[i].bounded and len(known(printed.figures[i], printed.divisor)[0]) == 1
        for i in shown.rows
    )


def _sampled(seen: Any, draws: int, rng: np.random.Generator) -> Floats | None:
    """Return one made-up number per row and draw, not printed; None where there is no number."""
    law = seen.distribution
    if isinstance(law, Custom):
        return _sampled_by_user(law, seen.figure, draws, rng)
    values = np.atleast_2d(np.asarray(law.sample(rng), dtype=np.float64))
    return np.broadcast_to(values, (len(values), draws))


def _sampled_by_user(law: Custom, data: Any, draws: int, rng: np.random.Generator) -> Floats | None:
    """Return made-up data of a user, where they are numbers like the data."""
    if law.simulate is None or not _numeric(data):
        return None
    expected = np.asarray(law.expected, dtype=np.float64)
    expected = np.broadcast_to(expected, (*expected.shape[:-1], draws))
    calls = min(draws, _CALLS)
    values = []
    for i in range(calls):
        one = law.simulate(expected[..., i], rng)
        if not _numeric(one) or np.shape(one) != np.shape(data):
            return None
        values.append(np.atleast_1d(np.asarray(one, dtype=np.float64)))
    # The same made-up data stand for several draws where calls would take too long.
    return np.array(values).T[:, np.arange(draws) % calls]


def _numeric(data: Any) -> bool:
    try:
        return np.asarray(data, dtype=np.float64).ndim < 2
    except (TypeError, ValueError):
        return False


def _compared(
    of: str, shown: Shown, sampled: Floats | None, draws: int, rng: np.random.Generator
) -> Replicated:
    """Return a figure beside its replicates."""
    seen = shown.seen
    divisor = seen.printed.divisor if isinstance(seen, Table) else getattr(seen, "divisor", 1)
    law, nothing = _marginal(shown), np.full(draws, np.nan)
    there = sampled is not None and max(shown.rows) < len(sampled)
    raw = sampled[list(shown.rows)].sum(axis=0) if sampled is not None and there else None
    if isinstance(shown.figure, Figure):
        assert raw is not None
        figure = _used(shown.figure, divisor)
        numbers = _printed(figure, raw, divisor, rng)
        value, text = figure.middle, shown.figure.describe()
        parts = _figure_tails(figure, law, divisor)
        if isinstance(figure, Disagreeing):  # of several official values the one that fits best
            middle = np.nanmedian(numbers)
            several = [as_figure(one).middle for one in figure.figures]
            value, parts = min(several, key=lambda one: abs(one - middle)), None
        if not figure.bounded:  # the counts are not printed: whether they keep to it is what counts
            low, high = figure.limits(divisor)
            holds = (raw >= low) & (raw <= high)
            above = 1.0 * (raw > high)
            parts = parts or (above, 1.0 * holds)
    elif isinstance(shown.figure, str) or raw is None:
        return Replicated(
            of=of, figure=str(shown.figure), value=np.nan, limit="", numbers=nothing,
            above=nothing, same=nothing, exact=False, shown=shown,
        )  # fmt: skip
    else:
        unit = float(getattr(seen, "unit", 1.0))
        numbers, value = raw * unit, float(shown.figure)
        text = f"{value:,.6g}"
        parts = None if law is None else _number_tails(value / unit, law)
    exact = parts is not None
    if parts is None:
        close = np.isclose(numbers, value, rtol=1e-9, atol=0.0)
        parts = 1.0 * ((numbers > value) & ~close), 1.0 * close
    above, same = (np.broadcast_to(part, (draws,)) for part in parts)
    return Replicated(
        of=of, figure=text, value=value, limit=_limit(shown.figure, divisor),
        numbers=np.broadcast_to(numbers, (draws,)), above=above, same=same, exact=exact,
        shown=shown,
    )  # fmt: skip


def _limit(figure: Any, divisor: int) -> str:
    if not isinstance(figure, Figure) or figure.bounded:
        return ""
    return "at least" if np.isinf(figure.limits(divisor)[1]) else "at most"


def _used(figure: Figure, divisor: int) -> Figure:
    """Return the one of several official values that is used."""
    if isinstance(figure, Disagreeing) and figure.use != "mixture":
        return _used(as_figure(figure.figures[int(figure.use)], divisor), divisor)
    return figure


def _marginal(shown: Shown) -> Any:
    """Return the distribution of one number by itself; None when it has no name."""
    seen, rows = shown.seen, list(shown.rows)
    law = seen.distribution
    if isinstance(seen, Table):
        if len(rows) == 1:
            return row(law, rows[0])
        return Poisson(law.mean[rows].sum(axis=0)) if isinstance(law, Poisson) else None
    (i,) = rows
    if isinstance(law, Multinomial):
        return Binomial(law.n, law.p[i])
    if isinstance(law, MultivariateNormalOn):
        sd = float(np.sqrt(np.asarray(law.covariance, dtype=np.float64)[i, i]))
        return NormalOn(law.expected[i], sd, law.scale)
    return None if isinstance(law, Custom) else law


def _number_tails(x: float, law: Any) -> tuple[Any, Any] | None:
    """Return the probabilities of more than, and of exactly, a number that is no figure."""
    if isinstance(law, NormalOn):
        from scipy.special import ndtr

        z = (on_scale(law.scale, law.expected) - on_scale(law.scale, np.float64(x))) / law.sd
        return ndtr(z), 0.0 * z
    if getattr(law, "log_sf", None) is None:
        return None
    # A number of an effective sample need not be whole: between the two that are next to it.
    low = float(np.floor(x + 1e-9))
    part = max(x - low, 0.0) if x - low > 1e-9 else 0.0
    above, same = np.exp(law.log_sf(low + 1)), np.exp(law.logp(low))
    if part:
        more, equal = np.exp(law.log_sf(low + 2)), np.exp(law.logp(low + 1))
        above, same = (1 - part) * above + part * more, (1 - part) * same + part * equal
    return above, same


def _figure_tails(figure: Figure, law: Any, divisor: int) -> tuple[Any, Any] | None:
    """Return the probabilities that a count prints as more than, and the same as, a figure.

    None where only made-up counts can say.
    """
    if law is None:
        return None
    if not figure.bounded:
        holds = np.exp(figure.logp(law, divisor))
        return (0.0 * holds if np.isinf(figure.limits(divisor)[1]) else 1.0 - holds), holds
    if getattr(law, "log_sf", None) is None:
        return None
    counts, log_weights = known(figure, divisor)
    if isinstance(figure, _IN_ORDER):
        same = np.exp(figure.logp(law, divisor))
        return np.exp(law.log_sf(float(counts[-1] + 1))), same
    if isinstance(figure, RandomlyRounded) and len(counts) <= _FEW:
        assert log_weights is not None
        # A count above the multiple is rounded to it, or to the next one.
        up = counts > figure.value * divisor + 1e-9
        probability = np.exp(law.logp(counts[up][:, None]))
        above = np.exp(law.log_sf(float(counts[-1] + 1)))
        above = above + np.sum(probability * -np.expm1(log_weights[up])[:, None], axis=0)
        return above, np.exp(figure.logp(law, divisor))
    return None


def _printed(figure: Figure, counts: Floats, divisor: int, rng: np.random.Generator) -> Floats:
    """Return the number in what each count is printed as."""
    whole = np.round(counts).astype(np.int64)
    if not figure.bounded or isinstance(figure, Exact):
        return np.asarray(whole / divisor)

    def show(count: int) -> float:
        return figure.printed(count, divisor, rng).middle

    if isinstance(figure, _IN_ORDER):  # each count once
        different, at = np.unique(whole, return_inverse=True)
        return np.array([show(int(count)) for count in different])[at]
    return np.array([show(int(count)) for count in whole])


def weighted_quantiles(values: Floats, weights: Floats, levels: Sequence[float]) -> Floats:
    """Old name of `funnelest.sampling.weights.discrete_quantiles`."""
    return discrete_quantiles(values, levels, weights)
