"""Projections against a quadratic program, faces against differences of projections."""

import cvxpy as cp
import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.given_sets import as_set
from sparsetheory.errors import InvalidArgument

RNG = np.random.default_rng(11)
ROWS = RNG.standard_normal((9, 5))
SETS = {
    "free": bilevel.Free(),
    "box": bilevel.Box(-0.4, np.array([0.1, 0.5, np.inf, 0.2, 0.9])),
    "ball": bilevel.Ball(0.8, np.arange(5.0) / 5),
    "simplex": bilevel.Simplex(1.7),
    "polyhedron": bilevel.Polyhedron(ROWS, np.abs(RNG.standard_normal(9)) + 0.1),
    "product": bilevel.Product([bilevel.Box(0, 1), bilevel.Simplex()], [2, 3]),
}


def constraints(name, y):
    convex = SETS[name]
    if name == "box":
        return [y >= convex.lower] + [y[i] <= convex.upper[i] for i in range(5) if np.isfinite(convex.upper[i])]
    if name == "ball":
        return [cp.norm(y - convex.center) <= convex.radius]
    if name == "simplex":
        return [y >= 0, cp.sum(y) == convex.total]
    if name == "polyhedron":
        return [convex.A @ y <= convex.b]
    if name == "product":
        return [y[:2] >= 0, y[:2] <= 1, y[2:] >= 0, cp.sum(y[2:]) == 1]
    return []


@pytest.mark.parametrize("name", SETS)
def test_projection_is_the_nearest_point(name):
    for _ in range(4):
        v = 2 * RNG.standard_normal(5)
        y = cp.Variable(5)
        program = cp.Problem(cp.Minimize(cp.sum_squares(y - v)), constraints(name, y))
        program.solve(solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
        found = SETS[name].project(v.copy())
        assert np.abs(found - y.value).max() < 1e-5
        assert np.linalg.norm(found - v) <= np.linalg.norm(y.value - v) + 1e-7
        assert np.abs(SETS[name].project(found.copy()) - found).max() < 1e-12


@pytest.mark.parametrize("name", SETS)
def test_a_face_says_how_the_minimiser_moves(name):
    """The minimiser of |y - v|^2 / 2 is the projection of v: its derivative is (1 + curvature)^-1 on the face."""
    convex, seen = SETS[name], 0
    for _ in range(30):
        v, way = 2 * RNG.standard_normal(5), RNG.standard_normal(5)
        y = convex.project(v)
        face = convex.face(y, y - v)
        if face.margin < 1e-3 or (name == "product" and face.margin == 0):
            continue
        seen += 1
        t = 1e-6
        difference = (convex.project(v + t * way) - convex.project(v - t * way)) / (2 * t)
        assert np.allclose(difference, face.tangent(way) / (1 + face.curvature), atol=1e-6)
    assert seen >= 5


def test_what_stands_for_a_set():
    assert as_set([(0, 1), (None, 2)], 2, "Y").project(np.array([5.0, 5.0])).tolist() == [1.0, 2.0]
    assert as_set(lambda v: np.maximum(v, 0), 2, "Y").project(np.array([-1.0, 5.0])).tolist() == [0.0, 5.0]
    assert isinstance(as_set(None, 3, "Y"), bilevel.Free)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: bilevel.Box(1, 0), "lower"),
        (lambda: bilevel.Box(np.nan, 0), "lower"),
        (lambda: bilevel.Box([0, 0], [1, 1, 1]), "upper"),
        (lambda: bilevel.Ball(0), "radius"),
        (lambda: bilevel.Ball(1, [np.nan]), "center"),
        (lambda: bilevel.Simplex(-1), "total"),
        (lambda: bilevel.Polyhedron([[1.0], [-1.0]], [-1.0, -1.0]), "A"),
        (lambda: bilevel.Polyhedron([[1.0]], [1.0, 2.0]), "b"),
        (lambda: bilevel.Product([bilevel.Free()], [1, 2]), "sizes"),
        (lambda: as_set([(0, 1)], 2, "Y"), "Y"),
        (lambda: as_set("box", 2, "Y"), "Y"),
        (lambda: as_set(bilevel.Box([0, 0], 1), 3, "Y"), "Y"),
        (lambda: as_set(lambda v: v + 1, 3, "X"), "X"),
        (lambda: as_set(lambda v: v[:1], 3, "X"), "X"),
    ],
)
def test_what_is_no_set(build, name):
    with pytest.raises(InvalidArgument) as caught:
        build()
    assert caught.value.name == name
