"""
Linked registers inside a route
===============================

A survey says how many young people it happens to; three bodies keep lists of those who reported,
and a bureau linked them; two registers of those who were helped cannot be linked. One model takes
all three. All numbers are made up, to be of the size of the Dutch ones: nobody has linked these
registers yet.

The script writes a figure and a table to ``out/``.
"""

from pathlib import Path

import funnelest as fe
from funnelest import lists

OUT = Path("out")

# %%
# The route, and the young people of two regions.
route = fe.Route("happened", "reported", "helped", unit="children")
children = fe.Population(
    {"region": ["north", "south"], "sex": ["girls", "boys"]},
    [[410_000, 430_000], [520_000, 545_000]],
)

# %%
# The lists of those who reported, by region. The shelter does not work in the south (a structural
# zero), and a linkage study found that 4 to 10% of the links had been missed.
table = lists.OverlapTable(
    ["police", "hospital", "shelter"],
    {
        "north": {
            "100": 310, "010": 205, "001": 84, "110": 61, "101": 22, "011": 28, "111": 12,
        },
        "south": {"100": 420, "010": 330, "110": 88},
    },
    not_covering={"shelter": ["south"]},
    source="made up",
)  # fmt: skip
reported = fe.Linked(
    "lists of reports",
    step="reported",
    table=table,
    strata="region",
    linkage=lists.LinkageError(
        missed=fe.Beta.from_interval(0.04, 0.10, statement="clerical review of a sample, made up")
    ),
    source="made up",
)

# %%
# The survey at the first step; the two registers at the last, whose overlap nobody knows.
survey = fe.Survey("survey", step="happened", yes=96, n=5_200, deff=1.4, source="made up")
helped = fe.Unlinked(
    "registers of help",
    registers=[
        fe.Register("youth care", step="helped", count=fe.Rounded(700, to=50), source="made up"),
        fe.Register("mental health", step="helped", count=380, source="made up"),
    ],
    overlap=fe.Beta.from_interval(
        0.1, 0.6, statement="some are referred from one to the other; nobody counted how many"
    ),
)
model = fe.Model(
    route,
    children,
    occurrence=fe.Rate(fe.Beta(1, 50), fe.Levels("region", fe.Normal(0, 0.3))),
    transitions={
        ("happened", "reported"): fe.Share(fe.Beta(1, 1), fe.Levels("region", fe.Normal(0, 0.5))),
        ("reported", "helped"): fe.Share(fe.Beta(1, 1)),
    },
    evidence=[survey, reported, helped],
)

# %%
# What the library assumes because nothing was said: that the three lists together do not interact,
# among others. The whole ledger has what was stated too.
ledger = model.ledger_table()
print(fe.as_text(ledger[~ledger["stated"]], ["about", "value", "statement"]))

# %%
# The fit: the hidden number is estimated from the overlaps and everything else that the model
# knows of the step.
result = fe.fit(model, seed=5)
print(result)
shown = ["source", "stratum", "quantity", "median", "low", "high", "interval", "basis"]
print(fe.as_text(result.linked(), shown))
print(fe.as_text(result.distinct(), ["quantity", "median", "low", "high", "basis"]))

# %%
# With the lists alone, without route or survey: the same table, by several methods, for the region
# with three lists, and as if no link had been missed.
compared = lists.compare_methods(table.stratum("north"), seed=5)
print(compared.text)

# %%
# The figure of the route.
OUT.mkdir(exist_ok=True)
figure = fe.plot.route(result, title="Three linked lists inside a route (made-up numbers)")
figure.savefig(OUT / "linked_registers_in_a_route.png", dpi=200)
result.linked().to_csv(OUT / "linked_registers_in_a_route.csv", index=False)
print(
    f"Figure: {OUT}/linked_registers_in_a_route.png; table: {OUT}/linked_registers_in_a_route.csv"
)
