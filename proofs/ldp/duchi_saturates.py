r"""A sphere that cannot shrink against a cap that narrows: a floor of one error, and a bound on the other."""

import sympy as sp

from sparsetheory.verify import Proof, Step, certify, find

CLAIM = find("ldp.duchi_saturates")
HYPOTHESES = (
    r"$\|v\| = 1$: reports are unbiased, so the squared error is the second moment less 1",
    r"$\varepsilon \geq 4$: the cap at $\sqrt \varepsilon$ is likelier than $e^{-\varepsilon}$",
)
D, T, EPS = sp.symbols("d t eps", positive=True)
PHI = sp.exp(-(T**2) / 2) / sp.sqrt(2 * sp.pi)
TAIL = (1 - sp.erf(T / sp.sqrt(2))) / 2


def _gamma(offset):
    """G_d^2/(d/2 - offset) falls from d to d + 2: its quotient less 1 has the numerator -1."""
    ratio = ((D + 1) / D) ** 2 * (D / 2 - offset) / (D / 2 + 1 - offset)
    numerator = sp.numer(sp.together(ratio - 1))
    return sp.expand(numerator) == -1, f"numerator {sp.expand(numerator)}"


def _mills(power):
    """The function phi - t tail has the derivative -tail, and vanishes at infinity."""
    return sp.expand(sp.diff(PHI - power * T * TAIL, T) + TAIL) == 0, "derivative of phi - t tail"


def _half(share):
    """From tail >= exp(-eps): 1/(tail + (1 - tail) exp(-eps)) >= 1/(2 tail)."""
    tail, small, extra = sp.symbols("tail small extra", positive=True)
    room = share * tail - (tail + (1 - tail) * small)
    at = sp.expand(room.subs(tail, small + extra))
    ok = all(c > 0 for c in sp.Poly(at, small, extra).coeffs())
    return ok, f"2 tail less the denominator: {at}"


def _likely(start):
    """E^(eps/2) sqrt(eps) over sqrt(2 pi) (1 + eps) is above 1 at the start and grows."""
    slope = sp.Rational(1, 2) + 1 / (2 * EPS) - 1 / (1 + EPS)
    grows = sp.numer(sp.together(slope)) / sp.denom(sp.together(slope)) * 2 * EPS * (1 + EPS)
    growing = sp.expand(sp.simplify(grows) - (EPS**2 + 1)) == 0
    at = sp.exp(EPS / 2) * sp.sqrt(EPS) - sp.sqrt(2 * sp.pi) * (1 + EPS)
    found, report = certify.prove_positive(at, {EPS: (start, start)}).report()
    return growing and found, f"growing: {growing}; {report}"


def _moments(sign):
    """Antiderivatives of t phi and t^2 phi; above and below the level with their weights."""
    z, above, below = sp.symbols("z above below")
    phi = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    Phi = (1 + sp.erf(z / sp.sqrt(2))) / 2
    first, second = -phi, Phi - z * phi
    right = [sp.expand(sp.diff(first, z) - z * phi), sp.expand(sp.diff(second, z) - z**2 * phi)]
    mean = above * (0 - first) + below * (first - 0)
    square = above * (1 - second) + below * second
    mass = above * (1 - Phi) + below * Phi
    gap = sp.expand(square - mass - sign * z * mean)
    return not any(right) and gap == 0, f"second moment less 1 - t times the first: {gap}"


def _formula(bound):
    c = 1 - sp.exp(-EPS)
    mean = sp.sqrt(EPS) / 2 * c
    error = (D + 1 + sp.sqrt(EPS) * mean) / mean**2
    values = {"d": D, "eps": EPS}
    claimed = (sp.pi * (D - sp.Rational(1, 2)) / 2 - 1) / error
    gap = sp.simplify(bound.subs({s: values[s.name] for s in bound.free_symbols}) / claimed - 1)
    return gap == 0, f"quotient less 1: {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.duchi_saturates`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the sphere has a least radius",
            evidence="identity",
            statement=(
                r"Reports have the norm $B = \sqrt\pi G_d \coth(\varepsilon/2)$, $G_d = \Gamma(\frac{d+1}{2})/"
                r"\Gamma(\frac d2)$. $G_{d+2} = \frac{d+1}{d} G_d$ makes $G_d^2/(d/2 - 1/4)$ fall along $d, d + 2, "
                r"\ldots$; its limit is 1, so $G_d^2 \geq d/2 - 1/4$ and $B^2 \geq \pi (d - 1/2)/2$ for every "
                r"$\varepsilon$."
            ),
            check=lambda: _gamma(sp.Rational(1, 4)),
            anti_test=lambda: _gamma(sp.Rational(1, 5)),
        ),
        Step(
            name="mean and mean square of the tilted coordinate",
            evidence="identity",
            statement=(
                r"$\alpha$ has the density $\phi$ times $a$ beyond $t$, times $a e^{-\varepsilon}$ short of it: $m = E "
                r"\alpha = \phi(t) (a - a e^{-\varepsilon})$ and $E \alpha^2 = 1 + t m$."
            ),
            check=lambda: _moments(1),
            anti_test=lambda: _moments(-1),
        ),
        Step(
            name="hazard of the normal law",
            evidence="identity",
            statement=(
                r"$\phi(t) \geq t \, \Phi(-t)$: the difference has the derivative $-\Phi(-t)$ and vanishes at infinity."
            ),
            check=lambda: _mills(1),
            anti_test=lambda: _mills(2),
        ),
        Step(
            name="half of the reports are in the cap",
            evidence="identity",
            statement=(
                r"Where $\Phi(-t) \geq e^{-\varepsilon}$: $\Phi(-t) + \Phi(t) e^{-\varepsilon} \leq 2 \Phi(-t)$, so $a "
                r"\geq 1/(2 \Phi(-t))$ and $m \geq \frac t2 (1 - e^{-\varepsilon})$."
            ),
            check=lambda: _half(2),
            anti_test=lambda: _half(1),
        ),
        Step(
            name="the cap at root eps",
            evidence="enclosure",
            statement=(
                r"$\Phi(-t) \geq t \phi(t)/(1 + t^2)$ (`ldp.gram_pure`) is at least $e^{-\varepsilon}$ at $t = \sqrt"
                r"\varepsilon$, $\varepsilon \geq 4$: $e^{\varepsilon/2} \sqrt\varepsilon > \sqrt{2 \pi} (1 + "
                r"\varepsilon)$ at 4, and the quotient grows."
            ),
            check=lambda: _likely(4),
            anti_test=lambda: _likely(3),
        ),
        Step(
            name="the best level is no worse",
            evidence="reduction",
            statement=(
                r"PrivUnitG takes the level with the least second moment $(E \alpha^2 + d)/m^2$ of a report on $d + 1$ "
                r"coordinates, the slack one among them; that is at most its value at $\sqrt\varepsilon$, and the "
                r"error of $d$ of them is less than that."
            ),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"$(1 + t m + d)/m^2$ at $t = \sqrt\varepsilon$, $m = \frac t2 (1 - e^{-\varepsilon})$ is the "
                r"denominator of the bound, $B^2 - 1$ at least its numerator."
            ),
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
