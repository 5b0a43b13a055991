"""Active sets: when the support is found, and what happens from then on; worst cases of cyclic descent."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

ACTIVE_SET_COMPLEXITY = Claim(
    id="bcd.active_set_complexity",
    title="When the zeros are found",
    statement=(
        r"Let $F = f + \sum_i g_i$ have its minimum at $x^*$ with the gap $\delta$: "
        r"$l_i + \delta \leq -\nabla_i f(x^*) \leq u_i - \delta$ wherever $\partial g_i(x^*_i) = [l_i, u_i]$ is more "
        r"than a point. Proximal block steps with $F(x^k) - F^* \leq (1 - 1/\kappa)^k D$ have all these $x_i = x^*_i$ "
        r"for good after $\kappa \log(8 L^2 D/(\mu \delta^2)) + T$ iterations, $T$ the time in which every block that "
        r"is still wrong is visited. With $m$ blocks: $\kappa = m L_{max}/\mu$ for GS-q ($m = 1$: all at once, "
        r"$T = 1$), $\kappa = m (1 + C)$ and $T = 2 m$ cyclic, for quadratics with the $C$ of the proof."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here, with these constants; after Nutini, Schmidt, Hare, Active-set complexity of proximal gradient: "
        "how long does it take to find the sparsity pattern?, Optim. Lett. 13 (2019), and Nutini, Laradji, Schmidt, "
        "JMLR 23 (2022)"
    ),
    bound=Bound(
        "ceiling(Max(rate*log(8*L**2*D/(mu*gap**2)), 0)) + T", rate="kappa of the rule", D="F at the start less F*",
        L="Lipschitz constant of the gradient", mu="strong convexity of f", gap="least distance to a kink's end",
        T="iterations until every wrong block has been visited",
    ),
    assumptions=(
        r"$f$ is $\mu$-strongly convex with an $L$-Lipschitz gradient, $g_i$ closed and convex",
        r"$\delta > 0$",
        r"steps $1/L_b$ with block constants $L_b \leq L$",
    ),
    badge="reduction",
)  # fmt: skip

SUPERLINEAR_AND_FINITE = Claim(
    id="bcd.superlinear_and_finite",
    title="Newton blocks that hold the support",
    statement=(
        r"Let $x^*$ minimise $f + \sum_i g_i$, $g_i$ absolute values or bounds, with the support $S$ and a gap at the "
        r"zeros. Within a radius of $x^*$, on the right support, a two-metric or prox-Newton step on a block that "
        r"holds $S$ leads from the error $e$ to at most $M e^2/(2 (\mu - M e))$, where "
        r"$\mu = \lambda_{min}(\nabla^2_{SS} f(x^*))$ and $M$ is the Lipschitz constant of $\nabla^2_{SS} f$: "
        r"quadratic convergence. Where $f$ is quadratic, $M = 0$: one step ends at $x^*$."
    ),
    kind="tight",
    status="derived",
    source=(
        "Derived here, with constants; the mechanism is that of Nutini, Laradji, Schmidt, Let's make block coordinate "
        "descent converge faster, JMLR 23 (2022), on active-set identification and superlinear convergence"
    ),
    bound=Bound(
        "M*e**2/(2*(mu - M*e))", M="Lipschitz constant of the Hessian on the support", e="distance before the step",
        mu="least eigenvalue of the Hessian on the support",
    ),
    assumptions=(
        r"$\mu > 0$; $l_i + \delta \leq -\nabla_i f(x^*) \leq u_i - \delta$ at the zeros, "
        r"$\partial g_i(0) = [l_i, u_i]$, $\delta > 0$",
        r"$M e \leq \mu/3$, $3 L_f e \leq \delta$, $(2 + \max_S L_i/\min_S L_i) \, e \leq \min_S |x^*_i|$",
        r"blocks have more variables than $S$ (rule gsl-q-support)",
    ),
    badge="reduction",
)  # fmt: skip

CYCLIC_PEP = Claim(
    id="bcd.cyclic_pep",
    title="Worst case of cyclic descent over two blocks",
    statement=(
        r"Let $f$ be convex with constants $L_1, L_2$ of two blocks. After $N = 4, 6, 8$ or $10$ updates of the blocks "
        r"in turn with steps $1/L_b$, $f(x_N) - f^* \leq R^2/(N + \frac52)$ up to two millionths, "
        r"$R^2 = \sum_b L_b \|x_{0,b} - x^*_b\|^2$."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here: closed form read off exact certificates of the performance-estimation problem of Drori, "
        "Teboulle, Math. Program. 145 (2014), with the block conditions as in Kamri, Hendrickx, Glineur (2022)"
    ),
    bound=Bound("(1 + 1/500000)*R2/(N + 5/2)", R2="squared distance of the start, weights L_b", N="updates"),
    assumptions=(
        r"$f$ convex, $\|\nabla_b f(x + U_b h) - \nabla_b f(x)\| \leq L_b \|h\|$, a minimiser $x^*$",
        r"$N \in \{4, 6, 8, 10\}$ block updates",
    ),
    badge="exact certificate",
)

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (ACTIVE_SET_COMPLEXITY, SUPERLINEAR_AND_FINITE, CYCLIC_PEP)
