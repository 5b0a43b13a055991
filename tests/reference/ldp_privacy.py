"""Slow obvious twins of privacy accounting: many digits, definitions as they are written, no rearrangement."""

import mpmath as mp
import numpy as np


def gaussian_delta(epsilon, mu):
    """The curve of Balle and Wang, as printed, with digits to spare."""
    with mp.workdps(400 + int(epsilon)):
        e, m = mp.mpf(epsilon), mp.mpf(mu)
        return mp.ncdf(m / 2 - e / m) - mp.exp(e) * mp.ncdf(-m / 2 - e / m)


def zcdp_delta(rho, epsilon):
    """Infimum over alpha of the conversion of Canonne, Kamath and Steinke, by a fine grid and its refinement."""
    with mp.workdps(40):
        r, e = mp.mpf(rho), mp.mpf(epsilon)

        def log_bound(s):
            b = mp.exp(s)
            return b * ((1 + b) * r - e) + (1 + b) * mp.log(b / (1 + b)) - mp.log(b)

        best = min((mp.mpf(k) / 4 for k in range(-80, 81)), key=log_bound)
        for width in (mp.mpf(1) / 4 / 10**j for j in range(12)):
            best = min((best + width * k / 10 for k in range(-10, 11)), key=log_bound)
        return min(mp.exp(log_bound(best)), mp.mpf(1))


def discrete_gaussian(scale, reach):
    """Probabilities of -reach, ..., reach under exp(-z^2/(2 scale^2)), normalised over the integers to 1e-40."""
    with mp.workdps(50):
        far = max(reach, int(14 * scale) + 14)
        half = [mp.exp(-(mp.mpf(z) ** 2) / (2 * mp.mpf(scale) ** 2)) for z in range(far + 1)]
        total = 2 * mp.fsum(half) - 1
        law = [mass / total for mass in half[: reach + 1]]
    return law[:0:-1] + law


def distance(law, weights):
    """Total variation between probabilities in many digits and integer weights over 2^64; what is left counts."""
    with mp.workdps(50):
        inside = mp.fsum(abs(p - mp.mpf(w) / 2**64) for p, w in zip(law, weights))
        return (inside + 1 - mp.fsum(law)) / 2


def hockey_stick(p, q, epsilon):
    """delta(epsilon) of two laws on the same points: the sum of the positive parts of p - exp(epsilon) q."""
    return float(np.maximum(p - np.exp(epsilon) * q, 0.0).sum())


def alias_law(cells, bits, reach):
    """The law of a packed alias table, cell by cell: a dictionary of integers over 2^64."""
    room = 1 << (64 - bits)
    weights = dict.fromkeys(range(-reach, reach + 1), 0)
    for cell, entry in enumerate(int(c) for c in cells):
        threshold, other = entry >> bits, entry & ((1 << bits) - 1)
        if threshold:
            weights[cell - reach] += threshold
        weights[other - reach] += room - threshold
    return weights


def tilted_moments(tilt, base):
    """Mass, mean and mean square of alpha from the density of its base law, by quadrature on either side."""
    from scipy.integrate import quad

    low, high, density = base
    parts = []
    for power in range(3):

        def moment(t, power=power):
            return t**power * density(t)

        below = quad(moment, low, tilt.level, epsabs=1e-13, limit=200)[0]
        above = quad(moment, tilt.level, high, epsabs=1e-13, limit=200)[0]
        parts.append(tilt.below * below + tilt.above * above)
    return parts
