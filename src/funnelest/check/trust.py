"""All verdicts on a result, on one screen."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from funnelest import check
from funnelest.check.arguments import quantity_problems
from funnelest.errors import FitError, raise_if_any
from funnelest.inference.fitting import seed_problems
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from funnelest.verdict import Verdict as Check

__all__ = ["Trust", "trust"]

#: What is checked, the most serious first: name, what it asks, and whether it needs intervals.
CHECKS: Mapping[str, str] = {
    "convergence": "did the engine converge?",
    "conflict": "do the sources contradict each other?",
    "posterior_predictive": "would the model make such figures?",
    "identification": "can the figures tell the quantities apart at all?",
    "contributions": "how much do the figures say?",
    "prior_sensitivity": "would another prior change the answer?",
}
_WIDTH = 96


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trust:
    """The verdicts of all checks of a result, the worst first.

    Parameters
    ----------
    result : Result
        The result, with the marks of the checks that failed on every table and figure.
    checks : mapping of str to Check
        Name -> what the check gave.
    not_made : mapping of str to str
        Name -> why the check could not be made.
    seconds : mapping of str to float
        Time that each check took.
    """

    result: Result
    checks: Mapping[str, Check] = field(repr=False)
    not_made: Mapping[str, str] = field(repr=False)
    seconds: Mapping[str, float] = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether every check was made, and passed."""
        return not self.not_made and all(one.passed for one in self.checks.values())

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed, the most serious first."""
        return tuple(name for name, one in self.checks.items() if not one.passed)

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        made = len(self.checks)
        said = (
            f"{len(self.failed)} of {made} checks failed: {', '.join(map(_said, self.failed))}"
            if self.failed
            else f"All {made} checks that were made passed"
        )
        if self.not_made:
            said += f"; not made: {', '.join(map(_said, self.not_made))}"
        return f"{said}."

    @property
    def mark(self) -> str:
        """What every table and figure of `result` carries; empty when nothing failed."""
        return self.result.mark

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per check, the worst first.

        `check`, what it `asks`, the `verdict` ("FAILED", "not made" or "passed"), its `headline`
        and the `seconds` that it took.
        """
        import pandas as pd

        failed = [(name, "FAILED", self.checks[name].headline) for name in self.failed]
        unmade = [(name, "not made", why) for name, why in self.not_made.items()]
        passed = [(n, "passed", one.headline) for n, one in self.checks.items() if one.passed]
        return pd.DataFrame(
            [
                {
                    "check": name,
                    "asks": CHECKS.get(name, ""),
                    "verdict": verdict,
                    "headline": said,
                    "seconds": self.seconds.get(name, float("nan")),
                }
                for name, verdict, said in (*failed, *unmade, *passed)
            ]
        )

    @cached_property
    def text(self) -> str:
        """Every check in full, the worst first."""
        order = [*self.failed, *(name for name in self.checks if name not in self.failed)]
        parts = [self.headline]
        parts += [f"{_said(name)}: {self.checks[name].text}" for name in order]
        parts += [f"{_said(name)} was not made: {why}" for name, why in self.not_made.items()]
        parts.append(
            "Whether intervals of this model hold what they promise at all is told by "
            "funnelest.check.calibrate, which takes minutes."
        )
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        lines = [self.headline]
        for row in self.table.itertuples():
            head = f"{row.verdict:<8}  {_said(row.check)}"
            lines.append(f"{head:<34}{row.asks}")
            lines += textwrap.wrap(
                row.headline, _WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 10
            )
        if self.mark:
            lines.append(f"Tables and figures of .result are marked: {self.mark}")
        lines.append("In full: .text; each check: .checks[name]")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from funnelest.results.tables import html_table

        return str(html_table(self.table.drop(columns="seconds")))


def trust(
    result: Result,
    *,
    seed: int | None = None,
    quantities: Mapping[str, Callable[[Quantities], Any]] | None = None,
    also: Sequence[Check] = (),
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
        number at every step, and every transition.
    also : sequence of Check, default ()
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
    problems = [] if isinstance(result, Result) else [f"result must be a Result; given {result!r}."]
    problems += [] if seed is None else seed_problems(seed)
    if cores is not None and not (type(cores) is int and cores >= 1):
        problems.append(f"cores must be a whole number of at least 1; given {cores!r}.")
    problems += quantity_problems(quantities) + _also_problems(also)
    raise_if_any(problems, "trust")
    seed = result.seed if seed is None else int(seed)
    options: dict[str, Any] = {"quantities": quantities}
    refit: dict[str, Any] = {"seed": seed, "cores": cores}
    made: dict[str, Callable[[], Check]] = {
        "convergence": lambda: check.convergence(result, **options),
        "conflict": lambda: check.conflict(result, **refit, progress=progress),
        "posterior_predictive": lambda: check.posterior_predictive(result, seed=seed),
        "identification": lambda: check.identification(result.model, **options),
        "contributions": lambda: check.contributions(
            result, **options, **refit, without=_left_out(checks), progress=progress
        ),
        "prior_sensitivity": lambda: check.prior_sensitivity(result, **options, **refit),
    }
    why_not = ""
    if not (result.gate.passed or result.accepted):
        why_not = "the convergence gate is closed, so there is no posterior to check."
    elif not result.model.free:
        why_not = "the model has no unknown parameter: there is nothing to check."
    checks: dict[str, Check] = {}
    not_made: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for name, function in made.items():
        if why_not and name not in ("convergence", "identification"):
            not_made[name] = why_not
            continue
        begun = time.perf_counter()
        try:
            checks[name] = function()
        except FitError as error:  # what the user asked wrongly is an error, not a verdict
            not_made[name] = str(error)
        seconds[name] = time.perf_counter() - begun
    for one in also:
        checks[_name_of(one, checks)] = one
    # The gate marks the result by itself.
    marks = [one.mark for name, one in checks.items() if name != "convergence" and one.mark]
    if not_made and not why_not:
        marks.append(f"NOT CHECKED: {', '.join(map(_said, not_made))}")
    return Trust(
        result=result.marked(list(dict.fromkeys(marks))),
        checks=checks,
        not_made=not_made,
        seconds=seconds,
    )


def _also_problems(also: Any) -> list[str]:
    """Return why these cannot stand among the checks, one sentence each."""
    if not isinstance(also, list | tuple):
        return [f"also must be a list of checks; given {also!r}."]
    wanted = ("passed", "headline", "text", "table", "mark")
    return [
        f"also must hold checks; given {one!r}."
        for one in also
        if isinstance(one, Trust) or not all(hasattr(type(one), name) for name in wanted)
    ]


def _left_out(checks: Mapping[str, Any]) -> Any:
    """Return the posteriors without each source that the conflict check has made already."""
    return checks["conflict"].details["left_out"] if "conflict" in checks else None


def _said(name: str) -> str:
    return name.replace("_", " ")


def _name_of(one: Check, taken: Mapping[str, Check]) -> str:
    """Return a name for a check that was handed in, by its kind."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(one).__name__).split()
    name = "_".join(words)
    count = sum(key.split(" ")[0] == name for key in taken)
    return f"{name} {count + 1}" if count else name
