"""Derivatives of the library's log density along slopes and intercepts against the one by the temperature."""

from dataclasses import dataclass, replace

import numpy as np

from sparsetheory import moe
from sparsetheory.moe.density import log_joint, sample_scores
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.parameters import Layout, Parameters
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

EPS = np.finfo(float).eps
SAMPLES = 12
ACTIVE = 2  # experts at a time, in the sparse stratum
PLACES = 3  # covariates at which the information is averaged
FACTORS = (1e-3, 0.7, 40.0)  # along the ray


@dataclass(frozen=True)
class Instance:
    """A mixture with data; the last row of the gate is zero, the reference."""

    measure: moe.MixingMeasure
    X: np.ndarray
    y: np.ndarray
    gate: dict


@dataclass(frozen=True)
class Outcome:
    """Sample by sample the derivatives of log p; the likelihood along the ray; the information at the direction."""

    along: np.ndarray
    by_temperature: np.ndarray
    size: np.ndarray  # of what was added up in each sample
    likelihood: np.ndarray
    null: tuple  # |I u| / (|I| |u|) and its floor


def generate(cell, rng):
    """Draw gates and experts, a temperature over two decades, and data from the mixture."""
    k, d = int(cell["experts"]), int(cell["features"])
    tau = float(10.0 ** rng.uniform(-1, 1))
    rows = tau * rng.normal(size=(k, d + 1)) * 1.5
    rows[-1] = 0.0
    G = moe.MixingMeasure(
        rows[:, -1], rows[:, :-1], a=rng.normal(size=(k, d)), b=2 * rng.normal(size=k),
        v=np.exp(rng.uniform(-1.5, 0.5, k)), tau=tau,
    )  # fmt: skip
    X = rng.uniform(-1.5, 1.5, size=(SAMPLES, d))
    gate = {"gate": "temperature", "top_k": min(k, ACTIVE) if cell["active"] == "two" else None}
    return Instance(G, X, moe.simulate(G, X, rng, **gate), gate)


def _model(instance, G):
    """Gate with a free temperature, layout and parameters."""
    gate = replace(
        make_gate(name=instance.gate["gate"], n_experts=G.n_atoms, top_k=instance.gate["top_k"]), free_temperature=True
    )
    return gate, Layout(gate, G.n_features), Parameters.of(G)


def _derivatives(instance, G):
    """Gradients of every log p(y | x), as they certify fits, and the sizes that rounding is relative to."""
    gate, layout, at = _model(instance, G)
    joint = log_joint(gate, at, instance.X, instance.y)
    # responsibilities of active experts carry the rounding of their exponents, and multiply scores
    exponents = np.abs(joint, where=np.isfinite(joint), out=np.zeros_like(joint)).max(axis=1)
    scores = (np.abs(instance.X) @ np.abs(at.gate[:, :-1]).T + np.abs(at.gate[:, -1])).sum(axis=1) / at.tau
    return sample_scores(layout, at, instance.X, instance.y), (1 + exponents) * (1 + scores), at


def _log_likelihood(instance, G):
    gate, layout, at = _model(instance, G)
    weight = np.ones(len(instance.y))
    return Likelihood(instance.X, instance.y, weight, gate, layout, penalty=0.0, scale=1.0, ridge=0.0).value(at)


def _ray(G, c, with_temperature=True):
    tau = c * G.tau if with_temperature else G.tau
    return moe.MixingMeasure(c * G.beta0, c * G.beta1, a=G.a, b=G.b, v=G.v, tau=tau)


def _follow(instance, with_temperature):
    G, n_gate = instance.measure, instance.measure.beta1[:-1].size + instance.measure.n_atoms - 1
    gradients, size, at = _derivatives(instance, G)
    direction = np.zeros(gradients.shape[1])
    direction[:n_gate] = at.gate[:-1].ravel()
    along = gradients @ direction
    direction[-1] = float(with_temperature)  # the last parameter is log tau
    information = moe.information(G, instance.X[:PLACES], fit_temperature=True, **instance.gate)
    missed = np.linalg.norm(information @ direction)
    reach = np.linalg.norm(information) * np.linalg.norm(direction)
    # the information is a sum of outer products of scores, each with the rounding of a sample
    floor = 64 * EPS * float(size.max()) * float(np.abs(direction).max()) / np.linalg.norm(direction)
    likelihood = [_log_likelihood(instance, _ray(G, c, with_temperature)) for c in (1.0, *FACTORS)]
    return Outcome(along, gradients[:, -1] / G.tau, size, np.array(likelihood), (missed / reach, floor))


def run(instance, rng):
    """Differentiate, move along the ray, and multiply the information with the direction."""
    return _follow(instance, with_temperature=True)


def fixed_temperature(instance, rng):
    """Move slopes and intercepts, and leave the temperature where it is."""
    return _follow(instance, with_temperature=False)


def with_tanh(instance, rng):
    """Put tanh between the slopes and the softmax."""
    return _follow(replace(instance, gate={"gate": "activation", "top_k": None}), with_temperature=True)


def measure(instance, outcome):
    """Derivatives sample by sample; the likelihood along the ray and the information beside them."""
    drift = np.abs(outcome.likelihood[1:] - outcome.likelihood[0]).max()
    floor = 64 * EPS * outcome.size
    return Measurement(
        value=outcome.along, at={"tau": instance.measure.tau, "slope": outcome.by_temperature}, floor=floor,
        must_vanish={
            "change of the likelihood along the ray": (float(drift), float(floor.max())),
            "information times the direction": outcome.null,
        },
    )  # fmt: skip


STRATA = ({"active": "all", "features": 1}, {"active": "two", "features": 4})

STUDY = Study(
    claim="moe.temperature_flat_direction",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="derivative along slopes and intercepts"),
    quick=Budget(grid=Grid(axis="experts", sizes=(2, 4), strata=STRATA), replicates=8),
    full=Budget(grid=Grid(axis="experts", sizes=(2, 3, 5), strata=STRATA), replicates=110),
    controls=(
        WrongBound(
            bound=Bound("-kappa*tau*slope", kappa="factor", **find("moe.temperature_flat_direction").bound.symbols),
            neutral=1.0,
            kappa=1.01,
            scan=(1 + 1e-12, 1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="tanh between slopes and softmax", run=with_tanh),
        Broken(name="temperature kept fixed", run=fixed_temperature),
        Positive(),
    ),
    notes=(
        r"Both sides are the derivatives that the library certifies fits by, sample by sample. Beside them: the "
        r"likelihood at $c \, (\beta_1, \beta_0, \tau)$ for $c$ from $10^{-3}$ to $40$, and the product of the Fisher "
        r"information (by quadrature in $y$, with the temperature as a parameter) with the direction. Temperatures "
        r"span two decades; in one stratum the gate is sparse, with two experts active. With tanh the same quantities "
        r"do not vanish: that is why an activation makes the temperature estimable."
    ),
)  # fmt: skip
