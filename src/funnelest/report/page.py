"""One plain page: what was estimated, from which figures, and what was assumed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.errors import raise_if_any
from funnelest.plot.base import Language, imputed_number, language_problems
from funnelest.report.html import content, document, picture, say_basis, table
from funnelest.report.texts import BASES, TEXTS

if TYPE_CHECKING:
    from os import PathLike

    from matplotlib.figure import Figure

    from funnelest.axes import Where
    from funnelest.results.result import Result

__all__ = ["page"]


def page(
    result: Result,
    path: str | PathLike[str],
    *,
    title: str,
    sections: Sequence[tuple[str, Any]] = (),
    figure: Figure | None = None,
    where: Where | None = None,
    per: str | None = "year",
    probability: float = 0.95,
    language: str = "en",
) -> Path:
    """Write a result as one HTML file that needs nothing from outside.

    The verdict of the convergence gate, a summary in words, your own sections, the figure, and
    tables of steps, transitions, figures given and expected, and everything that was assumed.

    Parameters
    ----------
    result : Result
        The fit.
    path : path-like
        The file; it is replaced, and its folder is made when there is none.
    title : str
        Title of the page.
    sections : sequence of (str, object), default ()
        Titles and contents that follow the summary. A text is escaped and a blank line in it
        starts a paragraph; a pandas table is rounded; a matplotlib figure is embedded; an object
        with ``_repr_html_`` is taken as the HTML it gives; a list holds several of these.
    figure : matplotlib.figure.Figure, optional
        The figure of the route. Left out: `funnelest.plot.route` draws it.
    where : mapping, optional
        Which cells the summary, figure and tables are of; all when left out.
    per : str, optional
        Axis over which the mean is taken, when the population has it. None gives the sum.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    language : {"en", "nl"}
        Language of the fixed texts. Names, statements and priors stay as they were given.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    SpecError
        With every problem of the arguments.
    FitError
        When the convergence gate failed and the result was not opened all the same. A page of a
        result that was opened carries the mark at its top and in every table.
    """
    problems = language_problems(language)
    problems += result.model.population.problems_in(where or {})
    problems += [
        f"a section must be a title and its content; given {one!r}."
        for one in sections
        if not (isinstance(one, Sequence) and len(one) == 2 and isinstance(one[0], str))
    ]
    raise_if_any(problems, "the page")
    if per is not None and result.model.population.axis(per) is None:
        per = None
    body = _Page(result, where, per, probability, language).body(title, sections, figure)
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document(title, language, body), encoding="utf-8")
    return file


class _Page:
    """The parts of the page, each a piece of HTML."""

    def __init__(
        self, result: Result, where: Where | None, per: str | None, probability: float, code: str
    ) -> None:
        self.result, self.where, self.per, self.probability = result, where, per, probability
        self.language, self.texts = Language(code), TEXTS[code]
        self.steps = result.steps(where, per=per, probability=probability).to_dict("records")
        self.basis = result.model.basis(where)
        self.figures = result.figures(probability=probability).to_dict("records")
        self.ledger = result.model.ledger()

    def say(self, name: str, **named: Any) -> str:
        """Return a text of the page with its places filled in."""
        where = f", {self.language.where(self.where)}" if self.where else ""
        known = {
            "interval": self.language.interval(self.probability),
            "p": f"{100 * self.probability:g}",
            "unit": self.language.unit(self.result.model, self.where, self.per),
            "where": where,
        }
        return self.texts[name].format(**{**known, **named})

    def body(self, title: str, sections: Sequence[tuple[str, Any]], figure: Figure | None) -> str:
        """Return everything between the main tags."""
        bases = {name: self.texts[name] for name in BASES}
        parts = [
            f"<h1>{escape(title)}</h1>",
            self.verdict(),
            self.section("summary", "".join(f"<p>{escape(t)}</p>" for t in self.summary())),
        ]
        parts += [
            f"<section>\n<h2>{escape(name)}</h2>\n"
            f"{content(what, name, self.language, bases)}\n</section>"
            for name, what in sections
        ]
        parts += [
            self.section("figure", self.drawn(figure)),
            self.section("steps", self.step_table()),
            self.section("transitions", self.transition_table()),
            *([self.section("linked", linked)] if (linked := self.linked_table()) else []),
            *([self.section("in words", words)] if (words := self.in_words()) else []),
            self.section("given", self.given_table() + self.register_table()),
            self.section("ledger", self.ledger_table()),
        ]
        from funnelest import __version__

        parts.append(f"<footer><p>{self.say('made', version=__version__)}</p></footer>")
        return "\n".join(parts)

    def section(self, name: str, inside: str) -> str:
        """Return a section with its heading."""
        return f"<section>\n<h2>{escape(self.texts[name])}</h2>\n{inside}\n</section>"

    def verdict(self) -> str:
        """Return whether the gate was passed, and by what."""
        gate, result = self.result.gate, self.result
        measures = ", ".join(f"{k} {self.language.number(v)}" for k, v in gate.measures.items())
        lines = [f"<strong>{escape(self.texts['passed' if gate.passed else 'failed'])}.</strong>"]
        if not gate.passed:
            lines += [
                f'<span class="mark">{escape(result.mark)}</span>. '
                + escape(self.texts["failed long"])
            ]
            lines += [escape(f"{failure}.") for failure in gate.failures]
        elif result.mark:  # checks that failed although the engine converged
            lines.append(f'<span class="mark">{escape(result.mark)}</span>.')
        lines.append(
            escape(
                self.say(
                    "engine",
                    engine=gate.engine,
                    measures=measures,
                    seed=result.seed,
                    hash=result.model.hash(),
                )
            )
        )
        lines += [escape(f"{note}.".replace("..", ".")) for note in result.notes]
        css = "verdict" if gate.passed else "verdict failed"
        return f'<div class="{css}">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>"

    # ------------------------------------------------------------------ words

    def in_words(self) -> str:
        """Return each assumption about the population or the rate, in plain sentences."""
        said = []
        for one in self.result.model.assumptions:
            text, why, source = one.sentence(self.language.code), one.statement, one.source
            filled = one.imputed(self.result.model.population).any()
            label = f" <strong>{escape(self.texts['imputed'])}.</strong>" if filled else ""
            because = f" {escape(self.texts['because'])} {escape(_ended(why))}" if why else ""
            cited = f" {escape(self.texts['source'])}: {escape(_ended(source))}" if source else ""
            said.append(f"<li>{escape(text[:1].upper() + text[1:])}{label}{because}{cited}</li>")
        return f"<ul>{''.join(said)}</ul>" if said else ""

    def _shares(self, draws: Any) -> str:
        known = draws[np.isfinite(draws)]  # nobody at a step: no share of them
        if not len(known):
            return "\u2013"
        tail = (1 - self.probability) / 2
        low, middle, high = (float(v) for v in np.quantile(known, [tail, 0.5, 1 - tail]))
        return self.language.shares(middle, low, high)

    def summary(self) -> list[str]:
        """Return the paragraphs that say in words what was estimated."""
        result, route, show = self.result, self.result.model.route, self.language
        number = {
            row["step"]: show.numbers(row["median"], row["low"], row["high"]) for row in self.steps
        }
        first = route.steps[0]
        sentences = [self.say("first", number=number[first], step=first)]
        for step in route.steps[1:]:
            if route.successors(step):
                continue
            share = result.sample_of(lambda q, s=step: q.share(s, self.where, of=first))  # type: ignore[misc]
            sentences.append(
                self.say(
                    "end", number=number[step], step=step, first=first, share=self._shares(share)
                )
            )

        def stops(q: Any, step: str) -> Any:
            on = sum(q.flow(step, after, self.where) for after in route.successors(step))
            return 1 - on / q.number(step, self.where)

        losses = {
            step: result.sample_of(lambda q, s=step: stops(q, s))  # type: ignore[misc]
            for step in route.steps
            if route.successors(step)
        }
        sentences += [
            self.say("loss", step=step, share=self._shares(draws)) for step, draws in losses.items()
        ]
        paragraphs = [" ".join(sentences), self.say("intervals")]
        if self.basis == "imputed":
            paragraphs.append(self.texts["wholly"])
        elif self.basis == "partly imputed":
            part = imputed_number(result.model, first, self.where, self.per)
            assert part is not None
            share = result.sample_of(lambda q: part(q) / q.number(first, self.where, per=self.per))
            paragraphs.append(self.say("partly", step=first, share=self._shares(share)))
        used = [row for row in self.figures if row["used"]]
        far = sum(abs(row["residual"]) > 2 for row in used)
        if used:
            paragraphs.append(
                self.say(
                    "figures in",
                    sources=len(result.model.evidence),
                    figures=len(used),
                    far=far,
                )
            )
        stated = sum(entry.stated for entry in self.ledger)
        paragraphs.append(
            self.say("ledger count", stated=stated, defaults=len(self.ledger) - stated)
        )
        return paragraphs

    def drawn(self, figure: Figure | None) -> str:
        """Return the figure of the route inside the page."""
        numbers = "; ".join(
            f"{row['step']} {self.language.numbers(row['median'], row['low'], row['high'])}"
            for row in self.steps
        )
        alt = self.say("alt", steps=len(self.steps), numbers=numbers)
        alt = f"{self.result.mark}. {alt}" if self.result.mark else alt
        if figure is not None:
            return picture(figure, alt)
        from matplotlib import pyplot as plt

        from funnelest.plot.route import route

        own = route(
            self.result,
            where=self.where,
            per=self.per,
            probability=self.probability,
            language=self.language.code,
        )
        try:
            return picture(own, alt)
        finally:
            plt.close(own)

    # ----------------------------------------------------------------- tables

    def _heads(self, *first: str) -> list[tuple[str, bool]]:
        names = ("median", "interval", "prior median", "prior interval")
        return [
            *((self.texts[name], False) for name in first),
            *((self.say(name), True) for name in names),
            (self.texts["basis"], False),
        ]

    def _range(self, low: float, high: float, shares: bool) -> str:
        show = self.language
        if shares:
            return f"{show.percent(low)}\u2013{show.percent(high)}%"
        return f"{show.number(low)}\u2013{show.number(high)}"

    def _estimates(self, row: dict[str, Any], shares: bool) -> list[str]:
        show = self.language

        def one(value: float) -> str:
            return f"{show.percent(value)}%" if shares else show.number(value)

        return [
            one(row["median"]),
            self._range(row["low"], row["high"], shares),
            one(row["prior_median"]),
            self._range(row["prior_low"], row["prior_high"], shares),
            say_basis(row["basis"], self.texts),
        ]

    def step_table(self) -> str:
        """Return the table of steps, with the imputed part of each."""
        rows: list[tuple[list[str], bool]] = []
        for row in self.steps:
            rows.append(([row["step"], *self._estimates(row, False)], self.basis == "imputed"))
            part = imputed_number(self.result.model, row["step"], self.where, self.per)
            if part is None or self.basis == "imputed":
                continue
            (one,) = self.result.quantities(
                {"part": part}, basis="imputed", probability=self.probability
            ).to_dict("records")
            name = self.say("imputed part", step=row["step"])
            rows.append(([name, *self._estimates(one, False)], True))
        return table(self.say("steps caption"), self._heads("step"), rows, self.result.mark)

    def transition_table(self) -> str:
        """Return the table of transitions, prior beside posterior."""
        rows = []
        shares = self.result.transitions(self.where, probability=self.probability)
        for row in shares.to_dict("records"):
            to = f"{row['to']} ({self.texts['skip']})" if row["skip"] else row["to"]
            rows.append(([row["from"], to, *self._estimates(row, True)], self.basis == "imputed"))
        return table(
            self.say("transitions caption"), self._heads("from", "to"), rows, self.result.mark
        )

    def linked_table(self) -> str:
        """Return who is known, hidden and both together, of registers that were linked."""
        found = self.result.linked(probability=self.probability).to_dict("records")
        rows = []
        for row in found:
            own = {**row, "basis": "estimated"}
            basis = say_basis(row["basis"], self.texts)
            stratum = self.texts["all"] if row["stratum"] == "all" else row["stratum"]
            first = [row["source"], stratum, self.texts[row["quantity"]]]
            rows.append(([*first, *self._estimates(own, False)[:-1], basis], "imputed" in basis))
        heads = self._heads("source", "stratum", "people")
        mark = self.result.mark
        return table(self.say("linked caption"), heads, rows, mark) if rows else ""

    def given_table(self) -> str:
        """Return the figures that went in, beside what is expected of them."""
        if not self.figures:
            return f"<p>{escape(self.texts['none'])}</p>"
        show = self.language
        rows = []
        for row in self.figures:
            unused = "" if row["used"] else f" ({self.texts['not used']})"
            apart = row["residual"]
            cells = [
                _named(row),
                show.given(row["figure"]) + unused,
                show.number(row["expected"]),
                self._range(row["low"], row["high"], False),
                show.number(round(apart, 2)) if math.isfinite(apart) else "\u2013",
            ]
            rows.append((cells, False))
        heads = [
            (self.texts["source"], False),
            (self.texts["figure given"], True),
            (self.texts["expected"], True),
            (self.say("interval"), True),
            (self.texts["residual"], True),
        ]
        return table(self.say("given caption"), heads, rows, self.result.mark)

    def register_table(self) -> str:
        """Return what the registers are estimated to hold; nothing where there are none."""
        known = {_named(row): row for row in self.figures if math.isfinite(row["cases_per_record"])}
        if not known:
            return ""
        rows = []
        for name, row in known.items():
            seen = self._share(row, "registered_share", True)
            rows.append(
                ([name, row["read_as"], self._share(row, "cases_per_record", False), seen], False)
            )
        heads = [
            (self.texts["source"], False),
            (self.texts["read as"], False),
            (self.texts["cases per record"], True),
            (self.texts["registered share"], True),
        ]
        return table(self.say("registers caption"), heads, rows, self.result.mark)

    def _share(self, row: dict[str, Any], name: str, percent: bool) -> str:
        if not math.isfinite(row[name]):
            return "\u2013"
        middle, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        show = self.language
        shown = f"{show.percent(middle)}%" if percent else show.number(middle)
        return shown if low == high else f"{shown} ({self._range(low, high, percent)})"

    def ledger_table(self) -> str:
        """Return everything that was assumed."""
        names = ("about", "kind", "value", "statement", "source", "stated")
        rows = [
            (
                [
                    entry.about,
                    self.texts[entry.kind]
                    if entry.kind != "source"
                    else self.texts["source"].lower(),
                    entry.value,
                    entry.statement,
                    entry.source,
                    self.texts["yes" if entry.stated else "no"],
                ],
                False,
            )
            for entry in self.ledger
        ]
        return table(
            self.texts["ledger caption"],
            [(self.texts[n], False) for n in names],
            rows,
            self.result.mark,
        )


def _ended(text: str) -> str:
    """Return a text that ends in a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _named(row: dict[str, Any]) -> str:
    """Return a source, and which of its figures a row is about."""
    return f"{row['source']}, {row['of']}" if row["of"] else str(row["source"])
