"""The gradient of the main example, over its density alone, of 256 draws at once.

Run by itself, with the path of the main example's model, it prints a table; `run.py` takes `rows()`
into its own.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from table import status

DRAWS, TIMES = 256, 20


def seconds(function: Callable[[], object]) -> float:
    """Return the processor time of a call, the shortest of several."""
    function()
    found = []
    for _ in range(TIMES):
        begun = time.process_time()
        function()
        found.append(time.process_time() - begun)
    return min(found)


def rows(path: str) -> list[tuple[str, float, float, str]]:
    """Measure; return what, measured, at most, and unit, as `run.py` reports them."""
    import funnelest as fe
    from funnelest.likelihood.density import Density, prior_draws
    from funnelest.likelihood.gradient import Gradient
    from funnelest.sampling.parallel import one_thread

    model = fe.Model.from_dict(json.loads(Path(path).read_text()))
    density = Density(model)
    gradient = Gradient(density)
    z = density.line(prior_draws(model, np.random.default_rng(1), DRAWS))
    with one_thread():
        forward = seconds(lambda: density(z))
        both = seconds(lambda: gradient(z))
    print(f"  density {forward * 1e3:.2f} ms, with its gradient {both * 1e3:.2f} ms")
    return [
        ("gradient / density of the main example", both / forward, 6.0, ""),
        ("gradient of a draw, of 256 at once", both / DRAWS * 1e6, 40.0, "us"),
    ]


if __name__ == "__main__":
    sys.exit(status(rows(sys.argv[1])))
