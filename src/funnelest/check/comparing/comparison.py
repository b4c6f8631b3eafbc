"""What one model says under several assumptions: table, sentences, and pools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.check.measures import apart
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results import tables
from funnelest.results.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NO_PROBABILITY", "Comparison", "Looked"]

type Floats = NDArray[np.float64]

#: What stands in the column `interval` where no probability is claimed.
NO_PROBABILITY = "bounds, no probability"


@dataclass(frozen=True)
class Looked:
    """A quantity that is compared.

    Parameters
    ----------
    name : str
        What it is.
    unit : {"people", "share", "ratio"}
        A number of people, a share, or a ratio of two rates.
    basis : str
        "imputed" or "partly imputed".
    of : callable
        ``of(q)`` with `q` a `Quantities`.
    names : mapping of str to str
        What it is, in other languages.
    period : str, default ""
        Of which period a number of people is, such as "people per year, mean over 2016-2018".
    """

    name: str
    unit: Literal["people", "share", "ratio"]
    basis: str
    of: Callable[[Quantities], Any] = field(repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    period: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """One model under several assumptions, as `compare` makes it.

    Parameters
    ----------
    model : Model
        The model, with the assumption that it came with.
    imputed : str
        The cells that are filled in, such as "age 0-11".
    quantities : sequence of Looked
        What is compared.
    results : mapping of str to (Result, ...)
        Alternative -> its fit; of bounds one fit per limit, the lower one first.
    weights : mapping of str to float
        The weights of a pool, which the user stated; empty when nothing is pooled.
    statement : str, default ""
        Why these weights.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    """

    model: Model
    imputed: str
    quantities: Sequence[Looked] = field(repr=False)
    results: Mapping[str, tuple[Result, ...]] = field(repr=False)
    weights: Mapping[str, float] = field(default_factory=dict)
    statement: str = ""
    probability: float = 0.95

    @property
    def passed(self) -> bool:
        """Whether every fit passed its convergence gate."""
        return all(one.gate.passed for fits in self.results.values() for one in fits)

    @property
    def pool_name(self) -> str:
        """What the pool is called: the alternatives and their weights; empty without one."""
        if not self.weights:
            return ""
        return "pooled: " + ", ".join(f"{weight:g} {name}" for name, weight in self.weights.items())

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per alternative and quantity.

        Posterior median and interval, the same of the prior, the `contraction` (one minus the
        ratio of posterior to prior variance) and how far the posterior `moved` (difference of
        the means over the standard deviation of the prior), both on the log scale of numbers and
        ratios and on the log-odds of shares. The rate over that of others shows what the figures
        say of these people themselves: a contraction of 0 is nothing. Bounds have limits and no
        median: where the quantity is what is bounded, the limits themselves; for others the
        widest that the intervals at the two limits reach. The `basis` is "imputed" or "partly
        imputed" in every row.
        """
        import pandas as pd

        rows = []
        for name, fits in self.results.items():
            for one in self.quantities:
                found = self._bounded(fits, one) if len(fits) > 1 else self._fitted(fits[0], one)
                rows.append({"assumption": name, **_about(one), **found, "basis": one.basis})
        for one in self.quantities if self.weights else ():
            rows.append(
                {
                    "assumption": self.pool_name,
                    **_about(one),
                    **self._mixed(one),
                    "basis": f"{one.basis}, pooled with stated weights",
                }
            )
        made = pd.DataFrame(rows)
        marks = {
            name: next((one.mark for one in fits if one.mark), "")
            for name, fits in self.results.items()
        }
        pooled = next((marks[name] for name in self.weights if marks[name]), "")
        return made.assign(mark=[marks.get(name, pooled) for name in made["assumption"]])

    def _row(self, posterior: Floats, prior: Floats, unit: str) -> dict[str, Any]:
        after = tables.summary(posterior, self.probability, "equal-tailed")
        before = tables.summary(prior, self.probability, "equal-tailed")
        contraction, moved = apart(posterior, prior, unit)
        return {
            "median": after["median"],
            "low": after["low"],
            "high": after["high"],
            "interval": tables.interval_name(self.probability, "equal-tailed"),
            "prior_median": before["median"],
            "prior_low": before["low"],
            "prior_high": before["high"],
            "contraction": contraction,
            "moved": moved,
        }

    def _fitted(self, result: Result, one: Looked) -> dict[str, Any]:
        if not (result.gate.passed or result.accepted):
            return _nothing(tables.interval_name(self.probability, "equal-tailed"))
        return self._row(result.sample_of(one.of), result.prior_sample_of(one.of), one.unit)

    def _bounded(self, fits: Sequence[Result], one: Looked) -> dict[str, Any]:
        name = tables.interval_name(self.probability, "equal-tailed")
        if not all(fit.gate.passed or fit.accepted for fit in fits):
            return _nothing(name)
        ends = [self._fitted(fit, one) for fit in fits]
        # What is bounded itself does not vary at a limit.
        exact = all(np.isclose(end["low"], end["high"], rtol=1e-9, atol=1e-12) for end in ends)
        return {
            **_nothing(NO_PROBABILITY if exact else f"{name} at both bounds, the widest"),
            "low": min(end["low"] for end in ends),
            "high": max(end["high"] for end in ends),
            "prior_low": min(end["prior_low"] for end in ends),
            "prior_high": max(end["prior_high"] for end in ends),
        }

    def _mixed(self, one: Looked) -> dict[str, Any]:
        fits = {name: self.results[name][0] for name in self.weights}
        if not all(fit.gate.passed or fit.accepted for fit in fits.values()):
            return _nothing(tables.interval_name(self.probability, "equal-tailed"))
        return self._row(
            _mixture([fit.sample_of(one.of) for fit in fits.values()], self.weights),
            _mixture([fit.prior_sample_of(one.of) for fit in fits.values()], self.weights),
            one.unit,
        )

    def pooled(self, weights: Mapping[str, float], *, statement: str) -> Comparison:
        """Return the same comparison with a pool of the alternatives beside them.

        A mixture of their posterior draws, with the weights that you state: no data chose them.

        Parameters
        ----------
        weights : mapping of str to float
            Alternative -> its weight, above 0; they add up to 1. Bounds cannot be pooled: they
            have no distribution.
        statement : str
            Why these weights.

        Returns
        -------
        Comparison
            Its table has rows for the pool, named by the weights.

        Raises
        ------
        SpecError
            With every problem of the weights.
        """
        problems = []
        if not (isinstance(statement, str) and statement.strip()):
            problems.append("a pool needs a statement: why these weights?")
        if not isinstance(weights, Mapping) or not weights:
            raise_if_any(
                [*problems, f"weights must map alternatives to numbers; given {weights!r}."],
                "the pool",
            )
        for name, weight in weights.items():
            if name not in self.results:
                known = ", ".join(map(repr, self.results))
                problems.append(f"there is no alternative {name!r}; they are: {known}.")
            elif len(self.results[name]) > 1:
                problems.append(
                    f"{name!r} are bounds: they have no distribution, and cannot be pooled."
                )
            if not (is_number(weight) and weight > 0):
                problems.append(f"the weight of {name!r} must be above 0; given {weight!r}.")
        if not problems and abs(sum(weights.values()) - 1) > 1e-9:
            problems.append(
                f"the weights must add up to 1; they add up to {sum(weights.values()):g}."
            )
        raise_if_any(problems, "the pool")
        return replace(self, weights=dict(weights), statement=statement)

    @cached_property
    def text(self) -> str:
        """What the comparison says, in plain sentences."""
        table = self.table
        number = self.quantities[0].name
        rows = table[(table["quantity"] == number) & table["median"].notna()]
        rows = rows[rows["assumption"] != self.pool_name]
        said = [
            f"Nobody asked these people ({self.imputed}): every number of them is imputed, and "
            "rests on the assumption named beside it."
        ]
        if len(rows) > 1:
            low, high = rows["median"].min(), rows["median"].max()
            said.append(
                f"By assumption the {number} has a median of {low:,.0f} to {high:,.0f}"
                + (f", a factor of {high / low:.2g}." if low > 0 else ".")
            )
        for row in table[(table["quantity"] == number) & (table["interval"] == NO_PROBABILITY)][
            ["assumption", "low", "high"]
        ].itertuples():
            said.append(
                f"Without any distribution ({row.assumption}) it lies between {row.low:,.0f} and "
                f"{row.high:,.0f}."
            )
        ratio = table[(table["unit"] == "ratio") & table["median"].notna()]
        least = ratio[(ratio["contraction"] < 0.1) & (ratio["assumption"] != self.pool_name)]
        if len(least):
            said.append(
                "How their rate compares with that of the others is hardly told by the figures "
                "(its variance on the log scale shrinks by less than a tenth from prior to "
                f"posterior) under: {', '.join(least['assumption'])}."
            )
        if self.weights:
            said.append(
                f"The pool ({self.pool_name.removeprefix('pooled: ')}) has weights that were "
                f"stated, not estimated: {self.statement}"
            )
        failed = [n for n, fits in self.results.items() if not all(f.gate.passed for f in fits)]
        if failed:
            said.append(f"No numbers are shown where the convergence gate failed: {failed}.")
        return " ".join(said)

    def __repr__(self) -> str:
        shown = self.table[["assumption", "quantity", "median", "low", "high", "interval", "basis"]]
        return f"{self.text}\n{shown.to_string(index=False)}"


def _about(one: Looked) -> dict[str, str]:
    return {"quantity": one.name, "unit": one.period or one.unit}


def _nothing(interval: str) -> dict[str, Any]:
    """Return a row without numbers."""
    names = ("median", "low", "high")
    empty = dict.fromkeys(names, np.nan)
    return {
        **empty,
        "interval": interval,
        **{f"prior_{name}": np.nan for name in names},
        "contraction": np.nan,
        "moved": np.nan,
    }


def _mixture(draws: Sequence[Floats], weights: Mapping[str, float]) -> Floats:
    """Return draws from a mixture: as many evenly spread ones of each part as its weight asks."""
    size = min(len(one) for one in draws)
    counts = np.floor(np.array(list(weights.values())) * size).astype(int)
    return np.concatenate(
        [
            one[np.linspace(0, len(one) - 1, count).astype(int)]
            for one, count in zip(draws, counts, strict=True)
        ]
    )
