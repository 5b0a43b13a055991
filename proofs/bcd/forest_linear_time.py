r"""A forest system takes 8 n - 6 t operations: eliminating a leaf changes one number and leaves a forest.

A leaf has one neighbour, so its Schur complement touches one diagonal entry and creates no edge. Breadth first from
the roots, parents come before children, so backwards every node is a leaf when its turn comes. What a node costs is
counted in the solver's own text, in rational arithmetic, on every forest of up to five nodes.
"""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import sympy as sp
from scipy import sparse

from sparsetheory.bcd.forest import check_symmetric
from sparsetheory.bcd.operation_count import forest_cost
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bcd.forest_linear_time")
HYPOTHESES = (
    r"$A$ symmetric positive definite: pivots are positive, no division by zero and no exchange of rows",
    r"the graph is a forest: there is always a leaf to eliminate",
)
NODES = 5  # every forest of up to so many nodes, numbered so that parents come first: 1 + 2 + 6 + 24 + 120


def _no_fill(neighbours):
    """Eliminate node 0 of a symbolic matrix on four nodes; look at what changes among the others."""
    A = sp.Matrix(4, 4, lambda i, j: sp.Symbol(f"a_{min(i, j)}{max(i, j)}", real=True))
    for j in range(1, 4):
        if j not in neighbours:
            A[0, j] = A[j, 0] = 0
    schur = A[1:, 1:] - A[1:, 0] * A[0, 1:] / A[0, 0]
    changed = [(i + 1, j + 1) for i, j in product(range(3), repeat=2) if schur[i, j] != A[i + 1, j + 1]]
    return changed == [(1, 1)], f"entries that change: {changed}"


def _square(share):
    """Complete the square: d x^2 + 2 a x y + e y^2 = d (x + a y / d)^2 + (e - share a^2 / d) y^2."""
    x, y, a, e = sp.symbols("x y a e", real=True)
    d = sp.Symbol("d", positive=True)
    form = d * x**2 + 2 * a * x * y + e * y**2
    gap = sp.expand(form - d * (x + a * y / d) ** 2 - (e - share * a**2 / d) * y**2)
    return gap == 0, f"difference {gap}"


def _system(n, edges):
    """Return a positive definite matrix of small integers on a graph, and an integer right-hand side."""
    A = np.zeros((n, n))
    for k, (i, j) in enumerate(edges):
        A[i, j] = A[j, i] = (-1) ** k * (1 + k % 3)
    A += np.diag(np.abs(A).sum(axis=1) + 1)
    return A, np.arange(1, n + 1)


def _forests():
    """Yield (n, edges) for every choice of a smaller parent, or none, for the nodes 1, 2, ..."""
    for n in range(1, NODES + 1):
        for parents in product(*(range(-1, k) for k in range(1, n))):
            yield n, [(p, k) for k, p in enumerate(parents, start=1) if p >= 0]


def _counted(formula):
    """Run the solver's text in fractions on every small forest: the solution, the count, the looks at entries."""
    n, t = sp.symbols("n t", real=True)
    predicted = sp.lambdify((n, t), formula, "math")
    done = 0
    for size, edges in _forests():
        A, r = _system(size, edges)
        cost = forest_cost(check_symmetric(sparse.csr_array(A)), r, number=Fraction)
        exact = all(sum(Fraction(a) * x for a, x in zip(row, cost.x)) == b for row, b in zip(A.tolist(), r.tolist()))
        trees = size - len(edges)
        if not (exact and cost.n_trees == trees and cost.entries == 3 * size - 2 * trees):
            return False, f"edges {edges}: wrong solution, trees or entries"
        if cost.operations != predicted(size, trees):
            return False, f"edges {edges}: {cost.operations} operations"
        done += 1
    return True, f"{done} forests"


def _cost_by_node(expression):
    """A child costs 8 (its share of L, 2 in its parent's pivot, 2 up, 1 + 2 down), a root its 2 divisions."""
    n, t = sp.symbols("n t", real=True)
    gap = sp.expand(expression - (8 * (n - t) + 2 * t))
    return gap == 0, f"difference {gap}"


def _refused(edges, n):
    A, r = _system(n, edges)
    try:
        forest_cost(check_symmetric(sparse.csr_array(A)), r)
    except InvalidArgument as error:
        return "cycle" in str(error.got)
    return False


def _cycle(edges, n):
    """Whether a graph has more edges than its incidence matrix has rank."""
    incidence = np.zeros((len(edges), n))
    for k, (i, j) in enumerate(edges):
        incidence[k, i], incidence[k, j] = 1, -1
    return len(edges) > 0 and np.linalg.matrix_rank(incidence) < len(edges)


def _detection(has_cycle):
    """Offer the solver every graph on up to five nodes."""
    graphs = 0
    for n in range(1, 6):
        pairs = list(combinations(range(n), 2))
        for chosen in product((False, True), repeat=len(pairs)):
            edges = [pair for pair, taken in zip(pairs, chosen) if taken]
            if _refused(edges, n) != has_cycle(edges, n):
                return False, f"{n} nodes, edges {edges}"
            graphs += 1
    return True, f"{graphs} graphs"


def prove() -> Proof:
    """Return the proof of `bcd.forest_linear_time`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="no fill",
            evidence="identity",
            statement=(
                r"Eliminating a node $i$ whose only neighbour is $p$ replaces $a_{pp}$ by $a_{pp} - a_{ip}^2 / a_{ii}$ "
                r"and changes nothing else. A node with two neighbours would join them."
            ),
            check=lambda: _no_fill((1,)),
            anti_test=lambda: _no_fill((1, 2)),
        ),
        Step(
            name="pivots stay positive",
            evidence="identity",
            statement=(
                r"$d x^2 + 2 a x y + e y^2 = d (x + a y / d)^2 + (e - a^2/d) y^2$: the form without node $i$ is the "
                r"least value over $x_i$ of the form with it, positive where that one is."
            ),
            check=lambda: _square(1),
            anti_test=lambda: _square(sp.Rational(101, 100)),
        ),
        Step(
            name="there is always a leaf",
            evidence="reduction",
            statement=(
                r"Breadth first from one root a tree, each node but the root has one edge to a node before it, its "
                r"parent. Backwards, all children of a node are gone when its turn comes: it is a leaf or a root. So "
                r"$n - t$ nodes are eliminated as leaves, $t$ as roots, and every entry is looked at once, with the "
                r"row it stands in: $n + 2 (n - t) = 3 n - 2 t$ of them."
            ),
        ),
        Step(
            name="what a node costs",
            evidence="exact certificate",
            statement=(
                r"The solver's own text, in rational arithmetic, on every forest of up to five nodes: $A x = r$ "
                r"exactly, with the count of the claim and every entry looked at once."
            ),
            check=lambda: _counted(bound),
            anti_test=lambda: _counted(bound + sp.Symbol("t", real=True) - 1),
        ),
        Step(
            name="any size",
            evidence="reduction",
            statement=(
                r"The loops have one body a node, which depends on whether the node has a parent and on nothing else: "
                r"what it costs is read off the forests of one and two nodes."
            ),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"A node with a parent costs $8$: a division for its entry of $L$, a product and a difference in the "
                r"parent's pivot, the same upwards, a division downwards with a product and a difference. A root "
                r"costs two divisions. $8 (n - t) + 2 t = 8 n - 6 t$."
            ),
            check=lambda: _cost_by_node(bound),
            anti_test=lambda: _cost_by_node(bound + sp.Symbol("t", real=True)),
        ),
        Step(
            name="a cycle is met",
            evidence="exact certificate",
            statement=(
                r"An edge between two nodes that have been reached, other than the one to the parent, closes a cycle; "
                r"a graph without such an edge has $n - t$ edges. Every graph on up to five nodes is refused exactly "
                r"when it has more edges than the rank of its incidence matrix."
            ),
            check=lambda: _detection(_cycle),
            anti_test=lambda: _detection(lambda edges, n: len(edges) >= n),  # blind to a triangle beside a single node
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
