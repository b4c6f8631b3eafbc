"""Published and designed results on what figures can tell apart.

- A route of five steps with seven transitions and five totals: rank 5 of 8, by the design of this
  library (its statistics note, section 5). The route that fits what is said of the freed edges
  has the skips happened -> reported, told -> helped and reported -> helped: two ways into
  "reported" and three into "helped" cost one and two directions. "Helped after investigation" is
  the flow investigated -> helped; "helped after a report" the flow reported -> helped.
- Catchpole EA, Morgan BJT. Detecting parameter redundancy. Biometrika 1997;84:187-196: the
  Cormack-Jolly-Seber model is redundant by one, for only the product of the last survival and
  the last recapture probability is seen. Tolerance: none, ranks are whole numbers.
"""

from typing import Any

import pytest

import funnelest as fe
from funnelest.check.identification import identification

STEPS = ("happened", "told", "reported", "investigated", "helped")
SKIPS = [("happened", "reported"), ("told", "helped"), ("reported", "helped")]
TOTALS = {"happened": 2000, "told": 1200, "reported": 700, "investigated": 500, "helped": 600}
AFTER = {
    "helped after investigation": (("investigated", "helped"), 200),
    "helped after a report": (("reported", "helped"), 100),
}


def route_of_seven(*further: str) -> fe.Model:
    """Return the route with five totals and `further` figures, flat priors on every share."""
    totals = [fe.Register(name=s, step=s, count=count) for s, count in TOTALS.items()]
    flows = [fe.Register(name=name, step=AFTER[name][0], count=AFTER[name][1]) for name in further]
    return fe.Model(
        fe.Route(*STEPS, skips=SKIPS),
        fe.Population({"year": [2018]}, [100_000]),
        occurrence=fe.Rate(fe.LogUniform(0.001, 0.5)),
        evidence=[*totals, *flows],
    )


def unidentified(model: fe.Model) -> set[str]:
    table = identification(model).table
    return set(table.loc[~table["identified"], "quantity"])


def test_five_totals_give_rank_five_of_eight() -> None:
    found = identification(route_of_seven())
    assert (found.details["rank"], len(found.details["parameters"])) == (5, 8)
    assert set(found.details["ranks"]) == {5}
    sets = {frozenset(one.members): one.directions for one in found.details["transitions"]}
    assert sets == {
        frozenset({"happened -> reported", "told -> reported"}): 1,
        frozenset({"told -> helped", "reported -> helped", "investigated -> helped"}): 2,
    }
    assert not found.passed


def test_further_figures_free_one_edge_and_then_two() -> None:
    first, second = AFTER
    before = unidentified(route_of_seven())
    after = unidentified(route_of_seven(first))
    last = unidentified(route_of_seven(first, second))
    assert before - after == {"investigated -> helped"}
    assert after - last == {"reported -> helped", "told -> helped"}
    assert last == {"happened -> reported", "told -> reported"}
    more = identification(route_of_seven(first)), identification(route_of_seven(first, second))
    assert [one.details["rank"] for one in more] == [6, 7]


def test_the_check_says_so_beforehand() -> None:
    first, _ = AFTER
    frees = identification(route_of_seven()).tables["further"].set_index("figure")["frees"]
    assert frees["helped directly after investigated"] == "investigated -> helped"
    frees = identification(route_of_seven(first)).tables["further"].set_index("figure")["frees"]
    assert frees["helped directly after reported"] == "told -> helped, reported -> helped"


@pytest.mark.parametrize("occasions", [3, 4, 5])
def test_cormack_jolly_seber_is_redundant_by_one(occasions: int) -> None:
    """Shares of the marked that are first seen again at each later occasion."""
    pairs = range(1, occasions)  # survival i and recapture i + 1
    parameters = {f"survival {i}": fe.Beta(2, 2) for i in pairs}
    parameters |= {f"recapture {i + 1}": fe.Beta(2, 2) for i in pairs}

    def seen_again(first: int, last: int) -> Any:
        def share(q: Any) -> Any:
            value: Any = 1.0
            for i in range(first, last):
                value = value * q.parameter(f"survival {i}")
                recaptured = q.parameter(f"recapture {i + 1}")
                value = value * (recaptured if i + 1 == last else 1.0 - recaptured)
            return value

        return share

    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"year": [2018]}, [1000]),
        occurrence=fe.Rate(0.1),
        transitions={("happened", "told"): fe.Share(0.5)},
        parameters=parameters,
        evidence=[
            fe.OwnBinomial(name=f"{a} to {b}", quantity=seen_again(a, b), yes=20, n=100)
            for a in pairs
            for b in range(a + 1, occasions + 1)
        ],
    )
    found = identification(model)
    assert (found.details["rank"], len(found.details["parameters"])) == (
        2 * len(pairs) - 1,
        2 * len(pairs),
    )
    (confounded,) = found.details["confounded"]
    last = (f"survival {occasions - 1}", f"recapture {occasions}")
    assert confounded.members == last
    assert confounded.alike == (("product", last),)
