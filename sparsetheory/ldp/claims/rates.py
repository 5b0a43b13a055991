"""Rates: how the error of every protocol depends on users, dimension, sparsity and privacy."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_PAPER = (
    "Derived here with constants; the rate up to logarithms is due to Zhu, Ding, Aggarwal, Xu, Wang, Improved analysis "
    "of sparse linear regression in local differential privacy model, ICLR 2024 (arXiv 2310.07367)"
)
_SIZES = {"n": "users", "d": "dimension", "k": "nonzero coefficients", "tau": "bound on the response"}
_SETTING = (
    r"isotropic covariates with $\|x\| = \sqrt d$, responses within $\tau$: nothing is clipped; $\|\theta\| = 1$",
    r"coefficients far above the threshold $\lambda = s \sqrt{2 \log d}$",
)
_INVERTIBLE = r"$n$ large against $d^3 V$: the noise in the Gram matrix is below 0.3 of its eigenvalues"

GAUSSIAN = Claim(
    id="ldp.gram_gaussian",
    title="One Gaussian report a user",
    statement=(
        r"Each user sends $zz^T$, $z = (x, c y)$, with Gaussian noise of $a \sqrt2 (d + c^2 \tau^2)$, $a = "
        r"a(\varepsilon, \delta)$ the noise for sensitivity 1; the server solves and soft-thresholds. The typical "
        r"$\ell_2$ error is $a (d + c^2 \tau^2) \sqrt{(1 + 1/c^2) \, k (1 + 2 \log d)/n}$: of order $d \sqrt{k \log "
        r"d}/\sqrt n$ times $a$, which is nearly $1/\varepsilon$."
    ),
    kind="rate",
    status="derived",
    source=_PAPER,
    bound=Bound(
        "a*(d + c**2*tau**2)*sqrt((1 + 1/c**2)*k*(1 + 2*log(d))/n)",
        a="noise for sensitivity 1", c="weight of the response", **_SIZES,
    ),
    assumptions=(*_SETTING, _INVERTIBLE),
    badge="reduction",
)  # fmt: skip

PURE = Claim(
    id="ldp.gram_pure",
    title="Pure privacy: users share the work",
    statement=(
        r"A share of the users sends $xx^T$, the others $x y$, by PrivUnitG under pure $\varepsilon$-LDP; the shares "
        r"are the best ones. The typical $\ell_2$ error is $\sqrt{(d/\sqrt2 + \tau \sqrt d)(V d/\sqrt2 + v \tau \sqrt "
        r"d) \, k (1 + 2 \log d)/n}$ with $V$, $v$ the variances of a coordinate of a report of a unit vector: of "
        r"order $d \sqrt{k \log d}/\sqrt n$ times $\sqrt V$, which is nearly $1/\varepsilon$ for small $\varepsilon$."
    ),
    kind="rate",
    status="derived",
    source=_PAPER + "; they combine it with Gaussian noise, the pure reports are of Asi, Feldman, Talwar, ICML 2022",
    bound=Bound(
        "sqrt((d/sqrt(2) + tau*sqrt(d))*(V*d/sqrt(2) + v*tau*sqrt(d))*k*(1 + 2*log(d))/n)",
        V="variance of a coordinate of a reported matrix", v="variance of a coordinate of a reported vector", **_SIZES,
    ),
    assumptions=(*_SETTING, _INVERTIBLE),
    badge="reduction",
)  # fmt: skip

PUBLIC = Claim(
    id="ldp.public_covariates",
    title="Public covariates save a root of the dimension",
    statement=(
        r"The second moment of the covariates is public; every user sends $x y$ by PrivUnitG, the server "
        r"soft-thresholds the mean. The typical $\ell_2$ error is $\tau \sqrt{v \, d k (1 + 2 \log d)/n}$: of order "
        r"$\sqrt{d k \log d}/(\sqrt n \varepsilon)$ for small $\varepsilon$, the shape of the lower bound for "
        r"non-interactive protocols, and less by $\sqrt d$ than with a private matrix."
    ),
    kind="rate",
    status="derived",
    source=_PAPER + "; they state the gain of a root of d as an upper bound",
    bound=Bound("tau*sqrt(v*d*k*(1 + 2*log(d))/n)", v="variance of a coordinate of a reported vector", **_SIZES),
    assumptions=(*_SETTING, "public covariates of the same law, enough of them"),
    badge="reduction",
)

USERS = Claim(
    id="ldp.users_required",
    title="How many users an error takes",
    statement=(
        r"With $n$ users non-interactive protocols have the root mean square $\ell_2$ error $\{k ((\lambda - (m - "
        r"1)/\sqrt k)^2 + w^2) + (d - k) s^2 T\}^{1/2}$: $\lambda$ is the threshold, $m$ what the inverse of the noisy "
        r"matrix multiplies a vector by, $w$ and $s$ the noise of a coordinate on the support and off it, $T$ the risk "
        r"of the soft threshold at zero. `n_required` solves this for $n$ before anything is measured. With that many "
        r"users the error is right to 10 percent (the users to 20), for Gaussian and pure reports, public covariates "
        r"and the published constants."
    ),
    kind="rate",
    status="derived",
    source="Derived here; the preset 'published' has the constants of Zhu, Ding, Aggarwal, Xu, Wang, ICLR 2024",
    bound=Bound(
        "sqrt(k*((cut - (m - 1)/sqrt(k))**2 + w**2) + (d - k)*s**2*T)",
        d="dimension", k="nonzero coefficients", cut="threshold", m="mean of the inverse", s="noise off the support",
        w="noise on the support", T="risk at zero in units of the noise",
    ),
    assumptions=(*_SETTING, _INVERTIBLE),
    badge="reduction",
)  # fmt: skip

_SCORES = {
    "n": "users", "d": "dimension", "k": "nonzero coefficients", "V": "variance of a coordinate of a reported unit "
    "vector",
    "T": "expected squares of the k largest of d - k standard normals",
}  # fmt: skip
_ROUNDS = (
    r"isotropic covariates with $\|x\| = \sqrt d$, $\|\theta\| < 1$",
    r"three rounds of equal size, step 1, $2k$ coefficients kept; coefficients far above the noise",
)

NORM = Claim(
    id="ldp.interactive_norm",
    title="Interactive: clip the norm of the score",
    statement=(
        r"Users of three rounds report their score by PrivUnitG, clipped to the norm $\sqrt d$; the server keeps the "
        r"$2k$ largest coefficients of a step. The typical $\ell_2$ error is $\sqrt{3 V d (k + T)/n}$ with $T$ of "
        r"order $k \log(d/k)$: of order $\sqrt{d k \log(d/k)}/(\sqrt n \varepsilon)$, the shape of the lower bound for "
        r"interactive protocols but for the logarithm."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here; iterative hard thresholding under local privacy is due to Wang, Xu, ICML 2019, and Zhu, Ding, "
        "Aggarwal, Xu, Wang, ICLR 2024, with another radius; clipping norms is the usual practice of private gradients"
    ),
    bound=Bound("sqrt(3*V*d*(k + T)/n)", **_SCORES),
    assumptions=(*_ROUNDS, r"residuals mostly below 1 near the parameter"),
    badge="reduction",
)

PUBLISHED = Claim(
    id="ldp.interactive_published",
    title="Interactive: the published radius",
    statement=(
        r"The same with scores inside the radius $\sqrt d (\sqrt{2k} + \tau)$, which nothing exceeds, and the reports "
        r"of Duchi, Jordan and Wainwright: the typical $\ell_2$ error is $(\sqrt{2k} + \tau) \sqrt{3 V d (k + T)/n}$, "
        r"of order $k \sqrt{d \log(d/k)}/(\sqrt n \varepsilon)$ once $2 k$ is above $\tau^2$: worse by the radius."
    ),
    kind="rate",
    status="derived",
    source=(
        "Derived here with constants; the rate up to logarithms and the radius are those of Zhu, Ding, Aggarwal, Xu, "
        "Wang, ICLR 2024 (arXiv 2310.07367)"
    ),
    bound=Bound("(sqrt(2*k) + tau)*sqrt(3*V*d*(k + T)/n)", tau="bound on the response", **_SCORES),
    assumptions=_ROUNDS,
    badge="reduction",
)

GAIN = Claim(
    id="ldp.interaction_gain",
    title="What rounds gain over one report",
    statement=(
        r"One report each of the Gram matrix or the cross moment, pure, against three rounds of scores with clipped "
        r"norms, at the same users, dimension, sparsity and privacy. With $\|\theta\| = t$ the quotient of the two "
        r"typical $\ell_2$ errors is $((t \sqrt{d/2} + \tau)(V t \sqrt{d/2} + v \tau) k (1 + 2 \log d) / (3 v (k + "
        r"T)))^{1/2}$, free of $n$: of order $\sqrt d$ up to a quotient of logarithms, and almost free of "
        r"$\varepsilon$."
    ),
    kind="rate",
    status="derived",
    source="Derived here from the closed forms of both protocols",
    bound=Bound(
        "sqrt((t*sqrt(d/2) + tau)*(V*t*sqrt(d/2) + v*tau)*k*(1 + 2*log(d))/(3*v*(k + T)))",
        t="norm of the parameter",
        d="dimension",
        tau="bound on the response",
        V="variance of a coordinate of the report of a matrix",
        v="variance of a coordinate of the report of a vector",
        k="nonzero coefficients",
        T="squares of the noise that is kept",
    ),
    assumptions=(
        r"$x$ uniform on $\{-1, 1\}^d$; nonzero coefficients of equal size, far above the noise",
        "noise of the Gram matrix below 0.2 of its eigenvalue",
    ),
    badge="reduction",
)

SATURATION = Claim(
    id="ldp.duchi_saturates",
    title="Weak privacy: one report is worth more than the other",
    statement=(
        r"The squared error of a report of a unit vector does not fall below $\pi (d - 1/2)/2 - 1$ with the reports of "
        r"Duchi, Jordan and Wainwright, however large $\varepsilon$ is; with PrivUnitG it is at most $4 (d + 1)/"
        r"(\varepsilon c^2) + 2/c$, $c = 1 - e^{-\varepsilon}$, for $\varepsilon \geq 4$. The quotient grows like "
        r"$\varepsilon$ as long as $\varepsilon$ is below $d$."
    ),
    kind="lower",
    status="derived",
    source=(
        "Derived here; the reports are of Duchi, Jordan, Wainwright, JASA 2018, and Asi, Feldman, Talwar, ICML 2022"
    ),
    bound=Bound(
        "(pi*(d - 1/2)/2 - 1)/(4*(d + 1)/(eps*(1 - exp(-eps))**2) + 2/(1 - exp(-eps)))",
        d="dimension", eps="privacy level",
    ),
    assumptions=(r"$\varepsilon \geq 4$",),
    badge="reduction",
)  # fmt: skip

CLAIMS = (GAUSSIAN, PURE, PUBLIC, USERS, NORM, PUBLISHED, GAIN, SATURATION)
