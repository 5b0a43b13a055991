"""Outcomes of made-up studies, judged by the real rules: every verdict and every degenerate case a report can meet."""

from dataclasses import replace

import numpy as np
import pytest

from sparsetheory.verify import Bound, Claim, Drift, EveryInstance, Grid, Measurement, Order, Ratio
from sparsetheory.verify.outcome import ControlOutcome, Outcome
from sparsetheory.verify.proof import StepResult
from sparsetheory.verify.sample import Observation, Sample

SIZES = (100, 215, 464, 1000, 2150, 4640, 10000)
ROOT = Bound("sigma*n**(-1/2)", n="observations", sigma="noise scale")
WRONG = Bound("sigma*n**(-1/2 - kappa)", n="observations", sigma="noise scale", kappa="excess of the exponent")


def claim(slug, bound=ROOT, **changes):
    facts = {
        "id": f"demo.{slug}", "title": slug.replace("_", " ").capitalize(),
        "statement": r"For $n \ge 1$ the error obeys $\lVert \hat\theta_n - \theta \rVert_2 \le \sigma n^{-1/2}$ "
        r"with $\sigma^2 = \operatorname{Var}(X_1)$.",
        "kind": "upper", "status": "theorem", "source": "Someone, On means, 1900, Theorem 3.2", "bound": bound,
        "assumptions": (r"$\mathbb{E}[X_1^2] < \infty$", r"$X_1, \dots, X_n$ independent"),
    }  # fmt: skip
    return Claim(**(facts | changes))


def rate_sample(exponent=0.5, *, replicates=40, spread=0.5, grid=None, failing=0, scale=0.8, seed=0):
    grid = grid or Grid(axis="n", sizes=SIZES)
    rng = np.random.default_rng(seed)
    records = []
    for cell in range(len(grid)):
        n = grid.cell(cell)["n"]
        for r in range(replicates):
            value = scale * n**-exponent * np.exp(spread * rng.standard_normal())
            m = Measurement(value=value, at={"n": n, "sigma": 1.0}, floor=1e-12)
            failed = r < failing
            record = Observation(cell=cell, replicate=r, measurement=None if failed else m,
                                 failure="timeout: 300 s" if failed else None)  # fmt: skip
            records.append(record)
    return Sample(grid=grid, observations=records, bound=ROOT)


def outcome(sample, rule, *, a_claim, mode="full", **changes):
    wrong = rule.judge(replace(sample, bound=WRONG, constants={"kappa": 0.5})) if sample.bound == ROOT else None
    raw = rule.judge(sample)
    stub = replace(raw, label="refuted", reason=None, sentence="40 of 40 replicates violate the bound")
    fine = replace(raw, label="supported", reason=None, sentence="values on the bound are on the bound")
    facts = {
        "claim": a_claim, "mode": mode, "raw": raw, "sample": sample, "rule": rule,
        "controls": (
            ControlOutcome(kind="wrong bound", name=WRONG.formula, expected="refuted", verdict=wrong or stub),
            ControlOutcome(kind="broken algorithm", name="no averaging", expected="refuted", verdict=stub),
            ControlOutcome(kind="positive", name="synthetic values on the bound", expected="supported", verdict=fine),
        ),
        "smallest_refuted_kappa": 0.2, "neutral_kappa": 0.0, "badge": "identity",
        "proof": (
            StepResult(name="variance of a mean", evidence="identity", ok=True, anti_test_failed=True, seconds=0.013,
                       statement=r"$\operatorname{Var}(\bar X_n) = \sigma^2 / n$", detail="remainder 0"),
            StepResult(name="Jensen", evidence="reduction", ok=True, anti_test_failed=None, seconds=0.0,
                       statement=r"$\mathbb{E}|Y| \le \sqrt{\mathbb{E} Y^2}$"),
        ),
        "notes": r"Half-normal noise, $\sigma = 1$.", "command": "sparsetheory verify demo --full --jobs 2",
        "provenance": {"sparsetheory": "0.1", "python": "3.11", "cpu": "a <processor> & more", "cores": 2,
                       "ended": "2026-01-02T03:04:05+00:00", "threads": {"blas": 1, "numba": 1}},
        "digest": "0" * 64,
    }  # fmt: skip
    return Outcome(**(facts | changes))


def every_instance(*, worst=0.9, alternative="upper", zeros=False, iterates=6, seed=1):
    rng = np.random.default_rng(seed)
    grid = Grid(axis="n", sizes=(4, 8, 16), strata=({"ties": False, "d": 2}, {"ties": True, "d": 3}))
    bound = Bound("3*err/2", err="marginal error")
    records = []
    for cell in range(len(grid)):
        for r in range(320):
            err = np.exp(rng.uniform(-8, 0, iterates))
            value = 1.5 * err * worst * rng.uniform(0.05, 1, iterates) ** (1 if alternative == "upper" else -1)
            value = np.zeros(iterates) if zeros else value
            m = Measurement(value=value, at={"err": err}, floor=1e-15)
            records.append(Observation(cell=cell, replicate=r, measurement=m))
    sample = Sample(grid=grid, observations=records, bound=bound)
    return sample, EveryInstance(alternative=alternative), bound


def newton(order=2.0, seed=2):
    rng = np.random.default_rng(seed)
    bound = Bound("p", p="order")
    records = []
    for r in range(30):
        errors = [rng.uniform(0.05, 0.3)]
        for _ in range(6):
            errors.append(errors[-1] ** order * rng.uniform(0.5, 1.0))
        m = Measurement(value=np.array(errors), at={"p": 2.0}, floor=1e-300)
        records.append(Observation(cell=0, replicate=r, measurement=m))
    return Sample(grid=Grid(), observations=records, bound=bound), Order(), bound


def ratios(strata=3, sizes=(10, 100, 1000), seed=3):
    rng = np.random.default_rng(seed)
    grid = Grid(axis="n", sizes=sizes, strata=tuple({"kind": f"k{s}"} for s in range(strata)))
    bound = Bound("-2*log(sigma2)", sigma2="second singular value")
    records = []
    for cell in range(len(grid)):
        for r in range(20):
            s = rng.uniform(0.2, 0.9)
            value = -2 * np.log(s) * np.exp(0.01 * rng.standard_normal())
            records.append(Observation(cell=cell, replicate=r, measurement=Measurement(value=value, at={"sigma2": s})))
    return Sample(grid=grid, observations=records, bound=bound), Ratio(), bound


def all_outcomes():
    """One outcome a name; the names say what is special."""
    two_sided = Drift(alternative="two-sided")
    strata = Grid(axis="n", sizes=SIZES, strata=({"d": 2}, {"d": 10}))
    good, every, err = every_instance()
    bad = every_instance(worst=1.4)[0]
    low, lower, _ = every_instance(alternative="lower", worst=1.2)
    newton_sample, newton_rule, order = newton()
    ratio_sample, ratio_rule, sigma2 = ratios()
    tight = {"kind": "tight", "bound": err}
    return {
        "supported": outcome(rate_sample(), two_sided, a_claim=claim("supported", kind="rate")),
        "strata": outcome(rate_sample(grid=strata), two_sided, a_claim=claim("two_strata")),
        "refuted": outcome(rate_sample(0.2), two_sided, a_claim=claim("refuted", kind="rate")),
        "inconclusive": outcome(rate_sample(0.42, replicates=8), Drift(), a_claim=claim("inconclusive")),
        "failures": outcome(rate_sample(failing=20), Drift(), a_claim=claim("many_failures")),
        "conjecture": outcome(
            rate_sample(0.6), Drift(), badge="cited",
            a_claim=claim("conjecture", status="conjecture", expected="not-contradicted", badge="cited"),
        ),
        "counterexample": outcome(
            rate_sample(0.1), Drift(), a_claim=claim("counterexample", status="conjecture", expected="refuted")
        ),
        "smoke": outcome(rate_sample(replicates=20), Drift().smoke(), mode="quick", a_claim=claim("smoke")),
        "instances": outcome(good, every, a_claim=claim("every_instance", **tight)),
        "violated": outcome(bad, every, a_claim=claim("violated", **tight)),
        "lower": outcome(low, lower, a_claim=claim("lower_bound", kind="lower", bound=err)),
        "newton": outcome(newton_sample, newton_rule, a_claim=claim("newton", bound=order, kind="lower")),
        "ratio": outcome(ratio_sample, ratio_rule, a_claim=claim("ratio", bound=sigma2, kind="tight")),
    }  # fmt: skip


@pytest.fixture(scope="session")
def outcomes():
    return all_outcomes()


@pytest.fixture(scope="session")
def make():
    """The builders above, for cases of a test's own."""
    from types import SimpleNamespace

    return SimpleNamespace(
        claim=claim, outcome=outcome, rate_sample=rate_sample, every_instance=every_instance, ratios=ratios
    )
