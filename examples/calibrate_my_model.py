"""
Calibrate a model of your own
=============================

Before a model is believed on real data, let it do what can be checked: parameters are drawn from
its priors, data are made up from them, and the model is fitted to these data, over and over. If
the arithmetic is right, the true values rank evenly among the draws, and 95% intervals hold them
95 times in 100. Then the same with data from another world than the model assumes: how far off
are its intervals when an assumption is wrong?

Replicates run on all cores of this machine, or on any executor, such as that of a Dask client where
Dask is installed. What is done is kept in a file, so a run that is killed goes on where it was.
Figures and tables go to ``out/``.
"""

from importlib.util import find_spec
from pathlib import Path

import funnelest as fe

OUT = Path("out")
OUT.mkdir(exist_ok=True)

# %%
# A small model: a survey of pupils, and a register that misses cases. The numbers are invented.
model = fe.Model(
    fe.Route("happened", "told", "reported", unit="children"),
    fe.Population({"sex": ["female", "male"]}, [25_000, 25_000]),
    fe.Rate(fe.Beta(2, 60, statement="a few in a hundred a year")),
    {
        ("happened", "told"): fe.Share(fe.Beta(2, 2, statement="anything but none and all")),
        ("told", "reported"): fe.Share(fe.Beta(2, 6, statement="a minority")),
    },
    [
        fe.Survey(name="pupils", step="happened", yes=55, n=1500),
        fe.Survey(name="told", step="told", of="happened", yes=30, n=55),
        fe.Register(
            name="register",
            step="reported",
            count=fe.Rounded(250, to=10),
            defects=[fe.Coverage(fe.Beta(16, 4, statement="some eight in ten are registered"))],
        ),
    ],
)
print(model)

# %%
# First 40 replicates, as if the run had been killed then; then on to 100. The 40 that are in the
# file are not made again.
kept = OUT / "calibration.jsonl"
kept.unlink(missing_ok=True)
first = fe.check.calibrate(model, replicates=40, seed=2026, path=kept)
print(first.headline)
right = fe.check.calibrate(model, replicates=100, seed=2026, path=kept)
print(right.text)
shown = ["quantity", "p_corrected", "coverage_50", "coverage_95", "bias_in_sd", "contraction"]
print(fe.as_text(right.table, shown))

# %%
# Ranks stay within the grey bands.
figure = fe.plot.calibrate(right, title="The model, fitted to data of its own")
figure.savefig(OUT / "calibration.png", dpi=150)

# %%
# Now the register covers less than was assumed: 40 to 60% in place of some 80%. The model does
# not know, and takes what is missing for children who were not reported.
worse = model.with_priors({"coverage[register]": fe.Beta(50, 50)})
wrong = fe.check.calibrate(model, replicates=100, seed=2026, truth=worse)
print(wrong.text)
print(fe.as_text(wrong.table, shown))
figure = fe.plot.calibrate(
    wrong, kind="coverage", title="The same model, where the register is worse"
)
figure.savefig(OUT / "calibration_wrong.png", dpi=150)

# %%
# The same on a Dask cluster, here two workers of this machine; it comes with
# ``pip install "dask[distributed]"``. They are threads of this process, so that the script needs no
# ``if __name__ == "__main__"``; for processes leave `processes=False` out and add that line.
if find_spec("distributed") is not None:
    from dask.distributed import Client, LocalCluster

    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    with LocalCluster(**workers, dashboard_address=None) as cluster, Client(cluster) as client:
        again = fe.check.calibrate(model, replicates=40, seed=2026, executor=client.get_executor())
    print(f"The same answer on Dask: {again.table.equals(first.table)}")

# %%
right.table.to_csv(OUT / "calibration.csv", index=False)
print(f"Figures: {OUT / 'calibration.png'}, {OUT / 'calibration_wrong.png'}; results: {kept}")
