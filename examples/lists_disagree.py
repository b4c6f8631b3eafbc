"""
When the methods disagree: modern slavery in the United Kingdom, 2013
=====================================================================

Five lists of potential victims of modern slavery in 2013: local authorities (LA), non-governmental
organisations (NG), police forces and the National Crime Agency (PFNCA), government organisations
(GO) and the general public (GP). 2,744 people are on at least one. The Home Office published 10,000
to 13,000. The overlaps are few, and other methods, as good, say about twice as many: a single
interval on its own would say more than is known.

The script writes two figures and a table to ``out/``.
"""

from pathlib import Path

import funnelest as fe
from funnelest import lists

OUT = Path("out")

# %%
# The overlap table; patterns that are left out have nobody.
table = lists.OverlapTable(
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54,
        "01000": 463,
        "00100": 995,
        "00010": 695,
        "00001": 316,
        "11000": 15,
        "10100": 19,
        "10010": 3,
        "01100": 62,
        "01010": 19,
        "01001": 1,
        "00110": 76,
        "00101": 11,
        "00011": 8,
        "11100": 1,
        "11010": 1,
        "01110": 4,
        "11110": 1,
    },
    source="Home Office 2014; Silverman, JRSS A 2020;183:691",
)
print(lists.what_can_be_said(table).text)

# %%
# All methods that go with the table. The first sentence says how far they disagree.
compared = lists.compare_methods(table, seed=2013)
print(compared.text)
columns = ["method", "known", "hidden", "total", "total_low", "total_high", "interval"]
print(fe.as_text(compared.table, columns))

# %%
# Whatever the method, the answer hangs on a few overlaps: some dozens of people.
influence = lists.influence(table, lists.LogLinear(model=[[name] for name in table.lists]))
print(influence.text)
print(fe.as_text(influence.table.head(8)))

# %%
# Which overlaps does independence of the lists not reproduce?
independent = compared.found[0]
checked = lists.predictive(independent)
print(checked.text)

# %%
# And if the lists were linked imperfectly? Say 5 to 15% of the links were missed.
missed = fe.Beta.from_interval(0.05, 0.15, statement="made up: no linkage study was published")
corrected = lists.LinkageError(missed=missed, statement="made up").corrected(table)
print(corrected.text)

# %%
# The figures.
OUT.mkdir(exist_ok=True)
figure = fe.plot.methods(compared, title="Potential victims of modern slavery, UK 2013, five lists")
figure.savefig(OUT / "lists_disagree.png", dpi=200)
overlaps = fe.plot.overlaps(
    checked, title="Overlaps seen, and expected if the lists were independent"
)
overlaps.savefig(OUT / "lists_disagree_overlaps.png", dpi=200)
compared.table.to_csv(OUT / "lists_disagree.csv", index=False)
print(
    f"Figures: {OUT}/lists_disagree.png, {OUT}/lists_disagree_overlaps.png; table: "
    f"{OUT}/lists_disagree.csv"
)
