"""
Sources in conflict: HIV before birth, London
=============================================

How many pregnant women have HIV, and how many of them know it? Twelve figures bear on it, for
three groups of women: from sub-Saharan Africa, injecting drugs, and all others. There are nine
unknowns, so the figures overlap, and where figures overlap they may contradict each other. A fit
does not show that: it puts its estimate between them, with a narrow interval.

After Ades and Cliffe, Markov chain Monte Carlo estimation of a multiparameter decision model,
Med Decis Making 2002;22:359, and chapter 8 of Welton et al., Evidence Synthesis for Decision
Making in Healthcare, 2012. The script writes figures and tables to ``out/``.
"""

from pathlib import Path

import funnelest as fe

OUT = Path("out")
SOURCE = "Ades & Cliffe 2002; Welton et al. 2012, chapter 8"

# %%
# The route: women come from one of three groups, some have HIV, and some of these know it. The
# two shares of the groups have together the flat prior of a point in a triangle (Dirichlet with
# ones), all others are flat. How many women there are does not matter here: all figures are shares.
WOMEN, DIAGNOSED = "pregnant", "diagnosed before"
AFRICA, INJECTING, OTHERS = "from sub-Saharan Africa", "injecting", "others"
HIV = {group: f"HIV, {group}" for group in (AFRICA, INJECTING, OTHERS)}
SUBTYPE = "subtype B, others"
flat = fe.Beta(1, 1)
route = fe.Route(
    WOMEN,
    *HIV,
    *HIV.values(),
    DIAGNOSED,
    edges=[
        *((WOMEN, group) for group in HIV),
        *HIV.items(),
        *((hiv, DIAGNOSED) for hiv in HIV.values()),
    ],
)
transitions = {
    (WOMEN, AFRICA): fe.Share(fe.Beta(1, 2)),
    (WOMEN, INJECTING): fe.Share(flat),  # of those not from sub-Saharan Africa
    (WOMEN, OTHERS): fe.Share(1.0),  # the rest
    **{edge: fe.Share(flat) for edge in HIV.items()},
    **{(hiv, DIAGNOSED): fe.Share(flat) for hiv in HIV.values()},
}


# %%
# Most figures are plain shares of a step of the route. Five are not, and are written as functions.
def infected(q, *groups):
    """Return the share of all women who are in one of these groups and have HIV."""
    return sum(q.transition(WOMEN, group) * q.transition(group, HIV[group]) for group in groups)


def diagnosed(q, *groups):
    """Return the share of all women who are in one of these groups, have HIV and know it."""
    return sum(infected(q, group) * q.transition(HIV[group], DIAGNOSED) for group in groups)


def infected_outside_africa(q):
    """Return the share with HIV of women who are not from sub-Saharan Africa."""
    return infected(q, INJECTING, OTHERS) / (1 - q.transition(WOMEN, AFRICA))


def infected_among_all(q):
    """Return the share with HIV of all women."""
    return infected(q, *HIV)


def african_among_diagnosed(q):
    """Return the share from sub-Saharan Africa of diagnosed women."""
    return diagnosed(q, AFRICA) / diagnosed(q, *HIV)


def injecting_among_diagnosed(q):
    """Return the share injecting of diagnosed women who are not from sub-Saharan Africa."""
    return diagnosed(q, INJECTING) / diagnosed(q, INJECTING, OTHERS)


def diagnosed_among_infected(q):
    """Return the share of women with HIV who know it."""
    return diagnosed(q, *HIV) / infected(q, *HIV)


def subtype_b(q):
    """Return the share with subtype B of others with HIV."""
    return q.parameter(SUBTYPE)


def subtype_b_outside_africa(q):
    """Return the share with subtype B of infected women who are not from sub-Saharan Africa."""
    yes = infected(q, INJECTING) + subtype_b(q) * infected(q, OTHERS)
    return yes / infected(q, INJECTING, OTHERS)


def share(name, of, step, yes, n):
    """Return a figure that is the share of a step."""
    return fe.Cohort(name, of=of, step=step, yes=yes, n=n, source=SOURCE)


def function(name, quantity, yes, n):
    """Return a figure that is a function of the route."""
    return fe.OwnBinomial(name, quantity=quantity, yes=yes, n=n, source=SOURCE)


model = fe.Model(
    route,
    fe.Population.cells(),
    fe.Number(100_000),
    transitions,
    evidence=[
        share("1 from Africa", WOMEN, AFRICA, 11_044, 104_577),
        share("2 injecting", WOMEN, INJECTING, 12, 882),
        share("3 HIV if from Africa", AFRICA, HIV[AFRICA], 252, 15_428),
        share("4 HIV if injecting", INJECTING, HIV[INJECTING], 10, 473),
        function("5 HIV if not from Africa", infected_outside_africa, 74, 136_139),
        function("6 HIV of all", infected_among_all, 254, 102_287),
        function("7 from Africa if diagnosed", african_among_diagnosed, 43, 60),
        function("8 injecting if diagnosed", injecting_among_diagnosed, 4, 17),
        function("9 diagnosed if HIV", diagnosed_among_infected, 87, 254),
        share("10 diagnosed if injecting", HIV[INJECTING], DIAGNOSED, 12, 15),
        function("11 subtype B of others", subtype_b, 14, 118),
        function("12 subtype B if not from Africa", subtype_b_outside_africa, 5, 31),
    ],
    parameters={SUBTYPE: flat},
)
result = fe.fit(model, seed=2002)

# %%
# The answer looks precise. Beside it the published posterior means, from long Markov chains.
published = {"a": 0.1057, "b": 0.00892, "c": 0.0172, "d": 0.01241, "e": 0.000485, "f": 0.313,
             "g": 0.738, "h": 0.428, "w": 0.112}  # fmt: skip
edges = [(WOMEN, AFRICA), (WOMEN, INJECTING), *HIV.items(), *((h, DIAGNOSED) for h in HIV.values())]
table = result.quantities(
    {
        letter: (lambda q, edge=edge: q.transition(*edge))
        for letter, edge in zip("abcdefgh", edges, strict=True)
    }
    | {"w": subtype_b}
)
names = {letter: " -> ".join(edge) for letter, edge in zip("abcdefgh", edges, strict=True)}
for row in table.itertuples():
    print(
        f"{names.get(row.quantity, SUBTYPE):<58} {row.mean:8.5f} ({row.low:.5f}-{row.high:.5f})"
        f"   published mean {published[row.quantity]:.5f}"
    )

# %%
# Does it describe the figures that went in? Every figure lies well within what the fitted model
# prints anew. This is weak evidence: the fit was pulled towards each of them.
fitted = fe.check.posterior_predictive(result, seed=1)
print(fitted.text)

# %%
# Now each figure against all of the *others*: twelve fits, each without one source. Figures 2, 4,
# 5 and 12 stand apart. None of them is far enough out to be sure of it by itself, when twelve are
# looked at; four of twelve is more than chance gives.
found = fe.check.conflict(result, seed=1)
print(found)
result = result.marked([found.mark])

# %%
# What they argue about is the women who inject: how many there are (2) times how many of these
# have HIV (4), against what remains for them in 5 and 12. So split that: the share of all women
# who inject and have HIV, as 2 and 4 give it, and as all others do.
split = fe.check.node_split(
    result,
    lambda q: infected(q, INJECTING),
    {"direct figures": ["2 injecting", "4 HIV if injecting"]},
    name="share of pregnant women who inject and have HIV",
    seed=1,
)
print(split)

# %%
# What to conclude? The figures cannot say which of them is wrong, and nothing was dropped. 2 and 4
# come from small studies of women who inject, perhaps where more inject, or more have HIV; the
# others see all women. Whoever quotes the estimate of the share should quote the conflict, and what
# becomes of the answer without either side. Another way is to give the suspected source its defect,
# such as a frame that leaves people out, with a prior for it.
without = {
    "all figures": result,
    "without 2 and 4": fe.fit(model.without("2 injecting", "4 HIV if injecting"), seed=2),
    "without 5 and 12": fe.fit(
        model.without("5 HIV if not from Africa", "12 subtype B if not from Africa"), seed=3
    ),
}
quantities = {
    "women who inject": lambda q: q.transition(WOMEN, INJECTING),
    "HIV among them": lambda q: q.transition(INJECTING, HIV[INJECTING]),
    "HIV, all women": infected_among_all,
    "diagnosed, of those with HIV": diagnosed_among_infected,
}
for name, one in without.items():
    print(f"{name}:")
    print(fe.as_text(one.quantities(quantities), ["quantity", "median", "low", "high", "interval"]))

# %%
# The files.
OUT.mkdir(exist_ok=True)
figures = {
    "conflict": fe.plot.conflict(found, title="Prenatal HIV: each figure against the others"),
    "split": fe.plot.node_split(split, title="Injecting and HIV: two bodies of evidence"),
    "fit": fe.plot.posterior_predictive(fitted, title="Prenatal HIV: what the fitted model prints"),
}
for name, figure in figures.items():
    figure.savefig(OUT / f"sources_in_conflict_{name}.png", dpi=200)
    figure.savefig(OUT / f"sources_in_conflict_{name}.svg")
found.table.to_csv(OUT / "sources_in_conflict.csv", index=False)
split.table.to_csv(OUT / "sources_in_conflict_split.csv", index=False)
print(f"Figures and tables: {OUT}/sources_in_conflict*")
