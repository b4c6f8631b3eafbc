"""One process of the measured side: fit the model in the file given, and refit it."""

import json
import sys
import time


def main() -> None:
    """Fit, refit with made-up data, and print times, means and errors of the steps as JSON.

    Seconds by the clock and of the processor; of the refits the latter.
    """
    begun, before = time.perf_counter(), time.process_time()
    import numpy as np

    import funnelest as fe

    with open(sys.argv[1], encoding="utf-8") as stream:
        model = fe.Model.from_dict(json.load(stream))
    result = fe.fit(model, seed=1, progress=False)
    table = result.steps()
    seconds, cpu = time.perf_counter() - begun, time.process_time() - before
    assert len(table) == len(model.route.steps)

    refits, effective = [], []
    for seed in range(20):
        # New data near the old: the parameters of one posterior draw made them.
        truth = {name: float(draws.reshape(-1)[seed]) for name, draws in result.draws.items()}
        other = fe.simulate(model, seed=seed, parameters=truth)
        start = time.process_time()
        again = fe.fit(
            other, seed=seed, start=result, engine="importance", draws=1000, progress=False
        )
        refits.append(time.process_time() - start)
        effective.append(again.gate.measures["ESS"] if again.gate.passed else 0.0)
    found = {}
    for step in model.route.steps:
        draws = np.log(result.sample_of(lambda q, s=step: q.number(s, per="year")))
        ess = min(result.gate.measures.get("ESS", 1e9), len(draws))
        found[step] = [float(draws.mean()), float(draws.std() / np.sqrt(ess))]
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu": cpu,
                "engine": result.engine,
                "gate": result.gate.text,
                "refits": refits,
                "effective": effective,
                "log_means": found,
            }
        )
    )


if __name__ == "__main__":
    main()
