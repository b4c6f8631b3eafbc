"""Every kind of evidence: no fewer people than it certainly counted, and no traceback."""

from __future__ import annotations

import numpy as np
import pytest
from tests import examples

from funnelest.quantities.quantities import Quantities
from funnelest.results.realised.fibres import TooLarge
from funnelest.results.realised.numbers import Realised

DRAWS = 40


def certain(model, values):
    """Yield places, cells and how many people were certainly there, and whether counted."""
    q = Quantities(model, {name: draws[:1] for name, draws in values.items()})
    for source in model.evidence:
        for counted in source.counted_people(q):
            for line in counted.lines:
                if not np.any(line.false):
                    low = line.figure.limits(line.divisor)[0]
                    if counted.group is None or not counted.group.nobody:
                        cells = model.population.mask(line.where)
                        yield counted.place, cells, low, counted.group is None


@pytest.mark.parametrize("name", examples.SOURCES)
def test_no_fewer_people_than_were_certainly_counted(name) -> None:
    model = examples.build(examples.SOURCES[name])
    rng = np.random.default_rng(7)
    values = {}
    for free, prior in model.free.items():
        middle = prior.ppf(rng.uniform(0.3, 0.7, DRAWS))
        values[free] = np.asarray(middle, dtype=np.float64)
    made = Realised(model, values, 3)
    sure = list(certain(model, values))
    assert made.counts_people or not any(counted for *_, counted in sure)
    if made.refused is not None and made.refused.key == "realised.unlinked":
        return
    if made.too_large:
        with pytest.raises(TooLarge):
            made.numbers([model.population.mask()])
        return
    (every,) = made.numbers([model.population.mask()])
    for place, number in every.items():
        assert np.isfinite(number).all()
        assert (number >= 0).all()
        assert (number == np.round(number)).all()
        of = place if isinstance(place, str) else place[0]
        assert (every[of] >= number).all()
    if any(note.key == "realised.impossible" for note in made.notes()):
        pytest.fail("the prior does not contradict what was counted")
    if not made.counts_people:
        return  # of so many people those who were asked do not matter
    for place, cells, low, _ in sure:
        (found,) = made.numbers([cells])
        assert found[place].min() >= low, (place, low)
