r"""Proximal block steps find the zeros of the solution after $\kappa \log(8 L^2 D/(\mu \delta^2)) + T$ iterations.

$F - F^* \leq \mu \delta^2/(8 L^2)$ puts the iterate within $\delta/(2 L)$ of the solution, and there the gradient has
moved by less than the gap: a proximal step puts every such variable of its block where it belongs. The rates of GS-q
and of cyclic steps are proved here too.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.active_set_complexity")
HYPOTHESES = (
    r"$\mu > 0$: from values to distances, and the rates",
    r"$\nabla f$ is $L$-Lipschitz, block constants $L_b \leq L$: the lemma of identification",
    r"$\delta > 0$: the radius is positive",
    r"cyclic rate: $f$ quadratic (its $R$ is a matrix)",
)
HALF = sp.Rational(1, 2)


def _iterations():
    """The formula of the claim without the rounding up and the visits: rate * log(8 L^2 D / (mu gap^2))."""
    inside = CLAIM.bound.expression.atoms(sp.log)
    if len(inside) != 1:
        raise ValueError(f"one logarithm expected in {CLAIM.bound.expression}")
    (logarithm,) = inside
    rate, T = (sp.Symbol(name, real=True) for name in ("rate", "T"))
    if sp.simplify(CLAIM.bound.expression - sp.ceiling(sp.Max(rate * logarithm, 0)) - T) != 0:
        raise ValueError(f"unexpected shape of {CLAIM.bound.expression}")
    return rate * logarithm, rate


def _positive(expression):
    """The same with positive symbols."""
    return expression.subs({s: sp.Symbol(s.name, positive=True) for s in expression.free_symbols})


def _share_of_the_way(power):
    r"""The separable model at d = t (x* - x), t = mu/L: t g.u + L t^2 u^2/2 = t (g.u + mu u^2/2) by coordinate."""
    L, mu = sp.symbols("L mu", positive=True)
    g, u = sp.symbols("g u", real=True)
    t = mu / L
    gap = sp.simplify(t * g * u + L * t**power * u**2 / 2 - t * (g * u + mu * u**2 / 2))
    return gap == 0, f"difference {gap}"


def _square(factor):
    r"""<r, u> - mu |u|^2/2 = |r|^2/(2 mu) - |r - mu u|^2/(2 mu), one coordinate."""
    mu = sp.Symbol("mu", positive=True)
    r, u = sp.symbols("r u", real=True)
    gap = sp.expand(r * u - mu * u**2 / 2 - factor * r**2 / mu + (r - mu * u) ** 2 / (2 * mu))
    return gap == 0, f"difference {gap}"


def _residual(diagonal):
    r"""Three blocks of one variable, a generic symmetric Q: r_b = sum over j >= b of Q_bj d_j - L_b d_b.

    r_b is the gradient at the end of the sweep less that of the model of block b, at the point before its step. A block
    sees those before it, itself and those after it: three show every kind.
    """
    names = [[f"q_{min(i, j)}{max(i, j)}" for j in range(3)] for i in range(3)]
    Q = sp.Matrix(3, 3, lambda i, j: sp.Symbol(names[i][j], real=True))
    x, c, d = (sp.Matrix(sp.symbols(f"{name}_0:3", real=True)) for name in "xcd")
    L = sp.symbols("L_0:3", positive=True)
    end = Q * (x + d) - c
    for b in range(3):
        before = x + sp.Matrix([d[j] if j < b else 0 for j in range(3)])
        model = (Q * before - c)[b] + L[b] * d[b]
        claimed = sum(Q[b, j] * d[j] for j in range(b, 3)) - diagonal * L[b] * d[b]
        if sp.expand(end[b] - model - claimed) != 0:
            return False, f"block {b}"
    return True, "three blocks"


def _sweep(shift):
    r"""Whether e' <= C (e - e') says e' <= (1 - 1/(1 + C)) e."""
    C, e = sp.symbols("C e", positive=True)
    after = sp.Symbol("a", real=True)
    solved = sp.solve(sp.Eq(after, C * (e - after)), after)[0]
    gap = sp.simplify(solved - (1 - 1 / (shift + C)) * e)
    return gap == 0, f"difference {gap}"


def _exponential(slope):
    r"""log(1 - s) <= -s: zero at 0, derivative of the difference -s/(1 - s)."""
    s = sp.Symbol("s", real=True)
    h = sp.log(1 - s) + slope * s
    gap = sp.simplify(sp.diff(h, s) + s / (1 - s))
    return h.subs(s, 0) == 0 and gap == 0, f"derivative {sp.factor(sp.diff(h, s))}"


def _radius(factor):
    r"""D exp(-K/kappa) = mu delta^2/(8 L^2) at the claim's K, and sqrt(2 E/mu) = delta/(2 L)."""
    K, rate = (_positive(part) for part in _iterations())
    D, L, mu, gap = (sp.Symbol(name, positive=True) for name in ("D", "L", "mu", "gap"))
    E = sp.simplify(D * sp.exp(-K / rate))
    distance = sp.sqrt(2 * E / mu)
    off = sp.simplify(distance - factor * gap / L)
    return off == 0, f"distance {distance}"


def _lemma(share):
    r"""Whether delta - (L_b + L) delta share / L >= 0 for L_b = L - w, 0 <= w <= L."""
    delta, L = sp.symbols("delta L", positive=True)
    w = sp.Symbol("w", nonnegative=True)
    room = sp.expand(delta - (2 * L - w) * delta * share / L)
    return room.is_nonnegative is True, f"room {sp.factor(room)}"


def _growth(power):
    """The claim's iterations grow by 2 kappa with log(1/delta)."""
    K, rate = (_positive(part) for part in _iterations())
    t = sp.Symbol("t", real=True)
    slope = sp.simplify(sp.diff(sp.expand_log(K.subs(sp.Symbol("gap", positive=True), sp.exp(-t))), t))
    return sp.simplify(slope - power * rate) == 0, f"slope {slope}"


def prove() -> Proof:
    """Return the proof of `bcd.active_set_complexity`."""
    steps = (
        Step(
            name="GS-q: a share of the way",
            evidence="identity",
            statement=(
                r"Moving by $t (x^* - x)$, $t = \mu/L_{max} \leq 1$, in the separable model with $L_{max}$: coordinate "
                r"by coordinate its smooth part is $t (\nabla f \cdot u + \frac{\mu}{2} |u|^2)$, $u = x^* - x$; with "
                r"$g(x + t u) - g(x) \leq t (g(x^*) - g(x))$ and strong convexity it is at most $-t (F - F^*)$."
            ),
            check=lambda: _share_of_the_way(2),
            anti_test=lambda: _share_of_the_way(1),
        ),
        Step(
            name="GS-q: the best of m blocks",
            evidence="reduction",
            statement=(
                r"The model's minimum is a sum over blocks of what they can gain, so the best block gains at least "
                r"$\frac{1}{m} \frac{\mu}{L_{max}} (F - F^*)$, and a step with $L_b \leq L_{max}$ at least as much: "
                r"$\kappa = m L_{max}/\mu$; for $m = 1$, $\kappa = L/\mu$."
            ),
        ),
        Step(
            name="cyclic: what is left of the gradient",
            evidence="identity",
            statement=(
                r"After a sweep $d$ a subgradient of $F$ at the new point is $r$ with "
                r"$r_b = \sum_{j \geq b} Q_{bj} d_j - L_b d_b$: the optimality of every block's model, carried to "
                r"the end of the sweep."
            ),
            check=lambda: _residual(1),
            anti_test=lambda: _residual(2),
        ),
        Step(
            name="cyclic: from subgradients to values",
            evidence="identity",
            statement=(
                r"Strong convexity: $F(x^+) - F^* \leq \langle r, u \rangle - \frac{\mu}{2} |u|^2 \leq |r|^2/(2 \mu)$, "
                r"$u = x^+ - x^*$, by completing the square coordinate by coordinate."
            ),
            check=lambda: _square(HALF),
            anti_test=lambda: _square(sp.Rational(49, 100)),
        ),
        Step(
            name="cyclic: the rate of a sweep",
            evidence="identity",
            statement=(
                r"Steps gain $\sum_b \frac{L_b}{2} |d_b|^2$ at least, and $|r|^2 \leq \|R\|^2 \sum_b L_b |d_b|^2$ with "
                r"$R_{bj} = (Q_{bj} - [b = j] L_b)/\sqrt{L_j}$, $j \geq b$. So $e^+ \leq C (e - e^+)$, "
                r"$C = \|R\|^2/\mu$, that is $e^+ \leq (1 - \frac{1}{1 + C}) e$ a sweep of $m$ iterations. Up to $m$ "
                r"more iterations complete a sweep and $m$ visit all: $\kappa = m (1 + C)$, $T = 2 m$."
            ),
            check=lambda: _sweep(1),
            anti_test=lambda: _sweep(2),
        ),
        Step(
            name="powers below exponentials",
            evidence="identity",
            statement=(
                r"$\log(1 - s) \leq -s$ on $[0, 1)$: equality at $0$, and the difference has the derivative "
                r"$-s/(1 - s) \leq 0$. So $(1 - 1/\kappa)^k D \leq \exp(-k/\kappa) D$."
            ),
            check=lambda: _exponential(1),
            anti_test=lambda: _exponential(sp.Rational(99, 100)),
        ),
        Step(
            name="the claim's formula reaches the radius",
            evidence="identity",
            statement=(
                r"After $\kappa \log(8 L^2 D/(\mu \delta^2))$ iterations $F - F^* \leq \mu \delta^2/(8 L^2)$, and "
                r"$\frac{\mu}{2} |x - x^*|^2 \leq F - F^*$ gives $|x - x^*| \leq \delta/(2 L)$, then and for good, "
                r"since $F$ never rises."
            ),
            check=lambda: _radius(HALF),
            anti_test=lambda: _radius(sp.Rational(49, 100)),
        ),
        Step(
            name="a step within the radius puts variables in place",
            evidence="identity",
            statement=(
                r"$x_i^+ = x^*_i$ exactly when $L_b (x_i - x^*_i) - \nabla_i f(x) \in \partial g_i(x^*_i)$, and this "
                r"is $-\nabla_i f(x^*)$ moved by at most $(L_b + L) |x - x^*| \leq (L_b + L) \delta/(2 L) \leq \delta$."
            ),
            check=lambda: _lemma(HALF),
            anti_test=lambda: _lemma(sp.Rational(51, 100)),
        ),
        Step(
            name="visits",
            evidence="reduction",
            statement=(
                r"From then on a visited block is right, and stays right at every further visit; others do not move. A "
                r"block that is right already needs none. All is in place once every block that was wrong has been "
                r"visited."
            ),
        ),
        Step(
            name="growth with the gap",
            evidence="identity",
            statement=r"The bound grows by $2 \kappa$ with $\log(1/\delta)$.",
            check=lambda: _growth(2),
            anti_test=lambda: _growth(1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
