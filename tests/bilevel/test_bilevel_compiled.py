"""Methods on callables that Numba compiled: the numbers, counts and failures of the plain loops, and faster."""


import numba
import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.minimization import SOLVERS

PAPERS = sorted(set(SOLVERS) - {"auto"})
SAMPLED = sorted(set(PAPERS) - {"f2ba"})
X0, Y0 = np.array([0.3, -0.2]), np.zeros(3)
B = np.array([[1.0, 0.5], [-0.5, 1.0], [0.2, 0.1]])


def f(x, y):
    return 0.5 * np.sum((y - 1.0) ** 2) + 0.05 * np.sum(x**2)


def g(x, y):
    return 0.5 * np.sum((y - B @ x) ** 2) + 0.1 * np.sum(np.cos(y))


def grad_f(x, y):
    return 0.1 * x, y - 1.0


def grad_g(x, y):
    away = y - B @ x
    return -(B.T @ away), away - 0.1 * np.sin(y)


def noise(key, count):
    return (key % 1000003) * (count + 1) % 997 / 997 - 0.5


def grad_f_at(x, y, key):
    return 0.1 * x + noise(key, 0), y - 1.0 + noise(key, 1)


def grad_g_at(x, y, key):
    away = y - B @ x
    return -(B.T @ away) + noise(key, 2), away - 0.1 * np.sin(y) + noise(key, 3)


def grad_g_y(x, y):
    return y - B @ x - 0.1 * np.sin(y)


def made(names, compiled, **changes):
    given = {name: changes.pop(name, globals()[name]) for name in names}
    return bilevel.Problem(**{name: jitted(each) if compiled else each for name, each in given.items()}, **changes)


_JITTED = {}


def jitted(function):
    """One dispatcher a function: each new one is compiled anew."""
    if function not in _JITTED:
        if function in (grad_f_at, grad_g_at):
            _JITTED[function] = _on_key(function)
        else:
            _JITTED[function] = numba.njit(function)
    return _JITTED[function]


def _on_key(function):
    compiled = numba.njit(noise)

    if function is grad_f_at:
        return numba.njit(lambda x, y, key: (0.1 * x + compiled(key, 0), y - 1.0 + compiled(key, 1)))
    rule = numba.njit(grad_g)

    @numba.njit
    def at(x, y, key):
        in_x, in_y = rule(x, y)
        return in_x + compiled(key, 2), in_y + compiled(key, 3)

    return at


EXACT = ("f", "g", "grad_f", "grad_g")
NOISY = (*EXACT, "grad_f_at", "grad_g_at")


def both(names, method, **options):
    changes = options.pop("changes", {})
    for compiled in (False, True):
        problem = made(names, compiled, **changes)
        yield bilevel.minimize(
            problem, X0, Y0, method=method, rng=np.random.default_rng(3), on_failure="ignore", tol=1e-7, **options
        )


def same(plain, fast):
    assert np.allclose(plain.x, fast.x, rtol=1e-9, atol=1e-12)
    assert plain.counts == fast.counts
    assert (plain.status, plain.n_iter) == (fast.status, fast.n_iter)
    assert np.array_equal(plain.trace.n_iter, fast.trace.n_iter)
    assert np.allclose(plain.trace.error, fast.trace.error, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", PAPERS)
def test_the_same_numbers_counts_and_history(method):
    same(*both(EXACT, method, max_iter=60, changes={"X": bilevel.Box(-1, 0.8), "Y": bilevel.Box(-2, [0.5, 3.0, 3.0])}))


@pytest.mark.parametrize("method", SAMPLED)
def test_the_same_samples(method):
    same(*both(NOISY, method, max_iter=25))


def test_other_sets_stay_in_python():
    same(*both(EXACT, "single-loop", max_iter=20, changes={"Y": bilevel.Ball(0.7)}))
