r"""Worst cases of first-order methods, each stated as on paper: $f(x_N) - f^*$ given $\|x_0 - x^*\| \leq 1$.

By homogeneity the bound for $\|x_0 - x^*\| \leq R$ is $R^2$ times as large, and that for constants $t L$ with steps
$1/(t L)$ is $t$ times as large.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from ..._validation import check_choice, check_count
from ...errors import InvalidArgument
from .pep import Problem
from .rational import exact

__all__ = [
    "cyclic_descent",
    "gradient_descent",
    "gradient_descent_multipliers",
    "greedy_descent",
    "proximal_gradient",
    "selections",
]


def gradient_descent(N: int, *, L: Any = 1) -> Problem:
    r"""Return the worst case of N steps $x_{k+1} = x_k - \nabla f(x_k)/L$, f convex and L-smooth.

    Tight: $L/(4N + 2)$ (Drori, Teboulle 2014, Theorem 3.1).

    Examples
    --------
    >>> gradient_descent(3).certify().proves("0.0714287")
    (True, 'value 0.071428..., 21 multipliers, slack of order 5')
    """
    problem, L = Problem(), exact(L, "L")
    f = problem.function(L=L)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1, name="start")
    for _ in range(check_count(N, "N")):
        x = x - f.gradient(x) / L
    problem.maximize(f(x) - f(xs))
    return problem


def gradient_descent_multipliers(N: int, *, L: Any = 1) -> dict[str, Fraction]:
    r"""Return the multipliers of Drori and Teboulle: $\lambda_{i-1,i} = i/(2N + 1 - i)$, $L/(4N + 2)$ for the start.

    Examples
    --------
    >>> gradient_descent(40).certify(multipliers=gradient_descent_multipliers(40)).value
    Fraction(1, 162)
    """
    chain = {f"f[{i - 1},{i}]": Fraction(i, 2 * N + 1 - i) for i in range(1, check_count(N, "N") + 1)}
    return chain | {"start": exact(L, "L") / (4 * N + 2)}


def proximal_gradient(N: int, *, L: Any = 1) -> Problem:
    r"""Return the worst case of N steps $x_{k+1} = \mathrm{prox}_{h/L}(x_k - \nabla f(x_k)/L)$ on $F = f + h$.

    f convex and L-smooth, h closed, proper and convex. Tight: $L/(4N)$ (Taylor, Hendrickx, Glineur, *Exact worst-case
    performance of first-order methods for composite convex optimization*, 2017).

    Examples
    --------
    >>> proximal_gradient(1).certify().proves("0.250001")
    (True, 'value 0.25000..., 9 multipliers, slack of order 5')
    """
    problem, L = Problem(), exact(L, "L")
    f, h = problem.function(L=L), problem.function()
    xs, x = problem.minimizer(f, h), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1, name="start")
    for _ in range(check_count(N, "N")):
        x = h.proximal_step(x - f.gradient(x) / L, 1 / L)
    problem.maximize(f(x) + h(x) - f(xs) - h(xs))
    return problem


def cyclic_descent(N: int, *, L: Sequence[Any]) -> Problem:
    r"""Return the worst case of N steps $x_{k+1} = x_k - U_b \nabla_b f(x_k)/L_b$, blocks b in turn.

    f convex, block b with constant $L_b$. An upper bound, since block-smooth conditions are only necessary.

    Examples
    --------
    >>> cyclic_descent(2, L=(1, 1)).certify().proves("0.2252")
    (True, 'value 0.22514..., 25 multipliers, slack of order 4+4, upper bound from necessary conditions')
    """
    constants = [exact(value, "L") for value in L]
    problem = Problem(blocks=len(constants))
    f = problem.function(L=constants)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1, name="start")
    for k in range(check_count(N, "N")):
        b = k % len(constants)
        x = x - f.gradient(x).block(b) / constants[b]
    problem.maximize(f(x) - f(xs))
    return problem


def greedy_descent(selected: Sequence[int], *, L: Sequence[Any], step: str = "short") -> Problem:
    r"""Return the worst case of greedy block descent over the runs that select these blocks in this order.

    Block b is selected where $\|\nabla_b f\|^2 / L_b$ is largest (Gauss-Southwell-Lipschitz; Gauss-Southwell for equal
    constants), which is a relation between gradients. The worst case over all runs is the largest over all
    `selections`. An upper bound, since block-smooth conditions are only necessary.

    Parameters
    ----------
    selected : sequence of int
    L : sequence of exact numbers, one a block
    step : {"short", "exact"}
        $1/L_b$ along the gradient, or a minimiser over the block. Exact steps have no bounded length, so that only the
        last ones count: for two equal blocks the bound is 0.2397 for two, three and four steps alike.

    Examples
    --------
    >>> greedy_descent((0, 1), L=(1, 1)).certify().proves("0.2168")
    (True, 'value 0.216730..., 27 multipliers, slack of order 4+4, upper bound from necessary conditions')
    """
    constants = [exact(value, "L") for value in L]
    check_choice(step, "step", ("short", "exact"))
    if not selected or not set(selected) <= set(range(len(constants))):
        raise InvalidArgument("selected", f"one or more numbers below {len(constants)}", selected)
    problem = Problem(blocks=len(constants))
    f = problem.function(L=constants)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1, name="start")
    for k, b in enumerate(selected):
        g = f.gradient(x)
        score = [g.block(c) ** 2 / constants[c] for c in range(len(constants))]
        for c in set(range(len(constants))) - {b}:
            problem.subject_to(score[c] <= score[b], name=f"select{k}.{c}")
        x = f.exact_block_step(x, b) if step == "exact" else x - g.block(b) / constants[b]
    problem.maximize(f(x) - f(xs))
    return problem


def selections(N: int, *, blocks: int, exact_steps: bool = False) -> Iterator[tuple[int, ...]]:
    """Yield the orders in which N blocks with equal constants may be selected, up to their names.

    Blocks are numbered as they first appear. After an exact step the gradient of its block is zero, so that selecting
    it again means that all gradients are zero and the run is over: no block comes twice in a row.

    Examples
    --------
    >>> list(selections(3, blocks=2))
    [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    >>> list(selections(3, blocks=2, exact_steps=True))
    [(0, 1, 0)]
    """
    for order in product(range(check_count(blocks, "blocks")), repeat=check_count(N, "N")):
        new = all(b <= max(order[:k], default=-1) + 1 for k, b in enumerate(order))
        if new and not (exact_steps and any(a == b for a, b in pairwise(order))):
            yield order
