"""
How many were killed and are on no list: Kosovo 1999
====================================================

Four bodies documented killings in Kosovo between March and June 1999: exhumations (EXH), the
American Bar Association (ABA), the OSCE, and Human Rights Watch (HRW). The lists were linked person
by person. 4,400 killings are on at least one. How many are on none? Here that can be checked:
a later effort to name every victim came to about 10,400.

The script writes two figures and a table to ``out/``.
"""

from pathlib import Path

import funnelest as fe
from funnelest import lists

OUT = Path("out")

# %%
# The overlap table. A pattern has one letter per list: ``1001`` is on the first and the last only.
table = lists.OverlapTable(
    ["EXH", "ABA", "OSCE", "HRW"],
    {
        "1000": 1131,
        "0100": 845,
        "0010": 936,
        "0001": 306,
        "1100": 177,
        "1010": 228,
        "1001": 106,
        "0110": 217,
        "0101": 31,
        "0011": 123,
        "1110": 181,
        "1101": 18,
        "1011": 42,
        "0111": 32,
        "1111": 27,
    },
    source="Ball, Betts, Scheuren, Dudukovich and Asher, AAAS/ABA 2002",
)
print(table)

# %%
# Before anything is fitted: what can be said with these lists, and does a model have an estimate?
print(lists.what_can_be_said(table).text)
print(lists.existence(table, "[123,14,34]").text)

# %%
# Several methods, side by side. Each assumes something else of those on no list.
compared = lists.compare_methods(table, seed=1999)
print(compared.text)
columns = ["method", "known", "hidden", "total", "total_low", "total_high", "interval"]
print(fe.as_text(compared.table, columns))
for one in compared.found:
    print(f"- {one.method} assumes: {one.assumes}")

# %%
# The later count stands beside them. That independence of the lists falls short of it, and methods
# that allow the lists to depend do not, is what one would expect where bodies worked in the same
# places. No table says so by itself.
LATER = 10_401
for one in compared.details["shown"]:
    inside = one.interval is not None and one.interval[0] <= LATER <= one.interval[1]
    print(
        f"{one.method}: {one.total:,.0f}; the later count {LATER:,} is "
        f"{'in' if inside else 'outside'} its interval"
    )

# %%
# What hangs on one list, and on one overlap, in the model that BIC selects.
best = next(one for one in compared.found if one.method.startswith("log-linear, best"))
without = lists.leaving_out(table, lists.BestByBIC(replicates=200), seed=1999)
print(without.text)
influence = lists.influence(table, lists.LogLinear(model="[123,14,34]"))
print(influence.text)

# %%
# Does the method reproduce the overlaps that were seen?
print(lists.predictive(best).text)

# %%
# The figures.
OUT.mkdir(exist_ok=True)
figure = fe.plot.methods(compared, title="Killings in Kosovo, March to June 1999, four lists")
figure.savefig(OUT / "lists_kosovo.png", dpi=200)
left_out = fe.plot.left_out(without, title="Each list left out: Kosovo 1999, best model by BIC")
left_out.savefig(OUT / "lists_kosovo_left_out.png", dpi=200)
compared.table.to_csv(OUT / "lists_kosovo.csv", index=False)
print(
    f"Figures: {OUT}/lists_kosovo.png, {OUT}/lists_kosovo_left_out.png; table: "
    f"{OUT}/lists_kosovo.csv"
)
