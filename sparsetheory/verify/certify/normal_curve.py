"""Balls around the privacy curve of Gaussian noise."""

from fractions import Fraction
from typing import Any

__all__ = ["ball", "curve"]


def ball(number: Any) -> Any:
    """Return a ball around a float, integer or fraction, which is taken as exactly what it is."""
    from flint import arb, fmpq

    return arb(fmpq(*Fraction(number).as_integer_ratio()))


def curve(epsilon: Any, mu: Any) -> Any:
    """Return a ball around Phi(mu/2 - epsilon/mu) - exp(epsilon) Phi(-mu/2 - epsilon/mu), for balls.

    Examples
    --------
    >>> float(curve(ball(1), ball(1)))
    0.126936737...
    """
    from flint import arb

    root, near, far = arb(2).sqrt(), mu / 2 - epsilon / mu, mu / 2 + epsilon / mu
    return ((-near / root).erfc() - epsilon.exp() * (far / root).erfc()) / 2
