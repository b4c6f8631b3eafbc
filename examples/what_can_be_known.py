"""
What can be known of the route
==============================

The first example prints an interval for every step of the Dutch fact sheet. This one asks what may
be believed of it: which transitions the figures can tell apart at all, how much of each answer
they give and how much was assumed, whether the sources contradict each other, and which figure
the ministry should pay for next.

It writes figures and tables to ``out/``.
"""

import contextlib
import io
from pathlib import Path

import funnelest as fe

OUT = Path("out")
OUT.mkdir(exist_ok=True)

# %%
# The model is that of the first example, with all of its figures and priors.
with contextlib.redirect_stdout(io.StringIO()):
    from fact_sheet_2017_2018 import model, result

# %%
# Before anything is fitted: which directions can these figures tell apart, whatever their
# values are? A direction in which transitions can change together without a change of any
# figure is left to the priors. The table of further figures says which totals, if somebody
# counted them, would separate them.
before = fe.check.identification(model)
print(before)
figure = fe.plot.identification(before, title="What the figures of the fact sheet can tell apart")
figure.savefig(OUT / "known_identification.png", dpi=200)

# %%
# After the fit: all verdicts on one screen, the worst first. A check that fails is no reason to
# throw the estimate away, and it may not be left out where the estimate is printed: the result
# that comes with the verdicts carries the marks of what failed on every table and figure.
trust = fe.trust(result, seed=3)
print(trust)

# %%
# How far did each interval shrink from what was believed before, and on which sources, priors and
# assumptions does the answer rest?
shares = trust.checks["contributions"]
print(shares)
figure = fe.plot.contributions(shares, title="Who says what of the route")
figure.savefig(OUT / "known_contributions.png", dpi=200)
shares.table.to_csv(OUT / "known_contributions.csv", index=False)

# %%
# Which figure to buy next, to know how many children it happens to? The costs are made up, in
# thousands of euros; the survey of children under 12 is one that no one has held yet.
plans = {
    "1,000 more pupils of 12-16 asked": fe.check.Plan(
        fe.Survey(
            name="more pupils",
            step="happened",
            yes=20,
            n=1000,
            deff=1.5,
            where={"age": (12, 16), "year": 2018},
        ),
        cost=60,
    ),
    "1,000 children under 12 asked": fe.check.Plan(
        fe.Survey(
            name="under 12",
            step="happened",
            yes=5,
            n=1000,
            deff=1.5,
            where={"age": (0, 11), "year": 2018},
        ),
        cost=150,
    ),
    "200 reports audited: how many are cases": fe.check.Plan(
        fe.Validation(name="audit", of="Veilig Thuis", what="ppv", yes=100, n=200),
        cost=40,
    ),
    "100 known victims looked up in the register": fe.check.Plan(
        fe.Validation(name="looked up", of="Veilig Thuis", what="coverage", yes=70, n=100),
        cost=25,
    ),
}
for number, (asked, name) in enumerate(
    [("number at happened", "who it happens to"), ("told -> reported", "told and then reported")]
):
    bought = fe.check.value_of_information(
        result, asked, plans=plans, currency="thousand euros", seed=2
    )
    print(bought)
    figure = fe.plot.value_of_information(bought, title=f"What to find out next: {name}")
    figure.savefig(OUT / f"known_next_{number + 1}.png", dpi=200)
    bought.table.to_csv(OUT / f"known_next_{number + 1}.csv", index=False)

# %%
# What is printed of the route then says what it rests on.
marked = trust.result
print(marked.mark)
print(fe.as_text(marked.steps(), ["step", "median", "low", "high", "interval", "basis"]))
fe.plot.route(marked).savefig(OUT / "known_route.png", dpi=200)
fe.report.page(result, OUT / "known.html", title="What can be known of the route", checks=trust)
print("Figures and tables: out/known_*.png, out/known_*.csv; page: out/known.html")
