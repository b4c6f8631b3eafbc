"""What knowing more would take away: ranks, tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["Gain", "judged"]

#: Monte Carlo errors by which something is told from nothing, or from something else.
_ERRORS = 2.0
#: Parameters that the text names.
_NAMED = 5
_ROOM = "value_of_information"
_PRINTED = ("kind", "rank", "name", "status", "reduction_percent", "width_now", "width_after")


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What one parameter, group of parameters or planned figure would take away.

    Parameters
    ----------
    name : str
        Its name.
    kind : {"figure", "parameter"}
        A planned figure, or parameters that are known exactly.
    of : tuple of str
        The sources that are planned, as they are written, or the parameters.
    status : str
        "planned"; or of parameters "estimated", "assumed" or "partly assumed".
    reduction, mc_error : float
        Share of the variance that is expected to go, NaN when it could not be found, and its
        Monte Carlo standard error.
    width, width_error : float
        Expected width of the interval and its Monte Carlo standard error, in the unit of the
        quantity; NaN for groups of parameters.
    cost : float or None
        What it costs.
    series, size : str, int or None
        The plan of several sizes that it belongs to, and which of them it is.
    reweighted, refitted, failed : int
        Sets of made-up data for which draws were weighed, for which the model was fitted, and of
        the latter those that failed.
    cut : bool
        Whether products of several parameters were left out, since there were too few draws.
    """

    name: str
    kind: Literal["figure", "parameter"]
    of: tuple[str, ...] = field(repr=False)
    status: str
    reduction: float
    mc_error: float
    width: float
    width_error: float
    cost: float | None = None
    series: str = ""
    size: int | None = None
    reweighted: int = 0
    refitted: int = 0
    failed: int = 0
    cut: bool = False

    @property
    def told(self) -> bool:
        """Whether what it takes away is told from nothing by two Monte Carlo errors."""
        return bool(self.reduction > _ERRORS * self.mc_error)

    @property
    def found(self) -> bool:
        """Whether it could be found at all."""
        return not np.isnan(self.reduction)

    @property
    def cost_per_percent(self) -> float:
        """Cost per 1% of the variance; NaN without a cost, or where it is not told from nothing."""
        if self.cost is None or not self.told:
            return np.nan
        return self.cost / (100 * self.reduction)


def judged(gains: Sequence[Gain], *, mark: Sentence | str, **about: Any) -> Verdict:
    """Return the verdict on what everything would take away.

    Parameters
    ----------
    gains : sequence of Gain
        Planned figures and parameters, in any order.
    mark : Sentence or str
        What is wrong with the fit that it starts from; empty when nothing is.
    **about
        `quantity`, `variance_now`, `width_now`, `probability`, `replicates`, `currency` and
        `basis`: the details of the verdict.
    """
    found = _ranked(gains)
    figures = [one for one in found if one.kind == "figure"]
    parameters = [one for one in found if one.kind == "parameter"]
    headline = _headline(figures, parameters, about)
    basis, about["series"] = about["basis"], list(_series(gains))
    said = [
        say(f"{_ROOM}.marked", mark=mark, said=headline) if mark else headline,
        *_on_figures(figures, about),
        *_on_sizes(about),
        *_on_parameters(parameters),
    ]
    for word in basis.split(", ") if basis != "estimated" else ():
        of = say(f"{_ROOM}.basis_{word.replace(' ', '_')}")
        said.append(say(f"{_ROOM}.rests", quantity=about["quantity"], basis=of))
    if figures:
        said.append(say(f"{_ROOM}.expected", n=about["replicates"]))
    rows = {"parts": [*_rows(figures, about), *_rows(parameters, about)]}
    if about["series"]:
        rows["sizes"] = _sizes(about)
    costs = ("cost", "cost_per_percent") if _priced(figures) else ()
    return Verdict(
        check=_ROOM,
        passed=not mark,
        said=[*said, say(f"{_ROOM}.overlap")],
        marked=mark,
        rows=rows,
        found=tuple(found),
        columns=(*_PRINTED, *costs),
        details=about,
    )


def _priced(figures: Sequence[Gain]) -> bool:
    """Return whether every planned figure has a cost, so that they are ranked by it."""
    return bool(figures) and all(one.cost is not None for one in figures)


def _ranked(gains: Sequence[Gain]) -> list[Gain]:
    """Return figures and then parameters, the most telling first.

    Figures by the cost of 1% of the variance where all have a cost, else by the share of the
    variance that goes, as parameters are. What is not told from nothing comes last of figures
    with costs, and what could not be found last of all.
    """
    priced = _priced([one for one in gains if one.kind == "figure"])

    def key(one: Gain) -> tuple[bool, bool, float, float]:
        parameter = one.kind == "parameter"
        price = one.cost_per_percent if priced and not parameter else np.nan
        lost = -one.reduction if np.isfinite(one.reduction) else np.inf
        return parameter, not one.found, np.inf if np.isnan(price) else price, lost

    return sorted(gains, key=key)


def _series(gains: Sequence[Gain]) -> Iterator[tuple[str, list[Gain]]]:
    """Yield every plan of several sizes, and what these take away, by size."""
    for name in dict.fromkeys(one.series for one in gains if one.series):
        sizes = [one for one in gains if one.series == name]
        yield name, sorted(sizes, key=lambda one: one.size or 0)


# ---------------------------------------------------------------- tables


def _rows(gains: Sequence[Gain], about: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "quantity": about["quantity"],
            "kind": one.kind,
            "rank": rank,
            "name": one.name,
            "status": one.status,
            "variance_now": about["variance_now"],
            "variance_after": (1 - one.reduction) * about["variance_now"],
            "reduction_percent": 100 * one.reduction,
            "reduction_percent_mc_error": 100 * one.mc_error,
            "width_now": about["width_now"],
            "width_after": one.width,
            "width_after_mc_error": one.width_error,
            "interval": interval_name(about["probability"]),
            "cost": np.nan if one.cost is None else one.cost,
            "cost_per_percent": one.cost_per_percent,
            "currency": about["currency"],
            "replicates": about["replicates"] if one.kind == "figure" else 0,
            "refitted": one.refitted,
            "failed": one.failed,
            "basis": about["basis"],
        }
        for rank, one in enumerate(gains, 1)
    ]


def _narrowing(one: Gain, now: float) -> float:
    """Return the width that is expected to go, over the cost."""
    return np.nan if one.cost is None else (now - one.width) / one.cost


def _sizes(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    now = about["width_now"]
    return [
        {
            "name": name,
            "n": one.size,
            "width_now": now,
            "width_after": one.width,
            "width_after_mc_error": one.width_error,
            "ratio": one.width / now,
            "interval": interval_name(about["probability"]),
            "cost": np.nan if one.cost is None else one.cost,
            "narrowing_per_cost": _narrowing(one, now),
            "replicates": about["replicates"],
            "refitted": one.refitted,
            "failed": one.failed,
            "basis": about["basis"],
        }
        for name, sizes in about["series"]
        for one in sizes
    ]


# ---------------------------------------------------------------- sentences


def _headline(
    figures: Sequence[Gain], parameters: Sequence[Gain], about: Mapping[str, Any]
) -> Sentence:
    """Return what to buy next, or to find out."""
    best = (figures or parameters)[0]
    if not best.found:
        how = "lost"
    elif not best.told:
        how = "no_figure" if figures else "no_parameter"
    elif not figures:
        how = "known_assumed" if best.status == "assumed" else "known"
    elif len(figures) == 1:
        how = "single"
    else:
        how = "best_for_cost" if _priced(figures) else "best"
    return say(
        f"{_ROOM}.{how}",
        n=len(figures),
        name=best.name,
        share=best.reduction,
        price=_price(best, about),
        quantity=about["quantity"],
    )


def _price(one: Gain, about: Mapping[str, Any]) -> Sentence | str:
    """Return what 1% costs, as the end of a sentence; nothing without a cost."""
    if np.isnan(one.cost_per_percent):
        return ""
    unit = f" {about['currency']}" if about["currency"] else ""
    return say(f"{_ROOM}.price", cost=one.cost, each=one.cost_per_percent, unit=unit)


def _called(gains: Sequence[Gain]) -> list[Sentence]:
    return [say(f"{_ROOM}.called", name=one.name) for one in gains]


def _interval(about: Mapping[str, Any]) -> Sentence:
    percent = 100 * about["probability"]
    return say("word.interval", p=int(percent) if percent == int(percent) else percent)


def _on_figures(figures: Sequence[Gain], about: Mapping[str, Any]) -> Iterator[Sentence]:
    known = [one for one in figures if one.found]
    alone = [one for one in known if not one.series]
    if alone:
        yield say(
            f"{_ROOM}.width",
            name=alone[0].name,
            interval=_interval(about),
            now=about["width_now"],
            width=alone[0].width,
        )
    if len(alone) > 1:
        others = [
            say(
                f"{_ROOM}.{'takes' if one.told else 'takes_nothing'}",
                name=one.name,
                share=one.reduction if one.told else one.mc_error,
                width=one.width,
                price=_price(one, about),
            )
            for one in alone[1:]
        ]
        yield say(f"{_ROOM}.others", others=others)
    if known:
        most = max(known, key=lambda one: one.reduction)
        if most is not known[0] and most.told:
            yield say(f"{_ROOM}.most", name=most.name)
        near = _near(known)
        if near:
            yield say(f"{_ROOM}.near", name=known[0].name, near=_called(near))
    for one in figures:
        if one.failed:
            how = "failed" if one.found else "failed_all"
            yield say(f"{_ROOM}.{how}", name=one.name, failed=one.failed, refitted=one.refitted)


def _near(known: Sequence[Gain]) -> list[Gain]:
    """Return the figures that are not told from the first."""
    first = known[0]
    if not first.told:
        return []
    priced = all(one.cost is not None for one in known)
    price = {one.name: one.cost or 1.0 for one in known} if priced else {}

    def each(value: float, one: Gain) -> float:
        return value / price.get(one.name, 1.0)

    return [
        one
        for one in known[1:]
        if abs(each(first.reduction, first) - each(one.reduction, one))
        < _ERRORS * np.hypot(each(first.mc_error, first), each(one.mc_error, one))
    ]


def _on_sizes(about: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield the width by size: of the smallest and the largest; the others are in the table."""
    now = about["width_now"]
    for name, sizes in about["series"]:
        known = [one for one in sizes if one.found]
        if not known:
            continue
        ends = known[:1] if len(known) == 1 else [known[0], known[-1]]
        widths = [
            say(
                f"{_ROOM}.at_size",
                size=one.size,
                width=one.width,
                ratio=100 * one.width / now,
            )
            for one in ends
        ]
        yield say(f"{_ROOM}.sizes", name=name, interval=_interval(about), now=now, widths=widths)
        if len(sizes) > 2:
            yield say(f"{_ROOM}.all_sizes", n=len(sizes))
        priced = [one for one in known if one.cost is not None]
        if priced:
            best = max(priced, key=lambda one: _narrowing(one, now))
            unit = f" {about['currency']}" if about["currency"] else ""
            each = _narrowing(best, now)
            yield say(f"{_ROOM}.size_for_cost", size=best.size, each=each, unit=unit)


def _on_parameters(parameters: Sequence[Gain]) -> Iterator[Sentence]:
    found = [one for one in parameters if one.found]
    named = [one for one in found if one.told][:_NAMED]
    if named:
        shares = [say(f"{_ROOM}.share", name=one.name, share=one.reduction) for one in named]
        yield say(f"{_ROOM}.parameters", shares=shares)
    rest = [one for one in found if one not in named]
    if rest:
        # The largest of them: at most that, when its error is allowed for.
        most = max(one.reduction + _ERRORS * one.mc_error for one in rest)
        how = "rest" if named else "none_of"
        yield say(f"{_ROOM}.{how}", n=len(rest), name=rest[0].name, share=most)
    assumed = [one for one in named if one.status == "assumed"]
    if assumed:
        yield say(f"{_ROOM}.assumed", n=len(assumed), names=_called(assumed))
    groups = [one for one in found if len(one.of) > 1]
    if groups:
        yield say(f"{_ROOM}.groups")
    cut = [one for one in groups if one.cut]
    if cut:
        yield say(f"{_ROOM}.cut", names=_called(cut))
