"""What exact first-order methods cost: gradients until the hypergradient is small."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_F2BA = (
    "Chen, Ma, Zhang, Near-optimal nonconvex-strongly-convex bilevel optimization with fully first-order oracles, "
    "JMLR 26(109), 2025 (arXiv 2306.14853)"
)
_F2SA = "Kwon, Kwon, Wright, Nowak, A fully first-order method for stochastic bilevel optimization, ICML 2023"
_KKWN = (
    "Kwon, Kwon, Wright, Nowak, On penalty methods for nonconvex bilevel optimization and first-order stochastic "
    "approximation, arXiv 2309.01753v2 (the ICLR 2024 abstract leaves the deterministic order out)"
)

CALLS = Claim(
    id="bilevel.two_time_scale_calls",
    title="An upper step that does not depend on sigma: O(eps^-2)",
    statement=(
        r"Let $\nabla \psi$ be $L$-Lipschitz, $\Delta = \psi(x_0) - \inf \psi$ and $x_{k+1} = x_k - a d_k$ with "
        r"$a L \leq 1$, whatever $\sigma$. As long as $|d_k - \nabla \psi(x_k)| \leq \theta \epsilon$, $\theta < 1$, "
        r"F2BA with $T$ lower steps comes to $|\nabla \psi| \leq \epsilon$ after at most $3 (T + 2) \left( 1 + "
        r"\frac{2 \Delta}{a \epsilon^2 (1 - \theta^2 + (1 - a L)(1 - \theta)^2)} \right)$ gradients of $f$ and $g$. "
        r"Directions are that good with $\sigma \leq \theta \epsilon/(2 C)$, $C \sigma$ the error of "
        r"$\nabla \psi_\sigma$, and $T \geq \kappa \log(1 + \frac{4 c R}{\sigma \theta \epsilon})$: $\kappa$ is the "
        r"condition number of the lower level, $c$ the norm of $\nabla^2_{xy} g$, $R$ the farthest that lower "
        r"solutions move in a step."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here, with constants; the order is that of {_F2BA}",
    bound=Bound(
        "3*(T + 2)*(1 + 2*D/(a*e**2*(1 - theta**2 + (1 - a*L)*(1 - theta)**2)))", T="lower steps before an upper one",
        D="psi at the start above its infimum", a="upper step", e="accuracy", theta="error of directions over accuracy",
        L="Lipschitz constant of the gradient of psi",
    ),
    assumptions=(
        r"$g(x, \cdot)$ strongly convex, $X$ and $Y$ whole spaces",
        r"lower solutions of $g$ and of $\sigma f + g$ are Lipschitz in $x$; both levels start at solutions",
        r"$\psi$ bounded below, $a L \leq 1$",
    ),
    badge="reduction",
)  # fmt: skip

TAIL = Claim(
    id="bilevel.soft_tail_steps",
    title="An instance on which eps^-2 and eps^-3 are nearly reached",
    statement=(
        r"$f = A (1 + y^2)^{-p/2}$, $g = \frac12 (y - x)^2$, $\sigma = \epsilon$: F2BA with the upper step $a$ needs "
        r"$(A p)^{1/(p+1)} \, \epsilon^{-(p+2)/(p+1)}/((p + 2) a)$ steps to $|\psi'| \leq \epsilon$, up to a factor "
        r"that tends to 1 as $\epsilon \to 0$. With constant $a$ the exponent tends to -2 as $p \to 0$, and to -3 with "
        r"$a$ in proportion to $\sigma$: both orders are those of the methods, not only of their analyses."
    ),
    kind="rate",
    status="derived",
    source=f"Derived here; the orders -2 and -3 are those of {_F2BA}, and of {_F2SA}",
    bound=Bound(
        "c**(1/(p + 1))*e**(-(p + 2)/(p + 1))/((p + 2)*a)", c="A p", p="power of the tail", e="accuracy, and sigma",
        a="upper step",
    ),
    assumptions=(r"$A, p > 0$, start at $x > 0$", r"$a A p \leq 1$"),
    badge="reduction",
)  # fmt: skip

TIED = Claim(
    id="bilevel.tied_step_calls",
    title="An upper step in proportion to sigma: O(eps^-3)",
    statement=(
        r"With $\sigma$ and the upper step in proportion to $\epsilon$, fixed (F2BA), or both falling like $k^{-1/3}$ "
        r"(F2SA without noise), $|\nabla \psi| \leq \epsilon$ takes $O(\epsilon^{-3})$ gradients, up to logarithms. "
        r"An analysis that takes $\psi_\sigma$ for $1/\sigma$-smooth proves no less: 3 is the optimum of its exponents."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order is that of {_KKWN}, and of {_F2SA}, which counts squared norms (eps^-3/2)",
    bound=Bound("e**(-3)", e="accuracy"),
    assumptions=(
        r"$g(x, \cdot)$ strongly convex, $\nabla \psi$ Lipschitz, $\psi$ bounded below",
        r"directions are off by $O(\sigma) + \theta |\nabla \psi|$, $\theta < 1$",
    ),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (CALLS, TAIL, TIED)
