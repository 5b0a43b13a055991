r"""Cells of a sparse gate: where no sample changes its active experts, and the first-order condition in one.

With linear scores a cell is a polyhedron: for a sample i, an active expert j and an inactive one l,
:math:`s_j(x_i) - s_l(x_i) \ge 0` is linear in the gate's parameters. Inside the likelihood is smooth.
"""

from typing import NamedTuple

import numpy as np

from .likelihood import Likelihood
from .parameters import Parameters

__all__ = ["HELD", "Face", "active_experts", "faces_met", "multipliers", "normals", "ranking", "room"]

#: Difference of scores at which a sample is held next to a switch: far above rounding, so that no rounding flips it.
HELD = 1e-9
_PARALLEL = 1e-12  # closing speeds below, relative to the largest, are those of faces that a step stays parallel to


class Face(NamedTuple):
    """A side of the cell: sample i would take expert `inside` out and `outside` in."""

    sample: int
    inside: int
    outside: int


def ranking(likelihood: Likelihood, gate_rows: np.ndarray) -> np.ndarray:
    """Return what experts are ranked by, (n, k); linear in the gate rows."""
    q = likelihood.layout.q
    width = q - 1 if likelihood.gate.slopes_only else q
    return np.asarray(likelihood.Z[:width].T @ gate_rows[:, :width].T)


def active_experts(rank: np.ndarray, top_k: int) -> np.ndarray:
    """Return which experts are among the `top_k` largest, (n, k); ties go to the lowest expert."""
    order = np.argsort(-rank, axis=1, kind="stable")
    active = np.zeros(rank.shape, dtype=bool)
    np.put_along_axis(active, order[:, :top_k], True, axis=1)
    return active


def room(likelihood: Likelihood, rank: np.ndarray, active: np.ndarray, rows: np.ndarray) -> tuple[float, Face | None]:
    """Return how many times the step `rows` of the gate stays in the cell, and the face that it meets then."""
    speed = ranking(likelihood, rows)
    slowest = _PARALLEL * max(float(np.abs(speed).max()), 1e-300)
    best, face, weighted = np.inf, None, likelihood.weight > 0
    k = rank.shape[1]
    for j in range(k):
        for other in range(k):
            closing = speed[:, other] - speed[:, j]
            met = np.flatnonzero(weighted & active[:, j] & ~active[:, other] & (closing > slowest))
            if len(met):
                steps = np.maximum(rank[met, j] - rank[met, other] - HELD, 0.0) / closing[met]
                first = int(np.argmin(steps))
                if steps[first] < best:
                    best, face = float(steps[first]), Face(int(met[first]), j, other)
    return best, face


def normals(likelihood: Likelihood, faces: list[Face]) -> np.ndarray:
    """Return the inward normals of faces in the free parameters, a row each."""
    layout = likelihood.layout
    out = np.zeros((len(faces), likelihood.gate.n_experts, layout.q))
    width = layout.q - 1 if likelihood.gate.slopes_only else layout.q
    for row, (i, j, other) in zip(out, faces):
        row[j, :width] += likelihood.Z[:width, i]
        row[other, :width] -= likelihood.Z[:width, i]
    full = np.zeros((len(faces), layout.n_full))
    full[:, : layout.n_gate] = out[:, : likelihood.gate.n_rows].reshape(len(faces), -1)
    return full @ layout.spread


def faces_met(likelihood: Likelihood, at: Parameters, *, within: float = 10 * HELD) -> list[Face]:
    """Return the faces of the cell that the parameters are at."""
    rank = ranking(likelihood, at.gate)
    active = active_experts(rank, likelihood.gate.top_k)
    found = []
    for j in range(rank.shape[1]):
        for other in range(rank.shape[1]):
            near = active[:, j] & ~active[:, other] & (rank[:, j] - rank[:, other] <= within)
            found += [Face(int(i), j, other) for i in np.flatnonzero(near & (likelihood.weight > 0))]
    return found


def multipliers(likelihood: Likelihood, at: Parameters, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return :math:`\lambda \ge 0` of the faces that are met, and what they leave of the gradient.

    At a maximum over the closed cell :math:`\nabla \ell + \sum_f \lambda_f n_f = 0`, n the inward normals.
    """
    from scipy.optimize import nnls

    faces = faces_met(likelihood, at)
    if not faces:
        return np.empty(0), gradient
    inward = normals(likelihood, faces)
    scale = np.maximum(np.linalg.norm(inward, axis=1), 1e-300)
    top = max(float(np.abs(gradient).max()), 1e-300)
    found = nnls((inward / scale[:, None]).T, -gradient / top)[0] * top / scale
    return found, gradient + found @ inward
