"""
A rare infection and a test that errs: Santa Clara County, April 2020
=====================================================================

Of 3,330 people in Santa Clara County, 50 tested positive for antibodies: 1.5%. Of people who were
never infected about one in 200 tests positive as well, so a good part of the 50 may be false.
How good the test is has been studied 16 times, and the studies differ. How much they may differ
is a prior, and it decides: under one the prevalence is known to within a percent or so, under
another nearly everybody may have been infected.

After Gelman and Carpenter, Bayesian analysis of tests with unknown specificity and sensitivity,
J R Stat Soc C 2020;69:1269. The script writes a figure and a table to ``out/``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import funnelest as fe

OUT = Path("out")
SOURCE = "Bendavid et al. 2020, version of 27 April; data as in Gelman & Carpenter 2020"

# %%
# Thirteen studies of people known to be negative, and three of people known to be positive: right
# results, and people tested.
negatives = (
    [368, 30, 70, 1102, 300, 311, 500, 198, 99, 29, 146, 105, 50],
    [371, 30, 70, 1102, 300, 311, 500, 200, 99, 31, 150, 108, 52],
)
positives = ([78, 27, 25], [85, 37, 35])
print(f"Tested positive: {50 / 3330:.2%}.")
print(f"Specificity, all studies pooled: {sum(negatives[0]) / sum(negatives[1]):.2%}.")
sensitivities = [y / n for y, n in zip(*positives, strict=True)]
print(f"Sensitivity, study by study: {', '.join(f'{one:.0%}' for one in sensitivities)}.")

# %%
# The prevalence is the rate of the first step; anything from 0 to 1 is as likely. The people were
# asked by a test with a sensitivity and a specificity of its own, of which the studies are
# relatives and no copies: ``between`` is the standard deviation of the log-odds from study to
# study. The paper's mean over the studies is flat; a prior of the test's own log-odds that is as
# wide as this one comes to the same.
wide = fe.LogitNormal(0, 30, statement="no opinion; the studies say how good the test is")


def model(scale: float) -> fe.Model:
    """Return the model with this scale of the differences between studies."""
    between = fe.HalfNormal(scale, statement=f"studies differ by a log-odds of some {scale:g}")
    return fe.Model(
        fe.Route("infected"),
        fe.Population({"county": ["Santa Clara"]}, [1_900_000]),
        occurrence=fe.Rate(fe.Uniform(0, 1, statement="no opinion")),
        evidence=[
            fe.Survey(
                "test",
                step="infected",
                yes=50,
                n=3330,
                source=SOURCE,
                defects=[fe.TestError(sensitivity=wide, specificity=wide)],
            ),
            fe.Validation(
                "negatives",
                of="test",
                what="specificity",
                yes=negatives[0],
                n=negatives[1],
                between=between,
                source=SOURCE,
            ),
            fe.Validation(
                "positives",
                of="test",
                what="sensitivity",
                yes=positives[0],
                n=positives[1],
                between=between,
                source=SOURCE,
            ),
        ],
    )


quantities = {
    "prevalence": lambda q: q.share("infected"),
    "sensitivity": lambda q: q.parameter("sensitivity[test]"),
    "specificity": lambda q: q.parameter("specificity[test]"),
    "between positives": lambda q: q.parameter("between studies[positives]"),
    "between negatives": lambda q: q.parameter("between studies[negatives]"),
}
results = {scale: fe.fit(model(scale), seed=2020) for scale in (0.2, 1.0)}
tables = {scale: result.quantities(quantities) for scale, result in results.items()}

# %%
# Beside the published 2.5, 50 and 97.5% quantiles.
published = {
    (0.2, "prevalence"): (0.003, 0.012, 0.021),
    (0.2, "sensitivity"): (0.642, 0.818, 0.910),
    (0.2, "specificity"): (0.988, 0.995, 0.998),
    (1.0, "prevalence"): (0.003, 0.017, 0.354),
}
for (scale, name), theirs in published.items():
    row = tables[scale].set_index("quantity").loc[name]
    ours = (row["low"], row["median"], row["high"])
    print(
        f"scale {scale:g}, {name:<11}  here {' '.join(f'{x:.3f}' for x in ours)}"
        f"   published {' '.join(f'{x:.3f}' for x in theirs)}"
    )

# %%
# Prior beside posterior. With scale 0.2 the studies are held to be alike, and the sensitivity in
# the county stays where they are. With scale 1 it may be far below all three of them: then few of
# the infected are found, and they may be many. No study says that this is not so, three studies
# cannot tell how far a fourth may lie, and the flat prior of the prevalence gives the many a large
# say. The prior decides, and the upper limit is not one to quote: the published one comes from
# chains that did not reach the end of that tail, which sums over a grid put at 0.50.
columns = ["scale", "quantity", "prior_low", "prior_high", "low", "median", "high", "interval"]
table = pd.concat([one.assign(scale=scale) for scale, one in tables.items()])
print(fe.as_text(table, columns))
for scale, result in results.items():
    below = (result.sample_of(quantities["sensitivity"]) < 0.5).mean()
    print(
        f"scale {scale:g}: sensitivity below 50%, where no study was, with probability {below:.0%}"
    )

# %%
# The figure.
blue, orange, grey = "#0072b2", "#b34700", "#6b6b6b"
figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.1), layout="constrained", sharey=True)
for ax, name in zip(axes, ("prevalence", "sensitivity"), strict=True):
    for y, (scale, one) in enumerate(tables.items()):
        row = one.set_index("quantity").loc[name]
        prior = [row["prior_low"], row["prior_high"]]
        ax.plot(prior, [y, y], color="#e4e4e4", linewidth=9, solid_capstyle="butt")
        ax.plot([row["low"], row["high"]], [y, y], color=blue, linewidth=2.2)
        ax.plot(row["median"], y, "o", color=blue, markersize=7)
        if (scale, name) in published:
            low, median, high = published[scale, name]
            ax.plot([low, high], [y + 0.24, y + 0.24], color=orange, linewidth=1)
            ax.plot(median, y + 0.24, "D", color=orange, markerfacecolor="white", markersize=5)
    ax.set_xlabel(f"{name}: median and 95% equal-tailed interval")
    ax.set_ylim(1.6, -0.5)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
figure.get_layout_engine().set(wspace=0.08)
axes[0].set_yticks([0, 1], ["studies alike\n(scale 0.2)", "studies differ\n(scale 1)"])
axes[0].set_xscale("log")
axes[0].set_xlim(0.001, 1)
axes[0].set_xticks([0.001, 0.01, 0.1, 1], ["0.1%", "1%", "10%", "100%"])
axes[0].minorticks_off()
axes[0].text(0.012, -0.3, "posterior", color=blue, ha="center", va="center")
axes[0].text(0.16, -0.3, "prior (flat)", color=grey, ha="center", va="center")
axes[0].text(0.026, 0.24, "published", color=orange, va="center")
axes[1].set_xlim(0, 1)
axes[1].xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
axes[1].plot(sensitivities, [-0.3] * 3, "|", color=grey, markersize=9)
axes[1].text(0.69, -0.3, "the three studies", color=grey, ha="right", va="center")
figure.suptitle("50 of 3,330 tests positive: one count, two priors", fontweight="bold")

# %%
# The files.
OUT.mkdir(exist_ok=True)
figure.savefig(OUT / "test_error.png", dpi=200)
figure.savefig(OUT / "test_error.svg")
table.to_csv(OUT / "test_error.csv", index=False)
print(f"Figure: {OUT}/test_error.png and .svg; table: {OUT}/test_error.csv")
