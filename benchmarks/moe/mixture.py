"""The model in vectorised NumPy, what the NumPy and SciPy peers share.

Arrays of memberships are (k, n), so that sums over experts run along memory. Weighted moments of all experts are one
matrix product: memberships times the products of the entries of (x, 1, y), formed once.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.moe.instance import Theta

_HALVINGS = 40
_JITTER = 1e-12  # relative, on the diagonal of the gate's Hessian


class Gate(NamedTuple):
    """Gate weights and their logarithms, (k, n)."""

    weight: np.ndarray
    log: np.ndarray


class Mixture:
    """The likelihood of one data set and the steps of generalised EM on it."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.n, self.q = len(y), X.shape[1] + 1
        self.design = np.column_stack([X, np.ones(self.n)])
        self.rows = np.ascontiguousarray(self.design.T)
        self.y = np.array(y)
        everything = np.column_stack([self.design, self.y])
        self.pair = np.triu_indices(self.q + 1)
        self.products = everything[:, self.pair[0]] * everything[:, self.pair[1]]
        self.of_x = np.flatnonzero(self.pair[1] < self.q)

    def gate(self, gate: np.ndarray) -> Gate:
        """Gate weights, the largest score subtracted first."""
        score = gate @ self.rows
        score -= score.max(axis=0)
        weight = np.exp(score)
        total = weight.sum(axis=0)
        weight /= total
        score -= np.log(total)
        return Gate(weight, score)

    def memberships(self, at: Theta, gate: Gate) -> tuple[float, np.ndarray, np.ndarray]:
        """Mean log-likelihood, memberships, residuals."""
        residual = self.y - at.expert @ self.rows
        joint = residual * residual
        joint *= -0.5 / at.variance[:, None]
        joint += gate.log
        joint -= 0.5 * np.log(2 * np.pi * at.variance)[:, None]
        top = joint.max(axis=0)
        joint -= top
        np.exp(joint, out=joint)
        total = joint.sum(axis=0)
        joint /= total
        return float((top.sum() + np.log(total).sum()) / self.n), joint, residual

    def experts(self, membership: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted least squares: expert rows and variances."""
        k, q = len(membership), self.q
        moment = np.zeros((k, q + 1, q + 1))
        moment[:, self.pair[0], self.pair[1]] = moment[:, self.pair[1], self.pair[0]] = membership @ self.products
        expert = np.linalg.solve(moment[:, :q, :q], moment[:, :q, q:])[:, :, 0]
        direction = np.column_stack([-expert, np.ones(k)])
        variance = np.einsum("ja,jab,jb->j", direction, moment, direction) / moment[:, q - 1, q - 1]
        return expert, variance

    def gate_step(self, at: np.ndarray, gate: Gate, membership: np.ndarray) -> tuple[np.ndarray, Gate]:
        """One Newton step on the gate's part of the expected likelihood, halved until that does not fall."""
        k, q = at.shape
        if k == 1:
            return at, gate
        slope = (membership - gate.weight)[:-1] @ self.design
        step = np.linalg.solve(self._gate_hessian(gate.weight), slope.ravel()).reshape(k - 1, q)
        before = np.vdot(membership, gate.log)
        for halving in range(_HALVINGS):
            new = np.array(at)
            new[:-1] += 0.5**halving * step
            found = self.gate(new)
            if np.vdot(membership, found.log) >= before:
                return new, found
        return at, gate

    def _gate_hessian(self, weight: np.ndarray) -> np.ndarray:
        k, q = len(weight), self.q
        first, second = np.triu_indices(k - 1)
        curvature = -weight[first] * weight[second]
        curvature[first == second] += weight[:-1]
        moment = np.zeros((len(first), q, q))
        a, b = self.pair[0][self.of_x], self.pair[1][self.of_x]
        moment[:, a, b] = moment[:, b, a] = curvature @ self.products[:, self.of_x]
        blocks = np.zeros((k - 1, q, k - 1, q))
        for i, j, block in zip(first, second, moment, strict=True):
            blocks[i, :, j] = blocks[j, :, i] = block
        hessian = blocks.reshape((k - 1) * q, -1)
        hessian[np.diag_indices_from(hessian)] *= 1 + _JITTER
        return hessian

    def em_map(self, at: Theta, gate: Gate) -> tuple[float, Theta, Gate]:
        """Log-likelihood before the step, and what one step of generalised EM makes of parameters and gate weights."""
        value, membership, _ = self.memberships(at, gate)
        expert, variance = self.experts(membership)
        rows, weights = self.gate_step(at.gate, gate, membership)
        return value, Theta(rows, expert, variance), weights

    def value_and_gradient(self, z: np.ndarray, k: int) -> tuple[float, np.ndarray]:
        """Minus the mean log-likelihood and its gradient in the free parameters."""
        at = self.unpacked(z, k)
        gate = self.gate(at.gate)
        value, membership, residual = self.memberships(at, gate)
        slope = (membership - gate.weight)[:-1] @ self.design
        pull = membership * residual
        expert = (pull / at.variance[:, None]) @ self.design
        spread = 0.5 * (np.einsum("ji,ji->j", pull, residual) / at.variance - membership.sum(axis=1))
        return -value, -np.concatenate([slope.ravel(), expert.ravel(), spread]) / self.n

    def unpacked(self, z: np.ndarray, k: int) -> Theta:
        """Parameters from the free ones: gate rows but the last, expert rows, log variances."""
        q, cut = self.q, (k - 1) * self.q
        gate = np.vstack([z[:cut].reshape(k - 1, q), np.zeros(q)])
        return Theta(gate, z[cut : cut + k * q].reshape(k, q), np.exp(z[cut + k * q :]))


def packed(at: Theta) -> np.ndarray:
    """The free parameters: the last gate row is subtracted from the others."""
    return np.concatenate([(at.gate[:-1] - at.gate[-1]).ravel(), at.expert.ravel(), np.log(at.variance)])
