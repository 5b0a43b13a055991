"""SciPy's minimisers on the likelihood: data in units with variance one, as a careful user would have them."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.moe.instance import Instance, Theta
from benchmarks.moe.mixture import Mixture, packed


def minimise(instance: Instance, method: str, options: dict[str, Any]) -> Theta:
    """Parameters in the units of the data, from `scipy.optimize.minimize` in others."""
    X, y = instance.X, instance.y
    units = X.mean(axis=0), X.std(axis=0), y.mean(), y.std()
    mixture = Mixture((X - units[0]) / units[1], (y - units[2]) / units[3])
    found = minimize(
        mixture.value_and_gradient, packed(scaled(instance.start, *units)), args=(instance.k,), jac=True,
        method=method, options=options,
    )  # fmt: skip
    return unscaled(mixture.unpacked(found.x, instance.k), *units)


def scaled(at: Theta, x: np.ndarray, dx: np.ndarray, y: float, dy: float) -> Theta:
    """The parameters for (X - x) / dx and (Y - y) / dy."""
    gate, expert = np.array(at.gate), np.array(at.expert)
    for rows in (gate, expert):
        rows[:, -1] += rows[:, :-1] @ x
        rows[:, :-1] *= dx
    expert[:, -1] -= y
    return Theta(gate, expert / dy, at.variance / dy**2)


def unscaled(at: Theta, x: np.ndarray, dx: np.ndarray, y: float, dy: float) -> Theta:
    """The way back."""
    gate, expert = np.array(at.gate), at.expert * dy
    expert[:, -1] += y
    for rows in (gate, expert):
        rows[:, :-1] /= dx
        rows[:, -1] -= rows[:, :-1] @ x
    return Theta(gate, expert, at.variance * dy**2)
