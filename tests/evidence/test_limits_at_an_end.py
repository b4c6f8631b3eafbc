"""A limit that was printed as 0 or 100%: its side is read on the natural scale."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.evidence.estimated import Estimated
from funnelest.quantities.quantities import Quantities

FORMS = {"log": (np.log, np.exp), "logit": (special.logit, special.expit)}
SOURCE = fe.Cohort(name="c", of="a", step="b", share=0.968, interval=(0.939, 1.0))


def seen(source):
    share = fe.Share(fe.Beta(1, 1))
    model = fe.Model(fe.Route("a", "b"), None, None, {("a", "b"): share}, [source])
    (one,) = source.observations(Quantities(model, {"a -> b": np.array([0.9])}))
    return model, one


OPEN = {
    "to whole numbers and thousands": ("log", (5001, (0, 9001)), (5000, (0, 9000))),
    "to tenths and whole per cents": ("logit", (0.0201, (0, 0.0501)), (0.02, (0, 0.05))),
    "up to 100%": ("logit", (0.9681, (0.9391, 1)), (0.968, (0.939, 1))),
    "from 0 to 100%": ("logit", (0.501, (0, 1)), (0.5, (0, 1))),
}  # fmt: skip


@pytest.mark.parametrize("name", OPEN)
def test_nearly_equal_figures_up_to_an_end_have_nearly_equal_tails(name):
    """A limit of 0 or 100% is not read by the digits of the others."""
    scale, *pair = OPEN[name]
    levels = stats.norm.ppf([0.001, 0.025, 0.25, 0.5, 0.75, 0.975, 0.999])
    one, other = (Estimated(scale, m, None, limits).triplet for m, limits in pair)
    far = [t.median + t.made(levels) for t in (one, other)]
    np.testing.assert_allclose(*far, atol=0.02)
    values = FORMS[scale][1](np.linspace(other.median - 3, other.median + 3, 41))
    logs = [Estimated(scale, m, None, limits).observation(values).logp() for m, limits in pair]
    np.testing.assert_allclose(*logs, atol=0.1)


@pytest.mark.parametrize("scale", ["log", "logit"])
def test_towards_an_end_the_error_is_normal_on_the_natural_scale(scale):
    """Where the other limit is as far: an estimate minus 1.96 of its standard errors is 0."""
    to, back = FORMS[scale]
    middle = 0.1
    reach = middle if scale == "log" else 1 / 0.9
    high = back(to(middle) + (1.0 if scale == "log" else reach))
    law = Estimated(scale, middle, None, (0, float(high))).observation(np.geomspace(1e-9, 0.1, 9))
    z, slope = law.distribution.scored(middle)
    x = law.distribution.expected
    np.testing.assert_allclose(z, (x / middle - 1) * stats.norm.ppf(0.975), atol=1e-9)
    by_scale = x if scale == "log" else x * (1 - x)
    np.testing.assert_allclose(
        np.exp(slope), by_scale / (middle / stats.norm.ppf(0.975)), rtol=1e-9
    )


def test_a_figure_up_to_an_end_says_how_its_limit_is_read():
    model, one = seen(SOURCE)
    (entry,) = [e for e in model.ledger() if e.about == "share[c]"]
    assert "upper end of the scale comes from no error on that scale" in entry.value
    assert one.parts([])[0][1].describe() == (
        "0.968 (0.939 to 1, 95%), read as cut off at the end of the scale"
    )
