"""How fast the schedules of the first-order methods are with sampled gradients."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

_F2SA = (
    "Kwon, Kwon, Wright, Nowak, A fully first-order method for stochastic bilevel optimization, ICML 2023 (arXiv "
    "2301.10945), whose abstract counts by squared norms"
)
_KKWN = (
    "Kwon, Kwon, Wright, Nowak, On penalty methods for nonconvex bilevel optimization and first-order stochastic "
    "approximation, ICLR 2024 (arXiv 2309.01753)"
)
_LEVELS = (
    r"$g(x, \cdot)$ strongly convex, $\nabla g$, $\nabla^2 g$, $f$, $\nabla f$ Lipschitz, $\psi$ bounded below, no "
    r"constraints",
    r"steps small enough at $k = 1$",
)
_SAMPLES = r"unbiased samples of bounded variance, independent from step to step"

BOTH = Claim(
    id="bilevel.f2sa_both_noisy",
    title="F2SA with noise in both levels: K^(-2/7)",
    statement=(
        r"With lower steps $\gamma_k \propto k^{-4/7}$, upper steps $\alpha_k \propto k^{-5/7}$ and multipliers "
        r"$\lambda_k = \gamma_k/(2 \alpha_k) \propto k^{1/7}$, the mean of $E|\nabla \psi(x_k)|^2$ over $k \leq K$ "
        r"with weights $\alpha_k$ is $O(K^{-2/7} \log K)$: $|\nabla \psi| \leq \epsilon$ within "
        r"$\tilde O(\epsilon^{-7})$ samples. Other powers of $k$ make the bound no smaller."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order is that of {_F2SA}: $\\epsilon^{{-7/2}}$",
    bound=Bound("K**(-2/7)*(1 + log(K))", K="upper steps"),
    assumptions=(*_LEVELS, _SAMPLES),
    badge="reduction",
)

UPPER = Claim(
    id="bilevel.f2sa_upper_noisy",
    title="F2SA with noise in the upper level: K^(-2/5)",
    statement=(
        r"With exact gradients of $g$, $\gamma_k \propto k^{-2/5}$ and $\alpha_k \propto k^{-3/5}$, thus "
        r"$\lambda_k \propto k^{1/5}$, the mean of $E|\nabla \psi(x_k)|^2$ with weights $\alpha_k$ is "
        r"$O(K^{-2/5} \log K)$: $\tilde O(\epsilon^{-5})$ samples. Other powers of $k$ make the bound no smaller."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order is that of {_F2SA}: $\\epsilon^{{-5/2}}$",
    bound=Bound("K**(-2/5)*(1 + log(K))", K="upper steps"),
    assumptions=(*_LEVELS, _SAMPLES, r"exact gradients of $g$"),
    badge="reduction",
)

EXACT = Claim(
    id="bilevel.f2sa_exact",
    title="F2SA without noise: K^(-2/3)",
    statement=(
        r"With exact gradients, constant lower steps and $\alpha_k \propto k^{-1/3}$, thus $\lambda_k "
        r"\propto k^{1/3}$, "
        r"the mean of $|\nabla \psi(x_k)|^2$ with weights $\alpha_k$ is $O(K^{-2/3} \log K)$: "
        r"$\tilde O(\epsilon^{-3})$ gradients."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here; the order is that of {_F2SA}: $\\epsilon^{{-3/2}}$",
    bound=Bound("K**(-2/3)*(1 + log(K))", K="upper steps"),
    assumptions=_LEVELS,
    badge="reduction",
)

MOMENTUM = Claim(
    id="bilevel.single_loop_momentum",
    title="The single loop with momentum: K^(-2/5)",
    statement=(
        r"With $\sigma_k \propto k^{-1/5}$, lower steps $k^{-2/5}$, upper steps $\alpha_k \propto k^{-3/5}$ and "
        r"recursive momentum that drops a share $\eta_k \propto k^{-4/5}$ of the past, each sample seen at the new and "
        r"at the old point, the mean of $E|\nabla \psi(x_k)|^2$ with weights $\alpha_k$ is $O(K^{-2/5} \log K)$: "
        r"$\tilde O(\epsilon^{-5})$ samples instead of $\epsilon^{-7}$. With independent samples at the two points the "
        r"estimates have a variance of $1/(2 \eta_k)$ at least, which grows without bound."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here, for strongly convex lower levels; the order is that of {_KKWN}, Algorithm 2",
    bound=Bound("K**(-2/5)*(1 + log(K))", K="upper steps"),
    assumptions=(
        *_LEVELS, _SAMPLES,
        r"mean-squared smoothness: $E|G(w; \xi) - G(w'; \xi)|^2 \leq \ell^2 |w - w'|^2$ for the same sample",
    ),
    badge="reduction",
)  # fmt: skip

_LOWER = r"lower points with $E|w - y_\sigma|^2 = O(1/T)$, which the upper steps do not outrun"

DOUBLE = Claim(
    id="bilevel.double_loop_samples",
    title="The double loop: N^(-2/7) in samples",
    statement=(
        r"With $\sigma_k, \alpha_k \propto k^{-1/3}$ and $T_k, M_k \propto k^{4/3}$ lower steps and samples of the "
        r"direction, the mean of $E|\nabla \psi(x_k)|^2$ with weights $\alpha_k$ is $O(N^{-2/7} \log N)$ after $N$ "
        r"samples: $\tilde O(\epsilon^{-7})$. With a constant $T$ it is not."
    ),
    kind="upper",
    status="derived",
    source=f"Derived here, for strongly convex lower levels; the order is that of {_KKWN}, Algorithm 1",
    bound=Bound("N**(-2/7)*(1 + log(N))", N="samples"),
    assumptions=(*_LEVELS, _SAMPLES, _LOWER),
    badge="reduction",
)

CONSTANT = Claim(
    id="bilevel.double_loop_constant",
    title="The double loop with a constant upper step: N^(-1/3)",
    statement=(
        r"With $\sigma_k \propto k^{-1/2}$, a constant upper step, $T_k, M_k \propto k^2$, the mean of "
        r"$E|\nabla \psi(x_k)|^2$ over $k$ is $O(N^{-1/3} \log N)$ after $N$ samples: $\tilde O(\epsilon^{-6})$. That "
        r"$\psi_\sigma$ is as smooth as $\psi$, whatever $\sigma$, is what allows the step."
    ),
    kind="upper",
    status="derived",
    source=(
        "Derived here; the order is that of Chen, Ma, Zhang, JMLR 26(109), 2025 (arXiv 2306.14853), for F2BSA, whose "
        "sigma is fixed"
    ),
    bound=Bound("N**(-1/3)*(1 + log(N))", N="samples"),
    assumptions=(*_LEVELS, _SAMPLES, _LOWER, r"$\nabla \psi_\sigma$ Lipschitz uniformly in $\sigma$"),
    badge="reduction",
)

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (BOTH, UPPER, EXACT, MOMENTUM, DOUBLE, CONSTANT)
