"""Whether a log-linear model of an overlap table has a maximum-likelihood estimate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.lists.computing.reduced import (
    Where,
    falling,
    offending,
    reduced,
    smallest,
    unidentified,
)
from funnelest.lists.estimate import chained
from funnelest.lists.table.table import OverlapTable, table_needed
from funnelest.lists.terms import Model, Term, brackets, independent, model_problems, read_model
from funnelest.verdict import Verdict
from funnelest.words import Language, Sentence, say

__all__ = ["Existing", "existence", "existing", "silence", "silent"]

#: So many names are listed; of the others their number.
_MOST = 6


@dataclass(frozen=True)
class Existing:
    """Whether the estimate of a model exists in a stratum, and is the only one.

    Parameters
    ----------
    stratum, model : str
        The stratum, and the model in brackets, such as ``"[12,3]"``.
    code : {0, 1, 2, 3}
        0: it exists and is unique. 1: there is none, not even an extended one. 2: the model is
        not identifiable. 3: both.
    empty : tuple of tuple of str
        Groups of lists that have nobody in common, as far as they matter to the model: the term
        of the group is minus infinity, or the model expects people there (code 1).
    loose : tuple of Sentence
        Terms that cannot be told apart (code 2): a list, lists joined by "and", or "people on
        none of the lists".
    hidden : {"", "infinite", "zero", "either"}
        Where the number on none runs to, with code 1; empty when that is not known.
    said : tuple of Sentence
        All of it.
    """

    stratum: str
    model: str
    code: int
    empty: tuple[tuple[str, ...], ...]
    loose: tuple[Sentence, ...]
    hidden: Where
    said: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """All of it in English."""
        return Language("en").text(self.said)

    @property
    def together(self) -> list[Sentence]:
        """The empty groups, each as its lists joined by "and"."""
        return [_joined(group) for group in self.empty]

    @property
    def unidentified(self) -> tuple[str, ...]:
        """The terms that cannot be told apart, in English."""
        return tuple(map(Language("en").say, self.loose))


@entry
def existence(table: OverlapTable, model: Model) -> Verdict:
    r"""Return whether a log-linear model has a maximum-likelihood estimate for a table.

    Parameters
    ----------
    table : OverlapTable
        The table; with strata, the model is checked in each.
    model : str or sequence of (str or sequence of str)
        The model, such as ``"[12,3]"`` or ``[["police", "hospital"], "church"]``.

    Returns
    -------
    Verdict
        It passed where the estimate exists and is unique. `found` has one value per stratum, of
        which `details` has the `code` of all, the `empty` overlaps that matter to the model, the
        terms that are `unidentified`, and where the number on none (`hidden`) runs to. The codes
        are those of Chan, Silverman and Vincent, Journal of the American Statistical Association
        2021;116:1297 (R package SparseMSE and its successor MultipleSystemsEstimation): 0 it
        exists and is unique, 1 there is none, not even an extended one, 2 the model is not
        identifiable, 3 both.

    Raises
    ------
    SpecError
        When the model is not one of these lists, or there is no overlap table.

    Notes
    -----
    A term whose lists have nobody in common gets the coefficient minus infinity, and the
    combinations with all of them are taken out (Chan, Silverman and Vincent 2021). For what is
    left, with design matrix :math:`A` and counts :math:`n`, the estimate exists if and only if
    there is an :math:`x > 0` with :math:`A'x = A'n`, and is unique if :math:`A` has full column
    rank (Fienberg and Rinaldo, Annals of Statistics 2012;40:996). The linear programme is solved
    in its dual form: there is no direction :math:`d` with :math:`(Ad)_i = 0` where
    :math:`n_i > 0` and :math:`(Ad)_i \le 0` elsewhere, once below. It does not depend on how
    large the counts are. For counts of several patterns no such rule is known: the model is then
    fitted, and code 1 says that a coefficient runs to infinity. The rank is that of the slopes
    of the expected counts.
    """
    raise_if_any(table_needed(table), "the model")
    raise_if_any(model_problems(model, table.lists), "the model")
    terms = read_model(model, table.lists)
    found = tuple(existing(table, terms).values())
    code = reduce(or_, (one.code for one in found))
    said = found[0].said
    if table.stratified:
        good = [one for one in found if one.code == 0]
        text = brackets(terms, len(table.lists))
        said = (say("lists.existence.strata", model=text, k=len(good), n=len(found)),)
        if any(one.code or one.empty for one in found):
            said += tuple(
                say("lists.in_stratum", stratum=one.stratum, said=chained(one.said))
                for one in found
            )
    return Verdict(
        check="existence",
        passed=code == 0,
        said=said,
        marked=say(f"lists.existence.mark_{code}") if code else "",
        rows={
            "strata": [
                {
                    **({"stratum": one.stratum} if table.stratified else {}),
                    "model": one.model,
                    "code": one.code,
                    "verdict": say(f"lists.existence.code_{one.code}"),
                    "empty_overlaps": say("lists.existence.list", names=one.together),
                    "unidentified": say("lists.existence.list", names=one.loose),
                    "text": chained(one.said),
                }
                for one in found
            ]
        },
        found=found,
        details={
            "code": code,
            "empty": tuple(dict.fromkeys(group for one in found for group in one.empty)),
            "unidentified": tuple(dict.fromkeys(x for one in found for x in one.unidentified)),
            "hidden": next((one.hidden for one in found if one.hidden), ""),
        },
        printed=(),
    )


def silence(table: OverlapTable) -> str:
    """Return `silent` in English."""
    why = silent(table)
    return Language("en").say(why) if why else ""


def silent(table: OverlapTable) -> Sentence | None:
    """Return why the overlaps do not tell the number on none, whatever is assumed of the lists.

    Even if the lists were independent of each other, the least that can be assumed, there would be
    no single estimate, in no stratum: a posterior is then what its prior was. It is a sentence
    without its first capital and with its full stop; None where there is an estimate.
    """
    found = list(existing(table, independent(len(table.lists))).values())
    if any(one.code == 0 for one in found):
        return None
    return say("lists.why.silence", said=chained(found[0].said))


def existing(table: OverlapTable, terms: tuple[Term, ...]) -> dict[str, Existing]:
    """Return whether the estimate of a model exists in each stratum."""
    return {stratum: _checked(table, stratum, terms) for stratum in table.strata}


def _checked(table: OverlapTable, stratum: str, terms: tuple[Term, ...]) -> Existing:
    lists = table.lists
    cells = table.cells(stratum)
    left = reduced(cells, terms, len(lists))
    loose = unidentified(left)
    gone, hidden = falling(left, cells.counts[left.cells], not loose)
    code = int(gone.any()) + 2 * bool(loose)
    model = brackets(terms, len(lists))
    own = smallest(left.empty)
    overlaps, alone = offending(cells, left.patterns[gone], own, len(lists))
    groups = [tuple(lists[i] for i in t) for t in (*own, *overlaps)]
    told = tuple(
        say("lists.existence.nobody") if t is None else _joined([lists[i] for i in t])
        for t in loose
    )
    said = []
    if gone.any():
        nobody = _quoted(map(_joined, groups[len(own) :]))
        nobody += _quoted((_joined([lists[i] for i in t]) for t in alone), "only")
        where = say(f"lists.existence.{hidden or 'some'}")
        said.append(
            say("lists.existence.none", model=model, code=code, names=_few(nobody), where=where)
        )
    if loose:
        names = _few(_quoted(told))
        said.append(say("lists.existence.loose", model=model, code=code, names=names))
    if code == 0:
        said.append(say(f"lists.existence.{'extended' if own else 'exists'}", model=model))
    if own:
        names = _few(_quoted(map(_joined, groups[: len(own)])))
        said.append(say("lists.existence.impossible", names=names))
    return Existing(stratum, model, code, tuple(groups), told, hidden, tuple(said))


def _joined(names: Sequence[str]) -> Sentence:
    """Return the lists of a term, with "and" between all of them: commas stand between terms."""
    first, *others = names
    alone = say("lists.existence.term", name=first)
    return reduce(lambda a, b: say("lists.existence.both", a=a, b=b), others, alone)


def _quoted(names: Iterable[Sentence], how: str = "quoted") -> list[Sentence]:
    return [say(f"lists.existence.{how}", name=name) for name in names]


def _few(names: list[Sentence]) -> list[Sentence]:
    more = len(names) - _MOST
    return [*names[:_MOST], say("lists.more", n=more)] if more > 0 else names
