r"""On a block that holds the support, a step near the solution is a Newton step on the support, and nothing else.

Signs and zeros stay as they are within the radius of the assumptions, so the two-metric step is Newton's on $S$, the
line search takes it whole, and Taylor's formula bounds what remains: $H(x) (x^+ - x^*) = \int_0^1 (H(x) - H(x^* +
t (x - x^*))) (x - x^*) dt$ with $\lambda_{min}(H(x)) \geq \mu - M e$. A cubic in one variable attains the bound.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.superlinear_and_finite")
HYPOTHESES = (
    r"$M e \leq \mu/3$: contraction by 4, full steps",
    r"$3 L_f e \leq \delta$: the zeros stay, in the gradient and in the model of the step",
    r"$(2 + \max_S L_i/\min_S L_i) \, e \leq \min_S |x^*_i|$: signs stay, and no variable of $S$ counts as held",
    r"blocks hold $S$: the step is Newton's on all of $S$",
)
THIRD = sp.Rational(1, 3)  # the share of mu that M e may be


def _symbols():
    return (sp.Symbol(name, real=True) for name in ("M", "e", "mu"))


def _taylor(power):
    r"""H(x)(x - x*) - (grad f(x) - grad f(x*)) as the integral, along the segment, for a polynomial of degree 6."""
    t, s = sp.symbols("t s", real=True)
    f = sum(c * s**k for k, c in enumerate(sp.symbols("c_0:7", real=True)))
    u, v = sp.symbols("u v", real=True)  # x* = u, x = u + v
    slope, bend = sp.diff(f, s), sp.diff(f, s, 2)
    left = bend.subs(s, u + v) * v - (slope.subs(s, u + v) - slope.subs(s, u))
    right = sp.integrate(sp.expand((bend.subs(s, u + v) - bend.subs(s, u + t * v)) * v**power), (t, 0, 1))
    gap = sp.expand(left - right)
    return gap == 0, f"difference {gap}" if gap == 0 else "they differ"


def _remainder(expression):
    """The integral of M (1 - t) e * e over [0, 1], by mu - M e, is the claim's formula."""
    M, e, mu = _symbols()
    t = sp.Symbol("t", real=True)
    gap = sp.simplify(sp.integrate(M * (1 - t) * e * e, (t, 0, 1)) / (mu - M * e) - expression)
    return gap == 0, f"difference {gap}"


def _attained(expression):
    r"""f(x) = mu x^2/2 - M x^3/6, x* = 0: one Newton step from e ends at minus the claim's formula."""
    M, e, mu = _symbols()
    f = mu * e**2 / 2 - M * e**3 / 6
    gap = sp.simplify(e - sp.diff(f, e) / sp.diff(f, e, 2) + expression)
    return gap == 0, f"difference {gap}"


def _contraction(expression, share):
    """With M e = share * mu / (1 + w), w >= 0, the formula is at most e / 4."""
    M, e, mu = _symbols()
    w, d, m = sp.symbols("w", nonnegative=True), sp.Symbol("d", positive=True), sp.Symbol("m", positive=True)
    room = sp.Rational(1, 4) - sp.simplify(expression.subs({e: d, mu: m, M: share * m / (1 + w) / d}) / d)
    numerator, denominator = sp.fraction(sp.together(room))
    ok = sp.expand(numerator).is_nonnegative and sp.expand(denominator).is_positive
    return ok is True, f"room {sp.factor(room)}"


def _armijo(share):
    r"""Lower bound of (decrease)/(slope): 1/2 - M |d| / (6 (mu - M e)), |d| <= 5e/4, M e <= share mu."""
    fraction = sp.Rational(1, 2) - sp.Rational(5, 4) * share / (6 * (1 - share))
    return fraction > sp.Rational(1, 10**4), f"share {fraction} of the slope"


def _third_derivative(constant):
    r"""(sigma'')^2 = s^2 (1-s)^2 (1-2s)^2 <= constant: with v = (1-2s)^2, the room is (4/3 - v) (v - 1/3)^2 / 16."""
    s = sp.Symbol("s", real=True)
    v = (1 - 2 * s) ** 2
    gap = constant - (s * (1 - s) * (1 - 2 * s)) ** 2 - (sp.Rational(4, 3) - v) * (v - THIRD) ** 2 / 16
    sigma = 1 / (1 + sp.exp(-s))
    second = sp.simplify(sp.diff(sigma, s, 2) - sigma * (1 - sigma) * (1 - 2 * sigma))
    return sp.expand(gap) == 0 and second == 0, f"difference {sp.expand(gap)}"


def _model_gradient(share):
    r"""Zeros in the model of the step: L_f (e + |d|) <= L_f (e + 5e/4) < delta where L_f e <= share * delta."""
    total = share * (1 + sp.Rational(5, 4))
    return total < 1, f"{total} of the gap"


def _quadratic(expression):
    """M = 0 leaves nothing."""
    M, _, _ = _symbols()
    left = expression.subs(M, 0)
    return left == 0, f"error {left}"


def prove() -> Proof:
    """Return the proof of `bcd.superlinear_and_finite`."""
    bound = CLAIM.bound.expression
    M, e, _ = _symbols()
    steps = (
        Step(
            name="zeros and signs stay",
            evidence="identity",
            statement=(
                r"At a zero $|\nabla_i f(x) - \nabla_i f(x^*)| \leq L_f e < \delta$: the least subgradient is $0$ and "
                r"a two-metric step leaves it. In the model of a prox-Newton step the gradient there moves by at most "
                r"$L_f (e + |d|) \leq \frac{9}{4} L_f e \leq \frac{3}{4} \delta$, so that zero stays optimal and the "
                r"model is minimised by Newton's step on $S$. Signs: $|x_i - x^*_i| \leq e \leq |x^*_i|/3$, before and "
                r"after."
            ),
            check=lambda: _model_gradient(THIRD),
            anti_test=lambda: _model_gradient(sp.Rational(1, 2)),
        ),
        Step(
            name="nothing of S is held",
            evidence="reduction",
            statement=(
                r"A two-metric step holds a variable within $\varepsilon \leq \|x_b - p\|$ of an end of its orthant, "
                r"$p$ the prox step with $|b| L_i$. Zeros do not move in it, and on $S$ it is $v_i/(|b| L_i)$ with "
                r"$\|v_S\| \leq \lambda_{max}(H_{SS}) e \leq |b| \max_S L_i \, e$, so "
                r"$\varepsilon \leq e \max_S L_i/\min_S L_i < \min_S |x_i|$ by the third assumption."
            ),
        ),
        Step(
            name="the block holds S",
            evidence="reduction",
            statement=(
                r"The rule gsl-q-support puts the variables where $g$ is differentiable, here $S$, first, and has room "
                r"for more. With the two steps above, block Newton is Newton on all of $S$."
            ),
        ),
        Step(
            name="Taylor's formula",
            evidence="identity",
            statement=(
                r"$H(x) (x - x^*) - (\nabla f(x) - \nabla f(x^*)) = \int_0^1 (H(x) - H(x^* + t (x - x^*))) (x - x^*) "
                r"dt$ on $S$: along the segment a statement on functions of one variable, checked for polynomials of "
                r"degree 6 with symbols for coefficients, and true for all by continuity of the second derivative."
            ),
            check=lambda: _taylor(1),
            anti_test=lambda: _taylor(2),
        ),
        Step(
            name="least eigenvalue nearby",
            evidence="reduction",
            statement=(
                r"$\|H(x) - H(x^*)\| \leq M e$, so $\lambda_{min}(H(x)) \geq \mu - M e > 0$; on $S$ the weights of the "
                r"penalty cancel between $x$ and $x^*$, as signs agree."
            ),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"$\int_0^1 M (1 - t) e \cdot e \, dt / (\mu - M e) = M e^2/(2 (\mu - M e))$.",
            check=lambda: _remainder(bound),
            anti_test=lambda: _remainder(bound * sp.Rational(99, 100)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"$f(x) = \mu x^2/2 - M x^3/6$ from $x = e$: the Newton step ends exactly that far from $0$.",
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound * e),
        ),
        Step(
            name="contraction",
            evidence="identity",
            statement=r"$M e \leq \mu/3$ makes the formula at most $e/4$: the next iterate is within the radius again.",
            check=lambda: _contraction(bound, THIRD),
            anti_test=lambda: _contraction(bound, sp.Rational(1, 2)),
        ),
        Step(
            name="the line search takes the full step",
            evidence="identity",
            statement=(
                r"$f(x + d) - f(x)$ with the penalty's linear part is at most $-\frac12 D^2 + \frac{M}{6} |d|^3$, "
                r"$D^2 = d^T H(x) d \geq (\mu - M e) |d|^2$ and $|d| \leq e + e/4$: a decrease of at least $19/48$ of "
                r"the slope, where Armijo's rule asks for $10^{-4}$."
            ),
            check=lambda: _armijo(THIRD),
            anti_test=lambda: _armijo(sp.Rational(9, 10)),
        ),
        Step(
            name="finite termination",
            evidence="identity",
            statement=r"For quadratic $f$ the Hessian is constant, $M = 0$: the step ends at $x^*$.",
            check=lambda: _quadratic(bound),
            anti_test=lambda: _quadratic(bound.subs(M, M + 1)),
        ),
        Step(
            name="constant of logistic regression",
            evidence="identity",
            statement=(
                r"$|\sigma''| \leq 1/(6 \sqrt{3})$: $1/108 - (s (1-s) (1-2s))^2 = (\frac43 - v) (v - \frac13)^2/16$ "
                r"with $v = (1 - 2 s)^2 \leq 1$. Hence "
                r"$M = \max_i |a_{iS}| \, \lambda_{max}(A_S^T A_S)/(6 \sqrt{3})$."
            ),
            check=lambda: _third_derivative(sp.Rational(1, 108)),
            anti_test=lambda: _third_derivative(sp.Rational(1, 109)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
