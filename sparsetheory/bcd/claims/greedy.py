"""Greedy selection beyond strong convexity: approximations, nearest neighbours, PL functions, composite problems."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

APPROXIMATE = Claim(
    id="bcd.approximate_greedy",
    title="Gauss-Southwell with errors in the selection",
    statement=(
        r"Let $f$ be strongly convex with constant $\mu_1$ in the 1-norm, and let iteration $k$ move, with step $1/L$, "
        r"$L \geq L_i$, some coordinate with $g_i^2 \geq (1 - \epsilon)^2 \max_j g_j^2 - \delta_k$. For "
        r"$e_k = f(x^k) - f^*$ it removes at least the share $(1 - \epsilon)^2 \mu_1/L - \delta_k/(2 L e_k)$ of the "
        r"error. With $\delta_k = 0$ that is $e_{k+1} \leq (1 - (1 - \epsilon)^2 \mu_1/L) \, e_k$; with "
        r"$\epsilon = 0$ and $\rho = 1 - \mu_1/L$ it adds up to "
        r"$e_k \leq \rho^k \, (e_0 + \sum_{i<k} \rho^{-(i+1)} \delta_i/(2 L))$: errors have to decay faster than "
        r"$\rho^k$ to leave the rate as it is, and constant ones leave an error of $\delta/(2 \mu_1)$."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here, with errors in squared gradients, the units of progress; Nutini, Schmidt, Laradji, "
        "Friedlander, Koepke, Coordinate descent converges faster with the Gauss-Southwell rule than random selection, "
        "ICML 2015 (arXiv 1506.00552), have the multiplicative rate"
    ),
    bound=Bound(
        "(1 - eps)**2*mu_1/L - delta/(2*L*error)",
        eps="relative error of the selected gradient entry", mu_1="strong convexity in the 1-norm", L="largest L_i",
        delta="absolute error of the selected squared gradient entry", error="f - f* before the step",
    ),
    assumptions=(
        r"$f(y) \geq f(x) + \nabla f(x)^T (y - x) + \frac{1}{2} \mu_1 \|y - x\|_1^2$ for all $x$, $y$",
        r"$L_i$: Lipschitz constant of $\partial_i f$ along coordinate $i$",
        r"$0 \leq \epsilon < 1$, $\delta_k \geq 0$",
    ),
    badge="reduction",
)  # fmt: skip

NEAREST = Claim(
    id="bcd.nearest_neighbour_rule",
    title="Gauss-Southwell-Lipschitz is a nearest neighbour",
    statement=(
        r"Least squares $f(x) = \frac{1}{2} \|A x - y\|_2^2$ with residual $r = A x - y \neq 0$. The coordinates with "
        r"the largest $g_i^2/L_i$, in this order, are those whose normalised columns $\pm a_i/\|a_i\|_2$ are nearest "
        r"to $r$. With $d \leq \sqrt{2}$ the distance of the nearest one to $r/\|r\|_2$, the exact step on it lowers "
        r"$f$ by $\frac{1}{2} \|r\|_2^2 (1 - d^2/2)^2$, the most that any coordinate can. For other losses of $A x$ "
        r"the vector of their slopes takes the place of $r$."
    ),
    kind="identity",
    status="derived",
    source=(
        "Derived here; the reduction of greedy selection to nearest neighbours is due to Dhillon, Ravikumar, Tewari, "
        "Nearest neighbor based greedy coordinate descent, NIPS 2011"
    ),
    bound=Bound(
        "r**2*(1 - d**2/2)**2/2", r="norm of the residual", d="distance of r/|r| to the nearest normalised column"
    ),
    assumptions=(r"columns $a_i \neq 0$; zero columns have no gradient and are left out", r"no penalty, no ridge term"),
    badge="reduction",
)

PL = Claim(
    id="bcd.pl_rate",
    title="Gauss-Southwell without strong convexity",
    statement=(
        r"Let $\frac{1}{2} \max_b \|g_b\|_2^2 \geq \mu (f - f^*)$ everywhere (a Polyak-Lojasiewicz inequality; "
        r"minimisers need not be unique). The block with the largest $\|g_b\|_2$, step $1/L$ with $L \geq L_b$, "
        r"removes at least the share $\mu/L$ of the error. Least squares with any $A$ has such a $\mu > 0$: with $Q = "
        r"A^T A$, weights $w_b \geq 0$ of sum $1$ and $W = diag(w_b I)$, every $\mu$ with $Q W Q \succeq \mu Q$ will "
        r"do. Equal weights give $\mu = \sigma_{min,+}^2/m$ with the smallest nonzero singular value of $A$."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here; greedy rules under this inequality are in Karimi, Nutini, Schmidt, Linear convergence of "
        "gradient and proximal-gradient methods under the Polyak-Lojasiewicz condition, ECML PKDD 2016 (arXiv "
        "1608.04636)"
    ),
    bound=Bound("mu/L", mu="certified constant of the inequality", L="largest L_b"),
    assumptions=(
        r"$L_b$: Lipschitz constant of $\nabla_b f$ along block $b$",
        r"$f$ attains its minimum",
    ),
    badge="reduction",
)

GSQ_COMPOSITE = Claim(
    id="bcd.gsq_composite",
    title="GS-q on composite problems",
    statement=(
        r"$F = f + \sum_b g_b(x_b)$ with $f$ $\mu$-strongly convex, $g_b$ convex, $m$ blocks, $L \geq L_b$. The block "
        r"whose model $\min_d \nabla_b f^T d + \frac{L}{2} \|d\|_2^2 + g_b(x_b + d) - g_b(x_b)$ is lowest, moved to "
        r"the minimiser of this model (or of the one with $L_b$ in place of $L$), removes at least the share $\mu/(m "
        r"L)$ of $F - F^*$ in every iteration."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here; for single coordinates the statement of Nutini, Schmidt, Laradji, Friedlander, Koepke, "
        "Coordinate descent converges faster with the Gauss-Southwell rule than random selection, ICML 2015 (arXiv "
        "1506.00552)"
    ),
    bound=Bound("mu/(m*L)", mu="strong convexity of f", m="number of blocks", L="largest L_b"),
    assumptions=(
        r"$f(y) \geq f(x) + \nabla f(x)^T (y - x) + \frac{\mu}{2} \|y - x\|_2^2$ for all $x$, $y$",
        r"$L_b$: Lipschitz constant of $\nabla_b f$ along block $b$",
        r"$g_b$ convex and lower semicontinuous",
    ),
    badge="reduction",
)

#: The claims of this file, in the order in which they are listed.
CLAIMS = (APPROXIMATE, NEAREST, PL, GSQ_COMPOSITE)
