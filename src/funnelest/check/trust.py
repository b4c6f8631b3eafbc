"""All verdicts on a result, on one screen."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from funnelest.check.arguments import Quantity, main_quantities, problems_of
from funnelest.check.conflict import conflict
from funnelest.check.contributions import contributions
from funnelest.check.convergence import convergence
from funnelest.check.identification import identification
from funnelest.check.posterior_predictive import posterior_predictive
from funnelest.check.prior_sensitivity import prior_sensitivity
from funnelest.entry import entry
from funnelest.errors import FitError, raise_if_any
from funnelest.results.imputed import imputed_parts
from funnelest.results.result import Result
from funnelest.verdict import Verdict
from funnelest.words import Language, Sentence, catalogue, language_problems, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Trust", "trust"]

#: What is checked, the most serious first.
CHECKS = ("convergence", "conflict", "posterior_predictive", "identification", "contributions",
          "prior_sensitivity")  # fmt: skip
_WIDTH = 96


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trust:
    """The verdicts of all checks of a result, the worst first.

    Parameters
    ----------
    result : Result
        The result, with the marks of the checks that failed on every table and figure.
    checks : mapping of str to Verdict
        Name -> what the check gave.
    unmade : mapping of str to Sentence or str
        Name -> why the check could not be made; `not_made` has it as text.
    seconds : mapping of str to float
        Time that each check took.
    language : {"en", "nl"}
        Language of the sentences; see `in_language`.
    """

    result: Result
    checks: Mapping[str, Verdict] = field(repr=False)
    unmade: Mapping[str, Sentence | str] = field(repr=False)
    seconds: Mapping[str, float] = field(repr=False)
    language: str = "en"

    @property
    def passed(self) -> bool:
        """Whether every check was made, and passed."""
        return not self.unmade and not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed, the most serious first."""
        return tuple(name for name, one in self.checks.items() if not one.passed)

    @property
    def not_made(self) -> dict[str, str]:
        """Name -> why the check could not be made."""
        return {name: Language(self.language).say(why) for name, why in self.unmade.items()}

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        made, names = len(self.checks), [self.name_of(name) for name in self.failed]
        untested = [self.name_of(name) for name, one in self.checks.items() if one.untested]
        parts = [say("trust.passed", n=made - len(untested))] * (made > len(untested))
        if names:
            parts = [say("trust.failed", k=len(names), n=made, names=names)]
        if untested:
            parts.append(say("trust.untested", names=untested))
        if self.not_made:
            parts.append(
                say("trust.not_made", names=[self.name_of(name) for name in self.not_made])
            )
        return self._say("trust.headline", parts=parts)

    @property
    def mark(self) -> str:
        """What every table and figure of `result` carries; empty when nothing failed."""
        return Language(self.language).say(self.result.said_mark)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per check, the worst first.

        `check`, what it `asks`, the `verdict` ("FAILED", "not made", "nothing to compare" or
        "passed"), its `headline` and the `seconds` that it took.
        """
        import pandas as pd

        made = pd.DataFrame(self.rows(), columns=["check", "verdict", "headline"])
        made.insert(1, "asks", [self.question_of(name) for name in made["check"]])
        return made.assign(seconds=made["check"].map(self.seconds))

    def rows(self) -> list[tuple[str, str, str]]:
        """Return name, verdict (as in `table`) and headline of each check, the worst first."""
        made = [(name, one.headline, one) for name, one in self.checks.items()]
        fine = [one for one in made if one[2].passed]
        return [
            *((name, "FAILED", said) for name, said, one in made if not one.passed),
            *((name, "not made", why) for name, why in self.not_made.items()),
            *((name, "nothing to compare", said) for name, said, one in fine if one.untested),
            *((name, "passed", said) for name, said, one in fine if not one.untested),
        ]

    @cached_property
    def text(self) -> str:
        """Every check in full, the worst first."""
        parts = [self.headline]
        for name, verdict, said in self.rows():
            if verdict == "not made":
                parts.append(self._say("trust.unmade", name=self.name_of(name), why=said))
            else:
                parts.append(f"{self.name_of(name)}: {self.checks[name].text}")
        return "\n\n".join([*parts, self._say("trust.calibrate")])

    def in_language(self, language: str) -> Trust:
        """Return the same verdicts with their sentences in another language.

        Parameters
        ----------
        language : {"en", "nl"}
            The language.

        Returns
        -------
        Trust
            Names that are the user's own stay as they are.
        """
        raise_if_any(language_problems(language), "trust")
        checks = {name: one.in_language(language) for name, one in self.checks.items()}
        return replace(self, checks=checks, language=language)

    def _defaults(self) -> list[str]:
        """Return the sentence that names the priors by default on which some check rests."""
        said = [one for check in self.checks.values() for one in check.said]
        rests = [one for one in said if isinstance(one, Sentence) and one.key == "default.rests"]
        show = Language(self.language)
        names = list({show.say(name): name for one in rests for name in one.values["names"]})
        return [self._say("default.rests", names=names, n=len(names))] if names else []

    def _say(self, key: str, **values: Any) -> str:
        return Language(self.language).say(say(key, **values))

    def _word(self, key: str, otherwise: str = "") -> str:
        return str(catalogue(self.language).get(key, otherwise))

    def question_of(self, name: str) -> str:
        """Return what a check asks, in a few words; nothing of one that trust does not make."""
        return self._word(f"trust.asks.{name}")

    def name_of(self, name: str) -> str:
        """Return the name of a check in the language."""
        kind, _, number = name.partition(" ")
        return f"{self._word(f'trust.name.{kind}', kind.replace('_', ' '))} {number}".rstrip()

    def __repr__(self) -> str:
        lines, indent, rows = [self.headline], " " * 10, self.rows()
        width = max(22, *(len(self.name_of(name)) for name, _, _ in rows))
        told = {verdict: self._word(f"trust.verdict.{verdict}") for _, verdict, _ in rows}
        first = max(14, *(len(one) + 2 for one in told.values()))
        for name, verdict, said in rows:
            head = f"{told[verdict]:<{first}}{self.name_of(name):<{width}}"
            lines.append(f"{head}  {self.question_of(name)}".rstrip())
            lines += textwrap.wrap(said, _WIDTH, initial_indent=indent, subsequent_indent=indent)
        for unsaid in self._defaults():
            lines += textwrap.wrap(unsaid, _WIDTH)
        if self.mark:
            lines.append(self._say("trust.marked", mark=self.mark))
        return "\n".join([*lines, self._say("trust.more")])

    def _repr_html_(self) -> str:
        from funnelest.results.printing import html_table

        return html_table(self.table.drop(columns="seconds"))


@entry
def trust(
    result: Result,
    *,
    seed: int | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    also: Sequence[Verdict] = (),
    cores: int | None = None,
    progress: bool = True,
) -> Trust:
    """Make every check of a result, and give all verdicts on one screen, the worst first.

    Parameters
    ----------
    result : Result
        A fit. Behind a closed gate only convergence and identification are checked.
    seed : int, optional
        The same seed gives the same answer; that of the result when left out.
    quantities : mapping of str to callable, optional
        What is asked about: name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the
        number at every step and the imputed part of it, and every transition.
    also : sequence of Verdict, default ()
        Checks that you made yourself, such as `check.calibrate` or `check.node_split`, to stand
        among the others.
    cores : int, optional
        How many refits at a time; all cores when left out.
    progress : bool, default True
        Show progress bars on the terminal.

    Returns
    -------
    Trust
        Print it; ``.result`` is the result with the marks of what failed on every table and figure.

    Raises
    ------
    SpecError
        With every problem of the arguments.
    """
    problems = problems_of(result=result, cores=cores, quantities=quantities)
    problems += [] if seed is None else problems_of(seed=seed)
    if isinstance(also, list | tuple):
        wrong = [one for one in also if not isinstance(one, Verdict)]
        problems += [f"also must hold checks; given {one!r}." for one in wrong]
    else:
        problems.append(f"also must be a list of checks; given {also!r}.")
    raise_if_any(problems, "trust")
    if quantities is None:
        quantities = {**main_quantities(result.model), **imputed_parts(result.model)}
    checks: dict[str, Verdict] = {}
    unmade: dict[str, Sentence | str] = {}
    seconds: dict[str, float] = {}
    asked: dict[str, Any] = {"quantities": quantities}
    refit: dict[str, Any] = {"seed": result.seed if seed is None else int(seed), "cores": cores}
    make: dict[str, Callable[[], Verdict]] = {
        "convergence": lambda: convergence(result, **asked),
        "conflict": lambda: conflict(result, **refit, progress=progress),
        "posterior_predictive": lambda: posterior_predictive(result, seed=refit["seed"]),
        "identification": lambda: identification(result.model, **asked),
        "contributions": lambda: contributions(
            result, **asked, **refit, without=_left_out(checks), progress=progress
        ),
        "prior_sensitivity": lambda: prior_sensitivity(result, **asked, **refit),
    }
    why_not = None
    if not (result.gate.passed or result.accepted):
        why_not = say("trust.closed")
    elif not result.model.free:
        why_not = say("trust.nothing_unknown")
    for name in CHECKS:
        if why_not and name not in ("convergence", "identification"):
            unmade[name] = why_not
            continue
        begun = time.perf_counter()
        try:
            checks[name] = make[name]()
        except FitError as error:  # what the user asked wrongly is an error, not a verdict
            unmade[name] = str(error)
        seconds[name] = time.perf_counter() - begun
    for one in also:
        count = sum(name.split(" ")[0] == one.check for name in checks)
        checks[f"{one.check} {count + 1}" if count else one.check] = one
    # The gate marks the result by itself.
    marks = [one.marked for name, one in checks.items() if name != "convergence"]
    if unmade and not why_not:
        marks.append(say("trust.mark", names=[say(f"trust.name.{name}") for name in unmade]))
    once = {Language("en").say(one): one for one in marks}
    return Trust(
        result=result.marked(list(once.values())),
        checks=checks,
        unmade=unmade,
        seconds=seconds,
    )


def _left_out(checks: Mapping[str, Verdict]) -> Any:
    """Return the posteriors without each source that the conflict check has made already."""
    return checks["conflict"].details["left_out"] if "conflict" in checks else None
