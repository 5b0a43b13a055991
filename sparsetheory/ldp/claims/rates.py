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
        r"Each user sends $zz^T$, $z = (x, c y)$, with Gaussian noise of $a \sqrt2 (d + c^2 \tau^2)$, $a = a(\varepsilon, "
        r"\delta)$ the noise for sensitivity 1; the server solves and soft-thresholds. The typical $\ell_2$ error is "
        r"$a (d + c^2 \tau^2) \sqrt{(1 + 1/c^2) \, k (1 + 2 \log d)/n}$: of order $d \sqrt{k \log d}/\sqrt n$ times "
        r"$a$, which is nearly $1/\varepsilon$."
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
        r"A share of the users sends $xx^T$, the others $x y$, by PrivUnitG under pure $\varepsilon$-LDP; the shares are "
        r"the best ones. The typical $\ell_2$ error is $\sqrt{(d/\sqrt2 + \tau \sqrt d)(V d/\sqrt2 + v \tau \sqrt d) \, "
        r"k (1 + 2 \log d)/n}$ with $V$, $v$ the variances of a coordinate of a report of a unit vector: of order $d "
        r"\sqrt{k \log d}/\sqrt n$ times $\sqrt V$, which is nearly $1/\varepsilon$ for small $\varepsilon$."
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

CLAIMS = (GAUSSIAN, PURE)
