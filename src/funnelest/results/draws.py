"""The draws of a fit, and whether they can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.entry import entries
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.fields import TEXT, Constraint, whole
from funnelest.likelihood.density import prior_draws
from funnelest.likelihood.informed import Probe
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.precision import as_its_prior, main_quantities, shares_of_width
from funnelest.sampling.errors import Chains, Copies, Dependence
from funnelest.sampling.gate import Gate
from funnelest.sampling.weights import PRINTED
from funnelest.words import Language, Sentence, say

__all__ = ["Drawn"]

QUANTITY = Constraint("must be a function of q", callable)
_DRAWS = whole(1)

type Floats = NDArray[np.float64]


@entries
@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws, and whether they can be trusted; the fields are those of `Result`."""

    model: Model
    draws: Mapping[str, Floats]
    gate: Gate
    seed: int
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    accepted: bool = False
    marks: tuple[Sentence | str, ...] = ()
    # Where a refit with new data can start; internal to the engine.
    proposal: Any = field(default=None, repr=False)
    origins: NDArray[np.integer[Any]] | None = field(default=None, repr=False)
    # What draws more of the same, given the result and a number: of `fit`, which lies above.
    further: Callable[[Any, int], Any] | None = field(default=None, repr=False)

    # ------------------------------------------------------------------ draws

    @property
    def engine(self) -> str:
        """Name of the engine that gave the draws."""
        return self.gate.engine

    @property
    def effective_draws(self) -> float:
        """Number of independent draws that would know a mean as well.

        Of Markov chains that of the worst parameter. Draws of importance sampling are drawn again
        by their weights, which adds to the error that the weights leave:
        ``1 / (1 / ESS + 1 / draws)``.
        """
        size = float(next(iter(self.draws.values())).size) if self.draws else 1.0
        measures = self.gate.measures
        if self.engine == "hmc":
            return min([size, *(measures[n] for n in ("bulk ESS", "tail ESS") if n in measures)])
        return 1 / (1 / size + 1 / measures["ESS"]) if measures.get("ESS", 0.0) > 0 else size

    @cached_property
    def dependence(self) -> Dependence:
        """How the draws hang together, which decides how far what is read from them is off."""
        if self.engine == "hmc" and self.draws:
            return Chains(len(next(iter(self.draws.values()))))
        return Copies(None if self.origins is None else np.ravel(self.origins))

    @cached_property
    def monte_carlo_error(self) -> float:
        """Largest Monte Carlo error of what is printed, as a share of the interval's width.

        Of the median and both limits of the 95% interval of the number at every step, every
        transition and every unknown parameter; infinite or undefined ones left out. Of each on its
        own scale or that of its log (of shares log-odds), where it is less.
        """
        if not self.draws:
            return 0.0
        made = [
            self._evaluate(one, self._posterior) for one in main_quantities(self.model).values()
        ]
        shares = shares_of_width(np.stack(made), PRINTED, self.dependence)
        return float(max(shares[np.isfinite(shares)], default=0.0))

    def more(self, draws: int) -> Self:
        """Return a result of the same model with more draws, going on from where this stopped.

        Parameters
        ----------
        draws : int
            How many are added, over all chains, by the engine that made those that are there. The
            same ones whenever they are asked for: their seed is made of that of the result and of
            the number that it has.

        Returns
        -------
        Result
            All draws, judged together by the gate; what checks said of fewer is not repeated.

        Raises
        ------
        SpecError
            When `draws` is no number of draws.
        FitError
            When nothing is unknown in the model, or the result was made by hand.

        Notes
        -----
        Of a result that was read from a file, which does not hold what the engine had learned, the
        engine learns it anew: the draws are added all the same, and are others than those that the
        result would have given before it was written.
        """
        raise_if_any(_DRAWS.said("draws", draws), "more draws")
        if not self.draws:
            raise FitError(
                "nothing in the model is unknown: there are no draws, of which more could be made."
            )
        if self.further is None:
            raise FitError(
                "there is nothing to go on from: the result was made neither by fit nor by load. "
                "Fit its model, funnelest.fit(result.model), and ask that result for more."
            )
        found: Self = self.further(self, int(draws))
        return found

    @cached_property
    def flat(self) -> dict[str, Floats]:
        """Parameter name -> its draws, all chains after each other."""
        return {name: np.asarray(draws).reshape(-1) for name, draws in self.draws.items()}

    @cached_property
    def _posterior(self) -> Quantities:
        return Quantities(self.model, self.flat)

    @cached_property
    def prior_draws(self) -> dict[str, Floats]:
        """Draws of every parameter from its prior, shape ``(4000,)``."""
        return prior_draws(self.model, np.random.default_rng([self.seed, 1]), 4000)

    @cached_property
    def _prior(self) -> Quantities:
        return Quantities(self.model, self.prior_draws)

    def sample_of(self, quantity: Callable[[Quantities], Any]) -> Floats:
        """Return the posterior draws of any quantity.

        Parameters
        ----------
        quantity : callable
            ``quantity(q)`` with `q` a `Quantities`.

        Returns
        -------
        ndarray
            Shape ``(draws,)``, all chains after each other.

        Raises
        ------
        FitError
            When the convergence gate failed.
        """
        self._open()
        return self._evaluate(quantity, self._posterior)

    def prior_sample_of(self, quantity: Callable[[Quantities], Any]) -> Floats:
        """Return draws of any quantity from the prior, before the evidence.

        Parameters
        ----------
        quantity : callable
            ``quantity(q)`` with `q` a `Quantities`.

        Returns
        -------
        ndarray
            Shape ``(4000,)``.
        """
        return self._evaluate(quantity, self._prior)

    @staticmethod
    def _evaluate(quantity: Callable[[Quantities], Any], q: Quantities) -> Floats:
        raise_if_any(QUANTITY.said("quantity", quantity), "a quantity")
        with np.errstate(all="ignore"):
            given = quantity(q)
        try:
            if np.iscomplexobj(given):
                raise TypeError("complex numbers")
            return np.broadcast_to(np.asarray(given, dtype=np.float64), (q.draws,))
        except (TypeError, ValueError, OverflowError) as error:
            text = f"it must return one number per draw, {q.draws}; it gave {given!r}."
            raise SpecError([text], "a quantity") from error

    # ------------------------------------------------------------------ basis

    @cached_property
    def _probe(self) -> Probe:
        return Probe(self.model)

    @cached_property
    def unseen(self) -> frozenset[str]:
        """Names of the unknown parameters that no source sees: they keep their priors."""
        return self._probe.unseen

    def rests_on(self, quantity: Callable[[Quantities], Any], basis: str = "") -> str:
        """Return the basis of a quantity, with what of it no source sees.

        Parameters
        ----------
        quantity : callable
            ``quantity(q)`` with `q` a `Quantities`.
        basis : str, default ""
            What is known of it already, such as that of its cells (`Model.basis`). Empty: that of
            the cells over which it sums.

        Returns
        -------
        str
            "assumed" where the figures leave it as its prior has it: no source sees anything that
            it depends on, it is a number that was given, or its draws are spread as those of its
            prior (on the symmetric scale a variance within a tenth, a mean within a quarter of a
            standard deviation). "Partly assumed" is added where no source sees a part that is not
            imputed anyway. "Carried over" and "partly carried
            over" are of the quantity itself and the cells over which it sums, as in `Model.basis`.
        """
        raise_if_any(QUANTITY.said("quantity", quantity) + TEXT.said("basis", basis), "a quantity")
        if not (self.gate.passed or self.accepted):
            return self._probe.rests_on(quantity, basis)
        after, before = (self._evaluate(quantity, q) for q in (self._posterior, self._prior))
        return self._rests_on(quantity, basis, after, before)

    def _rests_on(
        self,
        quantity: Callable[[Quantities], Any],
        basis: str,
        posterior: Floats,
        prior: Floats,
        own: Callable[[Quantities], Any] | None = None,
    ) -> str:
        """Return as `rests_on`, given draws; `own` is what the quantity alone rests on."""
        given = all(np.ptp(one) <= 1e-12 * np.abs(one).max() for one in (posterior, prior))
        same = given or as_its_prior(posterior, prior)
        if own is not None and not same:
            same = as_its_prior(*(self._evaluate(own, q) for q in (self._posterior, self._prior)))
        return self._probe.rests_on(quantity, basis, prior=same)

    # ------------------------------------------------------------------- gate

    def _open(self) -> None:
        if not (self.gate.passed or self.accepted):
            raise FitError(
                f"{self.gate.text}. No interval is shown past a failed gate. Fit again with more "
                "draws or another engine, or ask for the numbers all the same with "
                "result.despite_failed_gate(): then every table and figure carries the mark."
            )

    @property
    def mark(self) -> str:
        """What every table and figure says of a fit that did not pass; empty when it did.

        Of the convergence gate, and of checks that were made (`marked`).
        """
        return Language("en").say(self.said_mark)

    @property
    def said_mark(self) -> Sentence | str:
        """As `mark`, as a sentence that is said in the language of the reader."""
        parts = [*([] if self.gate.passed else [say("convergence.mark")]), *self.marks]
        return say("word.marks", parts=parts) if parts else ""

    def marked(self, marks: Sequence[Sentence | str]) -> Self:
        """Return the same result with the marks of checks that failed.

        Parameters
        ----------
        marks : sequence of Sentence or str
            A few words each; they take the place of earlier ones. `funnelest.trust` gives them.

        Returns
        -------
        Result
            Every table and figure of it carries the marks.
        """
        fine = isinstance(marks, list | tuple)
        if not (fine and all(isinstance(one, Sentence | str) for one in marks)):
            raise SpecError([f"marks must be a list of texts; given {marks!r}."], "the marks")
        return replace(self, marks=tuple(one for one in marks if one))

    def despite_failed_gate(self) -> Self:
        """Return the same result with its tables open although the gate failed.

        Returns
        -------
        Result
            Every table and figure of it carries the mark.
        """
        return replace(self, accepted=True)
