"""Classical estimates of the number on none of the lists, against published numbers.

Chapman: University of California Publications in Statistics 1951;1:131. Mark: published.
Kosovo 1999: Ball et al. 2002, data as in the R package LCMCR. Mark: reproduced with Rcapture.
HIV in Rome: Abeni et al. 1994, data as in Rcapture. Mark: reproduced with Rcapture 1.4-4.
United Kingdom 2013: Home Office 2014; Silverman, JRSS A 2020. Mark: published and reproduced.
Netherlands 2010-2015: Cruyff, van Dijk and van der Heijden 2017, data as in SparseMSE. Mark:
published and reproduced.

Tolerance: 1e-9 for Chapman; 0.1 on estimates and standard errors and 1 on profile limits for
Rcapture; whole numbers, as printed, for the last two. Their intervals are normal on the
logarithm of the hidden number (`interval="wald"`).
"""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from funnelest.lists import OverlapTable
from funnelest.lists.estimators.log_linear import LogLinear
from funnelest.lists.estimators.two_lists import Chapman

KOSOVO = OverlapTable(
    ["EXH", "ABA", "OSCE", "HRW"],
    {
        "1000": 1131, "0100": 845, "0010": 936, "0001": 306, "1100": 177, "1010": 228,
        "1001": 106, "0110": 217, "0101": 31, "0011": 123, "1110": 181, "1101": 18, "1011": 42,
        "0111": 32, "1111": 27,
    },
)  # fmt: skip
ROME = OverlapTable(
    ["1", "2", "3", "4"],
    {
        "1110": 3, "1101": 1, "1100": 33, "1010": 20, "1001": 6, "1000": 403, "0111": 3,
        "0110": 35, "0101": 10, "0100": 545, "0011": 11, "0010": 621, "0001": 205, "1111": 0,
        "1011": 0,
    },
)  # fmt: skip
UK = OverlapTable(
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
        "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11,
        "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
    },
)  # fmt: skip
NETHERLANDS = OverlapTable(
    ["IO", "K", "P", "R", "Z"],
    {
        "10000": 756, "01000": 1299, "00100": 4466, "00010": 650, "00001": 632, "11000": 1,
        "10100": 81, "10010": 5, "10001": 73, "01100": 44, "01001": 4, "00110": 82, "00101": 125,
        "00011": 2, "10110": 2, "10101": 11, "00111": 1,
    },
)  # fmt: skip


def test_chapman():
    table = OverlapTable(["1", "2"], {"10": 400, "01": 200, "11": 600})
    assert Chapman().estimate(table).total == pytest.approx(1333.1114808652246, abs=1e-9)


def test_kosovo():
    found = LogLinear(model="[123,14,34]").estimate(KOSOVO)
    assert found.known == 4400
    assert found.total == pytest.approx(10356.5, abs=0.1)
    assert found.measures["standard error"] == pytest.approx(785.9, abs=0.1)
    assert found.measures["deviance"] == pytest.approx(9.323, abs=5e-4)
    assert found.measures["df"] == 4


def hierarchical_models(lists: int) -> list[str]:
    """Return every hierarchical model with all lists and without the interaction of all."""
    terms = [
        frozenset(t) for size in range(2, lists) for t in combinations(range(1, lists + 1), size)
    ]
    found = set()
    for chosen in chain.from_iterable(combinations(terms, k) for k in range(len(terms) + 1)):
        if any(a < b for a in chosen for b in chosen):
            continue  # one is part of another
        single = [frozenset({i}) for i in range(1, lists + 1) if not any(i in t for t in chosen)]
        found.add(tuple(sorted("".join(map(str, sorted(t))) for t in (*chosen, *single))))
    return [f"[{','.join(one)}]" for one in sorted(found)]


def test_kosovo_best_by_bic():
    models = hierarchical_models(4)
    assert len(models) == 113
    bic = {m: LogLinear(model=m, interval="wald").estimate(KOSOVO).measures["BIC"] for m in models}
    assert min(bic, key=bic.__getitem__) == "[123,14,34]"


def test_rome_independence():
    found = LogLinear().estimate(ROME)
    assert found.known == 1896
    assert found.total == pytest.approx(11124.6, abs=0.1)
    assert found.measures["standard error"] == pytest.approx(904.8, abs=0.1)
    assert found.measures["deviance"] == pytest.approx(13.026, abs=5e-4)


def test_rome_with_a_dependence():
    found = LogLinear(model="[12,3,4]").estimate(ROME)
    assert found.total == pytest.approx(12318.5, abs=0.1)
    assert found.measures["standard error"] == pytest.approx(1188.7, abs=0.1)
    assert found.interval == pytest.approx((10266, 14992), abs=1)


@pytest.mark.parametrize(
    ("table", "known", "total", "limits"),
    [(UK, 2744, 13444, (11985, 15133)), (NETHERLANDS, 8234, 52924, (48595, 57718))],
)
def test_main_effects(table, known, total, limits):
    found = LogLinear(interval="wald").estimate(table)
    assert found.known == known
    assert round(found.total) == total
    assert tuple(round(one) for one in found.interval) == limits
    assert "does not fit" in found.text
