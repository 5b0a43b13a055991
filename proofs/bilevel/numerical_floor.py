r"""Bias $C \sigma^p$ and amplified residual $D/\sigma$, least at their balance."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.numerical_floor")
HYPOTHESES = (r"$a, k, \mu, \tau > 0$", r"$\sigma a k/\mu^2 \to 0$: leading terms of the bias")
A, K, MU, TAU, S = sp.symbols("a k mu tau s", positive=True)


def _point(weight, residual=0):
    """The root of mu y + k y^2/2 = weight a + residual next to 0."""
    return (-MU + sp.sqrt(MU**2 + 2 * K * (weight * A + residual))) / K


def _forward(bias):
    """psi_s' = -(y_s - 0)/s, psi' = -a/mu."""
    error = sp.series(-_point(S) / S + A / MU, S, 0, 2).removeO()
    return sp.simplify(error - bias * S) == 0, f"bias {sp.simplify(error)}"


def _central(bias):
    error = sp.series(-(_point(S) - _point(-S)) / (2 * S) + A / MU, S, 0, 3).removeO()
    return sp.simplify(error + bias * S**2) == 0, f"bias {sp.simplify(error)}"


def _residuals(span, amount):
    """Both lower points off by tau/mu, in opposite directions, over their span in sigma."""
    moved = sp.diff(_point(0, TAU), TAU).subs(TAU, 0) * TAU  # to first order, at both ends as sigma -> 0
    return sp.simplify(
        2 * moved / (span * S) - amount
    ) == 0, f"amplified residual {sp.simplify(2 * moved / (span * S))}"


def _balance(bound, p, bias, residual):
    """Minimise C s^p + D/s and compare with the claim."""
    total = bias * S**p + residual
    best = sp.solve(sp.diff(total, S), S)
    named = {sp.Symbol(str(v), real=True): v for v in (A, K, MU, TAU)}
    claimed = bound.subs(sp.Symbol("p", real=True), p).subs(named)
    gap = sp.simplify(sp.powdenest(sp.simplify(total.subs(S, best[0])), force=True) / claimed)
    return len(best) == 1 and sp.simplify(gap - 1) == 0, f"at sigma = {sp.simplify(best[0])}, ratio {gap}"


def prove() -> Proof:
    """Return the proof of `bilevel.numerical_floor`."""
    bound = CLAIM.bound.expression
    forward, central = A**2 * K / (2 * MU**3), A**3 * K**2 / (2 * MU**5)
    twice, once = 2 * TAU / (MU * S), TAU / (MU * S)
    steps = (
        Step(
            name="bias, forward",
            evidence="identity",
            statement=r"$\psi_\sigma' - \psi' = \sigma a^2 k/(2 \mu^3) + O(\sigma^2)$",
            check=lambda: _forward(forward),
            anti_test=lambda: _forward(2 * forward),
        ),
        Step(
            name="bias, central",
            evidence="identity",
            statement=r"The central one is off by $-\sigma^2 a^3 k^2/(2 \mu^5) + O(\sigma^4)$.",
            check=lambda: _central(central),
            anti_test=lambda: _central(2 * central),
        ),
        Step(
            name="residuals",
            evidence="identity",
            statement=(
                r"A residual $\tau$ moves a lower point by $\tau/\mu$. Of both, over a span of $\sigma$ or of $2 "
                r"\sigma$: $2 \tau/(\mu \sigma)$ or $\tau/(\mu \sigma)$, with the sign of the bias in the worst case."
            ),
            check=lambda: (_residuals(1, twice)[0] and _residuals(2, once)[0], str((twice, once))),
            anti_test=lambda: _residuals(1, once),
        ),
        Step(
            name="balance, forward",
            evidence="identity",
            statement=r"$\min_\sigma C \sigma + 2 \tau/(\mu \sigma)$ is the claim's formula for $p = 1$.",
            check=lambda: _balance(bound, 1, forward, twice),
            anti_test=lambda: _balance(bound, 1, forward, once),
        ),
        Step(
            name="balance, central",
            evidence="identity",
            statement=r"$\min_\sigma C \sigma^2 + \tau/(\mu \sigma)$ is the claim's formula for $p = 2$.",
            check=lambda: _balance(bound, 2, central, once),
            anti_test=lambda: _balance(bound, 2, central, twice),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
