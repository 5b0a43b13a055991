"""What the proofs of rates of root n share: independent scores, a positive definite information, normality."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..verify.certify.independence import independent_scores
from ..verify.proof import Step
from .mixing_measure import MixingMeasure

__all__ = ["Named", "identifiability_step", "information_step", "log_density", "named", "normality_step", "scores_step"]

#: Ordinates of the points, in standard deviations from the mean of an expert.
ORDINATES = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2))
Point = tuple[Fraction, Fraction]


def log_density(
    scores: Sequence[Any], experts: Sequence[tuple[Any, Any, Any]], x: Any, y: Any, *, exp: Any, log: Any
) -> Any:
    r"""Return the log-density of a mixture of experts, up to a constant, in any arithmetic.

    .. math:: \log \sum_j e^{\eta_j} v_j^{-1/2} e^{-(y - a_j x - b_j)^2 / (2 v_j)} - \log \sum_j e^{\eta_j}

    Parameters
    ----------
    scores : sequence
        :math:`\eta_j`, of the active experts.
    experts : sequence of (a, b, v)
    x, y : number or symbol
    exp, log : callable
        Of the arithmetic.
    """
    weights = [exp(score) for score in scores]
    densities = [exp(-((y - a * x - b) ** 2) / (2 * v) - log(v) / 2) for a, b, v in experts]
    return log(sum(w * f for w, f in zip(weights, densities))) - log(sum(weights))


class Named(NamedTuple):
    """The parameters of a measure with d = 1 as symbols, exact numbers where they are fixed, with their values."""

    beta0: list[Any]
    beta1: list[Any]
    a: list[Any]
    b: list[Any]
    v: list[Any]
    values: dict[Any, Fraction]

    @property
    def gates(self) -> list[tuple[Any, Any]]:
        """Slope and intercept of every gate row."""
        return list(zip(self.beta1, self.beta0))

    @property
    def experts(self) -> list[tuple[Any, Any, Any]]:
        """Slope, intercept and variance of every expert."""
        return list(zip(self.a, self.b, self.v))

    def points(self, where: Sequence[Any], reach: Any, columns: Sequence[int] | None = None) -> list[Point]:
        """Return points about the true means, expert after expert, ordinates of `reach` times 0, 1, -1, 1/2 apart."""
        exact = [[Fraction(self.values.get(entry, entry)) for entry in row] for row in self.experts]
        chosen = range(len(exact)) if columns is None else columns
        return [
            (Fraction(x), exact[j][0] * Fraction(x) + exact[j][1] + ordinate * Fraction(reach))
            for ordinate in ORDINATES
            for x in where
            for j in chosen
        ]


def named(G: MixingMeasure, symbol: Callable[[str], Any], *, pinned: bool = True) -> Named:
    """Return the parameters of a measure by name; the last row of the gate is a number if it is pinned."""
    values: dict[Any, Fraction] = {}

    def row(name: str, numbers: Any, fixed: bool) -> list[Any]:
        entries: list[Any] = []
        for j, number in enumerate(np.ravel(numbers).tolist()):
            exact = Fraction(str(number))
            if fixed and j == G.n_atoms - 1:
                entries.append(exact)
                continue
            entries.append(symbol(f"{name}_{j}"))
            values[entries[-1]] = exact
        return entries

    gate = (row("beta0", G.beta0, pinned), row("beta1", G.beta1, pinned))
    return Named(*gate, row("a", G.a, False), row("b", G.b, False), row("v", G.v, False), values)


def scores_step(
    name: str, density: Any, truth: Mapping[Any, Any], points: Sequence[Mapping[Any, Any]], *, statement: str,
    spoiled: tuple[Any, Mapping[Any, Any], Sequence[Mapping[Any, Any]]],
) -> Step:  # fmt: skip
    """Return the step that the scores are linearly independent at the truth.

    `spoiled` is a density, a truth and points of a model that is not identified, for the anti-test.
    """
    return Step(
        name=name,
        evidence="enclosure",
        statement=statement,
        check=lambda: independent_scores(density, truth, points).report(),
        anti_test=lambda: independent_scores(*spoiled).report(),
    )


def identifiability_step(gate: str) -> Step:
    """Return the step that mixtures with distinct experts determine their parameters; `gate` says how the gate's."""
    return Step(
        name="identifiability",
        evidence="reduction",
        statement=(
            r"Finite mixtures of Gaussians determine their components (Teicher 1963). Lines $a_j x + b_j$ of experts "
            r"with equal variances meet in one $x$ at most, so for almost every $x$ the components $(a_j x + b_j, "
            r"v_j)$ are distinct and $p(\cdot \mid x)$ determines them with their weights $\pi_j(x)$; over an interval "
            r"they determine the triples $(a_j, b_j, v_j)$. With $k$ experts nothing else is left. " + gate
        ),
    )


def information_step() -> Step:
    """Return the step from independent scores to a positive definite information."""
    return Step(
        name="information",
        evidence="reduction",
        statement=(
            r"The information $I = E [s s^T]$ is finite, and $c^T I c = E (c^T s)^2$. If that is zero, the continuous "
            r"function $c^T s$ vanishes wherever $(x, y)$ has a positive density, so at the points above, where the "
            r"determinant of the scores is not zero: $c = 0$. Hence $I$ is positive definite."
        ),
    )


def normality_step(more: str = "") -> Step:
    """Return the cited step: consistency and asymptotic normality of a regular maximum likelihood estimate."""
    return Step(
        name="asymptotic normality",
        evidence="cited",
        statement=(
            r"Log-densities are smooth in the parameters, with derivatives up to order three that have moments of "
            r"every order uniformly on compact sets; $I$ is positive definite. So the maximiser next to the truth is "
            r"consistent and $n^{1/2} (\hat \theta - \theta^*)$ converges in law to $N(0, I^{-1})$ (van der Vaart, "
            r"Asymptotic Statistics, Cambridge 1998, Theorem 5.39 with the consistency of Theorem 5.14)." + more
        ),
    )
