r"""Divide the closed form of one report by that of three rounds: the users cancel."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.hard_thresholding import contraction_step, kept_step
from sparsetheory.verify.certify.thresholding import expansion_step, noise_step, risk_step, zeros_step

CLAIM = find("ldp.interaction_gain")
HYPOTHESES = (
    r"sums of reports are nearly normal; nothing is clipped but few residuals",
    r"coefficients far above the noise of both protocols, of equal size",
    r"noise of the Gram matrix small against its eigenvalues: terms of second order are left out",
    r"variances of $\pi n$ and $(1 - \pi) n$ reports of points of a ball as in ldp.gram_pure, of a round as in "
    r"ldp.interactive_norm",
)
N, K, D, TAU, T, V, W, KEPT = sp.symbols("n k d tau t V v T", positive=True)
RHO = sp.Symbol("rho", positive=True)


def _reports(share):
    """s^2 of a coordinate of the solution: V d^2 t^2/(2 pi n) + v d tau^2/((1 - pi) n)."""
    return (V * D**2 * T**2 / (2 * share) + W * D * TAU**2 / (1 - share)) / N


def _split(rho):
    """The split is the best one where both kinds of report have the same variance."""
    share = sp.Symbol("pi", positive=True)
    slope = sp.diff(_reports(share).subs(W, V), share).subs(share, rho / (1 + rho))
    return sp.simplify(slope) == 0, f"derivative {sp.simplify(slope)}"[:80]


def _formula(bound):
    names = {"t": T, "d": D, "tau": TAU, "V": V, "v": W, "k": K, "T": KEPT}
    square = bound.subs({s: names[s.name] for s in bound.free_symbols}) ** 2
    rho = T * sp.sqrt(D) / (sp.sqrt(2) * TAU)
    one = _reports(rho / (1 + rho)) * K * (1 + 2 * sp.log(D))
    three = 3 * W * D * (K + KEPT) / N
    gap = sp.simplify(square * three / one - 1)
    return gap == 0, f"quotient less 1: {gap}"


def _order(power):
    """Without the logarithms and T of order k the square grows like a power of d."""
    square = (T * sp.sqrt(D / 2) + TAU) * (V * T * sp.sqrt(D / 2) + W * TAU)
    limit = sp.limit(square / D**power, D, sp.oo)
    return sp.simplify(limit - V * T**2 / 2) == 0, f"limit {limit}"


def prove() -> Proof:
    """Return the proof of `ldp.interaction_gain`."""
    bound = CLAIM.bound.expression
    best = T * sp.sqrt(D) / (sp.sqrt(2) * TAU)
    steps = (
        Step(
            name="sums of reports",
            evidence="reduction",
            statement=(
                r"Means of $\pi n$, $(1 - \pi) n$ and $n/3$ independent reports are nearly normal: reports have "
                r"bounded third moments. Both protocols spend the same privacy: a user reports once, in one block "
                r"or in one round. What sampling adds has no factor $V d$."
            ),
        ),
        expansion_step(),
        noise_step(),
        risk_step(),
        zeros_step(),
        contraction_step(),
        kept_step(),
        Step(
            name="the best split for a norm",
            evidence="identity",
            statement=(
                r"Of the variance $V d^2 t^2/(2 \pi) + V d \tau^2/(1 - \pi)$ the minimum lies at $\pi = \rho/(1 + "
                r"\rho)$, $\rho = t \sqrt d/(\sqrt2 \tau)$."
            ),
            check=lambda: _split(best),
            anti_test=lambda: _split(2 * best),
        ),
        Step(
            name="the quotient",
            evidence="identity",
            statement=(
                r"$s^2 k (1 + 2 \log d)$ at that split, over $3 v d (k + T)/n$, is the square of the bound: $n$ and a "
                r"factor $d$ cancel."
            ),
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound * sp.Rational(1001, 1000)),
        ),
        Step(
            name="the order in the dimension",
            evidence="identity",
            statement=r"$(t \sqrt{d/2} + \tau)(V t \sqrt{d/2} + v \tau)/d \to V t^2/2$: the quotient grows like "
            r"$\sqrt d$, but for $(k (1 + 2 \log d)/(k + T))^{1/2}$.",
            check=lambda: _order(1),
            anti_test=lambda: _order(sp.Rational(3, 2)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
