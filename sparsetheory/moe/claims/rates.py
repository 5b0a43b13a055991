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

TEMPERATURE = Claim(
    id="moe.temperature_identifiable",
    title="What data tell of a gate with a temperature",
    statement=(
        r"Scores $(\beta_{1j} x + \beta_{0j})/\tau$ with $\tau$ free. The temperature is not a function of the "
        r"density, and a fit returns the one that it started from. The quotients $\beta_{1j}/\tau$, $\beta_{0j}/\tau$ "
        r"and the experts $a_j$, $b_j$, $v_j$ are identified and regular: with the true number of experts the "
        r"maximiser next to the truth has errors in them of the exact order $n^{-1/2}$, wherever it started."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here from the asymptotic normality of regular models; Nguyen, Akbarian, Ho, Is temperature sample "
        "efficient for softmax Gaussian mixture of experts?, ICML 2024 (arXiv 2401.13875), show that no rate that is "
        "polynomial holds for the temperature and the slopes themselves"
    ),
    bound=Bound("n**(-1/2)", n="sample size"),
    assumptions=(
        r"$x$ in a bounded set, with a density that is positive on an interval",
        r"$(a_j, b_j, v_j)$ pairwise distinct, $v_j > 0$; the truth lies inside a compact parameter set",
        r"last row of the gate zero",
    ),
    badge="cited",
)

ACTIVATION = Claim(
    id="moe.activation_exact",
    title="An activation makes the temperature estimable",
    statement=(
        r"Scores $(\tanh(\beta_{1j} x) + \beta_{0j})/\tau$ with $\tau$ free, last row of the gate zero. With the true "
        r"number of experts the maximiser next to the truth is asymptotically normal with a positive definite "
        r"information: every parameter, the temperature too, has an error of the order $n^{-1/2}$, and the error in "
        r"the metric of the information exactly that order. Proved at $\beta_1 = 3/2$, $\beta_0 = \tau = 3/10$, $a = "
        r"(1, -1)$, $b = (1, -1)$, $v = (1/10, 1/10)$."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here from the asymptotic normality of regular models; the activation is due to Nguyen, Akbarian, Ho, "
        "Is temperature sample efficient for softmax Gaussian mixture of experts?, ICML 2024 (arXiv 2401.13875), with "
        "the bound (log n / n)^(1/2)"
    ),
    bound=Bound("n**(-1/2)", n="sample size"),
    assumptions=(
        r"$x$ in a bounded set, with a density that is positive on an interval",
        r"$(a_j, b_j, v_j)$ pairwise distinct, $v_j > 0$; the truth lies inside a compact parameter set",
    ),
    badge="cited",
)

TOP_K = Claim(
    id="moe.topk_exact",
    title="Sparse gates with the true number of experts",
    statement=(
        r"Only the $K$ experts with the largest slopes $\beta_{1j} x$, or with the largest scores $\beta_{1j} x + "
        r"\beta_{0j}$, are active. With the true numbers of experts and of active experts, the maximiser next to the "
        r"truth has a loss $\inf_t \max_S \sum_{j \in S} \{w_j (|\beta_{1j} - \beta_{1j}^* - t_1| + |a_j - a_j^*| + "
        r"|b_j - b_j^*| + |v_j - v_j^*|) + |w_j - w_j^*|\}$ over sets $S$ of $K$ experts of the exact order "
        r"$n^{-1/2}$. Ranked by scores, the place where active sets switch is estimated at the faster order $n^{-1}$. "
        r"Proved in one dimension for three experts of which two are active."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here from the asymptotic normality of regular models and of change points; the bound (log n / "
        "n)^(1/2) is due to Nguyen, Akbarian, Yan, Ho, Statistical perspective of top-K sparse softmax gating mixture "
        "of experts, ICLR 2024 (arXiv 2309.13850)"
    ),
    bound=Bound("n**(-1/2)", n="sample size"),
    assumptions=(
        r"$x$ in a bounded interval around zero, with a positive density",
        r"$(a_j, b_j, v_j)$ pairwise distinct, $v_j > 0$; the truth lies inside a compact parameter set",
        r"slopes of the gate pairwise distinct; last row of the gate zero",
    ),
    badge="cited",
)

DENSE_OVER = Claim(
    id="moe.dense_over",
    title="One expert too many: which powers of the errors vanish at rate root n",
    statement=(
        r"Fit $k + 1$ experts to $k$. The maximiser, over a compact parameter set, of the likelihood plus $c \sum_j "
        r"\log \pi_j(0)$ has $L(\hat G, G^*) = O_P((\log n/n)^{1/2})$, where $L$ adds up, at the best translation, "
        r"$w_i \|(\beta_1, a, b, v)_i - (\beta_1, a, b, v)_j^*\|$ for an atom alone in its cell, $w_i \{\|(\beta_1, "
        r"b)_i - (\beta_1, b)_j^*\|^4 + \|(a, v)_i - (a, v)_j^*\|^2\}$ for the two atoms of a cell of two, and the "
        r"errors of the weights of cells. So two atoms with shares that stay have errors of at most $n^{-1/8}$ in "
        r"$\beta_1$ and $b$, $n^{-1/4}$ in $a$ and $v$, up to logarithms."
    ),
    kind="upper",
    status="derived",
    source=(
        "Nguyen, Nguyen, Ho, Demystifying softmax gating function in Gaussian mixture of experts, NeurIPS 2023 (arXiv "
        "2305.03288), for the likelihood itself; derived here that the penalty changes nothing"
    ),
    bound=Bound("(log(n)/n)**(1/2)", n="sample size"),
    assumptions=(
        r"$x$ in a bounded set around zero, with a density that is positive on an interval; some $\beta_{1j} \neq "
        r"\beta_{1l}$",
        r"$(a_j, b_j, v_j)$ pairwise distinct, $v_j > 0$; the truth lies inside the compact parameter set",
        r"$c > 0$ fixed",
    ),
    badge="cited",
)

#: The claims of this file, in the order in which they are listed.
CLAIMS = (DENSE_EXACT, DENSE_OVER, TOP_K, TEMPERATURE, ACTIVATION)
