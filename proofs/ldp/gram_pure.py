r"""Two groups of users, each with one report of a point of a ball: the best split, and what the solution sees of it."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.thresholding import (
    expansion_step,
    inverse_bias_step,
    noise_step,
    risk_step,
    zeros_step,
)

CLAIM = find("ldp.gram_pure")
HYPOTHESES = (
    r"nothing is clipped: moments of reports are moments of the data",
    r"$\Sigma = I$: the noise of a coordinate is the same for all of them",
    r"coefficients far above the threshold: the risk is at its limit $\lambda^2 + s^2$",
    r"noise in the Gram matrix below 0.3: terms of second order are left out",
)
R, TAU, N, K, D, PI, V, W = sp.symbols("r tau n k d pi V v", positive=True)
RHO = R / (sp.sqrt(2) * TAU)


def _variance(share, r=R):
    """s^2 = V r^4/(2 pi) + v r^2 tau^2/(1 - pi), over n, |theta| = 1."""
    return (V * r**4 / (2 * share) + W * r**2 * TAU**2 / (1 - share)) / N


def _split(rho):
    """Where the variances of matrix and vector reports agree the derivative by the share vanishes at rho/(1 + rho)."""
    slope = sp.diff(_variance(PI).subs(W, V), PI).subs(PI, rho / (1 + rho))
    return sp.simplify(slope) == 0, f"derivative {sp.simplify(slope)}"[:80]


def _isometry(weight):
    """The vector svec keeps norms: off-diagonal entries once, times sqrt2; and |x x'| = |x|^2."""
    x = sp.symbols("x_1:4", real=True)
    square = sum((1 if i == j else weight) * (x[i] * x[j]) ** 2 for i in range(3) for j in range(i, 3))
    gap = sp.expand(square - sum(v**2 for v in x) ** 2)
    return gap == 0, f"remainder {gap}"


def _formula(bound):
    values = {"V": V, "v": W, "tau": TAU, "d": D, "k": K, "n": N}
    square = bound.subs({s: values[s.name] for s in bound.free_symbols}) ** 2
    variance = _variance(RHO / (1 + RHO)).subs(R, sp.sqrt(D))
    gap = sp.simplify(square / (variance * K * (1 + 2 * sp.log(D))) - 1)
    return gap == 0, f"quotient less 1: {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.gram_pure`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="reports of points of a ball",
            evidence="identity",
            statement=(
                r"$\|svec(xx^T)\| = \|x\|^2 \leq r^2$ and $\|x y\| \leq r \tau$: divided by that they are points of "
                r"the unit ball, whose reports have variance $V$ or $v$ a coordinate. Undoing the factors leaves "
                r"$V r^4/2$ off the diagonal, $V r^4$ on it, $v r^2 \tau^2$ in the cross moment."
            ),
            check=lambda: _isometry(2),
            anti_test=lambda: _isometry(1),
        ),
        Step(
            name="sums of reports",
            evidence="reduction",
            statement=(
                r"Means over $\pi n$ and $(1 - \pi) n$ independent reports are nearly normal (reports have bounded "
                r"third moments), of variances $V r^4/(2 \pi n)$ and $v r^2 \tau^2/((1 - \pi) n)$. Reports have a "
                r"smaller variance along the reported vector than across it; $V$ is the larger one. Sampling adds "
                r"$O(1/n)$, without a factor of $d$."
            ),
        ),
        Step(
            name="the best split",
            evidence="identity",
            statement=(
                r"$V r^4/(2 \pi) + V r^2 \tau^2/(1 - \pi)$ is least at $\pi = \rho/(1 + \rho)$, $\rho = r/(\sqrt2 "
                r"\tau)$."
            ),
            check=lambda: _split(RHO),
            anti_test=lambda: _split(2 * RHO),
        ),
        expansion_step(),
        noise_step(),
        inverse_bias_step(),
        risk_step(),
        zeros_step(),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"$k (\lambda^2 + s^2) = k s^2 (1 + 2 \log d)$ at that split and $r^2 = d$ is the square of the bound."
            ),
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
