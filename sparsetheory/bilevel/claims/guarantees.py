"""What holds at any sigma: a bracket, a smoothness that does not grow, and the floor that rounding sets."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

BRACKET = Claim(
    id="bilevel.bracket",
    title="Two lower solves bracket psi, whatever the problem",
    statement=(
        r"For any $f$, $g$, $Y$ and $x$, and $0 < \tau < \sigma$: $f(x, y_\sigma) \leq \psi_\sigma(x) \leq "
        r"\psi_\tau(x) \leq \psi(x) \leq f(x, z)$ for every $z \in S(x)$, with $y_\sigma$ a minimiser of $\sigma f + "
        r"g$ over $Y$ and $\psi_\sigma = f(x, y_\sigma) + (g(x, y_\sigma) - \min g)/\sigma$. Each member of the chain "
        r"is at most the one that follows."
    ),
    kind="upper",
    status="derived",
    source="Derived here: the least value of sigma f + g is concave in sigma",
    bound=Bound("following", following="next member of the chain"),
    assumptions=(r"global minimisers of $g$, $\sigma f + g$ and $\tau f + g$ exist",),
)

SMOOTH = Claim(
    id="bilevel.uniform_smoothness",
    title="The penalty function is smooth uniformly in sigma",
    statement=(
        r"Let $g(x, \cdot)$ and $\sigma f(x, \cdot) + g(x, \cdot)$ be $\mu$-strongly convex, their minimisers $z$, "
        r"$y_\sigma$ in the interior of $Y$. Then $\nabla \psi_\sigma$ has a Lipschitz constant that stays bounded as "
        r"$\sigma \to 0$, the formula: $\ell \geq |\nabla_y f|$, $b \geq |\nabla^2_{xy} g|$, $a_{xx}$, $a_{xy}$, $a_y$ "
        r"bound the blocks of the Hessian of $f$, and $c_{xx}$, $c_x$, $c_y$ are Lipschitz constants in $y$ of the "
        r"blocks of that of $g$. Upper steps need not shrink with $\sigma$, although $\psi_\sigma$ divides by it."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here; that the constant does not grow as sigma falls is a key step of Chen, Ma, Zhang, Near-optimal "
        "nonconvex-strongly-convex bilevel optimization with fully first-order oracles, JMLR 26(109), 2025"
    ),
    bound=Bound(
        "a_xx + c_xx*l/mu + 2*a_xy*b/mu + s*a_xy**2/mu + 2*b*c_x*l/mu**2 + b**2*(a_y + c_y*l/mu)/mu**2",
        mu="strong convexity in y", s="sigma", l="bound of grad_y f", b="of the mixed derivative of g",
        a_xx="of the Hessian of f in x", a_xy="of the mixed derivative of f", a_y="of the Hessian of f in y",
        c_xx="Lipschitz constant in y of the Hessian of g in x", c_x="of its mixed derivative",
        c_y="of its Hessian in y",
    ),
    assumptions=(
        r"strong convexity of both lower functions, constants on the segment between the two $x$",
        r"no active constraint",
    ),
    badge="reduction",
)  # fmt: skip

FLOOR = Claim(
    id="bilevel.numerical_floor",
    title="What an inexact lower level leaves: tau^(1/2) forward, tau^(2/3) central",
    statement=(
        r"Let lower points have residuals up to $\tau$. Over the choice of $\sigma$, the least worst error of the "
        r"hypergradient by the forward ($p = 1$) or the central ($p = 2$) penalty, for $f = -a y$ and $g = \frac12 \mu "
        r"y^2 + \frac16 k y^3 - x y$ at $x = 0$, is to first order $(1 + \frac1p) \frac{a}{\mu} (k "
        r"\tau/\mu^2)^{p/(p+1)}$: a smaller $\sigma$ amplifies the residual, a larger one leaves more bias."
    ),
    kind="rate",
    status="derived",
    source="Derived here",
    bound=Bound(
        "(1 + 1/p)*a/mu*(k*tau/mu**2)**(p/(p + 1))", p="1 forward, 2 central", a="slope of f", mu="curvature of g",
        k="third derivative of g", tau="residual of the lower points",
    ),
    assumptions=(r"$a, k, \mu > 0$, $k \tau \ll \mu^2$", r"errors of both lower points of the worst signs"),
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (BRACKET, SMOOTH, FLOOR)
