"""What happens without an error bound, at kinks, at jumps and at saddles: closed forms."""

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

KINK = Claim(
    id="bilevel.failure_kink",
    title="At a kink the gradient is off by O(1) on an interval of length O(sigma)",
    statement=(
        r"$f = \frac12 a x^2 + \frac12 c (y - R - K/c)^2$, $g = \frac12 \mu (y - x)^2$, $|y| \leq R$: the slope of "
        r"$\psi$ jumps by $K$ at $x = R$, where the bound becomes active with a multiplier of zero. At $x = R - u$, "
        r"$0 < u < 2 R$, $|\psi_\sigma' - \psi'|$ is the formula: $K$ in the limit $u \to 0$ for every $\sigma$, above "
        r"$t$ on an interval of length $\sigma (K - t)/(\mu - c \sigma)$, and $O(\sigma)$ beyond it; for $x > R$ it is "
        r"zero. The minimiser of $\psi$ is the kink where $0 < a R < K$, that of $\psi_\sigma$ is $a R \sigma/(\mu + "
        r"a \sigma)$ below it."
    ),
    kind="identity",
    status="derived",
    source="Derived here; outside its assumption of strict complementarity Kwon et al., ICLR 2024, claim nothing",
    bound=Bound(
        "Max(K - (mu/s - c)*u, s*c*(K + c*u)/(mu + s*c))", K="jump of the slope", mu="curvature of g", s="sigma",
        c="curvature of f", u="distance below the kink",
    ),
    assumptions=(r"$K, c, R, \mu > 0$, $a \geq 0$, $c \sigma < \mu$", r"strict complementarity fails at $x = R$"),
)  # fmt: skip

JUMP = Claim(
    id="bilevel.failure_jump",
    title="A lower solver that goes downhill follows its well past the jump of psi",
    statement=(
        r"$f = \frac12 (y - c)^2$, $g = \frac14 k (y^2 - m^2)^2 + x y$: the lower solution jumps from near $m$ to near "
        r"$-m$ as $x$ rises through 0, and $\psi$ by $2 m |c|$. A path of local minimisers goes on to $|x| = "
        r"2 k m^3/(3 \sqrt 3)$, where its well ends: up to there a solver that starts from the last point returns "
        r"value and hypergradient of a branch that is not $\psi$, and coming back it returns the other."
    ),
    kind="identity",
    status="derived",
    source="Derived here",
    bound=Bound("2*k*m**3/(3*sqrt(3))", k="scale of the wells", m="half distance of the wells"),
    assumptions=(r"$k, m > 0$, $c \neq 0$", r"$g$ is not convex: of its local minimisers only one is a solution"),
    badge="reduction",
)  # fmt: skip

SADDLE = Claim(
    id="bilevel.failure_saddle",
    title="At the saddle of a linear network the residual is zero far from every solution",
    statement=(
        r"$g = \frac12 |V Q^T s - t|^2 + \frac12 e^x |Q^T s|^2$ in $y = (Q, s)$. At $y = 0$ every gradient in $y$ is "
        r"zero, also that of any $f$ that depends on $Q^T s$, but $dist(0, S(x)) = \sqrt{2 |u^*|}$ with $u^*$ the "
        r"ridge solution: no error bound $dist \leq r/\mu$ holds, however small the residuals $r \leq \delta$ that it "
        r"is asked for. A solver by gradients that starts there stays; what it returns as hypergradient is 0."
    ),
    kind="identity",
    status="derived",
    source="Derived here; the network is that of MacKay et al., Self-tuning networks, ICLR 2019",
    bound=Bound("sqrt(2*u)", u="length of the ridge solution"),
    assumptions=(r"$V^T t \neq 0$", r"$Q$ square"),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (RANK, BILINEAR, FLAT, KINK, JUMP, SADDLE)
