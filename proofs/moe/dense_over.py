"""The penalty is smaller than what the rate of the density leaves open; the rest is the published inequality."""

import sympy as sp

from sparsetheory.moe.known_mixtures import CENTRED
from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.dense_over")
HYPOTHESES = (
    r"the truth lies inside the compact parameter set: so do splits of it with equal shares, and weights are bounded",
    r"$(a_j, b_j, v_j)$ pairwise distinct: cells of more than one atom are copies of one true expert",
    r"$c$ does not grow with $n$: the penalty is of smaller order than $\log n/n$",
)
B, V, E, N, C = sp.symbols("b v epsilon n c", positive=True)


def _penalty(shares):
    """Return the sum of the logarithms of the shares at zero."""
    return sp.expand_log(sum(sp.log(sp.Rational(share)) for share in shares), force=True)


def _split(low):
    """Whether halves of the first true atom have shares whose logarithms add up to -log(low)."""
    weights = [sp.exp(sp.Rational(str(float(beta0)))) for beta0 in CENTRED.truth.beta0]
    shares = [weights[0] / 2, *weights[1:], weights[0] / 2]
    total = sum(shares)
    found = sp.simplify(_penalty([share / total for share in shares]) + sp.log(low))
    return found == 0, f"sum of logarithms + log {low} = {found}"


def _negligible(power):
    """Whether c log(32) / n is of smaller order than log(n)^power / n."""
    limit = sp.limit(C * sp.log(32) / N / (sp.log(N) ** power / N), N, sp.oo)
    return limit == 0, f"limit of the quotient {limit}"


def _moments(mean, variance):
    """Return the first four moments of a Gaussian."""
    return (
        mean, mean**2 + variance, mean**3 + 3 * mean * variance, mean**4 + 6 * mean**2 * variance + 3 * variance**2
    )  # fmt: skip


def _path(shift):
    """Whether halves at b -+ epsilon with the variance v - shift epsilon^2 keep moments 1 to 3, and miss the fourth."""
    low, high = (_moments(B + side * E, V - shift * E**2) for side in (-1, 1))
    gaps = [sp.factor((one + other) / 2 - true) for one, other, true in zip(low, high, _moments(B, V))]
    return gaps[:3] == [0, 0, 0] and gaps[3] == -2 * E**4, f"differences of the moments {gaps}"


PENALTY = Step(
    name="the penalty at the truth",
    evidence="identity",
    statement=(
        r"The truth with its first atom in two halves has the density of the truth, and $\sum_j \log \pi_j(0) = -\log "
        r"32$ in the setting of the study; whatever the setting it is a finite number, and at most zero everywhere."
    ),
    check=lambda: _split(32),
    anti_test=lambda: _split(31),
)

SMALLER = Step(
    name="it is of smaller order",
    evidence="identity",
    statement=(
        r"So the maximiser has $\frac1n \sum_i \log p_{\hat G} \geq \frac1n \sum_i \log p_{G^*} - c \log(32)/n$, and "
        r"$c \log(32)/n$ is of smaller order than $\log n/n$: it maximises the likelihood up to what the next step "
        r"allows."
    ),
    check=lambda: _negligible(1),
    anti_test=lambda: _negligible(0),
)

DENSITY = Step(
    name="rate of the density",
    evidence="cited",
    statement=(
        r"On a compact parameter set with variances bounded away from zero the bracketing entropy of the densities is "
        r"$O(\log(1/\epsilon))$, so that estimates whose likelihood reaches that of the truth up to $O(\log n/n)$ have "
        r"a Hellinger distance of $O_P((\log n/n)^{1/2})$ from it (van de Geer, Empirical Processes in M-Estimation, "
        r"Cambridge 2000, Theorem 7.4 and its proof)."
    ),
)

INEQUALITY = Step(
    name="from the density to the loss",
    evidence="cited",
    statement=(
        r"$E_x V(p_G, p_{G^*}) \geq c' L(G, G^*)$ for all $G$ of the compact set with at most $k + 1$ atoms (Nguyen, "
        r"Nguyen, Ho, NeurIPS 2023). What decides the exponents is that two atoms cannot cancel the derivatives of "
        r"order 4, though they can those of order 3: $\bar r(2) = 4$, proved in moe.rbar_two, after identities "
        r"between derivatives, proved in moe.derivative_identities. Total variation is at most $2^{1/2}$ times the "
        r"Hellinger distance."
    ),
)

SHARP = Step(
    name="no smaller exponents",
    evidence="identity",
    statement=(
        r"Halves at $b \mp \epsilon$ with variance $v - \epsilon^2$ have the moments of $N(b, v)$ up to order 3, and "
        r"$-2 \epsilon^4$ in order 4: the density differs by $O(\epsilon^4)$, as do $|b_i - b|^4$ and $|v_i - v|^2$. "
        r"With exponents below 4 and 2 the inequality fails along this path. Without the change of the variance the "
        r"second moment differs."
    ),
    check=lambda: _path(1),
    anti_test=lambda: _path(0),
)


def prove() -> Proof:
    """Return the proof of `moe.dense_over`."""
    steps = (PENALTY, SMALLER, DENSITY, INEQUALITY, SHARP)
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
