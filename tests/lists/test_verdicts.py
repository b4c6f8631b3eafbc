"""Every check gives a verdict, and says it in two languages."""

from __future__ import annotations

from string import Formatter

import pytest

from funnelest import lists
from funnelest.lists import OverlapTable
from funnelest.verdict import Verdict
from funnelest.words import catalogue

TABLE = OverlapTable(
    ["aa", "bb", "cc"], {"100": 60, "010": 49, "110": 4, "001": 247, "101": 112, "011": 142,
                         "111": 12}
)  # fmt: skip
FULL = {"100": 40, "010": 30, "001": 20, "110": 6, "101": 5, "011": 4}
STRATA = OverlapTable(
    ["aa", "bb", "cc"],
    {"x": FULL, "y": {"10?": 9, "01?": 8, "11?": 2}, "z": {"100": 9, "010": 8}},
    not_covering={"cc": ["z"]},
)
SPARSE = OverlapTable(["aa", "bb", "cc"], {"100": 40, "010": 30, "001": 20, "110": 6})
APART = OverlapTable(["aa", "bb", "cc"], {"100": 40, "010": 30, "001": 20})
METHOD = lists.LogLinear()
CHECKS = {
    "existence": lambda: lists.existence(TABLE, "[12,3]"),
    "existence, strata": lambda: lists.existence(STRATA, "[12,13,23]"),
    "existence, sparse": lambda: lists.existence(SPARSE, "[12,3]"),
    "what_can_be_said": lambda: lists.what_can_be_said(TABLE),
    "what_can_be_said, strata": lambda: lists.what_can_be_said(STRATA),
    "what_can_be_said, sparse": lambda: lists.what_can_be_said(SPARSE),
    "compare_methods": lambda: lists.compare_methods(
        TABLE, [METHOD, lists.LogLinear(model="[12,3]"), lists.ChaoLowerBound()]
    ),
    "leaving_out": lambda: lists.leaving_out(TABLE, METHOD),
    "leaving_out, withheld": lambda: lists.leaving_out(APART, METHOD),
    "compare_methods, withheld": lambda: lists.compare_methods(
        APART, [METHOD, lists.Shrinkage(), lists.Stepwise(), lists.ChaoLowerBound()]
    ),
    "compare_methods, two lists": lambda: lists.compare_methods(APART.without("cc")),
    "influence, withheld": lambda: lists.influence(APART, METHOD),
    "influence": lambda: lists.influence(TABLE, METHOD),
    "predictive": lambda: lists.predictive(METHOD.estimate(TABLE)),
}
#: Words that no Dutch sentence has.
ENGLISH = {"the", "people", "number", "lists", "nobody", "and", "are", "with", "only", "none"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_what_it_found_in_two_languages(name: str) -> None:
    found = CHECKS[name]()
    assert isinstance(found, Verdict)
    assert found.check == name.split(",")[0]
    assert found.text.startswith(found.headline)
    assert bool(found.mark) != found.passed
    assert set(found.table["mark"]) <= {found.mark}
    assert repr(found).startswith(found.text)
    dutch = found.in_language("nl")
    assert dutch.passed == found.passed
    assert len(found.table) or "number is withheld" in found.text
    assert dutch.table.shape == found.table.shape
    assert dutch.text != found.text
    said = {word.strip("().,:;'").lower() for word in dutch.text.split()}
    assert not said & ENGLISH, said & ENGLISH
    assert not {word.lower() for word in dutch.mark.split()} & ENGLISH


def test_every_sentence_of_lists_has_the_same_braces_in_both_languages() -> None:
    english, dutch = catalogue("en"), catalogue("nl")
    keys = {key for key in english if key.startswith("lists.")}
    assert keys == {key for key in dutch if key.startswith("lists.")}

    def braces(text: object) -> set[str | None]:
        texts = text.values() if isinstance(text, dict) else [text]
        return {field for one in texts for _, field, _, _ in Formatter().parse(str(one)) if field}

    for key in keys:
        assert isinstance(english[key], dict) == isinstance(dutch[key], dict), key
        assert braces(english[key]) == braces(dutch[key]), key
