"""
The tuberculosis care cascade, India 2013
=========================================

Subbaraman and others (PLoS Med 2016;13:e1002149) estimated how many of the people with
tuberculosis in India were evaluated, diagnosed, registered, treated and free of recurrence. A
cascade of estimates, each with its own error, is a route without skips: nobody is diagnosed who
was not evaluated. Where are most people lost, and how sure is that?

The shares were read second-hand, without their intervals. The errors used here are therefore
assumptions of this example, and are stated as such.
"""

from itertools import pairwise

import numpy as np

import funnelest as fe

START = 2_700_000
SHARES = {
    "evaluated": 0.72,
    "diagnosed": 0.60,
    "registered": 0.53,
    "completed": 0.45,
    "recurrence free": 0.39,
}
SOURCE = "Subbaraman et al., PLoS Med 2016;13:e1002149, shares as quoted in secondary sources"

# %%
# Each step is an estimated number of people with a standard error of 5% (15% for the number of
# people with tuberculosis, which comes from prevalence surveys).
model = fe.Model(
    fe.Route("has tuberculosis", *SHARES),
    fe.Population.cells(),
    occurrence=fe.Number(
        fe.LogUniform(1e5, 1e8, statement="no opinion on the number of people with tuberculosis")
    ),
    evidence=[
        fe.Total(
            name="people with tuberculosis",
            step="has tuberculosis",
            estimate=START,
            se=0.15 * START,
            source=SOURCE,
            statement="a standard error of 15% is assumed",
        ),
        *(
            fe.Total(
                name=step,
                step=step,
                estimate=share * START,
                se=0.05 * share * START,
                source=SOURCE,
                statement="a standard error of 5% is assumed",
            )
            for step, share in SHARES.items()
        ),
    ],
)
result = fe.fit(model, seed=2013)
print(result)

# %%
# No transition was given a prior, so each has the default Beta(1, 1): the ledger says so.
ledger = model.ledger_table()
print(fe.as_text(ledger[~ledger["stated"]], ["about", "value"]))

# %%
# How many are lost between each step and the next, and how probable it is that the largest loss
# comes before anybody is evaluated.
steps = model.route.steps


def lost(first: str, last: str):
    """Return a function for the number of people lost between two steps."""
    return lambda q: q.number(first) - q.number(last)


losses = {f"lost before: {b}": lost(a, b) for a, b in pairwise(steps)}
table = result.quantities(losses)
print(fe.as_text(table, ["quantity", "median", "low", "high", "interval"]))

draws = {name: result.sample_of(function) for name, function in losses.items()}
largest = max(draws, key=lambda name: draws[name].mean())
others = np.max([value for name, value in draws.items() if name != largest], axis=0)
print(f"{largest}: the largest loss of all with probability {(draws[largest] > others).mean():.0%}")

fe.plot.route(
    result,
    published={step: share * START for step, share in SHARES.items()},
    title="Tuberculosis care cascade, India 2013",
)
