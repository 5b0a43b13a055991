"""Rates of the rules: what one step of each selection guarantees."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_NUTINI_2015 = (
    "Derived here; the statement of Nutini, Schmidt, Laradji, Friedlander, Koepke, Coordinate descent converges faster "
    "with the Gauss-Southwell rule than random selection, ICML 2015 (arXiv 1506.00552)"
)
_NUTINI_2022 = (
    "Derived here; the statement of Nutini, Laradji, Schmidt, Let's make block coordinate descent converge faster, "
    "JMLR 23, 2022 (arXiv 1712.08859)"
)
_CONVEX = r"$f(y) \geq f(x) + \nabla f(x)^T (y - x) + \frac{1}{2} \mu_N N(y - x)^2$ for all $x$, $y$"
_BLOCKS = r"$L_b$: Lipschitz constant of $\nabla_b f$ along block $b$"


def _statement(rule: str, norm: str, factor: str, more: str = "", expected: bool = False) -> str:
    """Say what every rate says: rule, norm in which f is strongly convex, factor of one iteration."""
    error = r"E[e_{k+1} \mid x^k]" if expected else "e_{k+1}"
    return (
        rf"{rule} Let $f$ be strongly convex with constant {norm}. For $e_k = f(x^k) - f^*$ every iteration has "
        rf"${error} \leq (1 - {factor}) \, e_k$: it removes at least the share ${factor}$ of the error.{more}"
    )


RANDOM = Claim(
    id="bcd.random_block_rate",
    title="Random blocks",
    statement=_statement(
        r"One of $m$ blocks with equal probability, step $1/L$ with $L \geq L_b$.",
        r"$\mu$ in the Euclidean norm",
        r"\mu/(m L)",
        expected=True,
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2015,
    bound=Bound("mu/(m*L)", mu="strong convexity", m="number of blocks", L="largest L_b"),
    assumptions=(_CONVEX, _BLOCKS),
    badge="reduction",
)

GS_COORDINATE = Claim(
    id="bcd.gs_coordinate_rate",
    title="Gauss-Southwell on coordinates",
    statement=_statement(
        r"The coordinate with the largest $|g_i|$, step $1/L$ with $L \geq L_i$.",
        r"$\mu_1$ in the 1-norm",
        r"\mu_1/L",
        r" Since $\mu/n \leq \mu_1 \leq \mu$ this is between as fast as and $n$ times as fast as the bound of a random "
        r"coordinate.",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2015,
    bound=Bound("mu_1/L", mu_1="strong convexity in the 1-norm", L="largest L_i"),
    assumptions=(_CONVEX, r"$L_i$: Lipschitz constant of $\partial_i f$ along coordinate $i$"),
    badge="reduction",
)

GS_BLOCK = Claim(
    id="bcd.gs_block_rate",
    title="Gauss-Southwell on blocks",
    statement=_statement(
        r"The block with the largest $\|g_b\|_2$, step $1/L$ with $L \geq L_b$.",
        r"$\mu_B$ in the norm $\sum_b \|x_b\|_2$",
        r"\mu_B/L",
        r" Here $\mu/m \leq \mu_B \leq \mu$.",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2022,
    bound=Bound("mu_B/L", mu_B="strong convexity in the sum of block norms", L="largest L_b"),
    assumptions=(_CONVEX, _BLOCKS),
    badge="reduction",
)

LIPSCHITZ = Claim(
    id="bcd.lipschitz_sampling_rate",
    title="Lipschitz sampling",
    statement=_statement(
        r"Block $b$ with probability $L_b/S$, $S = \sum_b L_b$, step $1/L_b$.",
        r"$\mu$ in the Euclidean norm",
        r"\mu/S",
        expected=True,
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2015,
    bound=Bound("mu/S", mu="strong convexity", S="sum of the L_b"),
    assumptions=(_CONVEX, _BLOCKS),
    badge="reduction",
)

GSL = Claim(
    id="bcd.gsl_rate",
    title="Gauss-Southwell-Lipschitz",
    statement=_statement(
        r"The block with the largest $\|g_b\|_2^2/L_b$, step $1/L_b$.",
        r"$\mu_L$ in the norm $\sum_b \sqrt{L_b} \, \|x_b\|_2$",
        r"\mu_L",
        r" It is at least $\mu/\sum_b L_b$ and $\mu_B/\max_b L_b$: no worse than Lipschitz sampling and than the "
        r"Gauss-Southwell rule.",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2015,
    bound=Bound("mu_L", mu_L="strong convexity in the scaled sum of block norms"),
    assumptions=(_CONVEX, _BLOCKS),
    badge="reduction",
)

GSD = Claim(
    id="bcd.gsd_rate",
    title="Gauss-Southwell with diagonal scaling",
    statement=_statement(
        r"The block with the largest $\sum_{i \in b} g_i^2/D_i$, step $-g_i/D_i$ on it, where the diagonal "
        r"$D_b \succeq H_b$; here $D_i = |b| L_i$.",
        r"$\mu_D$ in the norm $\sum_b \|x_b\|_{D_b}$",
        r"\mu_D",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2022,
    bound=Bound("mu_D", mu_D="strong convexity in the sum of D-norms of blocks"),
    assumptions=(_CONVEX, r"$D_b \succeq H_b \succeq \nabla^2_{bb} f(x)$ for all $x$"),
    badge="reduction",
)

GSQ = Claim(
    id="bcd.gsq_rate",
    title="Gauss-Southwell with a quadratic model",
    statement=_statement(
        r"The block with the largest $g_b^T H_b^{-1} g_b$, step $-H_b^{-1} g_b$ on it.",
        r"$\mu_H$ in the norm $\sum_b \|x_b\|_{H_b}$",
        r"\mu_H",
        r" Where $H_b \preceq D_b$ and $H_b \preceq L_b I$ it is at least $\mu_D$ and $\mu_L$.",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2022,
    bound=Bound("mu_H", mu_H="strong convexity in the sum of H-norms of blocks"),
    assumptions=(_CONVEX, r"$H_b \succeq \nabla^2_{bb} f(x)$ for all $x$, $H_b \succ 0$"),
    badge="reduction",
)

GSN = Claim(
    id="bcd.gsn_rate",
    title="Newton steps and exact minimisation of blocks of a quadratic",
    statement=_statement(
        r"$f$ quadratic with Hessian $Q$; the block with the largest Newton decrement $g_b^T Q_{bb}^{-1} g_b$, "
        r"minimised "
        r"exactly.",
        r"$\mu_H$ in the norm $\sum_b \|x_b\|_{Q_{bb}}$",
        r"\mu_H",
        r" The constant is attained: from some point one iteration removes exactly this share.",
    ),
    kind="rate",
    status="derived",
    source=_NUTINI_2022,
    bound=Bound("mu_H", mu_H="strong convexity in the sum of Q-norms of blocks"),
    assumptions=(_CONVEX, r"$f$ quadratic, $Q \succ 0$"),
    badge="reduction",
)

DOMINANCE = Claim(
    id="bcd.one_step_dominance",
    title="Which rule makes more progress from the same point",
    statement=(
        r"On a quadratic, from the same point and with the same blocks: the block chosen by GSQ and minimised exactly "
        r"lowers $f$ by at least as much as GSD with its diagonal step, and as GSL with step $1/L_b$; on single "
        r"coordinates GSL with step $1/L_i$ lowers $f$ by at least as much as GS with step $1/L$. On blocks "
        r"GSL may lose to GS, and of whole runs nothing is claimed."
    ),
    kind="lower",
    status="derived",
    source=_NUTINI_2022,
    bound=Bound("p", p="what the simpler rule lowers f by"),
    assumptions=(r"$f$ quadratic with $Q \succ 0$", r"both rules start at the same $x$"),
    badge="reduction",
)

#: The claims of this file, in the order in which they are listed.
CLAIMS = (RANDOM, GS_COORDINATE, GS_BLOCK, LIPSCHITZ, GSL, GSD, GSQ, GSN, DOMINANCE)
