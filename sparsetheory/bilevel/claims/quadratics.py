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
        r"$c = |M H^{-1} \nabla_y f|$ where $\nabla \psi = 0$: no number of steps gets below it. Nothing is left only "
        r"where $M H^{-1} \nabla_y f = 0$ there, as for $f$ of $y$ alone with $\nabla^2_{xy} g$ of full column rank."
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

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (STALL,)
