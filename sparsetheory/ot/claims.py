"""Every theorem of the family as a record; its proof and its study carry the same slug."""

from ..verify.bound import Bound
from ..verify.claim import Claim

__all__ = ["CLAIMS"]

ROUNDING = Claim(
    id="ot.rounding",
    title="Rounding to exact marginals",
    statement=(
        r"Scale the rows of $P \geq 0$ down to their targets, then the columns, then add the rank-one matrix of what "
        r"is missing. The result has marginals $a$ and $b$ exactly, and lies within "
        r"$\frac{3}{2} (\|P 1 - a\|_1 + \|P^T 1 - b\|_1)$ of $P$ in the entrywise $\ell_1$ norm; the constant is "
        r"attained. When $P$ carries no more mass than the targets, the constant is $1$."
    ),
    kind="tight",
    status="derived",
    source=(
        "Derived here; sharpens the constant 2 of Altschuler, Weed, Rigollet, Near-linear time approximation "
        "algorithms for optimal transport via Sinkhorn iteration, NIPS 2017, Lemma 7"
    ),
    bound=Bound("3*err/2", err="L1 marginal error of P, rows plus columns"),
    assumptions=(
        r"$P \geq 0$ entrywise, any total mass",
        r"$a, b \geq 0$ with $\sum_i a_i = \sum_j b_j$",
    ),
    badge="reduction",
)

LOCAL_LINEAR_RATE = Claim(
    id="ot.local_linear_rate",
    title="Asymptotic rate of Sinkhorn",
    statement=(
        r"Let $\sigma_2$ be the second singular value of $diag(a)^{-1/2} P^* diag(b)^{-1/2}$ at the optimal plan "
        r"$P^*$. The error of Sinkhorn's iteration falls asymptotically by the factor $\sigma_2^2 < 1$ per full "
        r"iteration, for every start outside a set of measure zero."
    ),
    kind="tight",
    status="theorem",
    source=(
        "Knight, The Sinkhorn-Knopp algorithm: convergence and applications, SIAM J. Matrix Anal. Appl. 30 (2008); "
        "Gaussian closed form derived here"
    ),
    bound=Bound("-2*log(sigma2)", sigma2="second singular value of the normalised optimal plan"),
    assumptions=(
        r"$a, b > 0$ with $\sum_i a_i = \sum_j b_j$",
        r"finite costs, $\varepsilon > 0$",
        r"$\sigma_3 < \sigma_2$, and the start excites the second singular pair",
    ),
    badge="cited",
)

EXPONENTIAL_CONVERGENCE = Claim(
    id="ot.exponential_convergence",
    title="Entropic plans reach the vertex exponentially fast",
    statement=(
        r"Let $\Delta$ be the gap between the best and the second-best vertex value of an $n \times n$ transport "
        r"problem of unit mass, and $P_\eta$ its entropic plan at $\varepsilon = 1/\eta$. "
        r"For $\eta > (1 + 2 \log n)/\Delta$ the distance of $P_\eta$ to the face of optimal plans is at most "
        r"$6 n^2 \exp(-\eta \Delta)$. The proof here gives the sharper $2 n \exp(-\eta \Delta)$, for every $\eta > 0$."
    ),
    kind="upper",
    status="theorem",
    source=(
        "Weed, An explicit analysis of the entropic penalty in linear programming, COLT 2018 (arXiv 1806.01879), on "
        "the transport polytope as used by Tang et al., ICLR 2024 (arXiv 2401.12253), eq. (7)"
    ),
    bound=Bound("6*n**2*exp(-eta*gap)", n="atoms a side", eta="1/reg", gap="vertex gap"),
    assumptions=(
        r"$a, b > 0$ with $\sum_i a_i = \sum_j b_j = 1$, $n$ atoms a side",
        r"finite costs, not all vertices optimal",
        r"$\eta > (1 + 2 \log n)/\Delta$",
    ),
    badge="reduction",
)

#: The claims of this family, in the order in which they are listed.
CLAIMS = (ROUNDING, LOCAL_LINEAR_RATE, EXPONENTIAL_CONVERGENCE)
