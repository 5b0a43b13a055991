r"""The penalised point is the unconstrained one, clipped: two pieces that meet at $u = \sigma K/\mu$."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_kink")
HYPOTHESES = (
    r"$K, c, \mu, \sigma > 0$, $c \sigma < \mu$",
    r"$0 < u < 2 R$: the lower bound $-R$ is not active, because the points are $R - u$ and above",
)
K, MU, C, S, U, R, A = sp.symbols("K mu c s u R a", positive=True)
X = R - U
FREE = (MU * X + S * (C * R + K)) / (MU + S * C)  # where mu (y - x) + s (c (y - R) - K) = 0
MEETS = S * K / MU


def _claimed(bound):
    """Return both branches of the claim's maximum, in positive symbols."""
    named = bound.subs({sp.Symbol(str(v), real=True): v for v in (K, MU, C, S, U)})
    near, far = named.args if named.args[0].has(MU / S) else reversed(named.args)
    return near, far


def _error(y):
    """With z = x, psi' = a x + c (x - R) - K and psi_s' = a x - mu (y - x) / s."""
    return -MU * (y - X) / S - (C * (X - R) - K)


def _pieces(near, far):
    """Clipped: y = R; free: the stationary point."""
    gaps = [sp.simplify(_error(R) - near), sp.simplify(_error(FREE) - far)]
    stationary = sp.simplify(MU * (FREE - X) + S * (C * (FREE - R) - K))
    return [*gaps, stationary] == [0, 0, 0], f"differences {gaps}, stationarity {stationary}"


def _meet(near, far, weight):
    """The free point reaches R at u = s K / mu, where the pieces cross once: near falls, far does not."""
    at = {U: weight * MEETS}
    clipped = sp.simplify((FREE - R).subs(at))
    crossing = sp.simplify((near - far).subs(at))
    steeper = sp.simplify(sp.diff(near - far, U) + (MU / S) ** 2 * S / (MU + S * C))
    return clipped == 0 and crossing == 0 and steeper == 0, f"free - R {clipped}, near - far {crossing}"


def _length(near, level):
    """The error exceeds t for u up to s (K - t) / (mu - c s); K = mu = c = 1 and t = 1/10 give 0.9 s / (1 - s)."""
    t = sp.Symbol("t", positive=True)
    (end,) = sp.solve(near - t, U)
    gap = sp.simplify(end - S * (level * K - t) / (MU - C * S))
    tenth = sp.simplify(end.subs({K: 1, MU: 1, C: 1, t: sp.Rational(1, 10)}))
    return gap == 0 and near.subs(U, 0) == K, f"for K = mu = c = 1 and t = 1/10: {tenth}"


def _above(pull):
    """Both slopes of convex functions of y at the end of the interval are negative: it is the minimiser."""
    e = sp.Symbol("e", positive=True)
    slopes = [sp.expand(MU * (R - (R + e)) + weight * (C * (R - R) - pull)) for weight in (0, S)]
    return all(slope.is_negative for slope in slopes), f"slopes {slopes}"


def _minimisers(offset):
    """psi_s' = a x - mu (R - x) / s on the clipped piece; its root, and both slopes of psi at R."""
    (root,) = sp.solve(A * X - MU * U / S, U)
    gap = sp.simplify(root - offset * A * R * S / (MU + A * S))
    excess = sp.Symbol("e", positive=True)  # K = a R + e: the slope of psi from the left is negative
    inside = sp.simplify((MEETS - root).subs(K, A * R + excess))
    numerator, denominator = sp.fraction(sp.together(inside))
    signs = all(coefficient > 0 for coefficient in sp.Poly(sp.expand(numerator), A, R, S, MU, excess).coeffs())
    return gap == 0 and signs and denominator.is_positive, f"root at u = {root}, {inside} before the pieces meet"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_kink`."""
    near, far = _claimed(CLAIM.bound.expression)
    steps = (
        Step(
            name="both pieces",
            evidence="identity",
            statement=(
                r"$z = x$, and $y_\sigma$ is $R$ or the stationary point of $\sigma f + g$: $|\psi_\sigma' - \psi'|$ "
                r"is $K - (\mu/\sigma - c) u$ or $\sigma c (K + c u)/(\mu + \sigma c)$."
            ),
            check=lambda: _pieces(near, far),
            anti_test=lambda: _pieces(near, 2 * far),
        ),
        Step(
            name="they meet",
            evidence="identity",
            statement=(
                r"The stationary point reaches $R$ at $u = \sigma K/\mu$. There the pieces are equal, and their "
                r"difference falls in $u$ with slope $-\mu^2/(\sigma (\mu + \sigma c))$: the error is their maximum."
            ),
            check=lambda: _meet(near, far, 1),
            anti_test=lambda: _meet(near, far, 2),
        ),
        Step(
            name="length of the interval",
            evidence="identity",
            statement=(
                r"The error is $K$ at $u = 0$ and above $t$ for $u < \sigma (K - t)/(\mu - c \sigma)$, where $t$ is "
                r"above the $O(\sigma)$ beyond."
            ),
            check=lambda: _length(near, 1),
            anti_test=lambda: _length(near, 2),
        ),
        Step(
            name="above the kink",
            evidence="identity",
            statement=(
                r"At $x = R + e$ the slopes at $y = R$ are $-\mu e$ and $-\mu e - \sigma K$, negative: both lower "
                r"points are $R$, and the error is zero."
            ),
            check=lambda: _above(K),
            anti_test=lambda: _above(-K),
        ),
        Step(
            name="minimisers",
            evidence="identity",
            statement=(
                r"With $K > a R$: $\psi'(R-) = a R - K < 0 < a R = \psi'(R+)$, and $\psi_\sigma' = 0$ on the clipped "
                r"piece at $u = a R \sigma/(\mu + a \sigma) < \sigma K/\mu$."
            ),
            check=lambda: _minimisers(1),
            anti_test=lambda: _minimisers(2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
