"""Sensitivities of what users are asked, and the privacy of what they answer."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

GRAM_SENSITIVITY = Claim(
    id="ldp.gram_sensitivity",
    title="How far apart two Gram matrices are",
    statement=(
        r"For $\|x\|, \|x'\| \leq r$ the Frobenius distance of $x x^T$ and $x' {x'}^T$ is at most $\sqrt{2} r^2$, with "
        r"equality exactly for orthogonal vectors of norm $r$. Packing the upper triangle with off-diagonal entries "
        r"times $\sqrt{2}$ is an isometry, and packing it as it is has the same supremum."
    ),
    kind="tight",
    status="derived",
    source="Derived here; published algorithms use 2 r^2",
    bound=Bound("sqrt(2)*r**2", r="bound on the norm of the covariates"),
    badge="reduction",
)

JOINT_SENSITIVITY = Claim(
    id="ldp.joint_sensitivity",
    title="How far apart Gram matrix and cross moment are together",
    statement=(
        r"For $\|x\|, \|x'\| \leq r$ and $|y|, |y'| \leq \tau$ the distance of $(a x x^T, b x y)$ and "
        r"$(a x' {x'}^T, b x' y')$ is at most $(2 a^2 r^4 (1 - s^2) + 2 b^2 r^2 \tau^2 (1 + s))^{1/2}$ with "
        r"$s = \min(1, b^2 \tau^2/(2 a^2 r^2))$, and this is attained. For $a = 1$, $b = \sqrt{2} c$, $c \tau \leq r$ "
        r"it is $\sqrt{2} (r^2 + c^2 \tau^2)$, the same as for $z z^T$ with $z = (x, c y)$: a report of $y^2$ is free."
    ),
    kind="tight",
    status="derived",
    source="Derived here",
    bound=Bound(
        "sqrt(2*a**2*r**4*(1 - Min(1, b**2*tau**2/(2*a**2*r**2))**2)"
        " + 2*b**2*r**2*tau**2*(1 + Min(1, b**2*tau**2/(2*a**2*r**2))))",
        a="weight of the Gram matrix", b="weight of the cross moment", r="bound on the norm of the covariates",
        tau="bound on the response",
    ),
    assumptions=(r"$a, b, r, \tau > 0$",),
    badge="reduction",
)  # fmt: skip

GAUSSIAN = Claim(
    id="ldp.gaussian_privacy",
    title="The exact curve of Gaussian noise",
    statement=(
        r"A query of $\ell_2$ sensitivity $\Delta$ with noise $N(0, \sigma^2 I)$: no test between two inputs has "
        r"probits farther apart than $\mu = \Delta/\sigma$, and the mechanism is $(\varepsilon, \delta)$-private "
        r"exactly for $\delta \geq \Phi(\mu/2 - \varepsilon/\mu) - e^\varepsilon \Phi(-\mu/2 - \varepsilon/\mu)$. The "
        r"$\sigma$ that the package returns satisfies this in exact arithmetic, and a millionth less does not."
    ),
    kind="upper",
    status="theorem",
    source="Balle, Wang, Improving the Gaussian mechanism, ICML 2018, Theorem 8; the returned values are enclosed here",
    bound=Bound("mu", mu="sensitivity over deviation of the noise"),
    assumptions=(r"$\Delta, \sigma > 0$", "exact normal noise"),
    badge="cited",
)

DISCRETE_GAUSSIAN = Claim(
    id="ldp.discrete_gaussian_privacy",
    title="Integer Gaussian noise is as private as it says",
    statement=(
        r"Reports $\lfloor v/g + U \rfloor + z$ with $z$ drawn from the tables of the package: the tables add up to "
        r"one exactly and their distance from the discrete Gaussian of deviation $s$ is at most what is stated; that "
        r"law "
        r"is $\mu$-private with $\mu = \Delta_Z/(s^2 - 4)^{1/2}$ up to a factor $1 + 10^{-33}$ a coordinate, "
        r"$\Delta_Z$ "
        r"the sensitivity on the grid. For one coordinate $\delta$ is summed over the tables in integers, and is below "
        r"the claim."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here; the mechanism is that of Canonne, Kamath, Steinke, The discrete Gaussian for differential "
        "privacy, NeurIPS 2020"
    ),
    bound=Bound("mu", mu="stated level of Gaussian privacy"),
    assumptions=("words of the generator are independent and uniform", r"$s \geq 20$"),
    badge="cited",
)

_PURE = "probability ratio at most e^epsilon, stated level"

PRIVUNITG = Claim(
    id="ldp.privunitg_privacy",
    title="PrivUnitG is pure, with nothing to spare",
    statement=(
        r"The density of the report is that of $N(0, \sigma^2 I)$ times $p/(1-q)$ on a half-space and times "
        r"$(1-p)/q$ off it, so the mechanism is $\varepsilon$-private exactly when $p/(1-q) \leq e^\varepsilon "
        r"(1-p)/q$. With $p = e^\varepsilon (1-q)/(e^\varepsilon (1-q) + q)$ there is equality, and the mean of the "
        r"report is the input. The numbers the package draws with satisfy the inequality in exact arithmetic."
    ),
    kind="tight",
    status="theorem",
    source="Asi, Feldman, Talwar, Optimal algorithms for mean estimation under local differential privacy, ICML 2022",
    bound=Bound("epsilon", epsilon=_PURE),
    assumptions=("exact normal variates; what rounding costs is stated in the guarantee",),
    badge="reduction",
)

PRIVUNIT = Claim(
    id="ldp.privunit_privacy",
    title="PrivUnit is pure, with nothing to spare",
    statement=(
        r"The density of the report on the sphere is $p/(1-q)$ times the uniform one on a cap of mass $1 - q$ and "
        r"$(1-p)/q$ times it elsewhere: $\varepsilon$-private exactly when the ratio of the two is at most "
        r"$e^\varepsilon$. With equality, $p = e^\varepsilon (1-q)/(e^\varepsilon (1-q) + q)$, and the scale $1/m$, "
        r"$m = \frac{(1-\gamma^2)^a}{2^{2a} a B(a, a)} (p/(1-q) - (1-p)/q)$, $a = (d-1)/2$, makes the mean the input."
    ),
    kind="tight",
    status="theorem",
    source=(
        "Bhowmick, Duchi, Freudiger, Kapoor, Rogers, Protection against reconstruction and its applications in private "
        "federated learning, 2018 (arXiv 1812.00984); equality and mean are derived here"
    ),
    bound=Bound("epsilon", epsilon=_PURE),
    assumptions=("exact uniform directions; what rounding costs is stated in the guarantee",),
    badge="reduction",
)

DUCHI = Claim(
    id="ldp.duchi_privacy",
    title="The hemisphere mechanism is pure and unbiased",
    statement=(
        r"A uniform point of the sphere of norm $B$, reflected into the half-space of $\pm v$ with probability "
        r"$e^\varepsilon/(1 + e^\varepsilon)$, the sign plus with probability $1/2 + \|v\|/(2r)$: "
        r"$\varepsilon$-private for $\|v\| \leq r$, and unbiased for $B = r \sqrt{\pi} "
        r"\frac{\Gamma((d+1)/2)}{\Gamma(d/2)} "
        r"\frac{e^\varepsilon + 1}{e^\varepsilon - 1}$. Its second moments are $B^2/d$ times the identity."
    ),
    kind="tight",
    status="theorem",
    source="Duchi, Jordan, Wainwright, Minimax optimal procedures for locally private estimation, JASA 113 (2018)",
    bound=Bound("epsilon", epsilon=_PURE),
    assumptions=("exact uniform directions; what rounding costs is stated in the guarantee",),
    badge="reduction",
)

PRIVUNITG_VARIANCE = Claim(
    id="ldp.privunitg_variance",
    title="The variance of PrivUnitG",
    statement=(
        r"The report of a vector of the unit ball is unbiased, and its coordinates orthogonal to the vector have "
        r"variance $1/m^2$ with $m = \varphi(\gamma) (A - B)$, $A$ and $B$ the two densities of the component along "
        r"the vector against the normal one, beyond the level $\gamma$ and short of it."
    ),
    kind="tight",
    status="theorem",
    source="Asi, Feldman, Talwar, Optimal algorithms for mean estimation under local differential privacy, ICML 2022",
    bound=Bound(
        "2*pi*exp(level**2)/(above - below)**2",
        level="level of the component along the vector", above="density beyond the level",
        below="density short of the level",
    ),
    assumptions=("vectors of the unit ball, exact normal variates",),
    badge="reduction",
)  # fmt: skip

CLAIMS = (
    GRAM_SENSITIVITY,
    JOINT_SENSITIVITY,
    GAUSSIAN,
    DISCRETE_GAUSSIAN,
    PRIVUNITG,
    PRIVUNITG_VARIANCE,
    PRIVUNIT,
    DUCHI,
)
