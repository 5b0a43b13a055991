"""What happens without an error bound: three closed forms."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

RANK = Claim(
    id="bilevel.failure_rank_drop",
    title="Where the lower Hessian loses rank gradients are not uniformly close",
    statement=(
        r"$f = \frac12 \alpha (y - c)^2$, $g = \frac12 \beta x^2 y^2$: $\psi' = 0$ for all $x \neq 0$, but "
        r"$\psi_\sigma = \frac{\alpha c^2}{2} \cdot \frac{\beta x^2}{\alpha \sigma + \beta x^2}$ and "
        r"$\sup_x |\psi_\sigma'| = \frac{9}{16 \sqrt 3} c^2 \sqrt{\alpha \beta/\sigma}$, at "
        r"$\beta x^2 = \alpha \sigma/3$."
    ),
    kind="tight",
    status="derived",
    source="Derived here",
    bound=Bound(
        "9/(16*sqrt(3))*c**2*sqrt(alpha*beta/s)", c="minimiser of f", alpha="curvature of f",
        beta="curvature of g at x = 1", s="sigma",
    ),
    assumptions=(r"no error bound holds uniformly near $x = 0$, where $S(0)$ is the line",),
)  # fmt: skip

BILINEAR = Claim(
    id="bilevel.failure_bilinear",
    title="Where the lower solution jumps the gradient is off by R/sigma",
    statement=(
        r"$f = \frac12 (a x^2 + c y^2)$, $g = x y$, $|y| \leq R$: $\psi' = a x$ for $x \neq 0$, and "
        r"$|\psi_\sigma'(x) - \psi'(x)| = \max(0, R/\sigma - |x|/(c \sigma^2))$: exact beyond $|x| = c R \sigma$, "
        r"and off "
        r"by $R/\sigma$ in the limit $x \to 0$, where $\psi_\sigma$ itself has a kink."
    ),
    kind="identity",
    status="derived",
    source="Derived here",
    bound=Bound(
        "Max(0, R/s - Abs(x)/(c*s**2))", R="half width of Y", s="sigma", x="upper variable", c="curvature of f in y",
    ),
    assumptions=(r"$a, c, R > 0$; the error bound fails at $x = 0$, where $S(0) = Y$",),
)  # fmt: skip

FLAT = Claim(
    id="bilevel.failure_flat",
    title="Over a flat minimum the error is a root of sigma",
    statement=(
        r"$f = \frac12 c y^2$, $g = |y - x|^p/p$ with even $p$: $\psi' = c x$, and for $x > 0$ "
        r"$|\psi_\sigma'(x) - \psi'(x)| = c \, (\sigma c y_\sigma)^{1/(p - 1)}$ with $y_\sigma \to x$: one lower "
        r"solution, convex and smooth levels, and an error of order $\sigma^{1/(p-1)}$. Only $p = 2$ has an error "
        r"bound."
    ),
    kind="identity",
    status="derived",
    source="Derived here",
    bound=Bound(
        "c*(s*slope)**(1/(p - 1))", c="curvature of f", s="sigma", slope="derivative of f at y_sigma", p="power",
    ),
    assumptions=(r"$x > 0$, $c > 0$; no error bound for $p > 2$",),
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (RANK, BILINEAR, FLAT)
