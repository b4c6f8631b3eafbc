"""
Influenza A(H1N1) 2009: from reported cases back to all cases
=============================================================

Reed and others (Emerg Infect Dis 2009;15:2004) multiplied the cases reported in the United
States by what is lost on the way: not everybody seeks care, gets a specimen taken, has it sent
in, tests positive and is reported. The same chain, run backwards by Bayes' rule: the number of
cases is unknown on a log-uniform scale, every loss has the paper's range, and the reported
count is the evidence. Nothing is estimated about the losses themselves; the answer shows what
the ranges imply.
"""

import funnelest as fe

# %%
# Three groups of patients on one axis. People in hospital had sought care by definition, and
# laboratories sent in fewer specimens after 12 May.
EARLY, LATE, HOSPITAL = "not hospitalised, to 12 May", "not hospitalised, after", "hospitalised"
MILD = (EARLY, LATE)
SOURCE = "Reed et al., Emerg Infect Dis 2009;15:2004"

groups = fe.Population.cells({"group": [EARLY, LATE, HOSPITAL]})
route = fe.Route("ill", "seeks care", "specimen", "sent in", "tests positive", "reported")


def between(low: float, high: float) -> fe.Uniform:
    """Return the paper's range as a prior."""
    return fe.Uniform(low, high, statement="range used in the paper", source=SOURCE)


def by_group(priors: dict) -> fe.Share:
    """Return a share with a prior for each group."""
    return fe.Share(fe.PerLevel("group", priors))


model = fe.Model(
    route,
    groups,
    occurrence=fe.Number(
        fe.PerLevel(
            "group",
            {
                group: fe.LogUniform(1e3, 1e8, statement="no opinion on the number of cases")
                for group in (EARLY, LATE, HOSPITAL)
            },
        )
    ),
    transitions={
        ("ill", "seeks care"): by_group({MILD: between(0.42, 0.58), HOSPITAL: 1.0}),
        ("seeks care", "specimen"): by_group(
            {MILD: between(0.19, 0.34), HOSPITAL: between(0.40, 0.75)}
        ),
        ("specimen", "sent in"): by_group(
            {EARLY: between(0.20, 0.30), LATE: between(0.05, 0.15), HOSPITAL: between(0.50, 0.90)}
        ),
        ("sent in", "tests positive"): by_group(
            {MILD: between(0.90, 1.00), HOSPITAL: between(0.90, 1.00)}
        ),
        ("tests positive", "reported"): by_group(
            {MILD: between(0.95, 1.00), HOSPITAL: between(0.95, 1.00)}
        ),
    },
    evidence=[
        fe.Register(group, step="reported", count=count, where={"group": group}, source=SOURCE)
        for group, count in ((EARLY, 4_759), (LATE, 33_909), (HOSPITAL, 5_009))
    ],
)
result = fe.fit(model, seed=2009)
print(result)

# %%
# The multiplier is cases per reported case. The paper prints medians of 33, 84 and 2.7, and
# 3.1 million cases (90% range 1.8 to 5.7 million).


def multiplier(group: str):
    """Return a function for the cases per reported case."""
    return lambda q: 1 / q.share("reported", {"group": group}, of="ill")


table = result.quantities(
    {
        **{f"multiplier, {group}": multiplier(group) for group in (EARLY, LATE, HOSPITAL)},
        "cases": lambda q: q.number("ill"),
        "cases in hospital": lambda q: q.number("ill", {"group": HOSPITAL}),
    },
    probability=0.90,
)
print(fe.as_text(table, ["quantity", "median", "low", "high", "interval"]))
fe.plot.route(result, title="Influenza A(H1N1), United States, April to July 2009")
