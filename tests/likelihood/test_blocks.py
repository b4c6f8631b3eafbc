"""However many points a density is asked for at once, and in whatever blocks: the same values."""

import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood import density
from funnelest.likelihood.density import Density

PEOPLE = {"sex": ["male", "female"], "year": [2017, 2018, 2019]}


def model(people: dict[str, list[object]]) -> fe.Model:
    """Return a model with rates that vary over cells."""
    axes = [len(levels) for levels in people.values()]
    return fe.Model(
        fe.Route("happened", "told"),
        fe.Population(people, np.full(axes, 40_000)),
        fe.Rate(fe.Beta(8, 400), fe.Levels("sex", fe.Normal(0, 0.5))),
        {("happened", "told"): fe.Share(fe.Beta(2, 2), fe.RandomWalk("year", 0.3))},
        [
            fe.Survey("asked", step="happened", yes=20, n=1500),
            fe.Register("told", step="told", by="year", count={2017: 900, 2018: 950, 2019: 800}),
        ],
    )


@pytest.mark.parametrize("room", [1, 2**4, 2**8, 2**18])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Of few points and many, filled up or not, of few blocks or one for each point."""
    monkeypatch.setattr(density, "_ROOM", room)
    asked = Density(model(PEOPLE))
    z = np.random.default_rng(1).normal(-2.0, 1.0, (len(asked.names), 1100))
    with np.errstate(all="ignore"):
        value = asked.log_prior(z) + asked._log_likelihood(z)
    places = [place[0] * np.ones(z.shape[1]) for place in asked.places(z)]
    for draws in (0, 1, 2, 63, 65, 256, 257, 513, 1100):
        found = asked(z[:, :draws])
        np.testing.assert_allclose(found, value[:draws], rtol=1e-12, atol=1e-12)
        located = asked.located(z[:, :draws])
        assert located is not None
        values = np.concatenate([np.atleast_2d(one) for one in places])[:, :draws]
        for rows in (located[0], asked.located_values(z[:, :draws])):
            np.testing.assert_allclose(rows, values, rtol=1e-12, atol=1e-12)
