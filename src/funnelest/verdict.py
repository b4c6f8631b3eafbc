"""What a check found: one value for every check, of a result, a model or linked lists."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.words import Language, Named, Sentence, language_problems, named
from funnelest.words.digits import to_error

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Changed", "Compared", "Three", "Verdict"]

_UNKNOWN = (math.nan, math.nan, math.nan)


class Three(tuple[float, float, float]):
    """Median, and lower and upper limit of an interval, with their Monte Carlo errors."""

    errors: tuple[float, ...]

    def __new__(cls, values: Iterable[float], errors: Iterable[float] = _UNKNOWN) -> Self:
        """Return three numbers with their errors, NaN where these are not known."""
        made = super().__new__(cls, values)
        made.errors = tuple(errors)
        return made

    @property
    def told(self) -> tuple[float, ...]:
        """The three numbers as far as draws tell them."""
        return tuple(
            to_error(value, error)[0] for value, error in zip(self, self.errors, strict=True)
        )


@entries
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Verdict:
    """What a check found.

    Parameters
    ----------
    check : str
        Name of the check, which is that of its function (and, in `funnelest.check`, of its figure).
    passed : bool
        Whether nothing is wrong.
    said : sequence of Sentence
        What was found: the headline, and what else there is to say.
    marked : Sentence, optional
        What tables and figures of the result carry where the check failed.
    rows : mapping of str to sequence of mapping
        Table -> its rows, one mapping of column to value each. The first is the main one.
    found : sequence of object, default ()
        What was looked at, one value each: `Compared`, `Changed`, or a value of the check's own.
    details : mapping of str to object, optional
        What else the check's figure draws, by name; the check's function says what it holds.
    result_mark : Sentence or str, default ""
        What was wrong already with the result that was checked; empty when nothing was.
    printed : sequence of mapping, optional
        Rows that are printed under the text, where those of the main table are too many.
    columns : sequence of str, default ()
        Columns that are printed of them; all when empty.
    untested : bool, default False
        Whether there was nothing to compare, so that nothing is wrong and nothing was tested.
    language : {"en", "nl"}
        Language of the sentences; see `in_language`.
    """

    check: str
    passed: bool
    said: Sequence[Sentence | str]
    marked: Sentence | str = ""
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    found: Sequence[Any] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    result_mark: Sentence | str = ""
    printed: Sequence[Mapping[str, Any]] | None = None
    columns: Sequence[str] = ()
    untested: bool = False
    language: str = "en"

    @cached_property
    def headline(self) -> str:
        """The verdict in a sentence."""
        return Language(self.language).say(self.said[0])

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        show = Language(self.language)
        first = f"{show.say(self.result_mark)}. " if self.result_mark else ""
        return first + show.text(self.said)

    @cached_property
    def mark(self) -> str:
        """What tables and figures of the result carry; empty when the check passed."""
        return Language(self.language).say(self.marked)

    @property
    def marks(self) -> str:
        """What was wrong with the result already, and the mark of the check."""
        before = Language(self.language).say(self.result_mark)
        return "; ".join(filter(None, (before, self.mark)))

    @property
    def table(self) -> pd.DataFrame:
        """What was found, one row per thing, with the mark."""
        return self.tables[next(iter(self.rows))]

    @cached_property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table of the check by its name, each with the marks, or with those of its rows."""
        made = {name: self._frame(rows) for name, rows in self.rows.items()}
        return {n: one if "mark" in one else one.assign(mark=self.marks) for n, one in made.items()}

    def _frame(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return rows as a table: sentences in the language, yes and no with room for missing."""
        import pandas as pd

        say = Language(self.language).say
        made = pd.DataFrame(
            [
                {name: say(o) if isinstance(o, Sentence | Named) else o for name, o in row.items()}
                for row in rows
            ]
        )
        for name in made:
            kinds = set(map(type, made[name])) if made[name].dtype.kind == "O" else set()
            if kinds <= {bool, type(None)} and kinds:
                made[name] = made[name].astype("boolean")
        return made

    def in_language(self, language: str) -> Verdict:
        """Return the same verdict with its sentences in another language.

        Parameters
        ----------
        language : {"en", "nl"}
            The language.

        Returns
        -------
        Verdict
            Names that are the user's own stay as they are.
        """
        raise_if_any(language_problems(language), "the verdict")
        return replace(self, language=language)

    def __repr__(self) -> str:
        main = next(iter(self.rows.values())) if self.printed is None else self.printed
        if not main:
            return self.text
        show = Language(self.language)
        short = show.short  # no 1.956e+04 of people
        cells = [
            {
                name: short(row[name], row[f"{name}_mc_error"])
                if f"{name}_mc_error" in row and row[name] == row[name]
                else row[name]
                for name in self.columns or row
            }
            for row in main
        ]
        if self.language != "en":  # codes and names of columns are English, as in the tables
            cells = [{name: show.cell(name, one) for name, one in row.items()} for row in cells]
        shown = self._frame(cells)
        if self.language != "en":
            shown = shown.rename(columns=show.heading)
        rows = shown.to_string(index=False, na_rep="", float_format=short)
        return f"{self.text}\n{rows}"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A printed figure beside what is expected of it.

    Parameters
    ----------
    source, of, figure : str
        The source, what the figure is of, and the figure as printed.
    limit : {"", "at least", "at most"}
        Whether it is a limit, which can be passed on one side only.
    value : float
        The number in it; of a limit the limit.
    median, low, high : float
        Median and equal-tailed interval of what would be printed; of a limit, of the count.
    mid_p : float
        Probability of a larger figure, plus half of that of the same one; NaN where it is not
        known.
    mc_error : float
        Its Monte Carlo standard error.
    residual : float
        Figure minus mean, over the root of the mean squared error; NaN without one.
    as_likely : float
        Probability of a figure that is no likelier; NaN where it was not asked.
    how, against, why : str
        How the expectation was found, on what it rests, and why it is not known.
    k_hat : float
        Pareto k-hat of the weights; NaN without weights.
    basis : str
        What its cells rest on.
    errors : (float, float, float)
        Monte Carlo errors of `median`, `low` and `high`.
    """

    source: str
    of: str
    figure: str
    limit: str
    value: float
    median: float
    low: float
    high: float
    mid_p: float
    mc_error: float
    residual: float = float("nan")
    as_likely: float = float("nan")
    how: str = ""
    against: str = ""
    why: str = ""
    k_hat: float = float("nan")
    basis: str = ""
    errors: tuple[float, ...] = _UNKNOWN

    @property
    def three(self) -> Three:
        """Median and interval, with their errors."""
        return Three((self.median, self.low, self.high), self.errors)

    @property
    def p(self) -> float:
        """Two-sided p-value, ``2 min(mid_p, 1 - mid_p)``; of a limit that it holds.

        No smaller than `as_likely`: what is as likely as most figures is not far out.
        """
        tails = 2 * min(self.mid_p, 1 - self.mid_p)
        return tails if self.as_likely != self.as_likely else max(tails, self.as_likely)

    @property
    def name(self) -> str:
        """The source, and what the figure is of."""
        return named("word.source_of", source=self.source, of=self.of) if self.of else self.source


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A quantity as it is, and as it becomes when something is changed.

    Parameters
    ----------
    quantity : str
        The quantity.
    under : str
        What is changed: a source that is left out, a prior that counts double.
    before, after : Three
        Median, and lower and upper limit of the interval.
    how : str
        How the change was made: "reweighted", "refit", "failed" or "not asked".
    k_hat : float
        Pareto k-hat of the weights; NaN without weights.
    shift, widened : float
        By how many of its standard deviations it moves, and the ratio of the widths.
    power : float
        For how much what is changed counts; NaN where it is not a matter of more or less.
    """

    quantity: str
    under: str
    before: Three
    after: Three
    how: str
    k_hat: float = float("nan")
    shift: float = float("nan")
    widened: float = float("nan")
    power: float = float("nan")
