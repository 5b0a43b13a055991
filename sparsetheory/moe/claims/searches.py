"""What the search for a maximum of the likelihood finds."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

REACHED = Claim(
    id="moe.fits_reach_the_truth",
    title="Searches end no lower than the truth",
    statement=(
        r"Fit the true number of experts to a sample. A maximiser of the likelihood has $\ell(\hat \theta) \geq "
        r"\ell(\theta^*)$, so an end that is less likely than the truth, or has a gradient above the tolerance, is "
        r"certainly none: such a fit has failed. The probability that the library's search, with its defaults and "
        r"without knowing the truth, fails on a sample of the settings below is less than $1/100$. Derived are the "
        r"certificate of a failure and the limit: $N$ samples without one exclude every probability of at least "
        r"$1 - \alpha^{1/N}$, with confidence $1 - \alpha$. The probability itself is measured, and the study cannot "
        r"see a search that misses the best of several maxima above the truth."
    ),
    kind="lower",
    status="derived",
    source="Derived here: the definition of a maximiser, and the exact limit of Clopper and Pearson, Biometrika 1934",
    bound=Bound("exp(L/n)", L="log-likelihood of the truth", n="sample size"),
    assumptions=(
        r"independent samples of the settings, the number of samples declared before the run",
        r"the model of the fit contains the truth",
    ),
    badge="reduction",
)

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (REACHED,)
