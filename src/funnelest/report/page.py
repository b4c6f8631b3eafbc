"""One plain page: what was estimated, from which figures, and what was assumed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.check.trust import Trust, trust
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.fields import PATH, TEXT, instance, unwritable
from funnelest.files import write
from funnelest.model.sight import CARRIED, PARTLY
from funnelest.plot.base import Language, language_problems
from funnelest.report.beside import beside
from funnelest.report.checked import check_problems, checked, failures, leaning, meanings
from funnelest.report.content import Content, Table, apart, basis_of, content, picture
from funnelest.report.given import given
from funnelest.report.ledger import ledger
from funnelest.report.sections import section_problems
from funnelest.report.written import capital, ended, single, span
from funnelest.results.intervals import ends_of, errors_of, interval_problems, summary_errors
from funnelest.results.precision import as_its_prior
from funnelest.results.result import RESULT, Result
from funnelest.results.tables import selection_problems, unit_for
from funnelest.route import show_edge
from funnelest.sampling.gate import MC_ERROR
from funnelest.sampling.weights import equal_tailed
from funnelest.words import named, say
from funnelest.words.digits import ANY

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from matplotlib.figure import Figure

    from funnelest.axes import Where

__all__ = ["page"]

type Rows = list[tuple[list[str], bool]]


@entry
def page(
    result: Result,
    path: str | PathLike[str],
    *,
    title: str,
    checks: bool | Trust = True,
    sections: Sequence[tuple[str, Any]] = (),
    figure: Figure | None = None,
    where: Where | None = None,
    per: str | None = "auto",
    probability: float = 0.95,
    language: str = "en",
) -> Path:
    """Write a result as one HTML file that needs nothing from outside.

    The answer in words and what it rests on, the weakest first; what its checks found, the worst
    first; your own sections, the figure and why figures of sources are not the estimates beside
    them; and tables of steps, transitions, checks, figures given and expected, and everything that
    was assumed. Past a failed gate that stands before all.

    Parameters
    ----------
    result : Result
        The fit.
    path : path-like
        The file; it is replaced when the page is whole, and its folder is made when there is
        none.
    title : str
        Title of the page.
    checks : bool or Trust, default True
        Whether to make all checks of the result, as `funnelest.trust` does, so that the page says
        what failed before anything else, and every table carries the mark; or what `trust` gave
        of it already. They take some seconds, or minutes where sources have to be left out by
        fitting again. False: the page says that they were not made.
    sections : sequence of (str, object), default ()
        Titles and contents that follow the summary. A text is escaped and a blank line in it
        starts a paragraph; a pandas table is rounded, its columns that bear the name of an axis
        of the population excepted; a column ``x`` beside one of its Monte Carlo errors,
        ``x_mc_error``, is rounded to these, which are not printed (a table of results is refused
        without them); a matplotlib figure is embedded;
        the verdict of a check stands there in the language of the page; an object with
        ``_repr_html_`` is taken as the HTML it gives; a list holds several of these.
    figure : matplotlib.figure.Figure, optional
        The figure of the route. Left out: `funnelest.plot.route` draws it.
    where : mapping, optional
        Which cells the summary, figure and tables are of; all when left out.
    per : str, optional
        Axis over which the mean is taken. "auto": that of the years, where there is one. None
        gives the sum.
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
    FileError
        When the file could not be written; a page that was there is as it was.
    """
    problems = RESULT.said("result", result) + PATH.said("path", path) + TEXT.said("title", title)
    problems += language_problems(language) + interval_problems(probability)
    problems += check_problems(checks, result)
    if figure is not None:
        from matplotlib.figure import FigureBase

        problems += instance(FigureBase, "a matplotlib figure").said("figure", figure)
    problems += section_problems(sections)
    if isinstance(result, Result):
        problems += selection_problems(result.model.population, where, per)
    raise_if_any(problems, "the page")
    import jinja2

    per = result.model.population.mean_over(per)
    result.steps()  # nothing is checked, and no page made, behind a closed gate
    if checks is True:  # of a model without unknowns or sources there is nothing to check
        checks = trust(result) if result.model.free and result.model.evidence else False
    found = checks.in_language(language) if isinstance(checks, Trust) else None
    result = result if found is None else found.result
    made = _Page(result, found, where, per, probability, Language(language))
    text = files("funnelest.report").joinpath("page.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(text)
    written = template.render(title=title, language=language, **made.contents(sections, figure))
    letter = unwritable(written)
    raise_if_any([f"it holds {letter!r}, which is no letter."] if letter else [], "the page")
    return write(path, written.encode("utf-8"), "the page")


class _Page:
    """The parts of the page."""

    def __init__(
        self,
        result: Result,
        trust: Trust | None,
        where: Where | None,
        per: str | None,
        probability: float,
        show: Language,
    ) -> None:
        self.trust, self.leaning = trust, {} if where else leaning(trust)
        self.result, self.where, self.per, self.probability = result, where, per, probability
        self.show, self.mark = show, show.say(result.said_mark)
        # Which quantities a mark is about stands once, at the top.
        self.short = "; ".join(part.split(":")[0] for part in self.mark.split("; "))
        self.steps = result.steps(where, per=per, probability=probability).to_dict("records")
        self.number, self.told = result._number("auto")[0], result._said("auto")
        self.parts = result._imputed_steps(where, per, probability)
        self.shares = result.transitions(where, probability=probability).to_dict("records")
        self.filled = result.model.imputed_part(where)
        self.only = result.model.of_shares_only
        self.figures = result._figure_rows(probability)
        self.ledger = result.model.ledger()

    def say(self, name: str, **named: Any) -> str:
        """Return a text of the page with its places filled in."""
        model, show = self.result.model, self.show
        unit = unit_for(model, self.where, self.per, show)
        known = {
            "interval": self.show.interval(self.probability),
            "p": self.show.local(f"{100 * self.probability:g}"),
            "unit": unit,
            "what": self.show(f"numbers.head_{self.number}", unit=unit),
            "where": f", {self.show.where(self.where, model.population)}" if self.where else "",
        }
        return self.show(f"page.{name}", **{**known, **named})

    def contents(
        self, sections: Sequence[tuple[str, Any]], figure: Figure | None
    ) -> dict[str, Any]:
        """Return what the template fills in."""
        from funnelest import __version__

        axes, show = [axis.name for axis in self.result.model.population.axes], self.show
        marks = (self.result.mark, self.short)
        own = [(name, content(what, name, show, axes, marks)) for name, what in sections]
        parts = [
            ("summary", self.summary()),
            ("figure", [self.drawn(figure), *beside(self.result.model, self.figures, show)]),
            ("steps", [self.step_table()] if self._told_steps() else []),
            ("transitions", [self.transition_table()] if self.shares else []),
            ("linked", self.linked_table()),
            ("in_words", self.in_words()),
            ("given", given(self.figures, show, self._table)),
            ("checks", checked(self.trust, self.short) if self.trust is not None else []),
            ("ledger", ledger(self.ledger, show, self.short)),
            ("fitted", [Content(paragraphs=self.fitted())]),
        ]
        named = [(self.say(name), inside) for name, inside in parts if inside]
        return {
            "answer": self.answer(),
            "verdict": self.verdict(),
            "sections": [named[0], *own, *named[1:]],
            "made": self.say("made", version=__version__),
        }

    def verdict(self) -> dict[str, Any]:
        """Return what is wrong with the result, the worst first, and what its marks say."""
        gate = self.result.gate
        gated = self.say("passed" if gate.passed else "failed")
        if gate.known:
            return {"passed": True, "headline": self.say("nothing_unknown"), "lines": [],
                    "warning": "", "mark": ""}  # fmt: skip
        headline, lines = self.say("unchecked"), []
        if self.trust is not None:
            headline = self.trust.headline.rstrip(".")
            lines = [*failures(self.trust), *meanings(self.trust, self.short)]
        failed = [capital(ended(self.show.say(one))) for one in gate.failures]
        return {
            "passed": gate.passed and (self.trust is None or self.trust.passed),
            "headline": headline if gate.passed else gated,
            "mark": "" if gate.passed and self.trust is not None else self.mark,
            "warning": "" if gate.passed else self.say("failed_long"),
            "lines": [*lines, *failed],
        }

    def fitted(self) -> list[str]:
        """Return how the result was fitted, and how precise its draws are."""
        gate, result, show = self.result.gate, self.result, self.show
        if gate.known:
            return [capital(ended(show("gate.known")))]
        measures = ", ".join(  # even weights have no k-hat: there is nothing to print
            f"{show.word(name)} {show.number(value)}"
            for name, value in gate.measures.items()
            if name != MC_ERROR and value > -math.inf
        )
        error = gate.measures.get(MC_ERROR)
        notes = [capital(ended(show.say(note))) for note in result.notes]
        precise = [] if error is None else [self.say("precision", share=error)]
        engine = self.say("engine", engine=gate.engine, measures=measures, seed=str(result.seed),
                          hash=result.model.hash())  # fmt: skip
        gated = self.say("passed" if gate.passed else "failed")
        return [ended(gated), engine, *precise, *notes]

    # ------------------------------------------------------------------ words

    def in_words(self) -> list[Content]:
        """Return each assumption about the population or the rate, in plain sentences."""
        said = []
        for one in self.result.model.assumptions:
            text, why, source = one.sentence(self.show.code), one.statement, one.source
            because = f" {self.say('because')} {ended(why)}" if why else ""
            cited = f" {self.say('source')}: {ended(source)}" if source else ""
            filled = one.imputed(self.result.model.population).any()
            said.append(
                {
                    "text": capital(text),
                    "imputed": self.show.word("imputed") if filled else "",
                    "more": because + cited,
                }
            )
        return [Content(items=said)] if said else []

    def _shares(self, draws: Any) -> str:
        known = draws[np.isfinite(draws)]  # nobody at a step: no share of them
        if not len(known):
            return "\u2013"
        low, middle, high = equal_tailed(known, self.probability)
        errors = errors_of(summary_errors(draws, self.probability, self.result.dependence))
        return self.show.shares(middle, low, high, errors)

    def summary(self) -> list[Content]:
        """Return in words what else was estimated, and from how much."""
        return [Content(paragraphs=[*self.losses(), *self.counted()])]

    def answer(self) -> list[Content]:
        """Return the numbers at the ends of the route, and what they rest on, the weakest first."""
        rests = [{"text": text, "imputed": "", "more": ""} for text in self.rests()]
        lead = [self.say("rests")] if rests else []
        return [Content(paragraphs=[self.estimated()]), Content(paragraphs=lead, items=rests)]

    def rests(self) -> list[str]:
        """Return what no source says of the numbers, the weakest first."""
        result, found = self.result, []
        known = {row["step"]: row["basis"].split(", ") for row in self.steps}
        edges = {
            show_edge((row["from"], row["to"])): row["basis"].split(", ") for row in self.shares
        }
        given = {row["step"] for row in self.steps if row["prior_low"] == row["prior_high"]}
        assumed = [
            name
            for name, words in {**known, **edges}.items()
            if "assumed" in words and name not in given
        ]
        own = [show_edge(edge) for edge in result.model.route.edges if self._moved(edge)]
        for key, is_own in (("assumed", False), ("assumed_own", True)):
            if names := [name for name in assumed if (name in own) == is_own]:
                found.append(self.say(key, names=names, n=len(names)))
        if self.leaning and self.trust is not None:
            of = sum(not row.labels for row in self.trust.checks["contributions"].found)
            names = list(self.leaning)
            found.append(self.say("leaning", names=names, n=len(names), of=of))
        first = result.model.route.steps[0]
        if self.filled == "imputed":
            found.append(self.say("wholly"))
        elif self.filled:
            draws = result.sample_of(self.parts[first]["share"])
            found.append(self.say("partly", step=first, share=self._shares(draws)))
        for word in (CARRIED, PARTLY):
            if names := [step for step, words in known.items() if word in words]:
                key = "carried" if word == CARRIED else "partly_carried"
                found.append(self.say(key, names=names, n=len(names)))
        return found

    def _moved(self, edge: tuple[str, str]) -> bool:
        """Return whether figures move a share, be it through those of whom it is one."""
        part = methodcaller("transition", *edge, self.where)
        return not as_its_prior(self.result.sample_of(part), self.result.prior_sample_of(part))

    def _leans(self, name: str, basis: str = "") -> bool:
        """Return whether a quantity rests on priors or assumptions for more than half."""
        return name in self.leaning or "assumed" in basis.split(", ")

    def estimated(self) -> str:
        """Return how many there are where the route begins and ends."""
        result, route, show = self.result, self.result.model.route, self.show
        number = {row["step"]: self._step(row) for row in self.steps}
        first = route.steps[0]
        row = self.steps[0]
        if row["low"] == row["high"]:
            number = {**number, first: show.number(row["median"], 3, 0.0)}
        leaning = {
            row["step"]
            for row in self.steps
            if row["prior_low"] != row["prior_high"]  # what is given leans on nothing
            and self._leans(str(named("word.number_at", step=row["step"])), row["basis"])
        }
        given = row["prior_low"] == row["prior_high"]
        known = "first_given" if given else "first_leans" if first in leaning else "first"
        known = "first_unknown" if self.only else known
        sentences = [self.say(known, number=number[first], step=first, people=route.counted)]
        for step in route.steps[1:]:
            if route.successors(step):
                continue
            part = methodcaller("share", step, self.where, of=first)
            draws = result.sample_of(part)
            # Of a number that the figures tell and one that they do not the share is not told.
            untold = bool({first, step} & leaning)
            untold |= as_its_prior(draws, result.prior_sample_of(part))
            what = [say("page.that_number")] * (step in leaning)
            what += [say("page.that_share")] * untold
            ends = ("end_share", "end_share_leans") if self.only else ("end", "end_leans")
            told = {"number": number[step], "share": self._shares(draws), "n": len(what)}
            sentences.append(self.say(ends[bool(what)], step=step, first=first, what=what, **told))
        return " ".join(sentences)

    def losses(self) -> list[str]:
        """Return what part goes no further at each step, and how to read the numbers."""
        result, route, show = self.result, self.result.model.route, self.show
        leaning = [
            (row["from"], name)
            for row in self.shares
            if self._leans(name := show_edge((row["from"], row["to"])), row["basis"])
        ]
        sentences = []

        def stops(q: Any, step: str) -> Any:
            on = sum(q.flow(step, after, self.where) for after in route.successors(step))
            return 1 - on / q.number(step, self.where)

        for step in route.steps:
            if route.successors(step):
                draws = result.sample_of(lambda q, s=step: stops(q, s))  # type: ignore[misc]
                by = [name for start, name in leaning if start == step]
                share = self._shares(draws)
                key = "loss_leans" if by else "loss"
                sentences.append(self.say(key, step=step, share=share, names=by))
        of = show(f"numbers.{self.number}", unit=route.counted)
        numbers = " ".join([of, *map(show.say, self.told)])
        return [" ".join(sentences), self.say("intervals", numbers=numbers)]

    def _told_steps(self) -> list[dict[str, Any]]:
        """Return the rows of the steps; where all are shares of the first, those after it."""
        return list(self.steps[1:] if self.only else self.steps)

    def _step(self, row: Mapping[str, Any]) -> str:
        """Return what there is at a step, with its interval: a number of people, or a share."""
        three = row["median"], row["low"], row["high"]
        if self.only:
            return self.show.shares(*three, errors_of(row))
        return self.show.numbers(*three, errors_of(row), ends_of(row))

    def counted(self) -> list[str]:
        """Return how many figures went in, and how much was assumed."""
        used, paragraphs = [row for row in self.figures if row["used"]], []
        far = sum(abs(row["residual"]) > 2 for row in used)
        if used:
            sources = len(self.result.model.evidence)
            paragraphs.append(
                self.say(
                    "figures_in",
                    n=sources,
                    figures=say("page.figures_used", n=len(used)),
                    far=say("page.figures_far", n=far) if far else say("page.figures_near"),
                )
            )
        stated = sum(entry.stated for entry in self.ledger)
        defaults = len(self.ledger) - stated
        same = sum(entry.kind == "constant" and not entry.stated for entry in self.ledger)
        parts = [say("page.entries_stated", n=stated)]
        parts += [say("page.entries_default", n=defaults)] if defaults else []
        parts += [say("page.entries_same", n=same)] if same else []
        return [*paragraphs, self.say("ledger_count", parts=parts)]

    def drawn(self, figure: Figure | None) -> Content:
        """Return the figure of the route."""
        numbers = "; ".join(f"{row['step']} {self._step(row)}" for row in self._told_steps())
        alt = self.say("alt", steps=len(self.steps), numbers=numbers)
        alt = f"{self.mark}. {alt}" if self.mark else alt
        if figure is not None:
            return picture(figure, alt)
        from matplotlib import pyplot as plt

        from funnelest.plot.route import route

        own = route(self.result, where=self.where, per=self.per, probability=self.probability,
                    language=self.show.code)  # fmt: skip
        try:
            return picture(own, alt)
        finally:
            plt.close(own)

    # ----------------------------------------------------------------- tables

    def _table(self, caption: str, columns: Sequence[tuple[str, bool]], rows: Rows) -> Content:
        """Return a table: its caption and columns by their keys, and which hold numbers."""
        named = [(self.say(name), numeric) for name, numeric in columns]
        return Content(table=Table(self.say(caption), named, rows, self.short))

    def _heads(self, *first: str) -> list[tuple[str, bool]]:
        numbers = ("median", "interval", "prior_median", "prior_interval")
        return [*((n, False) for n in first), *((n, True) for n in numbers), ("basis", False)]

    def _estimates(self, row: Mapping[str, Any], share: bool, name: str = "") -> list[str]:
        texts = []
        for of, ends in (("", ends_of(row)), ("prior_", ANY)):
            middle, *errors = errors_of(row, of)
            texts.append(single(self.show, row[f"{of}median"], share, middle, ends))
            texts.append(span(self.show, row[f"{of}low"], row[f"{of}high"], share, errors, ends))
        return [
            *texts,
            "; ".join(filter(None, (basis_of(row["basis"], self.show), self.leaning.get(name)))),
        ]

    def step_table(self) -> Content:
        """Return the table of steps, with the imputed part of each; none where none is told."""
        rows: Rows = []
        for row in self._told_steps():
            asked = str(named("word.number_at", step=row["step"]))
            rows.append(
                ([row["step"], *self._estimates(row, self.only, asked)], apart(row["basis"]))
            )
            part = self.parts.get(row["step"])
            if part is None or self.filled == "imputed":
                continue
            name = self.say("imputed_part", step=row["step"])
            asked = str(named("word.imputed_at", step=row["step"]))
            rows.append(([name, *self._estimates(part, False, asked)], True))
        return self._table("steps_caption", self._heads("step"), rows)

    def transition_table(self) -> Content:
        """Return the table of transitions, prior beside posterior."""
        rows: Rows = []
        for row in self.shares:
            to = f"{row['to']} ({self.say('skip')})" if row["skip"] else row["to"]
            estimates = self._estimates(row, True, show_edge((row["from"], row["to"])))
            rows.append(([row["from"], to, *estimates], apart(row["basis"])))
        return self._table("transitions_caption", self._heads("from", "to"), rows)

    def linked_table(self) -> list[Content]:
        """Return who is known, hidden and both together, of registers that were linked."""
        rows: Rows = []
        for row in self.result.linked(probability=self.probability).to_dict("records"):
            stratum = self.show.word("all") if row["stratum"] == "all" else row["stratum"]
            first = [row["source"], stratum, self.say(row["quantity"])]
            rows.append(([*first, *self._estimates(row, False)], "imputed" in row["basis"]))
        heads = self._heads("source", "stratum", "group")
        return [self._table("linked_caption", heads, rows)] if rows else []
