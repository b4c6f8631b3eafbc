"""
An unreliable register: what each defect does to the answer
===========================================================

A register prints some 950 reports a year. How many children were reported? The same printed
numbers are read eight times: first at face value, then with one more defect taken into account
each time. A defect that is left out is an assumption too: that every child is in the register,
that every record is a case, that every record is another child.

All figures are made up, after the kind of register that Dutch child protection has. The script
writes a figure and two tables to ``out/``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import funnelest as fe

OUT = Path("out")

# %%
# Six years of one register. Every number is printed to the nearest 50. In 2017 came a new
# protocol, and the numbers fell; in 2018 an audit looked up 150 children who had been reported
# to somebody: 96 of them were in the register.
printed = {2013: 1_200, 2014: 1_150, 2015: 1_200, 2016: 1_250, 2017: 950, 2018: 950}
audited, found = 150, 96

children = fe.Population({"year": list(printed)}, [500_000] * len(printed))
route = fe.Route("happened", "reported", unit="children")

# %%
# What is believed before any of these numbers is seen, and kept the same throughout. What
# happens changes little from year to year: a fall by a fifth in one year is then the register's,
# where the register can change, and else it has to be true.
occurrence = fe.Rate(
    fe.LogNormal.from_interval(0.005, 0.05, statement="between 1 in 200 and 1 in 20 children"),
    fe.Levels("year", fe.Normal(0.0, 0.1, statement="some 10% more or less in any one year")),
)
share_reported = fe.Share(
    fe.Beta.from_interval(0.02, 0.30, statement="most children are reported to nobody")
)

# %%
# The defects, in the order in which they are added. Each has a prior, and each prior a reason.
scatter = fe.Overdispersion(
    fe.LogNormal.from_interval(0.02, 0.2, statement="offices register by habits of their own")
)
coverage = fe.Beta.from_interval(
    0.4, 0.95, statement="the register is 'not reliable'; more than half may be missing"
)
protocol = fe.ChangePoint(
    "year", 2017, fe.Normal(0.0, 1.0, statement="a new protocol: more or fewer, nobody knows")
)
ppv = fe.PPV(
    fe.Beta.from_interval(0.5, 0.9, statement="suspicions are recorded, and some are unfounded")
)
per_child = fe.Bridge(
    "reports per child",
    fe.LogNormal.from_interval(
        1.05, 1.5, statement="some children are reported more than once in a year"
    ),
    unit="reports",
)
audit = fe.Validation(
    "audit", of="register", what="coverage", yes=found, n=audited, where={"year": 2018}
)


def model(*defects: fe.Defect, rounded: bool = True, audits: tuple = ()) -> fe.Model:
    """Return the model that reads the register with these defects."""
    register = fe.Register(
        "register",
        step="reported",
        by="year",
        count={year: fe.Rounded(n, to=50) if rounded else n for year, n in printed.items()},
        defects=defects,
        # Once a report is not a child, the unit has to be stated, and bridged.
        unit="reports" if per_child in defects else "",
    )
    return fe.Model(
        route,
        children,
        occurrence=occurrence,
        transitions={("happened", "reported"): share_reported},
        evidence=[register, *audits],
    )


incomplete, changed = fe.Coverage(coverage), fe.Coverage(coverage, protocol)
models = {
    "taken at face value": model(rounded=False),
    "+ rounded to 50": model(),
    "+ more scatter than chance": model(scatter),
    "+ 40-95% of the children are in it": model(scatter, incomplete),
    "+ a new protocol in 2017": model(scatter, changed),
    "+ 50-90% of the records are cases": model(scatter, changed, ppv),
    "+ 1.05-1.5 reports per child": model(scatter, changed, ppv, per_child),
    "+ an audit found 96 of 150": model(scatter, changed, ppv, per_child, audits=(audit,)),
}

# %%
# One fit each. The question is how many children were reported in 2018.


def reported(q):
    """Return the number of children reported in 2018."""
    return q.number("reported", {"year": 2018})


results = {name: fe.fit(one, seed=950) for name, one in models.items()}
answers = {
    name: result.quantities({"reported in 2018": reported}).iloc[0]
    for name, result in results.items()
}
table = pd.DataFrame(answers.values()).assign(figures=list(answers))
print("Children reported in 2018:")
print(fe.as_text(table, ["figures", "median", "low", "high", "interval"]))
print("What is missing pulls up, what is no case or no new child pulls down: that the answer ends")
print("near the printed number is chance, and its interval is several times as wide.")

# %%
# What the figures and the audit have told about the defects, prior beside posterior. Coverage is
# learned from the audit, and the change of protocol from the fall in 2017. About the predictive
# value and the reports per child no figure says anything: what stands there was put in.
last = results["+ an audit found 96 of 150"]
table = last.parameters()
table = table[table["parameter"].str.contains("register")]
columns = ["parameter", "prior_low", "prior_high", "low", "median", "high", "interval"]
print(fe.as_text(table, columns))

# %%
# The ledger: every printed number, what was done to the route to compare it, how many cases
# there are per record, and which share of the reported children is in the register.
ledger = last.figures()
columns = ["source", "of", "figure", "expected", "residual", "cases_per_record", "registered_share"]
print(fe.as_text(ledger, columns))
print("Read as:", ledger["read_as"][0])

# %%
# The figure. The light line is what was believed of the answer before any number was seen: it
# is the same for all, for a defect says something of the register and nothing of the children.
figure, ax = plt.subplots(figsize=(8.6, 4.4), layout="constrained")
for y, row in enumerate(answers.values()):
    ax.plot([row["prior_low"], row["prior_high"]], [y, y], color="#e4e4e4", linewidth=8, zorder=1)
    ax.plot([row["low"], row["high"]], [y, y], color="#0072b2", linewidth=2.2, zorder=2)
    ax.plot(row["median"], y, "o", color="#0072b2", markersize=7, zorder=3)
    text = f"{row['median']:,.0f}  ({row['low']:,.0f} - {row['high']:,.0f})"
    ax.text(1.02, y, text, transform=ax.get_yaxis_transform(), va="center")
ax.axvline(printed[2018], color="#b34700", linewidth=1, linestyle="--", zorder=1)
ax.text(1.04 * printed[2018], -0.55, f"printed: {printed[2018]}", color="#b34700")
ax.text(row["prior_low"], -0.55, "before any number", color="#6b6b6b")
ax.set_xscale("log")
ticks = [100, 200, 500, 1_000, 2_000, 5_000]
ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
ax.minorticks_off()
ax.set_yticks(range(len(answers)), answers)
ax.set_xlim(90, 5_000)
ax.set_ylim(len(answers) - 0.4, -0.9)
ax.set_title("One register, read eight times (made-up figures)", loc="left", fontweight="bold")
ax.set_xlabel("children reported in 2018, log scale: median and 95% equal-tailed interval")
ax.spines[["top", "right", "left"]].set_visible(False)
ax.tick_params(axis="y", length=0)

# %%
# The files.
OUT.mkdir(exist_ok=True)
figure.savefig(OUT / "unreliable_register.png", dpi=200)
figure.savefig(OUT / "unreliable_register.svg")
table.to_csv(OUT / "unreliable_register_parameters.csv", index=False)
ledger.to_csv(OUT / "unreliable_register_figures.csv", index=False)
print(f"Figure: {OUT}/unreliable_register.png and .svg; tables: {OUT}/unreliable_register_*.csv")
