"""Proof of momentum.heavy_ball: one eigenvalue at a time, then Chebyshev's polynomials in disguise."""

from pathlib import Path

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("momentum.heavy_ball", folder=Path(__file__).parent.parent)

# square roots of mu and L as symbols keep everything rational; l = m + d says that L > mu
m, d, lam = sp.symbols("m d lambda", positive=True)
l = m + d
q = (l - m) / (l + m)
ALPHA, BETA = 4 / (l + m) ** 2, q**2


def _discriminant(scale):
    """4 beta - (1 + beta - alpha*lambda)^2 = alpha^2 (L - lambda)(lambda - mu), with alpha off by a factor."""
    alpha = scale * ALPHA
    gap = sp.simplify(4 * BETA - (1 + BETA - alpha * lam) ** 2 - alpha**2 * (l**2 - lam) * (lam - m**2))
    return gap == 0, f"difference {gap}"


def _closed_form(weight):
    """Whether e_k = q^k (sin (k+1)t - weight*q sin kt)/sin t solves the recurrence and starts with e_0 = e_{-1} = 1."""
    t, k = sp.symbols("t k", real=True)
    Q = sp.Symbol("q", positive=True)

    def sine(j):
        return sp.expand_trig(sp.sin(sp.expand((k + j) * t)))

    def e(j):  # e_{k+j} / q^k
        return Q**j * (sine(j + 1) - weight * Q * sine(j)) / sp.sin(t)

    recurrence = sp.simplify(sp.expand((e(1) - 2 * Q * sp.cos(t) * e(0) + Q**2 * e(-1)) * sp.sin(t)))
    start = [sp.simplify(e(j).subs(k, 0)) for j in (0, -1)]
    return recurrence == 0 and start == [1, 1], f"recurrence off by {recurrence}, start {start}"


def _addition(sign):
    """The step of the induction: sin (k+1)t = sin kt cos t + cos kt sin t."""
    t, k = sp.symbols("t k", real=True)
    there = sp.sin(k * t) * sp.cos(t) + sign * sp.cos(k * t) * sp.sin(t)
    gap = sp.simplify(sp.expand_trig(sp.sin(k * t + t)) - there)
    return gap == 0, f"difference {gap}"


def _formula(expression):
    """Whether the claim's formula is (k + 1 + q k) q^k."""
    c, k = sp.Symbol("c", real=True), sp.Symbol("k", real=True)
    ratio = sp.simplify(expression.subs(c, l**2 / m**2) / ((k + 1 + q * k) * q**k))
    return ratio == 1, f"ratio {ratio}"


def _attained(growth):
    """At lambda = L the error is (-q)^k (1 + growth*k): it solves the recurrence and starts with e_0 = e_{-1}."""
    k = sp.Symbol("k", integer=True)

    def e(j):  # e_{k+j} / (-q)^k
        return (-q) ** j * (1 + growth * (k + j))

    recurrence = sp.simplify(e(1) - (1 + BETA - ALPHA * l**2) * e(0) + BETA * e(-1))
    start = sp.simplify((e(0) - e(-1)).subs(k, 0))
    return recurrence == 0 and start == 0, f"recurrence off by {recurrence}, start by {start}"


def prove() -> Proof:
    """Return the proof of `momentum.heavy_ball`."""
    bound = CLAIM.bound.expression
    k = sp.Symbol("k", real=True)
    steps = (
        Step(
            name="one eigenvalue at a time",
            evidence="reduction",
            statement=(
                r"Along a unit eigenvector of $A$ with eigenvalue $\lambda$ the error obeys $e_{k+1} = (1 + \beta - "
                r"\alpha \lambda) e_k - \beta e_{k-1}$, $e_{-1} = e_0$. Eigenvectors are orthogonal, so a bound "
                r"$|e_k| \leq B_k |e_0|$ for every $\lambda \in [\mu, L]$ is one for the norms."
            ),
        ),
        Step(
            name="discriminant",
            evidence="identity",
            statement=(
                r"$4 \beta - (1 + \beta - \alpha \lambda)^2 = \alpha^2 (L - \lambda)(\lambda - \mu) \geq 0$ on $[\mu, "
                r"L]$: both roots of $z^2 - (1 + \beta - \alpha \lambda) z + \beta$ have modulus $\sqrt{\beta} = q$ "
                r"for every $\lambda$, and $1 + \beta - \alpha \lambda = 2 q \cos \theta$ for a real $\theta$. At "
                r"$\lambda = \mu$ and $\lambda = L$ the root is double."
            ),
            check=lambda: _discriminant(1),
            anti_test=lambda: _discriminant(sp.Rational(101, 100)),
        ),
        Step(
            name="closed form",
            evidence="identity",
            statement=r"$e_k = q^k (\sin((k+1) \theta) - q \sin(k \theta)) / \sin \theta \cdot e_0$.",
            check=lambda: _closed_form(1),
            anti_test=lambda: _closed_form(sp.Rational(101, 100)),
        ),
        Step(
            name="sines grow at most linearly",
            evidence="reduction",
            statement=(
                r"$|\sin(k \theta)| \leq k |\sin \theta|$ by induction over $\sin((k+1) \theta) = \sin(k \theta) "
                r"\cos \theta + \cos(k \theta) \sin \theta$; so $|e_k| \leq (k + 1 + q k) q^k |e_0|$, for $\sin "
                r"\theta = 0$ by continuity in $\lambda$."
            ),
            check=lambda: _addition(1),
            anti_test=lambda: _addition(-1),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"$1 + q = 2 \sqrt{c}/(\sqrt{c} + 1)$, so this is the bound of the record.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound / (1 + k)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"At $\lambda = L$ the error is $(-q)^k (1 + (1 + q) k) e_0$, whose modulus is the bound.",
            check=lambda: _attained(1 + q),
            anti_test=lambda: _attained(sp.Integer(0)),
        ),
    )
    return Proof(
        claim=CLAIM.id,
        steps=steps,
        hypotheses=(
            r"$A$ symmetric: orthogonal eigenvectors",
            r"$L > \mu$: $q > 0$, and $\theta$ is defined",
            r"$x_{-1} = x_0$: the factor of $k$; another start has another one",
        ),
    )
