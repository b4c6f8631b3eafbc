"""What is found of a quantity that two groups of sources give, each by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import on_scale
from funnelest.results import tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NodeSplit", "Side"]

type Floats = NDArray[np.float64]

#: A side says little when its interval is this part of that of the prior, or more.
_LITTLE = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """A quantity as some of the sources give it.

    Parameters
    ----------
    name : str
        Name of the side.
    sources : tuple of str
        Its sources; none of the prior.
    sample : ndarray
        Draws of the quantity; empty when the fit failed.
    effective : float
        Effective number of the draws.
    why : str
        Why there are none; empty when there are.
    """

    name: str
    sources: tuple[str, ...]
    sample: Floats = field(repr=False)
    effective: float
    why: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class NodeSplit:
    """A quantity as each of two groups of sources gives it, and how far these are apart.

    Parameters
    ----------
    quantity : str
        What the quantity is called.
    scale : {"identity", "log", "logit"}
        Scale on which the two are subtracted.
    sides : (Side, Side)
        What each group of sources says by itself.
    together : Side or None
        What all sources of the result say, when a result was given.
    prior : ndarray
        Draws of the quantity from the prior.
    unused : tuple of str
        Sources that are on neither side.
    once : str
        The side from which the prior of the quantity was taken out, so that it counts once;
        empty when it counts on both sides.
    probability : float
        Probability of the equal-tailed intervals; one minus it is the level of the verdict.
    basis : str
        What the cells of the model rest on.
    result_mark : str
        What was wrong already with the result that was given; empty when nothing was.
    seed : int
        The seed, with which the same answer comes again.
    """

    quantity: str
    scale: str
    sides: tuple[Side, Side]
    together: Side | None
    prior: Floats = field(repr=False)
    unused: tuple[str, ...] = ()
    once: str = ""
    probability: float
    basis: str
    result_mark: str = ""
    seed: int

    @property
    def known(self) -> bool:
        """Whether both sides were fitted."""
        return not any(one.why for one in self.sides)

    @cached_property
    def difference(self) -> Floats:
        """Draws of the first side minus the second, on the scale; empty when a fit failed."""
        if not self.known:
            return np.empty(0)
        first, second = (on_scale(self.scale, one.sample) for one in self.sides)
        size = min(len(first), len(second))
        order = np.random.default_rng([self.seed, 5]).permutation(len(second))[:size]
        return np.asarray(first[:size] - second[order])

    @cached_property
    def _above(self) -> tuple[float, float]:
        """Probability that the first side is above the second, and its Monte Carlo error."""
        if not self.known:
            return np.nan, np.nan
        first, second = (np.sort(one.sample) for one in self.sides)
        # Every draw of the one beside every draw of the other.
        below = np.searchsorted(second, first, side="left") / len(second)
        same = np.searchsorted(second, first, side="right") / len(second) - below
        over = 1 - np.searchsorted(first, second, side="right") / len(first)
        parts = below + 0.5 * same
        variance = np.var(parts) / self.sides[0].effective + np.var(over) / self.sides[1].effective
        return float(np.mean(parts)), float(np.sqrt(variance))

    @property
    def p(self) -> float:
        """Two-sided p-value, ``2 min(P(first > second), P(first < second))``; NaN if unknown."""
        above, _ = self._above
        return 2 * min(above, 1 - above)

    @property
    def mc_error(self) -> float:
        """Monte Carlo standard error of `p`."""
        return 2 * self._above[1]

    @property
    def p_normal(self) -> float:
        """The same p-value as if the difference were normal on the scale."""
        from scipy.special import ndtr

        if not self.known:
            return np.nan
        return float(2 * ndtr(-abs(np.mean(self.difference)) / np.std(self.difference)))

    @property
    def silent(self) -> tuple[str, ...]:
        """The sides that hardly say more than the prior does."""
        if not self.known or np.ptp(self.prior) == 0:
            return ()
        width = self._width(self.prior)
        return tuple(one.name for one in self.sides if self._width(one.sample) > _LITTLE * width)

    def _width(self, sample: Floats) -> float:
        tail = (1 - self.probability) / 2
        low, high = np.quantile(on_scale(self.scale, sample), [tail, 1 - tail])
        return float(high - low)

    @property
    def passed(self) -> bool:
        """Whether both sides were fitted and do not contradict each other."""
        return self.known and self.p >= 1 - self.probability

    @property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        if self.passed:
            return ""
        if not self.known:
            return f"SPLIT NOT KNOWN: {self.quantity}"
        return f"EVIDENCE IN CONFLICT ON: {self.quantity}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per body of evidence, and one of their difference.

        The `evidence` ("prior", both sides, "all sources" of a result that was given, and the
        "difference" of the sides), its `sources`, the `scale` of the numbers, `mean`, `median`,
        `sd`, `low` and `high` of the `interval`, of the difference also the conflict `p`, its
        Monte Carlo standard error `mc_error` and `p_normal`, the `basis`, and the `mark` of the
        result.
        """
        import pandas as pd

        rows: list[tuple[str, tuple[str, ...], str, Floats]] = [
            ("prior", (), "identity", self.prior)
        ]
        rows += [(one.name, one.sources, "identity", one.sample) for one in self.sides]
        if self.together is not None:
            one = self.together
            rows.append((one.name, one.sources, "identity", one.sample))
        rows.append(("difference", (), self.scale, self.difference))
        return pd.DataFrame(
            [
                {
                    "quantity": self.quantity,
                    "evidence": name,
                    "sources": ", ".join(sources),
                    "scale": scale,
                    **self._summary(sample),
                    "interval": tables.interval_name(self.probability, "equal-tailed"),
                    "p": self.p if name == "difference" else np.nan,
                    "mc_error": self.mc_error if name == "difference" else np.nan,
                    "p_normal": self.p_normal if name == "difference" else np.nan,
                    "basis": self.basis,
                    "mark": self.result_mark,
                }
                for name, sources, scale, sample in rows
            ]
        )

    @property
    def _sources(self) -> list[tuple[str, ...]]:
        """The sources of each row of the table."""
        last = [] if self.together is None else [self.together.sources]
        return [(), *(one.sources for one in self.sides), *last, ()]

    def _summary(self, sample: Floats) -> dict[str, float]:
        if len(sample):
            return tables.summary(sample, self.probability, "equal-tailed")
        return dict.fromkeys(("mean", "median", "sd", "low", "high"), np.nan)

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        first, second = self.sides
        if not self.known:
            return f"Not known of {self.quantity}: {' '.join(one.why for one in self.sides)}"
        both = f"{self._told(first)} and {self._told(second)}"
        p = f"two-sided p {self.p:.3g}"
        if not self.passed:
            return f"The evidence on {self.quantity} is in conflict: {both} ({p})."
        if self.silent:
            return (
                f"No conflict is seen on {self.quantity} ({p}), but {' and '.join(self.silent)} "
                f"says hardly more than the prior: {both}."
            )
        return f"Both bodies of evidence on {self.quantity} agree: {both} ({p})."

    def _told(self, one: Side) -> str:
        show, found = tables.show_number, self._summary(one.sample)
        return (
            f"{one.name} give{'' if one.name.endswith('s') else 's'} {show(found['median'])} "
            f"({show(found['low'])} to {show(found['high'])})"
        )

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.result_mark + "."] if self.result_mark else []
        said.append(self.headline)
        name = tables.interval_name(self.probability, "equal-tailed")
        said.append(f"Medians and {name} intervals, each from its own sources alone.")
        for one in self.sides:
            said.append(f"{one.name}: {', '.join(one.sources)}.")
        if self.unused:
            said.append(f"On neither side, and not used: {', '.join(self.unused)}.")
        if self.known:
            scale = {"identity": "as they are", "log": "on the log scale", "logit": "as log-odds"}
            low, high = (self._summary(self.difference)[name] for name in ("low", "high"))
            said.append(
                f"Their difference, {scale[self.scale]}, is {low:.3g} to {high:.3g} ({name}); as a "
                f"normal one it has p {self.p_normal:.3g}."
            )
        if self.once:
            said.append(
                f"The prior of {self.quantity} counts once: it was taken out of {self.once}, "
                f"leaving it flat {scale[self.scale] if self.known else ''}. "
                "Priors of everything else count on both sides."
            )
        else:
            said.append(
                "The priors count on both sides, which pulls these together where they say "
                "little: p is then too large."
            )
        if self.known and not self.passed:
            said.append(
                "Which side is wrong cannot be said from this. A result of all sources lies "
                "between them, with an interval that is too narrow for either."
            )
        return " ".join(said)

    def __repr__(self) -> str:
        columns = ["evidence", "sources", "median", "low", "high", "p"]
        rows = self.table[columns].assign(
            sources=[
                f"{len(names)} sources" if len(names) > 3 else ", ".join(names)
                for names in self._sources
            ]
        )
        shown = rows.to_string(index=False, float_format=lambda v: f"{v:.4g}", na_rep="")
        return f"{self.text}\n{shown}"
