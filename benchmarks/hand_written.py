"""The main example's model, written by hand in PyMC: the baseline of the speed claims.

Reads the priors' numbers from the model that the example writes, so that both are the same
model; every expected value and likelihood is written out here without funnelest.
"""

import json
import os
import sys
import time

import numpy as np
import pymc as pm
import pytensor.tensor as pt


def flat(data: object) -> object:
    """Return what the model is written as, with the fields of an object beside its kind."""
    if isinstance(data, list):
        return [flat(one) for one in data]
    if not isinstance(data, dict):
        return data
    if set(data) == {"kind", "fields"}:
        return {"kind": data["kind"], **flat(data["fields"])}
    return {name: flat(one) for name, one in data.items()}


def build(data: dict) -> pm.Model:
    """Return the PyMC model."""
    data = flat(data)
    people = np.array(data["population"]["counts"])  # age, sex, year
    source = {one["name"]: one for one in data["evidence"]}
    shares = {" -> ".join(edge): share for edge, share in data["transitions"]}
    rate_prior = data["occurrence"]["base"]
    under, seventeen, count_error = data["assumptions"]
    shared = dict(data["parameters"]["mapping"])

    def beta(name: str, prior: dict) -> pt.TensorVariable:
        return pm.Beta(name, alpha=prior["alpha"], beta=prior["beta"])

    def lognormal(name: str, prior: dict) -> pt.TensorVariable:
        return pm.LogNormal(name, mu=prior["log_mean"], sigma=prior["log_sd"])

    def share(name: str, given: dict) -> pt.TensorVariable:
        """Return a share by age, where it differs by age; else one number as three."""
        prior = given["base"]
        if prior["kind"] == "Beta":
            base = beta(name, prior)
        else:
            law = pm.LogNormal.dist(mu=prior["log_mean"], sigma=prior["log_sd"])
            base = pm.Truncated(name, law, lower=0.0, upper=1.0)
        if not given["terms"]:
            return base * np.ones(3)
        (term,) = given["terms"]
        young, at_17 = (
            pm.Normal(f"{name} at {age}", term["prior"]["mean"], term["prior"]["sd"])
            for age in ("0-11", "17")
        )
        return pm.math.invlogit(pm.math.logit(base) + pt.stack([young, 0.0, at_17]))

    def clustered(name: str, one: dict, p: pt.TensorVariable, alike: pt.TensorVariable) -> None:
        (sample,) = one["defects"]
        deff = 1 + (one["n"] / sample["clusters"] - 1) * alike
        size = (one["n"] - deff) / (deff - 1)
        pm.BetaBinomial(name, n=one["n"], alpha=p * size, beta=(1 - p) * size, observed=one["yes"])

    def defect(register: str, kind: str, name: str = "") -> dict:
        return next(
            one
            for one in source[register]["defects"]
            if one["kind"] == kind and one.get("name", name) == name
        )

    def bridge(register: str, name: str) -> pt.TensorVariable:
        return lognormal(f"{name}, {register}", defect(register, "Bridge", name)["prior"])

    def rounded(name: str, law: pt.TensorVariable, value: float, base: float, years: int) -> None:
        low = int(np.ceil((value - base / 2) * years))
        high = int(np.ceil((value + base / 2) * years))
        counts = np.arange(low, high)
        pm.Potential(name, pt.logsumexp(pm.logp(law, counts)))

    with pm.Model() as model:
        rate = pm.Truncated(
            "rate",
            pm.LogNormal.dist(mu=rate_prior["log_mean"], sigma=rate_prior["log_sd"]),
            lower=0.0,
            upper=1.0,
        )
        girls = pm.Normal("girls", 0, 1)
        q = {name: share(name, one) for name, one in shares.items()}
        alike = beta("likeness within a school", shared["likeness within a school"])
        below = pm.Normal("shift under 12", under["prior"]["mean"], under["prior"]["sd"])
        at_17 = pm.Normal("shift 17", seventeen["prior"]["mean"], seventeen["prior"]["sd"])
        factor = pm.LogNormal("population factor", 0.0, count_error["prior"]["log_sd"])
        coverage = beta("coverage", defect("Veilig Thuis", "Coverage")["base"])
        ppv = beta("ppv", defect("Veilig Thuis", "PPV")["base"])
        per_child = bridge("Veilig Thuis", "reports per child")
        spread = lognormal("spread", defect("Veilig Thuis", "Overdispersion")["prior"])
        council = beta("council coverage", shared["coverage of the Council"])
        council /= beta("council ppv", shared["ppv of the Council"])
        stock = bridge("youth care 2016", "stock of any kind per yearly severe case")

        logit = pm.math.logit(rate) + girls * np.array([0.0, 1.0])  # sex
        shift = pt.stack([below, 0.0, at_17])
        r = pm.math.invlogit(logit[None, :] + shift[:, None])  # age, sex
        number = people * r[:, :, None] * pt.stack([factor, 1.0, 1.0])[:, None, None]
        by_age = number.sum(axis=1)  # age, year

        tell = q["happened -> told"]
        report = (1 - tell) * q["happened -> reported"]
        tell_report = q["told -> reported"]
        reported = report + tell * tell_report
        investigate = q["reported -> investigated"]
        investigated = reported * investigate
        to_help = investigated * q["investigated -> helped"]
        helped = (
            to_help
            + reported * (1 - investigate) * q["reported -> helped"]
            + tell * (1 - tell_report) * q["told -> helped"]
            + (1 - tell) * (1 - q["happened -> reported"]) * q["happened -> helped"]
        )

        for sex, name in enumerate(("pupils, male", "pupils, female")):
            clustered(name, source[name], r[1, sex], alike)
        clustered("told anyone", source["told anyone"], tell[1], alike)
        recent = by_age[:, 1:].sum(axis=1)
        records = (recent * reported).sum() * coverage * per_child / ppv
        law = pm.NegativeBinomial.dist(mu=records, alpha=1 / spread**2)
        rounded("Veilig Thuis", law, 960, 10, 2)
        rounded("Council", pm.Poisson.dist((recent * investigated).sum() * council), 300, 100, 2)
        rounded("linked", pm.Poisson.dist((recent * to_help).sum() * council), 100, 100, 2)
        one = source["youth care 2016"]
        low, high = one["interval"]["tuple"]
        sd = np.log(high / low) / 2 / 1.959963984540054
        pm.Normal(
            "youth care",
            pt.log((by_age[:, 0] * helped).sum() * stock),
            sd,
            observed=np.log(one["estimate"]),
        )
        mean_year = by_age.mean(axis=1)
        for name, part in (
            ("happened", np.ones(3)),
            ("told", tell),
            ("reported", reported),
            ("investigated", investigated),
            ("helped", helped),
        ):
            pm.Deterministic(f"number {name}", (mean_year * part).sum())
    return model


def processor() -> float:
    """Return the seconds of the processor of this process and of those that it waited for."""
    return sum(os.times()[:4])


def main() -> None:
    """Fit the model in the file given, and print means and errors of the steps as JSON."""
    begun, before = time.perf_counter(), processor()
    with open(sys.argv[1], encoding="utf-8") as stream:
        model = build(json.load(stream))
    repeat = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds, cpu = [], []
    for seed in range(repeat):
        start, used = (begun, before) if seed == 0 else (time.perf_counter(), processor())
        with model:
            # Chains are forked, so that their processor time is known when they have ended.
            trace = pm.sample(random_seed=seed + 1, progressbar=False, mp_ctx="fork")
        seconds.append(time.perf_counter() - start)
        cpu.append(processor() - used)
    found = {}
    for step in ("happened", "told", "reported", "investigated", "helped"):
        draws = np.log(trace["posterior"][f"number {step}"].values)
        from arviz_stats.base import array_stats

        ess = float(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk"))
        found[step] = [float(draws.mean()), float(draws.std() / np.sqrt(ess))]
    print(json.dumps({"seconds": seconds, "cpu": cpu, "log_means": found}))


if __name__ == "__main__":
    main()
