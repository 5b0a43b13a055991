r"""Scores over a temperature are homogeneous of degree zero, and Euler's identity turns that into a null vector.

What an activation has to satisfy for such a direction is an ordinary differential equation, which powers solve and
tanh does not; that beta / tau, on the other hand, is told by the data is the identifiability of the softmax gate.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, certify, find

CLAIM = find("moe.temperature_flat_direction")
HYPOTHESES = (
    r"scores $(\beta_1^T x + \beta_0)/\tau$: homogeneous of degree zero in $(\beta_1, \beta_0, \tau)$",
    r"ranking by scores or by $\beta_1^T x$: the order does not change when all are multiplied by $c > 0$",
)
C, TAU = sp.symbols("c tau", positive=True)
X = sp.Symbol("x", real=True)
EXPERTS = 3
SLOPES = sp.symbols(f"beta_1:{EXPERTS + 1}", real=True)
LEVELS = sp.symbols(f"b_1:{EXPERTS + 1}", real=True)
PULLS = sp.symbols(f"g_1:{EXPERTS + 1}", real=True)  # derivatives of log p(y | x) by the scores, whatever they are


def _scores(slopes=SLOPES, levels=LEVELS, tau=TAU):
    return [(b * X + level) / tau for b, level in zip(slopes, levels, strict=True)]


def _score_vector(parameters):
    """The gradient of log p in the parameters, by the chain rule."""
    return [sum(g * sp.diff(s, v) for g, s in zip(PULLS, _scores(), strict=True)) for v in parameters]


def _invariant(power):
    """Slopes and intercepts times c, the temperature times c^power: no score changes."""
    moved = _scores([C * b for b in SLOPES], [C * b for b in LEVELS], C**power * TAU)
    gaps = [sp.expand(new - old) for new, old in zip(moved, _scores(), strict=True)]
    return not any(gaps), f"scores change by {gaps[0]}"


def _euler(bound):
    """The derivative along slopes and intercepts is the claim's formula."""
    along = sum(v * d for v, d in zip((*SLOPES, *LEVELS), _score_vector((*SLOPES, *LEVELS)), strict=True))
    values = {"tau": TAU, "slope": _score_vector((TAU,))[0]}
    gap = sp.expand(along - bound.subs({s: values[s.name] for s in bound.free_symbols}))
    return gap == 0, f"difference {gap}"[:80]


def _null(free):
    """The score of every (x, y) is orthogonal to (beta, tau), so its outer products send that to zero."""
    parameters = (*SLOPES, *LEVELS, TAU)[: None if free else -1]
    score = sp.Matrix(_score_vector(parameters))
    image = (score * score.T * sp.Matrix(parameters)).applyfunc(sp.expand)
    return not any(image), f"{sum(v != 0 for v in image)} of {len(image)} entries of s s' u are not 0"


def _activation(activation, A, B):
    """Where z phi'(z) = A phi(z) + B, the score stays along (beta_1, A beta_0 - B, A tau)."""
    z, level = sp.symbols("z level", positive=True)
    phi = activation(z)
    equation = sp.simplify(z * sp.diff(phi, z) - A * phi - B)
    score = (phi + level) / TAU
    along = z * sp.diff(score, z) + (A * level - B) * sp.diff(score, level) + A * TAU * sp.diff(score, TAU)
    return equation == 0 and sp.simplify(along) == 0, f"equation {equation}, along the direction {sp.simplify(along)}"


def _powers(activation):
    """The direction of z^n and of log z, n a symbol."""
    n = sp.Symbol("n", positive=True)
    for function, A, B in ((lambda z: activation(z, n), n, 0), (sp.log, 0, 1), (lambda z: z + 3, 1, -3)):
        ok, detail = _activation(function, A, B)
        if not ok:
            return False, detail
    return True, "z^n with A = n, log z with A = 0, B = 1, z + 3 with A = 1, B = -3"


def _independent(activation):
    """The Wronskian of z phi', phi, 1 is positive at z = 1, in balls: no A and B exist on any interval around it."""
    z = sp.Symbol("z")
    first, second = z * sp.diff(activation(z), z), activation(z)
    wronskian = sp.diff(first, z) * sp.diff(second, z, 2) - sp.diff(second, z) * sp.diff(first, z, 2)
    return certify.prove_positive(wronskian, {z: (1, 1)}).report()


def _order_kept(sign):
    """Differences of scores keep their sign when slopes, intercepts and temperature are multiplied by c."""
    first, second = ((b * X + level) / TAU for b, level in zip(SLOPES[:2], LEVELS[:2], strict=True))
    factor = sign * C
    swap = {v: factor * v for v in (*SLOPES[:2], *LEVELS[:2])}
    ratio = sp.simplify((first - second).subs(swap, simultaneous=True).subs(TAU, C * TAU) / (first - second))
    return ratio.is_positive is True, f"quotient of differences {ratio}"


def prove() -> Proof:
    """Return the proof of `moe.temperature_flat_direction`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the density does not change",
            evidence="identity",
            statement=(
                r"At $c \, (\beta_1, \beta_0, \tau)$ no score changes, and $p$ depends on the gate through scores "
                r"alone: the same for any number of experts and covariates."
            ),
            check=lambda: _invariant(1),
            anti_test=lambda: _invariant(2),
        ),
        Step(
            name="active sets do not change",
            evidence="identity",
            statement=r"Differences of scores keep their sign under $c > 0$: the same experts are the $K$ largest.",
            check=lambda: _order_kept(1),
            anti_test=lambda: _order_kept(-1),
        ),
        Step(
            name="Euler's identity, the claim's formula",
            evidence="identity",
            statement=(
                r"The derivative by $c$ at $c = 1$, for any derivatives by the scores: "
                r"$\sum_j \beta_{1j} \partial_{\beta_{1j}} \log p + \beta_{0j} \partial_{\beta_{0j}} \log p = "
                r"-\tau \partial_\tau \log p$."
            ),
            check=lambda: _euler(bound),
            anti_test=lambda: _euler(bound * sp.Rational(101, 100)),
        ),
        Step(
            name="null vector of the information",
            evidence="identity",
            statement=(
                r"The score is orthogonal to $u = (\beta, \tau)$ at every $(x, y)$: $E[s s^T] u = E[s \, (s^T u)] = "
                r"0$. Without the entry of $\tau$ it is not."
            ),
            check=lambda: _null(True),
            anti_test=lambda: _null(False),
        ),
        Step(
            name="no consistent estimator",
            evidence="reduction",
            statement=(
                r"Samples have the same law at $\tau$ and at $2 \tau$ (slopes and intercepts doubled): an estimator "
                r"converges to the same limit under both, and is wrong under one of them."
            ),
        ),
        Step(
            name="activations that keep the direction",
            evidence="identity",
            statement=(
                r"Where $z \varphi' = A \varphi + B$ the score $(\varphi(z) + \beta_0)/\tau$ has no derivative along "
                r"$(\beta_1, A \beta_0 - B, A \tau)$. All powers ($A$ the exponent, $B = 0$) and the logarithm "
                r"($A = 0$, $B = 1$) are such."
            ),
            check=lambda: _powers(lambda z, n: z**n),
            anti_test=lambda: _powers(lambda z, n: z**n + z ** (2 * n)),
        ),
        Step(
            name="tanh does not",
            evidence="enclosure",
            statement=(
                r"$z \varphi'(z)$, $\varphi(z)$ and $1$ are independent functions for tanh: their Wronskian is "
                r"positive at $z = 1$. For $z^2$ it is zero."
            ),
            check=lambda: _independent(sp.tanh),
            anti_test=lambda: _independent(lambda z: z**2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
