"""Two normal laws: the best test is a half-line, and its two error probabilities are the curve."""

from itertools import product

import sympy as sp

from sparsetheory.ldp import analytic_gaussian_sigma, gdp_mu
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.normal_curve import ball, curve

CLAIM = find("ldp.gaussian_privacy")
HYPOTHESES = (r"noise is exactly normal, with the same deviation in every coordinate",)
MU, EPS, Z = sp.symbols("mu epsilon z", positive=True)
GRID = tuple(product((0.01, 0.5, 1.0, 4.0, 8.4, 16.0, 64.0), (0.1, 1e-3, 1e-5, 1e-9, 1e-30)))


def _phi(x):
    return (1 + sp.erf(x / sp.sqrt(2))) / 2


CURVE = _phi(MU / 2 - EPS / MU) - sp.exp(EPS) * _phi(-MU / 2 - EPS / MU)


def _threshold(shift):
    """The log-likelihood ratio of N(mu, 1) to N(0, 1) is eps at eps/mu + mu/2, and grows."""
    log_ratio = Z**2 / 2 - (Z - MU) ** 2 / 2
    place = EPS / MU + MU / 2
    tails = sp.simplify(_phi(MU - place) - sp.exp(EPS) * _phi(-place) - CURVE)
    return sp.simplify(log_ratio.subs(Z, place + shift) - EPS) == 0 and tails == 0 and sp.diff(log_ratio, Z) == MU


def _monotone(sign):
    """The derivative of the curve by mu is a normal density."""
    density = sp.exp(-((MU / 2 - EPS / MU) ** 2) / 2) / sp.sqrt(2 * sp.pi)
    return sp.simplify(sp.expand(sp.diff(CURVE, MU) / density).rewrite(sp.exp) - sign) == 0


def _returned(factor):
    """The curve at the returned numbers, times a factor, is at most delta; at a millionth less noise it is more."""
    from flint import ctx

    before, ctx.prec = ctx.prec, 512
    try:
        held = []
        for (epsilon, delta), sensitivity in product(GRID, (1.0, 2.75)):
            sigma = analytic_gaussian_sigma(epsilon, delta, sensitivity)
            for mu in (ball(sensitivity) / ball(sigma), ball(gdp_mu(epsilon, delta))):
                at = [curve(ball(epsilon), mu / ball(part * factor)) for part in (1.0, 1 - 1e-6)]
                held.append(at[0] <= ball(delta) and at[1] > ball(delta))
        return all(held), f"{len(held)} pairs of enclosures"
    finally:
        ctx.prec = before


def _classic(epsilon):
    """Whether sqrt(2 log(1.25/delta))/epsilon is enough at delta = 1e-5."""
    from flint import arb

    delta = ball(1e-5)
    sigma = (2 * (arb("1.25") / delta).log()).sqrt() / ball(epsilon)
    return curve(ball(epsilon), 1 / sigma) <= delta


def prove() -> Proof:
    """Return the proof of `ldp.gaussian_privacy`."""
    steps = (
        Step(
            name="one coordinate will do",
            evidence="reduction",
            statement=(
                r"Noise $\sigma Z$ with $Z$ isotropic: rotate the difference of two answers onto the first coordinate "
                r"and divide by $\sigma$. The others have the same law for both inputs, and what remains is $N(0, 1)$ "
                r"against $N(m, 1)$ with $m \leq \Delta/\sigma = \mu$."
            ),
        ),
        Step(
            name="the best test",
            evidence="cited",
            statement=(
                r"Among all events $P_1(S) - e^\varepsilon P_0(S)$ is largest where the density ratio exceeds "
                r"$e^\varepsilon$, and among those with given $P_0(S)$ the largest $P_1(S)$ belongs to a half-line "
                r"(Neyman, Pearson 1933): $\Phi^{-1}(P_1(S)) - \Phi^{-1}(P_0(S)) \leq m$ for every event."
            ),
        ),
        Step(
            name="the curve",
            evidence="identity",
            statement=(
                r"The ratio of $N(m, 1)$ to $N(0, 1)$ is $e^\varepsilon$ at $z = \varepsilon/m + m/2$, and the two "
                r"probabilities beyond make $\Phi(m/2 - \varepsilon/m) - e^\varepsilon \Phi(-m/2 - \varepsilon/m)$."
            ),
            check=lambda: _threshold(0),
            anti_test=lambda: _threshold(sp.Rational(1, 100)),
        ),
        Step(
            name="nearer inputs cost less",
            evidence="identity",
            statement=r"The derivative of the curve by $m$ is $\varphi(m/2 - \varepsilon/m) > 0$.",
            check=lambda: _monotone(1),
            anti_test=lambda: _monotone(-1),
        ),
        Step(
            name="what the package returns",
            evidence="enclosure",
            statement=(
                r"For $\varepsilon$ from $0.01$ to $64$ and $\delta$ from $0.1$ to $10^{-30}$ the curve at the "
                r"returned "
                r"$\sigma$ is at most $\delta$, and at a millionth less it is not."
            ),
            check=lambda: _returned(1.0),
            anti_test=lambda: _returned(1 - 1e-6),
        ),
        Step(
            name="the classic formula is not one",
            evidence="enclosure",
            statement=(
                r"$\sigma = \sqrt{2 \log(1.25/\delta)} \Delta/\varepsilon$ with $\delta = 10^{-5}$ satisfies the "
                r"inequality at $\varepsilon = 8$ and violates it at $\varepsilon = 8.5$."
            ),
            check=lambda: _classic(8.0),
            anti_test=lambda: _classic(8.5),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
