"""How close penalty functions and their gradients are to psi, with constants."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_KKWN = (
    "Kwon, Kwon, Wright, Nowak, On penalty methods for nonconvex bilevel optimization and first-order stochastic "
    "approximation, ICLR 2024"
)

VALUE = Claim(
    id="bilevel.value_closeness",
    title="Values of the penalty function are off by O(sigma)",
    statement=(
        r"Let $\psi_\sigma(x) = \min_{y \in Y} f + (g - \min_Y g)/\sigma$, attained at $y_\sigma$. If "
        r"$g(x, y) - \min_Y g(x, \cdot) \geq \frac{\mu}{2} \, dist(y, S(x))^2$ on $Y$, then "
        r"$0 \leq \psi(x) - \psi_\sigma(x) \leq \ell^2 \sigma/(2 \mu)$ with $\ell$ the Lipschitz constant of "
        r"$f(x, \cdot)$ on the segment from $y_\sigma$ to the point of $S(x)$ next to it: whether the lower level is "
        r"convex or not, with one or with many solutions. Linear $f$ over quadratic $g$ attain it."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order O(sigma/mu) is Theorem 3.6 in {_KKWN}",
    bound=Bound(
        "l**2*s/(2*mu)", l="Lipschitz constant of f in y between y_sigma and S(x)", s="sigma",
        mu="constant of quadratic growth of g",
    ),
    assumptions=(
        r"quadratic growth with $\mu > 0$ at this $x$",
        r"$y_\sigma$ is a global minimiser, and $S(x)$ is closed and not empty",
    ),
    badge="reduction",
)  # fmt: skip

GAP = Claim(
    id="bilevel.lower_gap",
    title="The penalised lower point is nearly optimal: O(sigma^2)",
    statement=(
        r"Let $g(x, \cdot)$ be $\mu$-strongly convex on a convex $Y$ with minimiser $z$, and $y_\sigma$ stationary for "
        r"$\sigma f + g$ on $Y$. Then $g(x, y_\sigma) - g(x, z) \leq \ell^2 \sigma^2/(2 \mu)$ and "
        r"$\frac{\mu}{2} |y_\sigma - z|^2 \leq \ell^2 \sigma^2/(2 \mu)$, $\ell = |\nabla_y f(x, y_\sigma)|$: that is "
        r"$|y_\sigma - z| \leq \ell \sigma/\mu$. With growth of $\mu$ alone both can be four times as large."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; for the order of the path see {_KKWN}",
    bound=Bound("l**2*s**2/(2*mu)", l="length of grad_y f", s="sigma", mu="strong convexity of g in y"),
    assumptions=(r"$g(x, \cdot)$ strongly convex on $Y$, $Y$ convex", r"$f$ differentiable, not necessarily convex"),
    badge="reduction",
)  # fmt: skip

GRADIENT = Claim(
    id="bilevel.gradient_closeness",
    title="Gradients of the penalty function are off by O(sigma)",
    statement=(
        r"Let $g(x, \cdot)$ be $\mu$-strongly convex between $z$ and $y_\sigma$, both in the interior of $Y$. Then "
        r"$|\nabla \psi_\sigma(x) - \nabla \psi(x)| \leq \sigma \frac{\ell}{\mu} \left( a_x + \frac{\ell c_x}{2 \mu} + "
        r"\frac{b}{\mu} \left( a_y + \frac{\ell c_y}{2 \mu} \right) \right)$ with $\ell = |\nabla_y f|$ at "
        r"$y_\sigma$, $b = |\nabla^2_{xy} g|$ at $z$, $a_x$, $a_y$ the Lipschitz constants in $y$ of $\nabla_x f$, "
        r"$\nabla_y f$ and $c_x$, $c_y$ those of $\nabla^2_{xy} g$, $\nabla^2_{yy} g$, on the segment."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order O(sigma/mu^3) is Theorem 3.6 in {_KKWN}",
    bound=Bound(
        "s*l/mu*(a_x + l*c_x/(2*mu) + b/mu*(a_y + l*c_y/(2*mu)))", s="sigma", mu="strong convexity of g in y",
        l="length of grad_y f at y_sigma", b="norm of the mixed derivative of g at z",
        a_x="Lipschitz constant of grad_x f in y", a_y="of grad_y f in y", c_x="of the mixed derivative of g in y",
        c_y="of the lower Hessian in y",
    ),
    assumptions=(
        r"$g$ twice differentiable with Lipschitz second derivatives",
        r"no active constraint at $z$, $y_\sigma$",
    ),
    badge="reduction",
)  # fmt: skip

CUBIC = Claim(
    id="bilevel.gradient_cubic",
    title="The cube of the curvature is there",
    statement=(
        r"With $f = -a y$ and $g = \frac12 \mu y^2 + \frac16 k y^3 - x y$, for $a, k, \mu > 0$ and at $x = 0$: "
        r"$\psi_\sigma'(0) - \psi'(0) = \frac{a}{\mu} \cdot \frac{r - 1}{r + 1}$ with $r = \sqrt{1 + 2 a k "
        r"\sigma/\mu^2}$, which is $\sigma a^2 k/(2 \mu^3) + O(\sigma^2)$. A quadratic lower level cannot show it: its "
        r"error is $O(\sigma/\mu^2)$."
    ),
    kind="rate",
    status="derived",
    source=f"Derived here; that the bound of Theorem 3.6 in {_KKWN} has a cube is from there",
    bound=Bound("s*a**2*k/(2*mu**3)", s="sigma", a="slope of f", k="third derivative of g", mu="curvature of g"),
    assumptions=(r"$\sigma a k \ll \mu^2$ for the leading term",),
)  # fmt: skip

CENTRAL = Claim(
    id="bilevel.central_difference",
    title="The central penalty is off by O(sigma^2)",
    statement=(
        r"Let $f$ and $g$ be quadratic, $g$ $\mu$-strongly convex in $y$, $Y$ the whole space, and "
        r"$|\nabla^2_{yy} f| \leq a_y$ with $\sigma a_y < \mu$. Then the gradient of "
        r"$(\min_y (\sigma f + g) - \min_y (g - \sigma f))/(2 \sigma)$ differs from $\nabla \psi$ by at most "
        r"$\sigma^2 \frac{\ell a_y}{\mu^2} \left( a_x + \frac{b a_y}{\mu} \right) / (1 - (\sigma a_y/\mu)^2)$, with "
        r"$\ell = |\nabla_y f|$ at the lower solution, $a_x = |\nabla^2_{xy} f|$ and $b = |\nabla^2_{xy} g|$."
    ),
    kind="upper",
    status="derived",
    source="Derived here; forward and central members of the same family are F2SA-p, arXiv 2509.02937",
    bound=Bound(
        "s**2*l*a_y/mu**2*(a_x + b*a_y/mu)/(1 - (s*a_y/mu)**2)", s="sigma", mu="strong convexity of g in y",
        l="length of grad_y f at the lower solution", b="norm of the mixed derivative of g",
        a_x="norm of the mixed derivative of f", a_y="norm of the Hessian of f in y",
    ),
    assumptions=(
        r"strongly convex lower level: with several solutions $g - \sigma f$ has no minimum",
        r"no constraints on $y$",
        r"$\sigma a_y < \mu$",
    ),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (VALUE, GAP, GRADIENT, CUBIC, CENTRAL)
