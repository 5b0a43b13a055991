r"""Minimality of three points, in two lines each: no derivative and no convexity."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.bracket")
HYPOTHESES = (r"$y_\sigma$, $y_\tau$, $z$ are global minimisers over $Y$", r"$0 < \tau < \sigma$")
S, T = sp.symbols("sigma tau", positive=True)
FS, GS, FT, GT, FZ, LEAST = sp.symbols("f_sigma g_sigma f_tau g_tau f_z g_min", real=True)
FIRST, WIDER = FS + (GS - LEAST) / S, FT + (GT - LEAST) / T
BEYOND, REST = sp.symbols("p r", nonnegative=True)


def _below(sign):
    """psi_sigma - f(x, y_sigma) is the lower gap over sigma."""
    gap = sp.simplify((FIRST - FS).subs(GS, LEAST + sign * BEYOND))
    return gap.is_nonnegative is True, f"psi_sigma - f = {gap}"


def _falls(order):
    """Let y_tau be no better than y_sigma for sigma, and g at least its least value."""
    better = sp.solve(S * FT + GT - (S * FS + GS) - BEYOND, FT)[0]  # minimality of y_sigma, with room
    gap = sp.simplify((order * (WIDER - FIRST)).subs(FT, better).subs(GT, LEAST + REST))
    left = sp.simplify(gap - BEYOND / S - REST * (1 / T - 1 / S))
    return left == 0, f"psi_tau - psi_sigma = p / sigma + r (1/tau - 1/sigma), remainder {left}"


def _above(weight):
    """Minimality of y_sigma against a solution z: psi_sigma <= f(x, z), for the best z and so for every other."""
    slack = sp.solve(S * FZ + LEAST - (S * FS + GS) - BEYOND, FZ)[0]
    gap = sp.simplify((FZ - weight * FIRST).subs(FZ, slack) - BEYOND / S)
    return gap == 0, f"f(x, z) - psi_sigma - p / sigma = {gap}"


def _chain(bound):
    """The claim compares each member with the next as it is."""
    return bound == sp.Symbol("following", real=True), f"{bound}"


def prove() -> Proof:
    """Return the proof of `bilevel.bracket`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="f at the penalised point",
            evidence="identity",
            statement=r"$\psi_\sigma - f(x, y_\sigma) = (g(x, y_\sigma) - \min g)/\sigma \geq 0$",
            check=lambda: _below(1),
            anti_test=lambda: _below(-1),
        ),
        Step(
            name="smaller sigma",
            evidence="identity",
            statement=(
                r"$\psi_\tau - \psi_\sigma = p/\sigma + r (1/\tau - 1/\sigma)$, $p \geq 0$ what $y_\tau$ is worse than "
                r"$y_\sigma$ for $\sigma f + g$, $r \geq 0$ its lower gap."
            ),
            check=lambda: _falls(1),
            anti_test=lambda: _falls(-1),
        ),
        Step(
            name="psi and every other solution",
            evidence="identity",
            statement=(
                r"$f(x, z) - \psi_\sigma = p/\sigma$ with $p \geq 0$ what $z$ is worse than $y_\sigma$: for the best "
                r"$z$, $\psi \geq \psi_\sigma$; others have a larger $f$."
            ),
            check=lambda: _above(1),
            anti_test=lambda: _above(2),
        ),
        Step(
            name="the chain",
            evidence="identity",
            statement=r"The bound of a member is the member that follows.",
            check=lambda: _chain(bound),
            anti_test=lambda: _chain(2 * bound),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
