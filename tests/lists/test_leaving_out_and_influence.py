"""Leaving out lists, and the influence of single overlaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from funnelest.errors import FitError, SpecError
from funnelest.lists import Estimate, Estimator, LogLinear, OverlapTable, Part
from funnelest.lists.checks.influence import influence
from funnelest.lists.checks.leaving_out import leaving_out
from funnelest.lists.computing.fits import fit_poisson
from funnelest.lists.terms import design, independent

UK = OverlapTable(
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
        "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76,
        "00101": 11, "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
    },
    source="Home Office 2014; Silverman, JRSS A 2020;183:691",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Independence(Estimator):
    """Lists that do not depend on each other, by maximum likelihood; no interval."""

    takes_strata = True
    statistic: str = "maximum likelihood"

    @property
    def name(self):
        return "independence"

    def _estimate(self, table, seed):
        X = design(independent(len(table.lists)), len(table.lists))
        hidden, predicted = 0.0, {}
        for stratum in table.strata:
            cells = table.cells(stratum)
            fit = fit_poisson(X[1:], cells.counts)
            hidden += float(np.exp(fit.coefficients[0, 0]))
            predicted[stratum] = fit.means[0]
        return Estimate(
            method=self.name, table_of=table, overall=Part(table.known, hidden, None),
            statistic=self.statistic, kind="", assumes="independence.", predicted=predicted,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Petersen(Independence):
    """Two lists: n1 n2 / m, with an interval; withheld when nobody is on both."""

    most = 2
    takes_strata = False
    kind: str = "made-up"

    def _estimate(self, table, seed):
        made = super()._estimate(table, seed)
        m = table.overlap(*table.lists)
        if m == 0:
            why = "nobody is on both lists."
            return replace(made, overall=Part(table.known, np.nan, None), withheld=why)
        hidden = table.size(table.lists[0]) * table.size(table.lists[1]) / m - table.known
        part = Part(table.known, hidden, (hidden / 2, 2 * hidden))
        return replace(made, overall=part, kind=self.kind)


def test_leaving_out_each_list():
    found = leaving_out(UK, Independence())
    table = found.table.set_index("left_out")
    assert list(table.index) == ["", *UK.lists]
    assert found.details["everything"].total == pytest.approx(
        13444, abs=1
    )  # Silverman, main effects
    assert [one.under for one in found.found] == list(UK.lists)
    for one in found.found:
        assert one.before[0] == table.loc["", "total"]
        assert one.after[0] == table.loc[one.under, "total"]
    for name in UK.lists:
        alone = UK.counts["".join("1" if one == name else "0" for one in UK.lists)]
        fewer = UK.without(name)
        row = table.loc[name]
        assert row["alone"] == alone
        assert row["known"] == fewer.known == UK.known - alone
        assert row["total"] == pytest.approx(Independence().estimate(fewer).total)
        assert row["total"] == row["known"] + row["hidden"]
        assert row["ratio"] == pytest.approx(row["total"] / table.loc["", "total"])
    lowest, highest = table["total"].iloc[1:].idxmin(), table["total"].iloc[1:].idxmax()
    first = found.text.split(". ")[0]
    assert first.startswith("Leaving out one list, the total is ")
    assert first.index(f"without {lowest}") < first.index(f"without {highest}")
    assert "With all lists it is 13,444." in found.text
    assert "Leaving out LA (54 people on LA alone then not known) changes the total from" in str(
        found
    )


def test_lists_that_cannot_be_left_out():
    table = OverlapTable(["a", "b"], {"10": 40, "01": 30, "11": 12})
    found = leaving_out(table, Petersen())
    assert set(found.details["impossible"]) == {"a", "b"}
    assert [one.how for one in found.found] == ["failed", "failed"]
    assert not found.passed
    assert found.mark == "HANGS ON SINGLE LISTS: a, b"
    assert "a cannot be left out: there must be 2 to 10 lists; given 1" in found.text
    assert found.text.startswith("independence: With all lists it is 182 (95% made-up interval")
    assert found.table["withheld"].iloc[1].startswith("there must be 2 to 10")
    assert found.table["total"].isna().tolist() == [False, True, True]


@dataclass(frozen=True, kw_only=True)
class Picky(Independence):
    """Withheld without b, fails without c, and is a lower bound."""

    left: str = ""

    def without(self, name, lists):
        assert lists == ("a", "b", "c", "d")
        return replace(self, left=name)

    def _estimate(self, table, seed):
        if self.left == "c":
            raise FitError("it does not converge.")
        made = super()._estimate(table, seed)
        if self.left == "b":
            why = "the lists do not overlap enough."
            return replace(made, overall=Part(table.known, np.nan, None), withheld=why)
        part = Part(table.known, made.hidden, (0.0, 1.0)) if self.left else made.overall
        return replace(made, lower_bound=True, overall=part, kind="made-up")


def test_what_is_withheld_is_said():
    counts = {"1000": 9, "0100": 8, "0010": 7, "0001": 90, "1100": 3, "0110": 2, "0011": 4}
    found = leaving_out(OverlapTable(list("abcd"), counts), Picky())
    assert "Without b the number is withheld: the lists do not overlap enough." in found.text
    assert "c cannot be left out: it does not converge." in found.text
    assert "the lower bound of the total" in found.text
    # The interval without d ends below the people who are known with it.
    assert "That is fewer than the 123 who are known with it." in found.text
    assert found.table["method"].eq("independence").all()


def test_all_lists_withheld():
    table = OverlapTable(["a", "b"], {"10": 40, "01": 30})
    found = leaving_out(table, Petersen())
    assert found.text.startswith("With all lists the number is withheld: nobody is on both lists.")
    assert np.isnan(found.table["ratio"]).all()


@pytest.mark.parametrize("function", [leaving_out, influence])
def test_what_cannot_be_meant(function):
    with pytest.raises(SpecError) as caught:
        function({"10": 3}, "independence")
    assert len(caught.value.problems) == 2
    with pytest.raises(SpecError, match="seed must be"):
        function(UK, Independence(), seed=-1)
    with pytest.raises(SpecError, match="it takes at most 2 lists"):
        function(UK, Petersen())


# --------------------------------------------------------- single overlaps


def test_influence_is_the_slope_of_the_total():
    """Of n1 n2 / m: n2 / m, n1 / m, and (n1 + n2) / m - n1 n2 / m^2 for those on both."""
    table = OverlapTable(["a", "b"], {"10": 40_000, "01": 30_000, "11": 90_000})
    found = influence(table, Petersen()).table.set_index("pattern")
    n1, n2, m = 130_000, 120_000, 90_000
    assert found.loc["10", "per_person"] == pytest.approx(n2 / m, rel=1e-9)
    assert found.loc["01", "per_person"] == pytest.approx(n1 / m, rel=1e-9)
    slope = (n1 + n2) / m - n1 * n2 / m**2
    assert found.loc["11", "per_person"] == pytest.approx(slope, rel=1e-4)
    assert found["change"].to_numpy() == pytest.approx(
        found["per_person"] * np.sqrt(found["people"])
    )
    assert found["share"].sum() == pytest.approx(1)
    assert np.all(np.diff(found["change"].abs()) <= 0)


def test_the_changes_are_the_variance_of_the_total():
    """The variance by the delta method of simulated tables, with Poisson counts."""
    table = OverlapTable(
        ["a", "b", "c"],
        {"100": 400, "010": 300, "001": 500, "110": 150, "101": 200, "011": 180, "111": 80},
    )
    rng = np.random.default_rng(4)
    X = design(independent(3), 3)
    counts = rng.poisson(table.cells().counts, (20_000, 7))
    fit = fit_poisson(X[1:], counts)
    totals = counts.sum(axis=1) + np.exp(fit.coefficients[:, 0])
    found = influence(table, Independence())
    assert found.details["standard_error"] == pytest.approx(totals.std(), rel=0.03)


def test_the_overlap_that_matters_most_is_named():
    found = influence(UK, Independence())
    table = found.table
    assert len(table) == 18
    first = table.iloc[0]
    assert first["pattern"] == "00110"
    assert "the 76 people on PFNCA and GO only" in found.text
    assert "One person more there lowers the total of 13,444 by about" in found.text
    assert len(influence(UK, Independence(), empty=True).table) == 31
    changed = UK.with_counts({**UK.counts, "00110": first["more"]})
    assert first["total_more"] == pytest.approx(Independence().estimate(changed).total)
    assert (first["less"], first["more"]) == (67, 85)


def test_influence_in_strata():
    table = OverlapTable(
        ["a", "b"], {"x": {"10": 9, "01": 8, "11": 5}, "y": {"10": 900, "01": 800, "11": 3}}
    )
    found = influence(table, Independence())
    assert list(found.table.loc[0, ["stratum", "pattern"]]) == ["y", "11"]
    assert "the 3 people on a and b in y" in found.text


def test_influence_where_the_number_is_withheld():
    table = OverlapTable(["a", "b"], {"10": 40, "01": 30, "11": 1})
    found = influence(table, Petersen())
    row = found.table.set_index("pattern").loc["11"]
    assert np.isnan(row["total_less"])
    assert row["per_person"] == pytest.approx((42 * 32 / 2) - 41 * 31)
    assert "With other numbers on the 1 person on a and b the total is withheld" in found.text
    nobody = influence(OverlapTable(["a", "b"], {"10": 40, "01": 30}), Petersen())
    assert nobody.text == "independence: the number is withheld: nobody is on both lists."
    assert len(nobody.table) == 0
    alone = OverlapTable(["a", "b"], {"10": 1, "11": 3, "01": 1})
    row = influence(alone, Petersen(), empty=True).table.set_index("pattern").loc["10"]
    assert row["per_person"] == pytest.approx(4 / 3)


@dataclass(frozen=True, kw_only=True)
class Noisy(Independence):
    """Independence with draws of the hidden number."""

    statistic: str = "posterior median"

    def _estimate(self, table, seed):
        made = super()._estimate(table, seed)
        draws = made.hidden * np.exp(0.5 * np.random.default_rng(seed).standard_normal(400))
        part = Part(table.known, float(np.median(draws)), None)
        return replace(made, overall=part, draws=draws)


def test_noise_of_draws_is_said():
    found = influence(UK, Noisy())
    assert found.details["noise"] > 0
    assert "may be noise of the draws" in found.text
    assert influence(UK, Independence()).details["noise"] == 0
    assert influence(UK, Noisy(statistic="maximum likelihood")).details["noise"] == 0


def test_empty_says_yes_or_no():
    with pytest.raises(SpecError, match="field 'empty' must be True or False"):
        influence(UK, Independence(), empty=1)


@dataclass(frozen=True, kw_only=True)
class Slow(Petersen):
    """Its interval costs time."""

    fast: bool = False

    def quick(self):
        return replace(self, fast=True)

    def _estimate(self, table, seed):
        assert self.fast or table.known == 82
        return super()._estimate(table, seed)


def test_a_quick_way_to_the_number_is_taken():
    table = OverlapTable(["a", "b"], {"10": 40, "01": 30, "11": 12})
    found, wanted = influence(table, Slow()), influence(table, Petersen())
    assert found.table.equals(wanted.table)
    assert Petersen().quick() == Petersen()


def test_leaving_out_beside_a_list_that_holds_others():
    counts = {"100": 60, "010": 40, "110": 15, "001": 300, "101": 7, "011": 8}
    table = OverlapTable(["a", "b", "c"], counts, upper=["c"])

    class Limited(Independence):
        takes_incomplete = True

    found = leaving_out(table, Limited())
    assert found.details["estimates"]["c"].known == 130
    assert set(found.details["impossible"]) == set()
    # Those on a and c were in the target for being on a; without a they are on c alone.
    assert "Leaving out a (67 people on no other list of the target then not known)" in found.text


def test_a_list_without_which_the_model_says_nothing():
    table = OverlapTable(
        ["a", "b", "c"], {"100": 50, "010": 40, "001": 30, "110": 12, "101": 9, "011": 8, "111": 3}
    )
    found = leaving_out(table, LogLinear(model="[12,3]"))
    assert set(found.details["impossible"]) == {"c"}
    assert (
        "c cannot be left out: the model would be that all lists that are left, a and b, depend "
        "on each other, of which their overlaps say nothing." in found.text
    )
    assert "Leave it out" not in found.text
