"""
Your own evidence
=================

Any function of the route's quantities can be confronted with data, in your own script and
without registering anything: here the difference of two blood surveys, a count at a transition
with a mean of its own, and an estimate with heavy tails. The figures are made up.
"""

import numpy as np

import funnelest as fe
from funnelest import math as fm

route = fe.Route("infected", "ill", "hospital", "died", skips=[("ill", "died")])
people = fe.Population({"age": [(0, 19), (20, 64), (65, 99)]}, [230_000, 580_000, 190_000])


# %%
# Before the epidemic some people already carried antibodies: an unknown share `earlier`, which
# is a parameter of the model. After it, those infected in between carry them as well.
def before(q):
    """Return the share with antibodies before the epidemic."""
    return q.parameter("earlier")


def after(q):
    """Return the share with antibodies after the epidemic."""
    return q.parameter("earlier") + (1 - q.parameter("earlier")) * q.share("infected")


# %%
# Ambulances carried a known multiple of the people who died at home.
def ambulance_runs(q):
    """Return the expected number of ambulance runs."""
    return 40 + 1.3 * q.flow("ill", "died")


# %%
# A modelling group published 2,900 hospital patients. Its spread is not normal, so the
# likelihood is written out: a Student t with 4 degrees of freedom on the log scale. Made-up
# data for it come from `simulate`.
def hospital(q):
    """Return the expected number of people in hospital."""
    return q.number("hospital")


def student_t(data, expected):
    """Return the log-likelihood of the published number."""
    z = (np.log(data) - fm.log(expected)) / 0.1
    return -2.5 * fm.log1p(z * z / 4)


def draw_student_t(expected, rng):
    """Return a made-up published number."""
    return float(expected * np.exp(0.1 * rng.standard_t(4)))


model = fe.Model(
    route,
    people,
    occurrence=fe.Rate(fe.LogNormal.from_interval(0.02, 0.5), fe.Levels("age")),
    transitions={
        ("infected", "ill"): fe.Share(fe.Beta(6, 6)),
        ("ill", "hospital"): fe.Share(fe.Beta(1, 19), fe.Levels("age")),
        ("ill", "died"): fe.Share(fe.Beta(1, 99)),
        ("hospital", "died"): fe.Share(fe.Beta(1, 9)),
    },
    evidence=[
        fe.OwnBinomial("blood survey before", quantity=before, yes=61, n=800),
        fe.OwnBinomial("blood survey after", quantity=after, yes=178, n=900),
        fe.OwnPoisson("ambulance runs", quantity=ambulance_runs, count=318),
        fe.OwnCustom(
            name="modelling group",
            quantity=hospital,
            data=2_900,
            log_likelihood=student_t,
            simulate=draw_student_t,
        ),
        fe.Cohort("hospital records", of="hospital", step="died", yes=96, n=640),
    ],
    parameters={"earlier": fe.Beta(1, 9, statement="antibodies were rare before the epidemic")},
)
result = fe.fit(model, seed=7)
print(result)

# %%
# The same functions serve simulation: made-up data with a known truth, fitted again.
truth = fe.draw_parameters(model, seed=3)
again = fe.fit(fe.simulate(model, seed=3, parameters=truth), seed=3)
print(f"true share earlier infected {truth['earlier']:.3f}; estimated:")
parameters = again.parameters().set_index("parameter")
print(fe.as_text(parameters.loc[["earlier"]], ["median", "low", "high", "interval"]))

fe.plot.route(result, title="An epidemic (made-up figures)")
