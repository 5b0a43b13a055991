r"""What one locally private report tells of a sparse parameter, as steps of a proof.

The family: :math:`x` uniform on :math:`\{-1, 1\}^d`, :math:`y \in \{-1, 1\}`, :math:`P_\theta(x, y) = 2^{-d-1} (1 + y
\langle x, \theta \rangle)`. The likelihood of a report is then linear in the parameter, :math:`M_\theta(z)/M_0(z) = 1 +
\langle \theta, h(z) \rangle`, and privacy bounds :math:`|h(z)|`.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from ..proof import Step

__all__ = ["report_steps", "trace", "trace_limit"]

Answer = tuple[bool, str]


def trace_limit(epsilon: Any) -> Any:
    r"""Return :math:`\sinh^2(\varepsilon/2) = (e^\varepsilon - 1)^2/(4 e^\varepsilon)`: what a report tells at most."""
    import sympy as sp

    return (sp.exp(epsilon) - 1) ** 2 / (4 * sp.exp(epsilon))


def trace(column: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    r"""Return :math:`|h(z)|^2` and the variance of :math:`Q(z \mid u)/M_0(z)`, exactly.

    Parameters
    ----------
    column : sequence of Fraction, length 2^(d+1)
        Q(z | u) for u = (x, y) in the order of ``itertools.product((-1, 1), repeat=d + 1)``, y last.

    Examples
    --------
    A report of the sign of ``y x_1`` with ratio 3 tells 1/4, all of it about the first coordinate.

    >>> from fractions import Fraction
    >>> trace([Fraction(3 if x == y else 1, 4) for x in (-1, 1) for y in (-1, 1)])
    (Fraction(1, 4), Fraction(1, 4))
    """
    d, size = len(column).bit_length() - 2, len(column)
    mean = sum(column, Fraction(0)) / size
    ratios = [value / mean for value in column]
    inputs = list(product((-1, 1), repeat=d + 1))
    h = [sum((q * u[j] * u[d] for q, u in zip(ratios, inputs, strict=True)), Fraction(0)) / size for j in range(d)]
    return sum((v * v for v in h), Fraction(0)), sum(((q - 1) ** 2 for q in ratios), Fraction(0)) / size


def _family(slope: int) -> Answer:
    import sympy as sp

    theta = sp.symbols("theta_1:4", real=True)
    inputs = list(product((-1, 1), repeat=4))
    density = [(1 + slope * y * sum(s * t for s, t in zip(x, theta, strict=True))) / 16 for *x, y in inputs]
    mass = sp.expand(sum(density) - 1)
    moments = [
        sp.expand(sum(p * u[-1] * u[j] for p, u in zip(density, inputs, strict=True)) - theta[j]) for j in range(3)
    ]
    return mass == 0 and not any(moments), f"mass less 1: {mass}, E y x less theta: {moments}"


def _family_step() -> Step:
    """Return the step on the laws of the family: a linear model with bounded noise of mean zero."""
    return Step(
        name="the hard family is a linear model",
        evidence="identity",
        statement=(
            r"$x$ uniform on $\{-1, 1\}^d$ and $P(y = \pm 1 \mid x) = (1 \pm \langle x, \theta \rangle)/2$, a law when "
            r"$\|\theta\|_1 \leq 1$: $E[y \mid x] = \langle x, \theta \rangle$, so $y = \langle x, \theta \rangle + "
            r"\zeta$ with $|\zeta| \leq 2$, $E[\zeta \mid x] = 0$, and $E[y x] = \theta$ (three coordinates with "
            r"symbols; more of them add terms that are alike)."
        ),
        check=lambda: _family(1),
        anti_test=lambda: _family(2),
    )


def _linear(weight: int) -> Answer:
    """Parseval with a symbol an input, d = 2: the variance less |h|^2 is a sum of squares of other coefficients."""
    import sympy as sp

    inputs = list(product((-1, 1), repeat=3))
    L = sp.symbols("L_1:9", real=True)
    average = sum(L) / 8

    def coefficient(places: tuple[int, ...]) -> Any:
        return sum(q * sp.prod([u[i] for i in places]) for q, u in zip(L, inputs, strict=True)) / 8

    characters = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    told = [(0, 2), (1, 2)]  # y x_1 and y x_2; y is the last
    variance = sum(q**2 for q in L) / 8 - average**2
    rest = sum(coefficient(c) ** 2 for c in characters if c not in told)
    gap = sp.expand(variance - weight * sum(coefficient(c) ** 2 for c in told) - rest)
    return gap == 0, f"remainder {gap}"[:80]


def _linear_step() -> Step:
    """Return the step that bounds what is told by the variance of the likelihood ratio (Bessel)."""
    return Step(
        name="what a report tells is at most a variance",
        evidence="identity",
        statement=(
            r"With $L(u) = Q(z \mid u)/M_0(z)$: $M_\theta(z)/M_0(z) = E_{P_0}[L(u)(1 + y \langle x, \theta \rangle)] = "
            r"1 + \langle \theta, h \rangle$, $h_j = E_{P_0}[L \, y x_j]$. The products $y x_j$ are orthonormal under "
            r"$P_0$, so $\sum_j h_j^2 \leq \operatorname{Var}_{P_0}(L)$: what is left are the squares of the other "
            r"Walsh coefficients (all eight inputs as symbols; Parseval's identity for any $d$)."
        ),
        check=lambda: _linear(1),
        anti_test=lambda: _linear(2),
    )


def _variance(factor: Any) -> Answer:
    import sympy as sp

    a, rho, mean_square = sp.symbols("a rho q", positive=True)
    # E (L - a)(rho a - L) >= 0 with E L = 1 bounds E L^2, and a square is left over
    variance = mean_square - 1
    slack = (1 + rho) * a - rho * a**2 - mean_square
    gap = sp.expand(variance + slack - (rho * a - 1) * (1 - a))
    left = sp.simplify(
        factor * (rho - 1) ** 2 / (4 * rho) - (rho * a - 1) * (1 - a) - rho * (a - (1 + rho) / 2 / rho) ** 2
    )
    return gap == 0 and left == 0, f"remainders {gap}, {left}"


def _variance_step() -> Step:
    """Return the step from the privacy level to the variance of the likelihood ratio."""
    import sympy as sp

    return Step(
        name="privacy bounds the variance",
        evidence="identity",
        statement=(
            r"$a \leq L \leq \rho a$ with $\rho = e^\varepsilon$ and $E L = 1$: $\operatorname{Var} L = (\rho a - 1)"
            r"(1 - a) - E(L - a)(\rho a - L) \leq (\rho - 1)^2/(4 \rho) - \rho (a - (1 + \rho)/(2 \rho))^2 \leq "
            r"\sinh^2(\varepsilon/2)$."
        ),
        check=lambda: _variance(sp.Integer(1)),
        anti_test=lambda: _variance(sp.Rational(999, 1000)),
    )


def _limit(ratio: Fraction) -> Fraction:
    return (ratio - 1) ** 2 / (4 * ratio)


def _channels(factor: Fraction) -> Answer:
    """Hold seeded channels, with the numbers they store, and the channel that attains the variance."""
    from ...testing import PrivateChannel

    columns = []
    for seed, (d, kind) in enumerate(product((1, 2, 3), ("response", "extremal", "mixture"))):
        channel = PrivateChannel.build(seed=seed, alphabet=2 ** (d + 1), eps=0.3 + 0.4 * seed, kind=kind, split=1)
        columns += [[Fraction(float(q)) for q in channel.Q[:, z]] for z in range(channel.Q.shape[1])]
    attained = [Fraction(3 if u < 2 else 1) for u in range(8)]  # a share 1/(1 + rho) of the inputs, rho = 3
    room = []
    for column in [*columns, attained]:
        told, variance = trace(column)
        if not told <= variance <= factor * _limit(max(column) / min(column)):
            return False, f"told {float(told):.4g}, variance {float(variance):.4g}"
        room.append(_limit(max(column) / min(column)) - variance)
    return room[-1] == 0, f"{len(columns)} outputs of seeded channels; the variance is attained at ratio 3"


def _channel_step() -> Step:
    """Return the step that holds finite channels against the two inequalities, in rational arithmetic."""
    return Step(
        name="finite channels, in rational arithmetic",
        evidence="exact certificate",
        statement=(
            r"$|h(z)|^2 \leq \operatorname{Var} L \leq (\rho_z - 1)^2/(4 \rho_z)$ for every output of private channels "
            r"on 4, 8 and 16 inputs, $\rho_z$ the exact ratio of the stored numbers; a report that is $\rho$ times "
            r"likelier on a share $1/(1 + \rho)$ of the inputs attains the second."
        ),
        check=lambda: _channels(Fraction(1)),
        anti_test=lambda: _channels(Fraction(999, 1000)),
    )


def _chi_square(slope: Any) -> Answer:
    import sympy as sp

    u = sp.Symbol("u", real=True)
    derivative = sp.simplify(sp.diff(slope * u - sp.log(1 + u), u) - u / (1 + u))
    return derivative == 0, f"the derivative is u/(1 + u) up to {derivative}"


def _chi_square_step() -> Step:
    """Return the step from divergence to chi-square."""
    import sympy as sp

    return Step(
        name="divergence and chi-square",
        evidence="identity",
        statement=(
            r"$u - \log(1 + u)$ has the derivative $u/(1 + u)$, of the sign of $u$, and is 0 at 0: $\log t \leq t - "
            r"1$. Hence $KL(P \| Q) = E_P \log(P/Q) \leq E_P(P/Q) - 1 = \sum (P - Q)^2/Q$."
        ),
        check=lambda: _chi_square(sp.Integer(1)),
        anti_test=lambda: _chi_square(sp.Rational(1001, 1000)),
    )


def report_steps() -> tuple[Step, ...]:
    """Return the steps from the hard family to what a report tells at most, which open the proof of a lower bound."""
    return _family_step(), _linear_step(), _variance_step(), _channel_step(), _chi_square_step()
