"""Integer Gaussian noise is continuous noise rounded at random; its tables are integers and are added up."""

import math
from fractions import Fraction

import sympy as sp

from sparsetheory.ldp import DiscreteGaussianVector
from sparsetheory.ldp.gaussian_table import split_tables
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.normal_curve import ball, curve

CLAIM = find("ldp.discrete_gaussian_privacy")
HYPOTHESES = (
    r"words are independent and uniform: a draw has exactly the law of its table",
    r"$s^2 > 4$: what is left of the variance belongs to the continuous noise",
)
DELTA = 1e-5
#: One coordinate, where everything can be summed; and many.
SINGLE = tuple(DiscreteGaussianVector(1, eps, delta=DELTA, sensitivity=2.0) for eps in (0.5, 1.0, 4.0, 16.0))
MANY = tuple(
    DiscreteGaussianVector(d, eps, delta=delta, sensitivity=2.0)
    for d, eps, delta in ((8, 1.0, 1e-5), (36, 0.1, 1e-9), (528, 4.0, 1e-6), (36, 16.0, 1e-5))
)
BLUR = Fraction(4)


def _tables(noises):
    """Return the tables that these draw from, each once."""
    found = {}
    for noise in noises:
        split = split_tables(noise.scale)
        found |= {table.scale: table for table in ((split.wide, split.narrow) if split.factor else (split.narrow,))}
    return found.values()


def _square(share):
    """Exponents of N(q, u^2) at x and of deviation b around x at y, against those of N(q, u^2 + b^2) and the rest."""
    x, y, q, u, b = sp.symbols("x y q u b", positive=True)
    left = (x - q) ** 2 / u**2 + (y - x) ** 2 / b**2
    centre = (q * b**2 + y * u**2) / (u**2 + b**2)
    tau2 = share * u**2 * b**2 / (u**2 + b**2)
    return sp.simplify(left - (y - q) ** 2 / (u**2 + b**2) - (x - centre) ** 2 / tau2) == 0


def _poisson(tau2, limit):
    """Twice the sum over k of exp(-2 pi^2 tau^2 k^2), by its first term and a geometric series."""
    from flint import arb

    first = (-2 * arb.pi() ** 2 * ball(tau2)).exp()
    return 2 * first / (1 - first) < ball(limit)


def _blurred(blur):
    return _poisson(blur, 2.1e-34)


def _split(shrink):
    """k^2 s1^2 + s2^2 >= s^2 up to roundings, and the deviation of the sum over z1 makes it constant to 1e-44."""
    used = 0
    for noise in SINGLE + MANY:
        split = split_tables(noise.scale)
        if not split.factor:
            continue
        wide, narrow = Fraction(split.wide.scale) * shrink, Fraction(split.narrow.scale) * shrink
        total = split.factor**2 * wide**2 + narrow**2
        if total < Fraction(noise.scale) ** 2 * (1 - Fraction(1, 2**49)) or not _poisson(
            wide**2 * narrow**2 / total, 1e-44
        ):
            return False
        used += 1
    return used > 0, f"{used} sums"


def _alias(change):
    """Cells and thresholds add up to the weights, and these to 2^64: integers."""
    count = 0
    for table in _tables(SINGLE + MANY):
        cells, room = [int(cell) for cell in table.cells], 1 << (64 - table.bits)
        hits = [0] * len(cells)
        for place, cell in enumerate(cells):
            hits[place] += cell >> table.bits
            hits[cell & ((1 << table.bits) - 1)] += room - (cell >> table.bits)
        weights = [*table.weights[:0:-1], *table.weights]
        weights[0] += change
        if hits[: len(weights)] != weights or any(hits[len(weights) :]) or sum(weights) != 1 << 64:
            return False
        count += len(cells)
    return True, f"{count} cells"


def _distance(part):
    """Half the sum of |weight/2^64 - P(z)| in balls, with what lies beyond the table, against what is stated."""
    from flint import arb, ctx

    before, ctx.prec = ctx.prec, 256
    try:
        worst = Fraction(0)
        for table in _tables(SINGLE):
            rate = 1 / (2 * ball(table.scale) ** 2)
            reach = int(14 * table.scale) + 1
            masses = [(-rate * (z * z)).exp() for z in range(reach)]
            beyond = 2 * masses[-1] / (1 - (-rate * reach).exp())  # a geometric series
            total = 2 * sum(masses[1:], masses[0] / 2) + arb(0, beyond)
            weights = [*table.weights, *[0] * (reach - len(table.weights))]
            apart = [abs(ball(Fraction(w, 2**64)) - mass / total) for w, mass in zip(weights, masses)]
            found = sum(apart[1:], apart[0] / 2) + beyond
            if not found <= ball(table.distance) * ball(part):
                return False
            worst = max(worst, Fraction(table.distance))
        return True, f"at most {float(worst):.1e}"
    finally:
        ctx.prec = before


def _law(noise):
    """Return integer weights proportional to the law of a coordinate, as it is drawn."""
    from flint import fmpz_poly

    split = split_tables(noise.scale)
    narrow = fmpz_poly([*split.narrow.weights[:0:-1], *split.narrow.weights])
    if not split.factor:
        return narrow.coeffs()
    spaced = [0] * (2 * split.factor * (len(split.wide.weights) - 1) + 1)
    spaced[:: split.factor] = [*split.wide.weights[:0:-1], *split.wide.weights]
    return (fmpz_poly(spaced) * narrow).coeffs()


def _summed(stretch):
    """The sum over z of max(0, P(z) - e^eps P(z - k)) for the largest k, a half and a tenth of it."""
    from flint import fmpz

    seen = []
    for noise in SINGLE:
        law = _law(noise)
        power, bits = ball(noise.epsilon).exp().lower(), 80
        least = fmpz(math.floor(float(power) * (1 - 1e-15) * 2.0**20) << (bits - 20))  # 2^80 e^eps, rounded down
        for k in {math.floor(noise.lattice_sensitivity * part * stretch) for part in (1, 0.5, 0.1)}:
            shifted = [0] * k + law
            gain = sum(max(0, (p << bits) - least * q) for p, q in zip(law + [0] * k, shifted))
            seen.append(Fraction(int(gain), int(sum(law)) << bits) / Fraction(noise.guarantee.delta))
    return max(seen) <= 1, f"{len(seen)} sums, the largest {float(max(seen)):.4f} of the claim"


def _stated(part):
    """The stated mu is at least Delta_Z/sqrt(s^2 - 4), and its curve at most the stated delta."""
    from flint import ctx

    before, ctx.prec = ctx.prec, 256
    try:
        for noise in SINGLE + MANY:
            mu = ball(noise.lattice_sensitivity) / ((ball(noise.scale) * ball(part)) ** 2 - ball(BLUR)).sqrt()
            spent = curve(ball(noise.epsilon), mu)
            if not (mu <= ball(noise.guarantee.mu) and spent <= ball(noise.delta)):
                return False
        return True, f"{len(SINGLE + MANY)} mechanisms"
    finally:
        ctx.prec = before


def prove() -> Proof:
    """Return the proof of `ldp.discrete_gaussian_privacy`."""
    steps = (
        Step(
            name="two exponents",
            evidence="identity",
            statement=(
                r"$\frac{(x-q)^2}{u^2} + \frac{(y-x)^2}{b^2} = \frac{(y-q)^2}{u^2+b^2} + \frac{(x-c)^2}{\tau^2}$ with "
                r"$\tau = u b/(u^2+b^2)^{1/2}$ and $c$ between $q$ and $y$."
            ),
            check=lambda: _square(1),
            anti_test=lambda: _square(2),
        ),
        Step(
            name="sums over the integers are nearly constant",
            evidence="cited",
            statement=(
                r"$\sum_y e^{-(y-x)^2/(2b^2)} = b \sqrt{2\pi} (1 + 2 \sum_{k \geq 1} e^{-2\pi^2 b^2 k^2} \cos 2\pi k "
                r"x)$ "
                r"(Poisson's summation formula)."
            ),
        ),
        Step(
            name="by how little they vary",
            evidence="enclosure",
            statement=r"For $b^2 = 4$ the factor is within $2.1 \cdot 10^{-34}$ of one.",
            check=lambda: _blurred(BLUR),
            anti_test=lambda: _blurred(BLUR / 2),
        ),
        Step(
            name="as private as continuous noise",
            evidence="reduction",
            statement=(
                r"Draw $x$ from $N(q, s^2 - 4)$ and $y$ from the discrete Gaussian of deviation 2 around $x$. By the "
                r"steps before, $y$ has the law of $q$ plus discrete noise of deviation $s$, up to a factor within "
                r"$10^{-33}$ of one. Given $x$ the second draw knows nothing of $q$: it is post-processing, "
                r"coordinate by "
                r"coordinate. With one $U$ for all coordinates, $\lfloor v_j/g + U \rfloor$ moves by at most $1$ more "
                r"than $v_j/g$: two inputs are at most $\Delta_Z = \Delta/g + \sqrt{D}$ apart, and "
                r"`ldp.gaussian_privacy` "
                r"gives $\mu = \Delta_Z/(s^2-4)^{1/2}$."
            ),
        ),
        Step(
            name="what is stated",
            evidence="enclosure",
            statement=r"The stated $\mu$ is no less than this, and its curve at $\varepsilon$ no more than $\delta$.",
            check=lambda: _stated(1.0),
            anti_test=lambda: _stated(1 - 1e-6),
        ),
        Step(
            name="a wide law is a sum of two",
            evidence="enclosure",
            statement=(
                r"For $k z_1 + z_2$ the same identity leaves a sum over $z_1$ of deviation $\tau = s_1 s_2/s$, "
                r"constant "
                r"to $10^{-44}$, and $k^2 s_1^2 + s_2^2 \geq s^2 (1 - 2^{-49})$ for the tables of the package, less "
                r"than "
                r"the slack of the stated $\mu$."
            ),
            check=lambda: _split(1),
            anti_test=lambda: _split(Fraction(99, 100)),
        ),
        Step(
            name="a draw has the law of its table",
            evidence="exact certificate",
            statement=r"Thresholds and aliases of all cells add up to the weights, and these to $2^{64}$.",
            check=lambda: _alias(0),
            anti_test=lambda: _alias(1),
        ),
        Step(
            name="distance of the tables",
            evidence="enclosure",
            statement=r"Half the sum of differences from the discrete Gaussian is at most what is stated.",
            check=lambda: _distance(1.0),
            anti_test=lambda: _distance(0.9),
        ),
        Step(
            name="one coordinate, summed",
            evidence="exact certificate",
            statement=(
                r"For one coordinate $\sum_z \max(0, P(z) - e^\varepsilon P(z-k))$ over the law as it is drawn, in "
                r"integers, is at most the stated $\delta$ for the largest $k$ (and two smaller ones); at three per "
                r"cent "
                r"more it is not."
            ),
            check=lambda: _summed(1.0),
            anti_test=lambda: _summed(1.03),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
