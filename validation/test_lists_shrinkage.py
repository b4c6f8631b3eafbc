"""Shrinkage log-linear models against the same models drawn by PyMC and nutpie.

Mark: reproduced. The model was written by hand in PyMC 6 (constants flat, effects of lists
N(0, 10), interactions tau times standard normal, tau half-normal(1)) and drawn by nutpie (target
acceptance 0.97, no divergence): Kosovo with 16,000 draws, the United Kingdom with 160,000. The
tolerance is four Monte Carlo errors of those.

The R package conting gives, for the United Kingdom, a posterior mean of 10,890 (95% highest
density 10,360 to 11,523) with another prior (Sabanes-Bove and Held) and over models that leave
interactions out; there is no tolerance for that. With every interaction in the model, the interval
here is several times wider, and holds that answer.
"""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.lists import OverlapTable
from funnelest.lists.estimators.shrinkage import Shrinkage

#: Killings in Kosovo 1999: Ball et al. 2002; data as in the R package LCMCR.
KOSOVO = OverlapTable(
    ["EXH", "ABA", "OSCE", "HRW"],
    {
        "1000": 1131, "0100": 845, "0010": 936, "0001": 306, "1100": 177, "1010": 228,
        "1001": 106, "0110": 217, "0101": 31, "0011": 123, "1110": 181, "1101": 18, "1011": 42,
        "0111": 32, "1111": 27,
    },
)  # fmt: skip
#: Potential victims of modern slavery 2013: Home Office 2014; Silverman, JRSS A 2020;183:691.
UK = OverlapTable(
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
        "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11,
        "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def uk():
    return Shrinkage(order=2).estimate(UK)


def test_kosovo_against_nuts():
    found = Shrinkage(order=2).estimate(KOSOVO)
    assert found.passed, found.text
    quantiles = np.quantile(np.log(found.draws), [0.025, 0.25, 0.5, 0.75, 0.975])
    nuts = [8.962, 9.0979, 9.1702, 9.2424, 9.3735]
    # Of 16,000 NUTS draws (about 10,000 effective) and 12,000 of ours.
    np.testing.assert_allclose(quantiles[1:4], nuts[1:4], atol=0.01)
    np.testing.assert_allclose(quantiles[[0, 4]], [nuts[0], nuts[4]], atol=0.02)


def test_the_united_kingdom_against_nuts(uk):
    assert uk.passed, uk.text
    logs = np.log(uk.draws)
    assert logs.mean() == pytest.approx(9.3121, abs=4 * np.hypot(0.0043, 0.003))
    assert logs.std() == pytest.approx(0.2957, abs=4 * np.hypot(0.0017, 0.003))
    tau = uk.details["scales"][0]
    assert tau["median"] == pytest.approx(np.exp(0.103), rel=0.03)


def test_the_united_kingdom_holds_what_conting_says(uk):
    low, high = uk.interval
    assert low < 10_360 < 11_523 < high
