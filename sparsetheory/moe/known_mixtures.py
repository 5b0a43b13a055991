"""Mixtures whose parameters are known: samples from them, and starts for fits that do not depend on the sample size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .mixing_measure import MixingMeasure
from .population import simulate

__all__ = ["CENTRED", "PAPER", "TANH", "TEMPERED", "TOP_2", "Instance", "Setting"]

#: Distance of a start from the truth, coordinate by coordinate: gate rows, expert rows, logarithms of variances.
OFFSETS = (0.3, 0.2, 0.3)


@dataclass(frozen=True)
class Instance:
    """A sample from a setting, and where a fit of it starts."""

    setting: "Setting"
    X: np.ndarray
    y: np.ndarray
    start: MixingMeasure


@dataclass(frozen=True)
class Setting:
    """A true measure with d = 1 and its gate, and the interval on which x is uniform.

    Attributes
    ----------
    truth : MixingMeasure
        With the last gate row, the reference, where the fit keeps it.
    low, high : float
        Ends of the interval.
    gate : mapping
        Options of the gate, as `sparsetheory.moe.simulate` takes them.
    """

    truth: MixingMeasure
    low: float
    high: float
    gate: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, n: int, rng: np.random.Generator) -> Instance:
        """Draw a sample and a start next to the truth, each free coordinate `OFFSETS` above or below."""
        X = rng.uniform(self.low, self.high, (int(n), 1))
        return Instance(self, X, simulate(self.truth, X, rng, **self.gate), self._start(rng))

    def _start(self, rng: np.random.Generator) -> MixingMeasure:
        G, (gate, expert, variance) = self.truth, OFFSETS

        def moved(value: np.ndarray, offset: float) -> np.ndarray:
            return value + offset * rng.choice((-1.0, 1.0), value.shape)

        free = np.arange(G.n_atoms) < G.n_atoms - 1  # the last row of the gate is the reference
        return MixingMeasure(
            np.where(free, moved(G.beta0, gate), G.beta0), np.where(free[:, None], moved(G.beta1, gate), G.beta1),
            a=moved(G.a, expert), b=moved(G.b, expert), v=G.v * np.exp(moved(np.zeros(G.n_atoms), variance)), tau=G.tau,
        )  # fmt: skip


#: Two experts that cross, with a gate almost like a switch; the setting of the literature.
PAPER = Setting(MixingMeasure([-8, 0], [25, 0], a=[-20, 20], b=[15, -5], v=[0.09, 0.16]), 0.0, 1.0)
#: Two experts that both count almost everywhere.
CENTRED = Setting(MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25]), -1.0, 1.0)
#: The same experts under a gate with a temperature, which data cannot tell.
TEMPERED = Setting(
    MixingMeasure([0.25, 0], [1, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25], tau=0.5), -1.0, 1.0, {"gate": "temperature"}
)
#: A gate with an activation, in which the temperature can be told from the data.
TANH = Setting(
    MixingMeasure([0.3, 0], [1.5, 0], a=[1, -1], b=[1, -1], v=[0.1, 0.1], tau=0.3), -3.0, 3.0,
    {"gate": "activation", "activation": "tanh"},
)  # fmt: skip
#: Three experts, two of them active at a time: the first and the second right of zero, the second and the third left.
TOP_2 = Setting(
    MixingMeasure([0, 0.5, 0], [3, 0, -3], a=[1, 0, -1], b=[3, 0, -3], v=[0.25, 0.25, 0.25]), -1.0, 1.0, {"top_k": 2}
)
