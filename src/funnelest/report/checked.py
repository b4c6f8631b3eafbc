"""What the checks of a result say, on its page."""

from __future__ import annotations

from funnelest.check.trust import Trust
from funnelest.report.content import Content, Table
from funnelest.results.result import Result
from funnelest.words import Language, catalogue

__all__ = ["check_problems", "checked", "failures", "leaning", "meanings"]

#: What more than half of a quantity may rest on that no figure says; the check says which.
_LEANS = ("prior", "assumption", "both")


def check_problems(checks: object, result: object) -> list[str]:
    """Return why these are no checks of a result, one sentence each."""
    if isinstance(checks, bool):
        return []
    if not isinstance(checks, Trust):
        return [f"checks must be True, False or what funnelest.trust gave; given {checks!r}."]
    if isinstance(result, Result) and checks.result.draws is not result.draws:
        return ["checks are those of another result: give those of this one, or True."]
    return []


def failures(trust: Trust) -> list[str]:
    """Return a line for each check that failed or tested nothing, the most serious first."""
    show = Language(trust.language)
    return [
        show("page.check_line", name=trust.name_of(name), said=said)
        for name, verdict, said in trust.rows()
        if verdict != "passed"
    ]


def meanings(trust: Trust, mark: str) -> list[str]:
    """Return what the words in capitals are, and for each check that failed what that says."""
    show = Language(trust.language)
    known = catalogue(trust.language)
    said = [
        show(f"page.means_{kind}", check=trust.name_of(kind))
        for kind in dict.fromkeys(name.split(" ")[0] for name in trust.failed)
        if f"page.means_{kind}" in known
    ]
    return [show("page.means", marks=mark), *said] if mark else said


def checked(trust: Trust, mark: str) -> list[Content]:
    """Return the table of all checks, the worst first, and each in full, folded."""
    show = Language(trust.language)
    rows = [
        (
            [
                trust.name_of(name),
                show(f"trust.verdict.{verdict}"),
                trust.question_of(name),
                said,
            ],
            False,
        )
        for name, verdict, said in trust.rows()
    ]
    columns = [(show(f"page.check_{name}"), False) for name in ("name", "verdict", "asks", "said")]
    made = [Content(table=Table(show("page.checks_caption"), columns, rows, mark))]
    made += [
        Content(paragraphs=[trust.checks[name].text], fold=trust.name_of(name))
        for name, _, _ in trust.rows()
        if name in trust.checks
    ]
    return made


def leaning(trust: Trust | None) -> dict[str, str]:
    """Return quantity -> on what it rests for more than half, where that is not on sources."""
    if trust is None or "contributions" not in trust.checks:
        return {}
    show = Language(trust.language)
    return {
        row.quantity: show(f"page.leans_{row.rests_on}")
        for row in trust.checks["contributions"].found
        if row.rests_on in _LEANS and not row.labels
    }
