r"""Fano's inequality block by block: reports that are chosen beforehand have to share their information.

A report tells at most :math:`\sinh^2(\varepsilon/2)` over all coordinates together, the prior spreads :math:`\theta`
evenly over :math:`d` coordinates, so a user says :math:`\delta^2 (k/d) \sinh^2(\varepsilon/2)` nats; :math:`k` blocks
ask for :math:`\log(2d/k)` nats each.
"""

from itertools import product

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.private_information import report_steps, trace_limit

CLAIM = find("ldp.lower_noninteractive")
HYPOTHESES = (
    r"non-interactive: reports are independent given $\theta$ (and public coins), so informations add up",
    r"pure $\varepsilon$: the likelihood ratio of a report has bounded variance",
    r"$2d/k \geq 16$: the $\log 2$ of Fano's inequality is a quarter of $\log(2d/k)$ at most",
    r"$n \sinh^2(\varepsilon/2) \geq k^2 d \log(2d/k)/4$: the prior stays inside $\|\theta\|_1 \leq 1$",
)
D, K, N, EPS, DELTA = sp.symbols("d k n eps delta", positive=True)
#: Size of a coefficient: a quarter of what Fano's inequality asks for is told.
DELTA_SQUARED = D * sp.log(2 * D / K) / (4 * N * trace_limit(EPS))


def _spread(denominator):
    """E theta theta' over one signed coordinate a block, d = 6 in k = 2 blocks, all 36 of them."""
    places = [(j, s) for j in range(3) for s in (-1, 1)]
    total = sp.zeros(6, 6)
    for (i, s), (j, t) in product(places, places):
        theta = sp.zeros(6, 1)
        theta[i], theta[3 + j] = s * DELTA, t * DELTA
        total += theta * theta.T
    gap = (total / 36 - DELTA**2 * sp.Rational(2, denominator) * sp.eye(6)).applyfunc(sp.expand)
    return not any(gap), f"largest entry off by {max(gap, key=abs)}"


def _vertices(radius_squared):
    """Twice the radius of the balls against the distance of two vertices: same place and other sign, or another."""
    distances = (sp.Integer(4), sp.Integer(2))  # over delta^2
    return all(4 * radius_squared <= d for d in distances), f"squared distances {distances} delta^2"


def _shares(quarter):
    """Both parts of Fano's inequality are a quarter of log(2d/k): what is told, and log 2 at 2d/k = 16."""
    told = sp.simplify(N * DELTA_SQUARED * trace_limit(EPS) / D / sp.log(2 * D / K))
    rest = sp.log(2) / sp.log(16)
    return told <= quarter and sp.simplify(rest - quarter) == 0, f"told {told}, log 2: {sp.simplify(rest)}"


def _inside(factor):
    """The sum k delta is at most 1 exactly under the hypothesis on n."""
    least = factor * K**2 * D * sp.log(2 * D / K) / (4 * trace_limit(EPS))
    return sp.simplify((K**2 * DELTA_SQUARED).subs(N, least) - 1) == 0, "k delta = 1 at the least n"


def _conclusion(bound):
    """There are k blocks, each wrong with probability 1/2 at a loss of delta^2/2."""
    symbols = {s: {"d": D, "k": K, "n": N, "eps": EPS}[s.name] for s in bound.free_symbols}
    gap = sp.simplify(bound.subs(symbols) ** 2 - K * DELTA_SQUARED / 4)
    return gap == 0, f"bound^2 less k delta^2/4: {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.lower_noninteractive`."""
    bound = CLAIM.bound.expression
    steps = (
        *report_steps(),
        Step(
            name="the prior is spread evenly",
            evidence="identity",
            statement=(
                r"$E \theta \theta^T = \delta^2 (k/d) I$ (all 36 vertices at $d = 6$, $k = 2$; signs are independent "
                r"and places uniform for any). Hence $I(\theta; Z_i) \leq E_\theta KL(M_\theta \| M_0) \leq E_\theta "
                r"\sum_z M_0 \langle \theta, h \rangle^2 = \delta^2 (k/d) \, E |h|^2 \leq \delta^2 (k/d) "
                r"\sinh^2(\varepsilon/2)$."
            ),
            check=lambda: _spread(6),
            anti_test=lambda: _spread(5),
        ),
        Step(
            name="informations add up",
            evidence="reduction",
            statement=(
                r"Reports are independent given $\theta$: $I(\theta; Z_1^n) \leq \sum_i I(\theta; Z_i) \leq n \delta^2 "
                r"(k/d) \sinh^2(\varepsilon/2)$. Blocks are independent: $\sum_b I(J_b; Z_1^n) \leq I(\theta; Z_1^n)$. "
                r"Both are the chain rule and that conditioning reduces entropy. With interaction the first fails: a "
                r"later report may look where the earlier ones point to."
            ),
        ),
        Step(
            name="Fano's inequality",
            evidence="cited",
            statement=(
                r"$P(\hat J_b \neq J_b) \geq 1 - (I(J_b; Z) + \log 2)/\log M$ for $J_b$ uniform on $M = 2d/k$ values "
                r"(Cover, Thomas, Elements of Information Theory, Theorem 2.10.1)."
            ),
        ),
        Step(
            name="vertices are apart",
            evidence="identity",
            statement=(
                r"Different vertices of a block are at least $\sqrt{2} \delta$ apart: an estimate within "
                r"$\delta/\sqrt{2}$ of $\theta_b$ tells $J_b$, so $E \|\hat\theta_b - \theta_b\|^2 \geq "
                r"\frac{\delta^2}{2} P(\hat J_b \neq J_b)$."
            ),
            check=lambda: _vertices(sp.Rational(1, 2)),
            anti_test=lambda: _vertices(sp.Rational(501, 1000)),
        ),
        Step(
            name="half of the blocks are missed",
            evidence="identity",
            statement=(
                r"With $\delta^2 = d \log(2d/k)/(4 n \sinh^2(\varepsilon/2))$ the average over blocks of $I(J_b; Z)$ "
                r"is at most $\frac{1}{4} \log(2d/k)$, and so is $\log 2$: on average $P(\hat J_b \neq J_b) \geq 1/2$."
            ),
            check=lambda: _shares(sp.Rational(1, 4)),
            anti_test=lambda: _shares(sp.Rational(24, 100)),
        ),
        Step(
            name="the prior is inside the ball",
            evidence="identity",
            statement=r"$\|\theta\|_1 = k \delta \leq 1$ iff $n \sinh^2(\varepsilon/2) \geq k^2 d \log(2d/k)/4$.",
            check=lambda: _inside(1),
            anti_test=lambda: _inside(2),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"$E \|\hat\theta - \theta\|^2 \geq k \cdot \frac{\delta^2}{2} \cdot \frac{1}{2} = k d \log(2d/k)/"
                r"(16 n \sinh^2(\varepsilon/2))$, the square of the bound."
            ),
            check=lambda: _conclusion(bound),
            anti_test=lambda: _conclusion(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
