"""Structured blocks: forests in linear time, two blocks in turn."""

from ...verify.bound import Bound
from ...verify.claim import Claim

__all__ = ["CLAIMS"]

FOREST_LINEAR_TIME = Claim(
    id="bcd.forest_linear_time",
    title="A forest block is solved in linear time",
    statement=(
        r"Let the graph of a symmetric positive definite $A$ with $n$ rows be a forest of $t$ trees. Elimination from "
        r"the leaves to the roots and substitution back solve $A x = r$ with exactly $8 n - 6 t$ additions, "
        r"subtractions, multiplications and divisions and one look at each of the $3 n - 2 t$ entries of $A$; every "
        r"pivot is positive. One edge more, which closes a cycle, is met and refused."
    ),
    kind="identity",
    status="derived",
    source=(
        "Derived here, the operations counted in the solver's own text. No fill on trees: Parter, The use of linear "
        "graphs in Gauss elimination, SIAM Review 3 (1961); as a block update: Nutini, Laradji, Schmidt, JMLR 23(131), "
        "2022, section 5"
    ),
    bound=Bound("8*n - 6*t", n="unknowns", t="trees, single nodes included"),
    assumptions=(
        r"$A$ symmetric positive definite",
        r"the graph of the entries off the diagonal that are not zero is a forest",
    ),
    badge="reduction",
)

TWO_BLOCK_RATE = Claim(
    id="bcd.two_block_rate",
    title="Rate of exact minimisation over two blocks in turn",
    statement=(
        r"Minimise $f(x) = \frac{1}{2} x^T A x - c^T x$ exactly over block $0$, block $1$, block $0$, and so on. With "
        r"$\rho = \lambda_{max}(A_{00}^{-1} A_{01} A_{11}^{-1} A_{10}) < 1$, from the second step on each step "
        r"multiplies $f - f^*$ by a factor of at most $\rho$, these factors never decrease, and they tend to $\rho$ "
        r"for every start outside a set of measure zero."
    ),
    kind="tight",
    status="derived",
    source=(
        "Derived here; two blocks of huge size as in Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5; "
        "alternating projections: Kayalar, Weinert, Error bounds for the method of alternating projections, 1988"
    ),
    bound=Bound("-log(rho)", rho="largest eigenvalue of A00^-1 A01 A11^-1 A10"),
    assumptions=(
        r"$A$ symmetric positive definite, $A_{01} \neq 0$",
        r"for the limit: the start has a component along the leading pair",
    ),
    badge="reduction",
)

#: The claims of this theme, in the order in which they are listed.
CLAIMS: tuple[Claim, ...] = (FOREST_LINEAR_TIME, TWO_BLOCK_RATE)
