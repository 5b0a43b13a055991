"""Lower bounds: what no locally private protocol can beat."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_SYMBOLS = {"d": "dimension", "k": "nonzero coefficients", "n": "users", "eps": "privacy level"}

NONINTERACTIVE = Claim(
    id="ldp.lower_noninteractive",
    title="No non-interactive protocol is better",
    statement=(
        r"Reports that users choose without hearing of each other, pure $\varepsilon$-LDP. Then some $k$-sparse "
        r"$\theta$ with $\|\theta\|_1 \leq 1$ has $E \|\hat\theta - \theta\|_2^2 \geq \frac{k d \log(2d/k)}{16 n "
        r"\sinh^2(\varepsilon/2)}$, whatever the estimator: $\Omega(\sqrt{d k \log d}/(\sqrt{n} \varepsilon))$ for "
        r"small $\varepsilon$. It holds already on average over $\theta = \delta \sum_b \pm e_{b,J_b}$, one "
        r"coordinate drawn from each of $k$ blocks."
    ),
    kind="lower",
    status="derived",
    source=(
        "Derived here with constants, for every eps; the rate is stated by Zhu, Ding, Aggarwal, Xu, Wang, Improved "
        "analysis of sparse linear regression in local differential privacy model, ICLR 2024 (arXiv 2310.07367)"
    ),
    bound=Bound("sqrt(d*k*log(2*d/k)*exp(eps)/(4*n))/(exp(eps) - 1)", **_SYMBOLS),
    assumptions=(
        r"$k$ divides $d$, $2d/k \geq 16$",
        r"$n \sinh^2(\varepsilon/2) \geq k^2 d \log(2d/k)/4$",
        r"one report a user; public coins are allowed",
    ),
    expected="not-contradicted",
    badge="cited",
)

INTERACTIVE = Claim(
    id="ldp.lower_interactive",
    title="No sequentially interactive protocol is better",
    statement=(
        r"Users speak once, in any order, and may choose their pure $\varepsilon$-LDP reports by what they heard. "
        r"Then some $\theta$ with at most $k$ nonzeros and $\|\theta\|_1 \leq 1/2$ has $E \|\hat\theta - "
        r"\theta\|_2^2 \geq \frac{k d}{128 \, n \sinh^2(\varepsilon/2)}$: $\Omega(\sqrt{d k}/(\sqrt{n} "
        r"\varepsilon))$ for small $\varepsilon$. It holds on average over a prior in which each of $k$ blocks is "
        r"empty with probability one half."
    ),
    kind="lower",
    status="derived",
    source=(
        "Derived here with constants, for every eps; the rate is stated by Zhu, Ding, Aggarwal, Xu, Wang, Improved "
        "analysis of sparse linear regression in local differential privacy model, ICLR 2024 (arXiv 2310.07367)"
    ),
    bound=Bound("sqrt(d*k*exp(eps)/(32*n))/(exp(eps) - 1)", **_SYMBOLS),
    assumptions=(
        r"$k$ divides $d$",
        r"$n \sinh^2(\varepsilon/2) \geq k^2 d/2$",
        r"one report a user; public coins are allowed",
    ),
    expected="not-contradicted",
    badge="reduction",
)

CLAIMS = (NONINTERACTIVE, INTERACTIVE)
