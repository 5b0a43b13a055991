r"""Two hypotheses a block, empty or not, seen from the empty one: interaction cannot look for what is not there.

The chain rule is taken under the law of an empty block, where the history does not know the place that is asked for;
a block is empty with probability one half, so that this law weighs at most twice what it does in the prior.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.private_information import report_steps, trace_limit

CLAIM = find("ldp.lower_interactive")
HYPOTHESES = (
    r"sequential: every user speaks once, so the chain rule has one private report a user",
    r"pure $\varepsilon$ for every past: the likelihood ratio of every report has bounded variance",
    r"$n \sinh^2(\varepsilon/2) \geq k^2 d/2$: $\|\theta\|_1 \leq 1/2$, which keeps $M_\theta \geq M_0/2$",
)
D, K, N, EPS = sp.symbols("d k n eps", positive=True)
DELTA_SQUARED = D / (8 * N * trace_limit(EPS))


def _half_space(level):
    """Both losses at the boundary |theta_b| = level * delta, over delta^2; the triangle inequality gives the second."""
    empty, occupied = level**2, (1 - level) ** 2
    return min(empty, occupied) >= sp.Rational(1, 4), f"losses {empty}, {occupied} of delta^2"


def _pinsker(constant):
    """For two values: the difference vanishes at q = p, its derivative in q has the sign of q - p."""
    p, q = sp.symbols("p q", positive=True)
    gap = p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q)) - constant * (p - q) ** 2
    at_p = sp.simplify(gap.subs(q, p))
    derivative = sp.simplify(sp.diff(gap, q) - (q - p) * (1 - 2 * q) ** 2 / (q * (1 - q)))
    return at_p == 0 and derivative == 0, f"at q = p: {at_p}; derivative off by {derivative}"


def _denominator(norm):
    """(P - Q)^2/Q with P - Q = -delta h M_0 and Q >= (1 - norm) M_0."""
    M, h, delta = sp.symbols("M_0 h delta", positive=True)
    term = sp.simplify((delta * h * M) ** 2 / ((1 - norm) * M))
    return sp.simplify(term - 2 * delta**2 * h**2 * M) == 0, f"a term is at most {term}"


def _distance(half):
    """Average total variation: sqrt(KL/2), KL = (1/k)(k/d) 2 delta^2 n 2 sinh^2."""
    divergence = (1 / K) * (K / D) * 2 * DELTA_SQUARED * N * 2 * trace_limit(EPS)
    distance = sp.sqrt(sp.simplify(divergence) / 2)
    return distance <= half, f"average total variation at most {distance}"


def _inside(factor):
    least = factor * K**2 * D / (2 * trace_limit(EPS))
    return sp.simplify((K**2 * DELTA_SQUARED).subs(N, least) - sp.Rational(1, 4)) == 0, "k delta = 1/2 at the least n"


def _conclusion(bound):
    """There are k blocks, each with a loss of delta^2/8 (1 - 1/2)."""
    symbols = {s: {"d": D, "k": K, "n": N, "eps": EPS}[s.name] for s in bound.free_symbols}
    gap = sp.simplify(bound.subs(symbols) ** 2 - K * DELTA_SQUARED / 16)
    return gap == 0, f"bound^2 less k delta^2/16: {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.lower_interactive`."""
    bound = CLAIM.bound.expression
    steps = (
        *report_steps(),
        Step(
            name="testing whether a block is empty",
            evidence="identity",
            statement=(
                r"Prior: blocks independent, $J_b$ empty with probability $1/2$, otherwise uniform on the $d/k$ "
                r"places, $\theta_b = \delta e_{J_b}$. With $A = \{\|\hat\theta_b\| \geq \delta/2\}$ the loss of block "
                r"$b$ is at least $\delta^2/4$ on $A$ if the block is empty and on the complement if it is not: "
                r"$E \|\hat\theta_b - \theta_b\|^2 \geq \frac{\delta^2}{8} (1 - \frac{k}{d} \sum_j TV(P_0, P_j))$, the "
                r"other blocks given."
            ),
            check=lambda: _half_space(sp.Rational(1, 2)),
            anti_test=lambda: _half_space(sp.Rational(51, 100)),
        ),
        Step(
            name="Pinsker's inequality",
            evidence="identity",
            statement=(
                r"$TV(P, Q) \leq \sqrt{KL(P \| Q)/2}$: for two values the difference is 0 at $q = p$ and its "
                r"derivative is $(q - p)(1 - 2q)^2/(q(1 - q))$; merging values into $\{P > Q\}$ and the rest keeps TV "
                r"and does not raise KL."
            ),
            check=lambda: _pinsker(2),
            anti_test=lambda: _pinsker(sp.Rational(2001, 1000)),
        ),
        Step(
            name="one report",
            evidence="identity",
            statement=(
                r"$M_\theta \geq (1 - \|\theta\|_1) M_0 \geq M_0/2$. For a fixed channel, $\theta$ with block $b$ "
                r"empty and $\theta' = \theta + \delta e_j$: $KL(M_\theta \| M_{\theta'}) \leq \sum_z \delta^2 h_j^2 "
                r"M_0^2/M_{\theta'} \leq 2 \delta^2 E_{M_0} h_j^2$."
            ),
            check=lambda: _denominator(sp.Rational(1, 2)),
            anti_test=lambda: _denominator(sp.Rational(51, 100)),
        ),
        Step(
            name="the chain rule, seen from the empty block",
            evidence="reduction",
            statement=(
                r"$KL(P_0 \| P_j) = \sum_i E_{P_0} KL(M_\theta \| M_{\theta'} \mid past)$: the past has the law $P_0$ "
                r"for every $j$, so the sum over $j$ in the block goes inside and is at most $2 \delta^2 \sum_i "
                r"E_{P_0} T_b(past)$, $T_b = E_{M_0} \sum_{j \in b} h_j^2$. A block is empty with probability $1/2$, "
                r"independently of the others, and $T_b \geq 0$: the mean of $E_{P_0} T_b$ over the other blocks is at "
                r"most twice that of $T_b$ over the prior. There, under one law for all $b$, $\sum_b T_b(past) \leq "
                r"\sinh^2(\varepsilon/2)$ for every past. Hence $\sum_b E \sum_{j \in b} KL(P_0 \| P_j) \leq 4 "
                r"\delta^2 n \sinh^2(\varepsilon/2)$."
            ),
        ),
        Step(
            name="half of the blocks are not told from empty ones",
            evidence="identity",
            statement=(
                r"The square root is concave: the average of $TV(P_0, P_j)$ over blocks and places is at most "
                r"$\sqrt{\frac{1}{2} \cdot \frac{1}{k} \cdot \frac{k}{d} \cdot 4 \delta^2 n \sinh^2(\varepsilon/2)} = "
                r"1/2$ with $\delta^2 = d/(8 n \sinh^2(\varepsilon/2))$."
            ),
            check=lambda: _distance(sp.Rational(1, 2)),
            anti_test=lambda: _distance(sp.Rational(499, 1000)),
        ),
        Step(
            name="the prior is inside the ball",
            evidence="identity",
            statement=r"$\|\theta\|_1 \leq k \delta \leq 1/2$ iff $n \sinh^2(\varepsilon/2) \geq k^2 d/2$.",
            check=lambda: _inside(1),
            anti_test=lambda: _inside(2),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"$E \|\hat\theta - \theta\|^2 \geq k \cdot \frac{\delta^2}{8} \cdot \frac{1}{2} = k d/(128 \, n "
                r"\sinh^2(\varepsilon/2))$, the square of the bound."
            ),
            check=lambda: _conclusion(bound),
            anti_test=lambda: _conclusion(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
