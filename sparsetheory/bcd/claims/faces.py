"""Active sets: when the support is found, and what happens from then on; worst cases of cyclic descent."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

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

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (SUPERLINEAR_AND_FINITE,)
