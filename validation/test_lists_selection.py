"""Log-linear models that the data choose, with the choice inside the interval.

Marks: reproduced with Rcapture (Kosovo, tolerance 0.1); published, and printed by the R package
MultipleSystemsEstimation (point estimates, to the digits printed); published from 1,000 bootstrap
tables of another random-number generator (limits: within three standard deviations of what single
runs of 1,000 give here, and the rounding of the print).

Sources: Chan, Silverman and Vincent, Journal of the American Statistical Association
2021;116:1297 ("2021"); Silverman, Chan and Vincent, Statistics and Computing 2024;34:44 ("2024").
"""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.lists.computing import selection
from funnelest.lists.estimators.selected import BestByBIC, Stepwise
from funnelest.lists.table.table import OverlapTable
from funnelest.lists.terms import brackets

TOTAL, RUNS = 0.1, 3.0

#: Killings in Kosovo 1999 (Ball et al. 2002).
KOSOVO = OverlapTable(
    ["EXH", "ABA", "OSCE", "HRW"],
    {
        "1000": 1131, "0100": 845, "0010": 936, "0001": 306, "1100": 177, "1010": 228,
        "1001": 106, "0110": 217, "0101": 31, "0011": 123, "1110": 181, "1101": 18, "1011": 42,
        "0111": 32, "1111": 27,
    },
)  # fmt: skip
#: Potential victims of modern slavery, United Kingdom 2013 (Home Office 2014).
UK = OverlapTable(
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
        "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11,
        "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
    },
)  # fmt: skip
#: Korean women in the Dutch East Indies, as in the R package MultipleSystemsEstimation.
KOREA = OverlapTable(
    ["b", "c", "d"], {"001": 41, "010": 5, "100": 5, "110": 54, "101": 6, "111": 12}
)
#: A site in the western United States (Farrell et al. 2018).
WESTERN = OverlapTable(
    list("ABCDE"),
    {
        "10000": 52, "01000": 90, "00100": 114, "10100": 4, "01100": 6, "00010": 45, "10010": 2,
        "01010": 1, "01110": 1, "00001": 21, "10001": 5, "10101": 1, "00011": 3,
    },
)  # fmt: skip
#: Greater New Orleans (Bales, Murphy and Silverman 2020), eight lists.
NEW_ORLEANS = OverlapTable(
    list("ABCDEFGH"),
    {
        "10000000": 25, "01000000": 5, "00100000": 70, "10100000": 1, "00010000": 33,
        "10010000": 2, "00110000": 2, "00001000": 6, "10001000": 1, "00101000": 1, "00011000": 2,
        "10011000": 1, "00000100": 6, "01000100": 1, "00000010": 6, "00100010": 1, "10100010": 1,
        "00000001": 21, "00001001": 1,
    },
)  # fmt: skip
#: The same, four small lists joined.
NEW_ORLEANS_5 = OverlapTable(
    list("ABCDE"),
    {
        "10000": 25, "01000": 24, "11000": 1, "00100": 70, "10100": 1, "01100": 2, "11100": 1,
        "00010": 33, "10010": 2, "01010": 2, "11010": 1, "00110": 2, "00001": 21, "01001": 1,
    },
)  # fmt: skip


def test_kosovo_best_by_bic():
    found = BestByBIC(replicates=100).estimate(KOSOVO)
    assert found.details["model"] == "[123,14,34]"
    assert found.total == pytest.approx(10356.5, abs=TOTAL)
    assert found.measures["standard error given the model"] == pytest.approx(785.9, abs=TOTAL)
    assert found.measures["deviance"] == pytest.approx(9.323, abs=5e-4)
    assert 15 - found.measures["terms"] == 4


@pytest.mark.parametrize(
    ("table", "model", "total", "tolerance"),
    [
        (UK, "[12,13,24,25,35,45]", 11313, 0.5),
        (KOREA, "[12,3]", 268.7778, 5e-5),
        (WESTERN, "[15,2,3,4]", 2483.384, 5e-4),
        (NEW_ORLEANS, "[45,1,2,3,6,7,8]", 1110.488, 5e-4),
        (NEW_ORLEANS_5, "[1,2,3,4,5]", 981.4314, 5e-5),
    ],
)
def test_stepwise(table, model, total, tolerance):
    found = Stepwise(p=0.02, replicates=100).estimate(table)
    assert found.details["model"] == model
    assert found.total == pytest.approx(total, abs=tolerance)


def test_stepwise_without_pairs_is_the_main_effects_model():
    assert Stepwise(p=0, replicates=100).estimate(UK).total == pytest.approx(13444, abs=0.5)


def test_korea_bic_of_every_model():
    """BIC counts people, not cells: the differences between models are those of the R package."""
    printed = {
        "[12,23]": (157.1667, 57.14081), "[12,3]": (268.7778, 58.96860),
        "[13,23]": (123.4630, 91.89711), "[23,1]": (126.1944, 138.06368),
        "[13,2]": (126.9394, 155.16018), "[1,2,3]": (141.9926, 184.14431),
    }  # fmt: skip
    models = list(selection.hierarchical(3, 2))
    _, X, active = selection._setting(models, 3)
    counts = np.repeat(KOREA.cells("all").counts[None], len(models), axis=0)
    fits = selection.fit_extended(X, counts, active)
    bic = selection._bic(fits, counts, active)
    names = [brackets(one, 3) for one in models]
    # Models [12,13] and [12,13,23] have no estimate: nobody is on c and d only, or b only.
    assert {n for n, here in zip(names, fits.exists, strict=True) if here} == set(printed)
    best = bic.min()
    for name, (total, value) in printed.items():
        i = names.index(name)
        assert fits.hidden[i] + 123 == pytest.approx(total, abs=5e-5)
        assert bic[i] - best == pytest.approx(value - 57.14081, abs=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimator", "table", "limits", "digits"),
    [
        # 2024, tables 2, 3 and 6; 2021, section 4.2.
        (BestByBIC(probability=0.8), KOSOVO, (7400, 12200), 50),
        (BestByBIC(), KOSOVO, (6900, 18000), 50),
        (BestByBIC(probability=0.8), KOREA, (135, 288), 0.5),
        (BestByBIC(), KOREA, (128, 349), 0.5),
        (BestByBIC(order=2), UK, (11456, 43894), 0.5),
        (BestByBIC(order=4), UK, (11168, 56052), 0.5),
        (Stepwise(), WESTERN, (1293, 3670), 0.5),
    ],
)
def test_limits(estimator, table, limits, digits):
    """Each published limit is one more run of 1,000 bootstrap tables, beside five of ours."""
    ours = np.array([estimator.estimate(table, seed=seed).interval for seed in range(1, 6)])
    spread = ours.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(ours))
    for published, mean, error in zip(limits, ours.mean(axis=0), spread, strict=True):
        assert published == pytest.approx(mean, abs=RUNS * error + digits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "order", "shares"),
    [
        # 2024, table 4: replicates that chose the best model of the data, one of the best 5, 10.
        (KOSOVO, 3, (0.375, 0.929, 0.997)),
        (UK, 2, (0.216, 0.583, 0.739)),
        (UK, 4, (0.156, 0.622, 0.732)),
    ],
)
def test_rank_of_the_models_chosen(table, order, shares):
    lists = len(table.lists)
    # The paper fits all models in every replicate; here the best 300 for the data.
    found = BestByBIC(order=order, shortlist=300).estimate(table)
    models = list(selection.hierarchical(lists, order))
    short = selection.shortlisted(table.cells("all").counts, models, lists, 50)
    names = [brackets(one, lists) for one in short]
    chosen = found.details["chosen"]
    for count, share in zip((1, 5, 10), shares, strict=True):
        ours = sum(chosen.get(name, 0.0) for name in names[:count])
        # Two samples of 1,000; three standard errors of the difference.
        error = np.sqrt(share * (1 - share) * 2 / 1000)
        assert ours == pytest.approx(share, abs=3 * error)
