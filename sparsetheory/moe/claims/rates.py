"""Rates of maximum likelihood estimates."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

DENSE_EXACT = Claim(
    id="moe.dense_exact",
    title="True number of experts: the loss at rate root n",
    statement=(
        r"Let $\hat G$ maximise the likelihood over mixtures with the true number $k$ of experts, next to the truth "
        r"$G^*$, whose experts $(a_j, b_j, v_j)$ differ pairwise. Then $n^{1/2} L(\hat G, G^*)$ converges in law to a "
        r"norm of a Gaussian vector, where $L(G, G^*) = \inf_{t} \sum_j \{w_j \|(\beta_{1j} - \beta_{1j}^* - t_1, a_j "
        r"- a_j^*, b_j - b_j^*, v_j - v_j^*)\| + |w_j - w_j^*|\}$, $w_j = e^{\beta_{0j} - t_0}$: its order is exactly "
        r"$n^{-1/2}$, without a logarithm, though gates are only identified up to the translation $t$."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here from the asymptotic normality of regular models; the bound (log n / n)^(1/2) is due to Nguyen, "
        "Nguyen, Ho, Demystifying softmax gating function in Gaussian mixture of experts, NeurIPS 2023 (arXiv "
        "2305.03288)"
    ),
    bound=Bound("n**(-1/2)", n="sample size"),
    assumptions=(
        r"$x$ in a bounded set, with a density that is positive on an interval",
        r"$(a_j, b_j, v_j)$ pairwise distinct, $v_j > 0$; the truth lies inside a compact parameter set",
    ),
    badge="cited",
)

#: The claims of this file, in the order in which they are listed.
CLAIMS = (DENSE_EXACT,)
