r"""Stationarity at $y_\sigma$ alone: $(x - y_\sigma)^{p-1} = \sigma c y_\sigma$."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_flat")
HYPOTHESES = (r"$x > 0$, $c > 0$, $p$ even: $\sigma f + g$ strictly convex, $0 < y_\sigma < x$",)
C, D, Y = sp.symbols("c d y", positive=True)  # d = x - y_s


def _error(bound, p, factor):
    """Put sigma = d^(p-1) / (c y) into psi_s' = g_x(y_s) / sigma, and into the claim."""
    x, y = sp.symbols("x_0 y_0", real=True)
    g = (y - x) ** p / p
    at = {x: Y + D, y: Y}
    s = D ** (p - 1) / (C * Y)
    stationary = sp.simplify(s * C * Y + sp.diff(g, y).subs(at))
    penalised = sp.simplify(sp.diff(g, x).subs(at) / s)
    error = sp.simplify(C * (Y + D) - penalised)
    names = {"c": C, "s": factor * s, "slope": C * Y, "p": p}
    claimed = bound.subs({sp.Symbol(name, real=True): value for name, value in names.items()})
    gap = sp.simplify(error - sp.powdenest(claimed, force=True))
    return stationary == 0 and gap == 0, f"psi_s' = {penalised}, error {error}"


def _all(bound, factor):
    answers = [_error(bound, p, factor) for p in (2, 4, 6, 8)]
    return all(ok for ok, _ in answers), answers[-1][1]


def _limit(p):
    """With c = x = 1: d^(p-1) = s (1 - d) has d / s^(1/(p-1)) = (1 - d)^(1/(p-1)) -> 1; d goes to 0 with s."""
    d = sp.Symbol("d", positive=True)
    s = d**3 / (1 - d)  # the power 4
    ratio = sp.limit(d / s ** sp.Rational(1, p - 1), d, 0)
    return ratio == 1, f"ratio tends to {ratio}"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_flat`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the error",
            evidence="identity",
            statement=(
                r"$\psi_\sigma' = (x - y_\sigma)^{p - 1}/\sigma = c y_\sigma$, $\psi' = c x$: the error is "
                r"$c (x - y_\sigma) = c (\sigma c y_\sigma)^{1/(p-1)}$ (powers 2, 4, 6, 8)."
            ),
            check=lambda: _all(bound, 1),
            anti_test=lambda: _all(bound, 2),
        ),
        Step(
            name="the order",
            evidence="identity",
            statement=(
                r"With $d = x - y_\sigma$, $d^{p-1} = \sigma c (x - d)$: $d \to 0$ and $d/(\sigma c x)^{1/(p-1)} \to 1$"
                r" (shown for $p = 4$)."
            ),
            check=lambda: _limit(4),
            anti_test=lambda: _limit(3),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
