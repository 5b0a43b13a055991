"""What the rates rest on: identities between derivatives, a direction without information, a polynomial system."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_P1 = "Nguyen, Nguyen, Ho, Demystifying softmax gating function in Gaussian mixture of experts, NeurIPS 2023"
_HO = (
    "Ho, Nguyen, Convergence rates of parameter estimation for some weakly identifiable finite mixtures, Ann. Statist. "
    "44 (2016)"
)

DERIVATIVES = Claim(
    id="moe.derivative_identities",
    title="Which derivatives of an expert coincide",
    statement=(
        r"Let $T = \exp((\beta_1^T x + \beta_0)/\tau) \, N(y; a^T x + b, v)$. Every partial derivative is a derivative "
        r"by $b$: with multi-indices $\alpha_1$, $\alpha_2$ and numbers $n$, $q$, "
        r"$\partial_{\beta_1}^{\alpha_1} \partial_a^{\alpha_2} \partial_b^n \partial_v^q T = x^{\alpha_1 + \alpha_2} "
        r"\tau^{-|\alpha_1|} \, 2^{-q} \, \partial_b^{|\alpha_2| + n + 2 q} T$. So "
        r"$\tau \, \partial^2 T/\partial \beta_{1u} \partial b = \partial T/\partial a_u$ and "
        r"$\partial^2 T/\partial b^2 = 2 \, \partial T/\partial v$: what is new at second order is not independent of "
        r"first order, which slows over-specified fits down."
    ),
    kind="identity",
    status="derived",
    source=(
        f"Derived here; the two identities of second order are what {_P1}, and for $b$ and $v$ {_HO}, explain slow "
        "rates by"
    ),
    bound=Bound(
        "M*H/(2**q*tau**r)", M="monomial of the covariates", H="derivative by b of order |alpha_2| + n + 2q",
        q="times by v", tau="temperature", r="times by slopes of the gate",
    ),
    assumptions=(
        r"scores of the gate linear in $\beta_1$",
        r"Gaussian experts, parametrised by the variance $v > 0$",
    ),
    badge="reduction",
)  # fmt: skip

FLAT = Claim(
    id="moe.temperature_flat_direction",
    title="A temperature that no data can tell",
    statement=(
        r"The softmax gate with scores $(\beta_{1j}^T x + \beta_{0j})/\tau$ gives the same density at "
        r"$(\beta_1, \beta_0, \tau)$ and at $c \, (\beta_1, \beta_0, \tau)$ for every $c > 0$. So "
        r"$\langle \beta, \partial_\beta \log p \rangle = -\tau \, \partial_\tau \log p$ for every $(x, y)$, the "
        r"Fisher information has the null vector $(\beta, \tau)$, and no estimator of $\tau$ is consistent. An "
        r"activation, scores $(\varphi(\beta_1^T x) + \beta_0)/\tau$, keeps a direction without information where "
        r"$z \varphi'(z) = A \varphi(z) + B$, as all powers have it, and tanh has not."
    ),
    kind="identity",
    status="derived",
    source=(
        "Derived here; Nguyen, Akbarian, Ho, Is temperature sample efficient for softmax Gaussian mixture of experts?, "
        "ICML 2024, show that rates with this gate are slower than any polynomial, and propose activations"
    ),
    bound=Bound("-tau*slope", tau="temperature", slope="derivative of log p(y | x) by the temperature"),
    assumptions=(
        r"all experts active, or the $K$ with the largest scores",
        r"$\tau$ free: with $\tau$ fixed the direction is not there",
    ),
    badge="reduction",
)

RBAR_TWO = Claim(
    id="moe.rbar_two",
    title="Two atoms in a cell: order 4",
    statement=(
        r"Let $E_\ell = \sum_j w_j \sum_{n_1 + 2 n_2 = \ell} x_j^{n_1} c_j^{n_2}/(n_1! \, n_2!)$ for two atoms with "
        r"weights $w_j > 0$. For every pair of weights and every distance $D = x_2 - x_1 \neq 0$ exactly one choice of "
        r"$x_1$, $c_1$, $c_2$ solves $E_1 = E_2 = E_3 = 0$, and there "
        r"$E_4 = -w_1 w_2 (w_1^2 + w_1 w_2 + w_2^2) D^4/(36 \, (w_1 + w_2)^3) < 0$. Hence $\bar r(2) = 4$: order 3 has "
        r"real solutions that are not trivial, order 4 has none. The system with slopes of gates and experts has such "
        r"solutions exactly when this one has."
    ),
    kind="identity",
    status="derived",
    source=f"Derived here, with the value of $E_4$; $\\bar r(2) = 4$ is published: {_HO}; for gates: {_P1}",
    bound=Bound(
        "-w1*w2*(w1**2 + w1*w2 + w2**2)*D**4/(36*(w1 + w2)**3)", w1="weight of the first atom",
        w2="weight of the second atom", D="distance of the locations",
    ),
    assumptions=(
        r"$w_j = p_{5j}^2 > 0$: the weights of atoms are positive",
        r"some $x_j \neq 0$: a solution that is not trivial",
    ),
    badge="reduction",
)  # fmt: skip

RBAR_LOWER = Claim(
    id="moe.rbar_lower",
    title="Cells of m atoms: orders below 2m can be solved",
    statement=(
        r"With $c_j = -\frac12$, the nodes $x_j$ and the weights $w_j$ of the Gauss-Hermite rule with $m \geq 2$ nodes "
        r"solve $E_\ell = \sum_j w_j \sum_{n_1 + 2 n_2 = \ell} x_j^{n_1} c_j^{n_2}/(n_1! \, n_2!) = 0$ for "
        r"$\ell = 1, \dots, 2 m - 1$, and $E_{2m} = -m!/(2m)!$. Hence $\bar r(m) \geq 2 m$. More generally "
        r"$(s x, s^2 c, W w)$ has $E_{2m} = -W s^{2m} m!/(2m)!$. That order $2m$ has no solution at all, so that "
        r"$\bar r(m) = 2 m$, is published for $m = 2, 3$; for $m \geq 4$ it rests on an argument of this project (sign "
        r"changes of $m + 1$ Gaussian densities), which is no part of this claim."
    ),
    kind="identity",
    status="derived",
    source=f"Derived here; the system is that of {_HO}, and of {_P1}, who have 4 and 6 for two and three atoms",
    bound=Bound(
        "-W*s**(2*m)/(2**m*odd)", W="sum of the weights", s="scale of the locations", m="atoms",
        odd="product of the odd numbers below 2m, so that 2^m odd = (2m)!/m!",
    ),
    assumptions=(r"$m \geq 2$ atoms, $W > 0$, $s \neq 0$",),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (DERIVATIVES, FLAT, RBAR_TWO, RBAR_LOWER)
