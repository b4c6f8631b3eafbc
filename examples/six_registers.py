"""
Six registers that nobody has linked
====================================

The fact sheet on child victims in the Netherlands (2017-2018) prints 950 reported, the number of
one body, and on its next page the numbers of five more. How many different children do the six
know together? Nobody has linked the lists. Totals alone say nothing about that number within
wide bounds: what decides is how far the lists overlap, which has to be assumed, and is varied
here.

The script writes a figure and a table to ``out/``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import funnelest as fe

OUT = Path("out")
SHEET = "Slachtoffermonitor seksueel geweld tegen kinderen 2017-2018, fact sheet"

# %%
# The numbers of the six bodies, each rounded to 10: means over 2017 and 2018, but for CoMensha.
published = fe.load_figures()
bodies = {
    "Veilig Thuis": "reported_vt",
    "Centrum Seksueel Geweld": "reported_csg",
    "Helpwanted": "reported_helpwanted",
    "CoMensha": "reported_comensha",
    "Education Inspectorate": "reported_education",
    "Health Inspectorate": "reported_health",
}
shown = ["value", "unit", "kind", "year_from", "year_to", "definition"]
print(published.loc[list(bodies.values()), shown].to_string())
totals = {name: int(published["value"][row]) for name, row in bodies.items()}
kinds = {name: published["definition"][row] for name, row in bodies.items()}

# %%
# Bounds first: no distribution, and nothing assumed about who is on several lists. Whatever the
# overlap is, the answer lies here, as long as one report is one child.
bounds = fe.bounds.distinct(totals)
print(f"Distinct children: {bounds.low:,.0f} to {bounds.high:,.0f}. {bounds.statement}")
rounded = fe.bounds.distinct({name: fe.Rounded(n, to=10) for name, n in totals.items()})
print(f"With the rounding: {rounded.low:,.0f} to {rounded.high:,.0f}.")

# %%
# Within the bounds an overlap weight decides: 0 when no child is on two lists, 1 when the
# smaller lists lie within the largest. Its prior is an opinion. Three are put side by side; the
# first has a precedent.
weights = {
    "as in the UK": fe.Beta.from_interval(
        0.03,
        0.40,
        statement="six lists of possible victims of modern slavery held 3,008 entries of 2,744 "
        "people, a weight of some 0.14",
        source="Home Office 2014, United Kingdom 2013",
    ),
    "no opinion": fe.Beta(1, 1, statement="any weight is as likely as another"),
    "bodies refer": fe.Beta.from_interval(
        0.40, 0.90, statement="these bodies refer children to each other"
    ),
}

# %%
# The sheet prints Veilig Thuis twice, as 960 and as 950; both are kept, and the finer one is
# used. Helpwanted counts online violence and CoMensha exploitation. The route has to say what it
# counts, and a source of another kind is refused without a bridge. First, all three kinds count
# as one: the bridge is a known 1, and says so.
route = fe.Route("reported", "investigated", unit="children", definition="any suspicion")
children = fe.Population(
    {"year": [2017, 2018]},
    [published["value"][f"population_0_17_{year}"] for year in (2017, 2018)],
)
alike = {
    kind: fe.Fixed(1.0, statement=f"a report of {kind} violence is a suspicion like any other")
    for kind in ("online", "sexual exploitation")
}


def figure_of(name: str) -> fe.Figure:
    """Return the number of a body as it was printed."""
    own = fe.Rounded(totals[name], to=10)
    if name != "Veilig Thuis":
        return own
    other = fe.Rounded(int(published["value"]["reported_total"]), to=50)
    return fe.Disagreeing((own, other), use=0)


def register_of(name: str, kinds_as: dict) -> fe.Register:
    """Return the register of a body, with a bridge where it counts another kind of violence."""
    kind = kinds[name]
    return fe.Register(
        name,
        step="reported",
        count=figure_of(name),
        per=None if name == "CoMensha" else "year",
        where={"year": 2018} if name == "CoMensha" else {},
        definition=kind,
        defects=[fe.Bridge(f"{kind} reports per child", kinds_as[kind], definition=kind)]
        if kind in kinds_as
        else [],
        source=SHEET,
        statement="one report is taken to be one child, of whom this body counts no one twice",
    )


def six(weight: fe.Prior, kinds_as: dict = alike) -> fe.Unlinked:
    """Return the six registers with this prior of the overlap weight."""
    registers = [register_of(name, kinds_as) for name in totals]
    return fe.Unlinked("bodies", registers=registers, overlap=weight)


def model(registers: fe.Unlinked) -> fe.Model:
    """Return the model of the registers, and of the Council's investigations."""
    return fe.Model(
        route,
        children,
        # Both are even on the log scale: then neither the number of children nor the share that
        # the Council investigates says anything about the overlap.
        occurrence=fe.Rate(fe.LogUniform(1e-5, 1e-1, statement="no opinion on the number")),
        transitions={
            ("reported", "investigated"): fe.Share(
                fe.LogUniform(0.01, 1.0, statement="no opinion on the share")
            )
        },
        evidence=[
            registers,
            fe.Register(
                "Council (RvdK)",
                step="investigated",
                count=fe.Rounded(int(published["value"]["investigated"]), to=100),
                per="year",
                source=SHEET,
                statement="every child that the Council investigates is known to one of the six",
            ),
        ],
    )


# %%
# The quantities, for 2018: distinct children, on how many lists a child is, and the share of
# them that the Council investigated.
in_2018 = {"year": 2018}
quantities = {
    "distinct children": lambda q: q.distinct("bodies", in_2018),
    "registers per child": lambda q: q.multiplicity("bodies", in_2018),
    "share investigated": lambda q: q.share("investigated", in_2018, of="reported"),
    "overlap weight": lambda q: q.parameter("overlap[bodies]"),
}
columns = ["model", "median", "low", "high", "interval"]


def answers(results: dict, quantity: str) -> pd.DataFrame:
    """Return a quantity of several results, a row each."""
    rows = [
        result.quantities({quantity: quantities[quantity]}, basis="assumed overlap")
        for result in results.values()
    ]
    return pd.concat(rows).assign(model=list(results))


ends = {w: fe.Fixed(w, statement="an end of the scale, to compare with") for w in (0.0, 1.0)}
results = {f"w = {w:.0f}": fe.fit(model(six(weight)), seed=2018) for w, weight in ends.items()}
results |= {name: fe.fit(model(six(weight)), seed=2018) for name, weight in weights.items()}
ledger = results["no opinion"].figures()
print(fe.as_text(ledger, ["source", "figure", "used", "expected"]))
distinct = results["no opinion"].distinct(in_2018)
shown = ["quantity", "median", "low", "high", "interval", "basis"]
print(fe.as_text(distinct, shown))

# %%
# Three priors, three answers. At w = 0 and w = 1 stand the bounds, but for chance in the counts
# and for a rate that is taken to be the same in both years.
for name in ("distinct children", "registers per child"):
    print(f"\n{name}")
    print(fe.as_text(answers(results, name), columns))

# %%
# The weight itself, prior beside posterior: they are the same, for the totals did not touch it.
weighed = answers(results, "overlap weight")
print(fe.as_text(weighed, [*columns, "prior_low", "prior_high"]))
print("Totals alone say nothing about how many distinct children there are within the bounds.")

# %%
# What hangs on it: the share of the reported children whom the Council investigated. On the
# sheet's route it reads as 300 of 950, or 32%.
print(fe.as_text(answers(results, "share investigated"), columns))

# %%
# Now the kinds apart: the route means children of whom there is a suspicion of violence as the
# other four bodies see it, and only some of the online reports are of such a child. A bridge with
# a prior says so; the bounds above are then no bounds of this number.
apart = {
    "online": fe.LogNormal.from_interval(
        1.2, 4.0, statement="of 1.2 to 4 online reports one is what other bodies would record"
    ),
    "sexual exploitation": fe.LogNormal.from_interval(
        1.0, 1.3, statement="exploitation is nearly always what other bodies would record"
    ),
}
online = fe.fit(model(six(weights["no opinion"], apart)), seed=2018)
for name in ("distinct children", "registers per child"):
    print(f"\n{name}")
    print(fe.as_text(answers({"online apart": online}, name), columns))

# %%
# Were the overlaps known, the answer would be too. These numbers are made up: of the three
# largest lists, 250 children are on the first two, and 60 and 40 of these two on the third.
three = ["Veilig Thuis", "Centrum Seksueel Geweld", "Helpwanted"]
made_up = {(three[0], three[1]): 250, (three[0], three[2]): 60, (three[1], three[2]): 40}
largest = {name: totals[name] for name in three}
for overlaps in (None, made_up):
    limits = fe.bounds.distinct(largest, overlaps=overlaps)
    print(f"{limits.low:,.0f} to {limits.high:,.0f} children. {limits.statement}")
linked = fe.Unlinked(
    "bodies", registers=[register_of(name, alike) for name in three], overlaps=made_up
)
known = fe.fit(model(linked), seed=2018)
print(fe.as_text(answers({"known overlaps": known}, "distinct children"), columns))

# %%
# The figure.
rows = {
    "overlap as on UK lists": results["as in the UK"],
    "no opinion on the overlap": results["no opinion"],
    "bodies refer to each other": results["bodies refer"],
    "no opinion, online apart": online,  # another colour: another number
}
table = answers(rows, "distinct children")
blue, orange, grey = "#0072b2", "#b34700", "#6b6b6b"
figure, ax = plt.subplots(figsize=(8.6, 3.4), layout="constrained")
ax.barh(0, bounds.high - bounds.low, left=bounds.low, height=0.55, color="#d5d5d5")
ax.text((bounds.low + bounds.high) / 2, 0, "totals say no more than this", ha="center", va="center")
beside = [f"{bounds.low:,.0f} - {bounds.high:,.0f}"]
for y, row in enumerate(table.itertuples(), start=1):
    colour = orange if "online" in row.model else blue
    ax.plot([row.low, row.high], [y, y], color=colour, linewidth=2.2)
    ax.plot(row.median, y, "o", color=colour, markersize=7)
    beside.append(f"{row.median:,.0f}  ({row.low:,.0f} - {row.high:,.0f})")
for y, text in enumerate(beside):
    ax.text(1.02, y, text, transform=ax.get_yaxis_transform(), va="center")
ax.axvline(950, color=grey, linewidth=1, linestyle="--", zorder=0)
ax.text(920, -0.5, "on the sheet's route: 950", color=grey, ha="right")
ax.set_yticks(range(len(beside)), ["bounds", *rows])
ax.set_ylim(len(rows) + 0.5, -0.8)
ax.set_xlim(0, 4_300)
ax.xaxis.set_major_formatter("{x:,.0f}")
ax.set_title("Six registers that nobody has linked", loc="left", fontweight="bold")
ax.set_xlabel("distinct children in six registers, 2018: median and 95% equal-tailed interval")
ax.spines[["top", "right", "left"]].set_visible(False)
ax.tick_params(axis="y", length=0)

# %%
# The files.
OUT.mkdir(exist_ok=True)
figure.savefig(OUT / "six_registers.png", dpi=200)
figure.savefig(OUT / "six_registers.svg")
every = pd.concat([answers(results | {"online apart": online}, name) for name in quantities])
every.to_csv(OUT / "six_registers.csv", index=False)
print(f"Figure: {OUT}/six_registers.png and .svg; table: {OUT}/six_registers.csv")
