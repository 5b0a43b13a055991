"""What can be said exactly where the levels are quadratic: where methods stall, and what conditioning costs."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

STALL = Claim(
    id="bilevel.stall_level",
    title="At a fixed sigma the hypergradient stalls at a level of slope 1",
    statement=(
        r"Let $f$, $g$ be quadratic, $H = \nabla^2_{yy} g$ and $H + \sigma \nabla^2_{yy} f$ positive definite, $Y$ the "
        r"whole space. Where $\nabla \psi_\sigma(x) = 0$, $|\nabla \psi(x)| = \sigma \left| M (H + \sigma "
        r"\nabla^2_{yy} f)^{-1} \nabla_y f(x, z) \right|$, $M = \nabla^2_{xy} f - \nabla^2_{xy} g \, H^{-1} "
        r"\nabla^2_{yy} f$, $z$ the lower solution. If $\nabla^2 \psi$ is regular this is $\sigma c + O(\sigma^2)$, "
        r"$c = |M H^{-1} \nabla_y f|$ where $\nabla \psi = 0$: no number of steps gets below it. Where $\nabla_y f = "
        r"0$ at that point, as for $f$ of $y$ alone with $\nabla^2_{xy} g$ of full column rank, nothing is left."
    ),
    kind="rate",
    status="derived",
    source="Derived here",
    bound=Bound("s*c", s="sigma", c="length of M H^-1 grad_y f at the stationary point of psi"),
    assumptions=(
        r"$f$, $g$ quadratic, no constraints on $y$, $H$ and $H + \sigma \nabla^2_{yy} f$ positive definite",
        r"$\nabla^2 \psi$ regular and $c > 0$, for the leading term",
    ),
    badge="reduction",
)  # fmt: skip

CONDITION = Claim(
    id="bilevel.condition_number_calls",
    title="On a quadratic lower level the condition number enters to the power 3",
    statement=(
        r"Let $g$ be quadratic, $\nabla^2_{yy} g$ between $h/\kappa$ and $h$, $|\nabla^2_{xy} g| \leq h$, the blocks "
        r"of $\nabla^2 f$ at most $l$. Then $\nabla \psi$ is $L$-Lipschitz, $L = l (1 + \kappa)^2$. F2BA with upper "
        r"steps $1/L$, $\sigma \leq \theta \epsilon/(2 C)$, $C \sigma$ the error of $\nabla \psi_\sigma$, and $T = "
        r"\lceil \kappa \log(1 + 1/r) \rceil$ lower steps, $r = \sigma \theta \epsilon/(4 h R)$, comes to $|\nabla "
        r"\psi| \leq \epsilon$ within the formula: $O(\kappa^3 \epsilon^{-2} \log(\kappa/\epsilon))$ gradients. $R$ is "
        r"the farthest that lower solutions move in a step. The exponent is that of these steps: with exact "
        r"directions some quadratic $f$ takes $\Delta L/(e \epsilon^2) - \frac12$ of them or more. With third "
        r"derivatives of $g$ the same count gives $\kappa^4$."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here from the count for constant upper steps; the order kappa^4 without quadratics is that of Chen, "
        "Ma, Zhang, Near-optimal nonconvex-strongly-convex bilevel optimization with fully first-order oracles, JMLR "
        "26(109), 2025"
    ),
    bound=Bound(
        "3*(k*log(1 + 1/r) + 3)*(1 + 2*D*l*(1 + k)**2/(e**2*(1 - theta**2)))", k="condition number of the lower level",
        r="accuracy of lower points over their move in a step", D="psi at the start above its infimum",
        l="bound of the second derivatives of f", e="accuracy", theta="error of directions over accuracy",
    ),
    assumptions=(
        r"$g$ quadratic, $X$ and $Y$ whole spaces, $\psi$ bounded below",
        r"both levels start at solutions; their steps of $1/h$ contract by $1 - 1/\kappa$, as for $\sigma f$ convex in "
        r"$y$ and $\sigma l \leq h (1 - 1/\kappa)$",
    ),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (STALL, CONDITION)
