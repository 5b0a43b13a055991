"""Samples of a mixture of experts, and starts near its true parameters."""

import numpy as np

from benchmarks.moe.instance import Instance, Theta

SPREAD = 0.15  # of the start around the truth, of gate and expert rows and log variances


def sample(
    name: str, X: np.ndarray, truth: Theta, rng: np.random.Generator, *, fitted: Theta | None = None
) -> Instance:
    """Responses drawn from the truth, and a perturbed start; `fitted` is the truth written with more experts."""
    y = draw(X, truth, rng)
    at = truth if fitted is None else fitted
    gate, expert = (rows + SPREAD * rng.standard_normal(rows.shape) for rows in (at.gate, at.expert))
    variance = at.variance * np.exp(SPREAD * rng.standard_normal(len(at.variance)))
    return Instance(name=name, X=X, y=y, start=Theta(gate, expert, variance))


def draw(X: np.ndarray, truth: Theta, rng: np.random.Generator) -> np.ndarray:
    """One response a row: the expert by Gumbel noise on the scores, then a normal variable."""
    design = np.column_stack([X, np.ones(len(X))])
    expert = np.argmax(design @ truth.gate.T + rng.gumbel(size=(len(X), len(truth.variance))), axis=1)
    mean = np.einsum("ij,ij->i", design, truth.expert[expert])
    return mean + np.sqrt(truth.variance[expert]) * rng.standard_normal(len(X))
