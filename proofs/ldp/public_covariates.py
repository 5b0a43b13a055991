r"""Without a matrix to report, the noise of a coordinate is that of one report of a vector of length root d."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.thresholding import risk_step, zeros_step

CLAIM = find("ldp.public_covariates")
LOWER = find("ldp.lower_noninteractive")
PRIVATE = find("ldp.gram_pure")
HYPOTHESES = (
    r"$\Sigma = I$, known: the mean of $x y$ is the estimate before the threshold",
    r"nothing is clipped: $\|x\| = \sqrt d$, $|y| \leq \tau$",
    r"coefficients far above the threshold: the risk is at its limit $\lambda^2 + s^2$",
)
D, K, N, EPS, TAU, W, V = sp.symbols("d k n eps tau v V", positive=True)


def _at(bound):
    values = {"d": D, "k": K, "n": N, "eps": EPS, "tau": TAU, "v": W, "V": V}
    return bound.expression.subs({s: values[s.name] for s in bound.expression.free_symbols})


def _formula(factor):
    variance = (sp.sqrt(D) * TAU) ** 2 * W / N
    gap = sp.simplify((factor * _at(CLAIM.bound)) ** 2 / (K * variance * (1 + 2 * sp.log(D))) - 1)
    return gap == 0, f"quotient less 1: {gap}"


def _against_lower(constant):
    """The square of the quotient of upper and lower bound has neither n nor, but for logarithms, d and k."""
    quotient = (_at(CLAIM.bound) / _at(LOWER.bound)) ** 2
    claimed = constant * TAU**2 * W * (sp.exp(EPS) - 1) ** 2 / sp.exp(EPS) * (1 + 2 * sp.log(D)) / sp.log(2 * D / K)
    return sp.simplify(quotient / claimed - 1) == 0, f"quotient {sp.simplify(quotient / claimed)} of the claimed one"


def _gain(power):
    """Private over public error, over d^(power/2), tends to a constant: sqrt(V/(2 v tau^2))."""
    square = sp.simplify((_at(PRIVATE.bound) / _at(CLAIM.bound)) ** 2)
    limit = sp.limit(sp.simplify(square / D**power), D, sp.oo)
    return sp.simplify(limit - V / (2 * W * TAU**2)) == 0, f"limit of the square: {limit}"


def prove() -> Proof:
    """Return the proof of `ldp.public_covariates`."""
    steps = (
        Step(
            name="noise of a coordinate",
            evidence="reduction",
            statement=(
                r"$x y/(\sqrt d \tau)$ is a point of the unit ball, a report of it has variance at most $v$ a "
                r"coordinate; the mean over $n$ users has $s^2 = d \tau^2 v/n$, is nearly normal, and unbiased for "
                r"$E[x y] = \theta$. Sampling adds $O(1/n)$, without a factor of $d$."
            ),
        ),
        risk_step(),
        zeros_step(),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"$k (\lambda^2 + s^2) = k s^2 (1 + 2 \log d)$ is the square of the bound.",
            check=lambda: _formula(1),
            anti_test=lambda: _formula(sp.Rational(1001, 1000)),
        ),
        Step(
            name="against the lower bound",
            evidence="identity",
            statement=(
                r"The square of the quotient of this error and of the lower bound for non-interactive protocols is "
                r"$4 \tau^2 v (e^\varepsilon - 1)^2 e^{-\varepsilon} (1 + 2 \log d)/\log(2d/k)$: free of $n$, and of "
                r"$d$ and $k$ but for a quotient of logarithms, at most 6 where $d \geq k^2$, $d \geq 8$."
            ),
            check=lambda: _against_lower(4),
            anti_test=lambda: _against_lower(5),
        ),
        Step(
            name="against a private matrix",
            evidence="identity",
            statement=(
                r"The quotient of the error with a private matrix and of this one, over $\sqrt d$, tends to "
                r"$\sqrt{V/(2 v \tau^2)}$ as $d$ grows."
            ),
            check=lambda: _gain(1),
            anti_test=lambda: _gain(2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
