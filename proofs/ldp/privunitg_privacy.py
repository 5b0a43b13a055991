"""A Gaussian whose component along the input is tilted: two likelihoods, in the ratio that is claimed."""

import math
from itertools import product

import sympy as sp

from sparsetheory.ldp import PrivUnitG
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.private_tilt import drawn_step, equality_step, scale_step

CLAIM = find("ldp.privunitg_privacy")
HYPOTHESES = (r"normal variates are exact: the component along $v$ and the rest are independent",)
LEVELS, DIMS = (0.05, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0), (1, 2, 8, 64, 528)
BALLS = tuple(PrivUnitG(d, eps) for d, eps in product(DIMS, LEVELS))
X, G = sp.symbols("x gamma", real=True)
PHI = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)


def _moments(second):
    """Mean and mean square of N(0, 1) beyond gamma: their derivatives by gamma, and nothing at infinity."""
    density = PHI.subs(X, G)
    tail = (1 - sp.erf(G / sp.sqrt(2))) / 2
    first = sp.simplify(sp.diff(density, G) + G * density)
    square = sp.simplify(sp.diff(second * G * density + tail, G) + G**2 * density)
    return first == 0 and square == 0 and sp.limit(G * density + tail, G, sp.oo) == 0


def _scales():
    """The factor of the noise against radius/(phi (above - below)); level and densities as the package has them."""
    from flint import arb

    for ball in BALLS:
        tilt = ball.tilt
        density = (-(arb(tilt.level) ** 2) / 2).exp() / (2 * arb.pi()).sqrt()
        mean = density * (arb(tilt.above) - arb(tilt.below))
        yield math.sqrt(ball.variance_at(0.0) - ball.step**2 / 6), arb(ball.radius) / mean


def prove() -> Proof:
    """Return the proof of `ldp.privunitg_privacy`."""
    steps = (
        Step(
            name="two likelihoods",
            evidence="reduction",
            statement=(
                r"$W - \langle W, v \rangle v$ is independent of $\alpha$ and normal on the complement of $v$. So the "
                r"report has the density of $N(0, \sigma^2 I)$ times that of $\alpha$ over that of $N(0, \sigma^2)$, "
                r"which is $p/(1-q)$ for $\langle \cdot, v \rangle \geq \gamma$ and $(1-p)/q$ elsewhere. Scaling, "
                r"dropping the slack coordinate and rounding depend on no input."
            ),
        ),
        equality_step(CLAIM.bound.expression),
        Step(
            name="mean and square",
            evidence="identity",
            statement=(
                r"$\int_\gamma^\infty x \varphi = \varphi(\gamma)$ and $\int_\gamma^\infty x^2 \varphi = \gamma "
                r"\varphi(\gamma) + 1 - \Phi(\gamma)$. Hence $E \alpha = \varphi(\gamma) (p/(1-q) - (1-p)/q) = m$ and "
                r"$E \alpha^2 = 1 + \gamma m$, in units of $\sigma$; the rest of the report has mean zero."
            ),
            check=lambda: _moments(1),
            anti_test=lambda: _moments(2),
        ),
        drawn_step(BALLS),
        scale_step(_scales, r"The noise is $r/m$ times a normal vector: the package's factor is $r/m$ to $10^{-11}$."),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
