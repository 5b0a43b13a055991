"""A maximiser is no less likely than the truth; N samples without a failure leave less than 1 - alpha^(1/N) of it."""

from fractions import Fraction

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.fits_reach_the_truth")
HYPOTHESES = (
    r"the model contains the truth: the maximum is at least the likelihood there",
    r"samples are independent and their number $N$ is declared: the chance of no failure is a product",
)
LEVEL, RATE = Fraction(1, 20), Fraction(1, 100)
TRIALS = 299


def _excluded(trials):
    """No failure in so many trials has a chance of at most LEVEL at RATE, and so at every larger probability."""
    chance = (1 - RATE) ** trials
    return chance <= LEVEL, f"(99/100)^{trials} = {float(chance):.6f}"


def _falls(sign):
    """The chance of no failure falls in the probability of one: its derivative is -N (1 - p)^(N - 1)."""
    p, n = sp.symbols("p N", positive=True)
    chance = (1 - p) ** n
    gap = sp.simplify(sp.diff(chance, p) + sign * n * (1 - p) ** (n - 1))
    return gap == 0, f"gap {gap}"


def _tangent(power):
    """The logarithm of t lies below t - 1: the difference is concave, and its maximum at t = 1 is zero."""
    t = sp.Symbol("t", positive=True)
    gap = sp.log(t) - (t**power - 1)
    roots, bend = sp.solve(sp.diff(gap, t), t), sp.diff(gap, t, 2)
    good = roots == [1] and gap.subs(t, 1) == 0 and bend.is_negative
    return bool(good), f"stationary at {roots}, second derivative {bend}"


def prove() -> Proof:
    """Return the proof of `moe.fits_reach_the_truth`."""
    steps = (
        Step(
            name="certificate of a failure",
            evidence="reduction",
            statement=(
                r"$\hat \theta$ maximises $\ell$ over a set that contains $\theta^*$, so $\ell(\hat \theta) \geq "
                r"\ell(\theta^*)$, and $e^{\ell(\hat \theta)/n} \geq e^{\ell(\theta^*)/n}$; inside the set its "
                r"gradient is zero. An end that misses either is no maximiser, whatever the search says of itself. "
                r"The converse does not hold: ends that pass need not be the maximum."
            ),
        ),
        Step(
            name="larger probabilities are excluded with it",
            evidence="identity",
            statement=(
                r"$\partial_p (1 - p)^N = -N (1 - p)^{N - 1} < 0$ on $(0, 1)$: if no failure in $N$ samples has a "
                r"chance of at most $\alpha$ at $p$, so it has above $p$. The chance is $\alpha$ at "
                r"$p = 1 - \alpha^{1/N}$."
            ),
            check=lambda: _falls(1),
            anti_test=lambda: _falls(-1),
        ),
        Step(
            name="samples of different sizes",
            evidence="identity",
            statement=(
                r"$\log t \leq t - 1$, with equality at $t = 1$ alone. So $\sum_i \log \frac{1 - p_i}{1 - \bar p} "
                r"\leq \sum_i \frac{\bar p - p_i}{1 - \bar p} = 0$, that is $\prod_i (1 - p_i) \leq (1 - \bar p)^N$: "
                r"where the probabilities differ the limit holds for their mean."
            ),
            check=lambda: _tangent(1),
            anti_test=lambda: _tangent(2),
        ),
        Step(
            name="trials that are enough",
            evidence="exact certificate",
            statement=r"$(99/100)^{299} \leq 1/20$: no failure in $299$ samples excludes $1/100$ at $95$ percent.",
            check=lambda: _excluded(TRIALS),
            anti_test=lambda: _excluded(TRIALS - 1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
