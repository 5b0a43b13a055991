"""Formulas for hypergradients and for best responses, as identities."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_KKWN = (
    "Kwon, Kwon, Wright, Nowak, On penalty methods for nonconvex bilevel optimization and first-order stochastic "
    "approximation, ICLR 2024"
)
_QUOTIENT = Bound("(up - down)/(2*h)", up="psi at x + h e_i", down="psi at x - h e_i", h="step of the difference")

SEVERAL = Claim(
    id="bilevel.hypergradient_several",
    title="Hypergradient where the lower level has several solutions",
    statement=(
        r"Let $y(x)$ be a differentiable path of solutions best for $f$, $Y$ the whole space, and at $(x, y(x))$ "
        r"$H = \nabla^2_{yy} g$, $G = \nabla^2_{xy} g$. If $\nabla_y f$ lies in the range of $H$, as it does where "
        r"the solutions form a manifold with tangent space $\ker H$, then $\nabla \psi = \nabla_x f - G H^+ \nabla_y "
        r"f$. At "
        r"any other member of $S(x)$ the range condition fails and the formula is wrong by $O(1)$."
    ),
    kind="identity",
    status="derived",
    source=f"Derived here; Theorem 3.2 in {_KKWN}, has this formula",
    bound=_QUOTIENT,
    assumptions=(r"a differentiable path of best solutions", r"range condition $\nabla_y f \in range(H)$"),
    badge="reduction",
)  # fmt: skip

BOX = Claim(
    id="bilevel.hypergradient_box",
    title="Hypergradient under bounds on the lower variables",
    statement=(
        r"Let $Y$ be a box, $g(x, \cdot)$ strongly convex with solution $z(x)$, strictly complementary at $x$: active "
        r"bounds have $\nabla_y g \neq 0$. With $F$ the coordinates between their bounds, "
        r"$\nabla \psi = \nabla_x f - \nabla^2_{x y_F} g \, (\nabla^2_{y_F y_F} g)^{-1} \nabla_{y_F} f$ at $(x, z)$, "
        r"the block of the inverse of the Karush-Kuhn-Tucker matrix. With active coordinates left in it is wrong."
    ),
    kind="identity",
    status="derived",
    source=f"Derived here; Theorem 3.2 in {_KKWN}, has the formula for smooth constraints",
    bound=_QUOTIENT,
    assumptions=(r"strict complementarity at $x$: no kink", r"$g(x, \cdot)$ strongly convex, twice differentiable"),
    badge="reduction",
)  # fmt: skip

GATE = Claim(
    id="bilevel.best_response_gate",
    title="The best response of a linear network is a sigmoid gate",
    statement=(
        r"Let $V = U D W^T$ be a thin singular value decomposition with $D > 0$, and $(Q, s)$ minimise "
        r"$|V Q^T s - t|^2 + e^\lambda |Q^T s|^2$. Then $Q^T s$ is the ridge solution, whose components along the "
        r"columns of $W$ are $s_{0i} \, \mathrm{sigmoid}(\log d_i^2 - \lambda)$, $s_0 = D^{-1} U^T t$, and "
        r"$Q = \mathrm{diag}(\mathrm{sigmoid}(\log d^2 - \lambda)) W^T$, $s = s_0$ is a best response: the hidden "
        r"units "
        r"are gated and the second layer does not move. The path is the same for every best response."
    ),
    kind="identity",
    status="derived",
    source=(
        "Derived here; MacKay, Vicol, Lorraine, Duvenaud, Grosse, Self-tuning networks, ICLR 2019, gate a linear "
        "network in this way"
    ),
    bound=Bound("s0/(1 + exp(lam)/d**2)", s0="components of least squares", lam="log penalty", d="singular value of V"),
    assumptions=(
        r"$V$ of full column rank",
        r"$(Q, s)$ stationary with $s \neq 0$ or $Q$ invertible: not the saddle at 0",
    ),
    badge="reduction",
)  # fmt: skip

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (SEVERAL, BOX, GATE)
