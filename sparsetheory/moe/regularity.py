"""What the proofs of rates of root n share: independent scores, a positive definite information, normality."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..verify.certify.independence import independent_scores
from ..verify.proof import Step

__all__ = ["information_step", "log_density", "normality_step", "points_around", "scores_step"]

#: Ordinates of the points, in standard deviations from the mean of an expert.
ORDINATES = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2))
Row = Sequence[Any]


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


def points_around(
    experts: Sequence[tuple[Any, Any, Any]], where: Sequence[Any], count: int, *, reach: Any = 1
) -> list[tuple[Fraction, Fraction]]:
    """Return `count` points (x, y): expert after expert at one x after the other, a few ordinates about its mean.

    `reach` is the length of a standard deviation, of which the ordinates are multiples.
    """
    points = [
        (Fraction(x), Fraction(a) * Fraction(x) + Fraction(b) + ordinate * Fraction(reach))
        for ordinate in ORDINATES
        for x in where
        for a, b, _ in experts
    ]
    return points[:count]


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
