"""Two small claims, in the form in which users write their own."""

from sparsetheory.verify import Bound, Claim

CLAIMS = (
    Claim(
        id="demo.mean",
        title="Error of a mean",
        statement=r"The mean of $n$ independent standard normal numbers is off by at most order $n^{-1/2}$.",
        kind="rate",
        status="theorem",
        source="the law of large numbers, with its rate",
        bound=Bound("n**(-1/2)", n="numbers averaged"),
        assumptions=("independent numbers of variance one",),
        badge="identity",
    ),
    Claim(
        id="demo.triangle",
        title="Triangle inequality",
        statement=r"$\lVert x + y \rVert \le \lVert x \rVert + \lVert y \rVert$.",
        kind="upper",
        status="theorem",
        source="the Cauchy-Schwarz inequality",
        bound=Bound("a + b", a="norm of x", b="norm of y"),
        badge="identity",
    ),
)
