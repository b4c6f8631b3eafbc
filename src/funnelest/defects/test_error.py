"""A question or a test that does not always tell the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.defects.base import Defect
from funnelest.fields import Allowed
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior, prior_problems, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["TestError"]

#: The most that priors of both may say of a test that is no better than none, with what two flat
#: ones miss of a half by being computed.
_CUT, _COMPUTED = 0.5, 0.005
_ROUNDING = 1e-9
_WHY = (
    "else a yes tells nothing of a person, or the opposite, and more of them would mean fewer "
    "people of the step"
)


def _at_most_one(one: Prior, other: Prior) -> float:
    """Return the probability that two unknown numbers add up to 1 or less."""
    at = (np.arange(4000) + 0.5) / 4000
    return float(np.mean(one.cdf(1.0 - other.ppf(at))))


@dataclass(frozen=True, kw_only=True)
class TestError(Defect):
    r"""A question or a test with a sensitivity and a specificity below 1.

    Parameters
    ----------
    sensitivity : Prior or float, optional
        Probability that a person of the step says so, 0-1. Left out: 1, a default that the
        ledger shows.
    specificity : Prior or float, optional
        Probability that any other person does not say so, 0-1. Left out: 1.

    Notes
    -----
    :math:`p \leftarrow \mathrm{se}\, p + (1 - \mathrm{sp})(1 - p)` (Rogan and Gladen, Am J
    Epidemiol 1978;107:71). Studies of people whose state is known go in as `Validation`.

    Sensitivity and specificity add up to more than 1: else a yes tells nothing of a person, or the
    opposite, and more of them would mean fewer people. Numbers that do not are refused. Where one
    of the two is a number, the prior of the other is cut off there. Where both are unknown neither
    has such a limit. Where their priors add up to less, a yes is as frequent of others as of people
    of the step, and tells nothing: :math:`\min(1 - \mathrm{sp}, \mathrm{se})` stands for
    :math:`1 - \mathrm{sp}`. The ledger says so. Priors of which more than half is there are
    refused, as any are of which less than half lies where it may.
    """

    __test__: ClassVar[bool] = False  # no test case, whatever pytest thinks of the name

    sensitivity: Prior | float | None = None
    specificity: Prior | float | None = None
    stage: ClassVar[int] = 30
    label: ClassVar[str] = "test error"
    allowed: ClassVar[Allowed] = dict.fromkeys(
        ("sensitivity", "specificity"), prior_of(0.0, 1.0).or_none
    )

    def _given(self) -> dict[str, Prior]:
        named = {"sensitivity": self.sensitivity, "specificity": self.specificity}
        return {name: as_prior(value) for name, value in named.items() if value is not None}

    def _both(self) -> dict[str, Prior]:
        """Return the prior of each; what is left out is 1."""
        one: Prior = Fixed(1.0)
        return {"sensitivity": one, "specificity": one} | self._given()

    def _least(self, name: str) -> float:
        """Return what the value of one must be above, because of the other."""
        (other,) = (prior for key, prior in self._both().items() if key != name)
        return 1.0 - other.value if isinstance(other, Fixed) else 0.0

    def problems(self, population: Population) -> list[str]:
        if not self._given():
            return [*super().problems(population), "give 'sensitivity', 'specificity' or both."]
        return super().problems(population) or self._turned(self._both())

    def _turned(self, both: Mapping[str, Prior]) -> list[str]:
        """Return why the two, as given, may turn the answers round, one sentence each."""
        unknown = [name for name, prior in both.items() if not isinstance(prior, Fixed)]
        if any(isinstance(prior, Shared) for prior in both.values()):
            return []  # their priors are the model's
        if not unknown:
            se, sp = (prior.value for prior in both.values())  # type: ignore[attr-defined]
            if se + sp > 1.0 + _ROUNDING:
                return []
            return [
                f"fields 'sensitivity' ({se:g}) and 'specificity' ({sp:g}) add up to {se + sp:g}, "
                f"and must add up to more than 1: {_WHY}. Check them; where the answers are "
                "printed the other way round, give the people who said the other."
            ]
        if len(unknown) == 1:
            (name,) = unknown
            return prior_problems(name, both[name], self._least(name), 1.0, above=True)
        share = _at_most_one(*both.values())
        if share <= _CUT + _COMPUTED:
            return []
        return [
            "fields 'sensitivity' and 'specificity' must add up to more than 1, and "
            f"{share:.1%} of their priors says otherwise, where at most {_CUT:.0%} may: {_WHY}. "
            "Give priors that say how good the question is at least, such as Truncated(..., "
            "low=0.5) for both, or low=0.1 for the one and low=0.9 for the other."
        ]

    def problems_beside(self, source: str, priors: Mapping[str, Prior]) -> list[str]:
        given = {name: priors[f"{name}[{source}]"] for name in self._given()}
        return self._turned({**self._both(), **given})

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {
            f"{name}[{source}]": within(prior, self._least(name), 1.0)
            for name, prior in self._given().items()
        }

    def defaults(self, source: str) -> dict[str, str]:
        texts = {
            "sensitivity": named("default.sensitivity"),
            "specificity": named("default.specificity"),
        }
        found: dict[str, str] = {
            f"{name}[{source}]": text for name, text in texts.items() if name not in self._given()
        }
        if not all(isinstance(prior, Fixed) for prior in self._both().values()):
            found[f"{self.label}[{source}]"] = named("default.not_turned")
        return found

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        given = self._given()
        right = q.parameters[f"sensitivity[{source}]"] if "sensitivity" in given else 1.0
        wrong = 1.0 - q.parameters[f"specificity[{source}]"] if "specificity" in given else 0.0
        if len(given) == 2:
            wrong = fm.minimum(wrong, right)
        return right * share + wrong * (1.0 - share)

    def describe(self) -> str:
        return named("defect.question", what=[named(f"word.{one}") for one in self._given()])

    def checked(self) -> set[str]:
        return set(self._given())
