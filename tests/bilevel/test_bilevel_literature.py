"""The problems of the literature: their gradients, and the labels they carry."""

import numpy as np
import pytest

from benchmarks.bilevel.literature.catalogue import ENTRIES


def drawn(entry, rng, width=2.0):
    """A point of the search box and a point of Y."""
    low, high = entry.search_box()
    x = low + (high - low) * rng.uniform(size=len(low))
    return x, entry.Y.as_set().project(rng.uniform(-width, width, entry.Y.size))


def test_there_are_fifty_two_problems():
    assert len(ENTRIES) == 52
    assert all(name == entry.name for name, entry in ENTRIES.items())


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("level", ["f", "g"])
def test_gradients_by_complex_steps(name, level):
    """The imaginary part at a point moved by i h along a coordinate is h times the slope, with no difference taken."""
    entry, rng = ENTRIES[name], np.random.default_rng(0)
    value, slopes = getattr(entry, level), getattr(entry, f"grad_{level}")
    for _ in range(3):
        at = np.concatenate(drawn(entry, rng))
        step = [value(*(at + 1e-30j * unit)).imag / 1e-30 for unit in np.eye(len(at))]
        assert np.allclose(slopes(*at), step, rtol=1e-12, atol=1e-12 * (1 + np.abs(step).max()))


@pytest.mark.parametrize("name", ENTRIES)
def test_callables_take_arrays(name):
    entry, rng = ENTRIES[name], np.random.default_rng(1)
    points = np.array([np.concatenate(drawn(entry, rng)) for _ in range(4)])
    for value in (entry.f, entry.g):
        many = np.broadcast_to(value(*points.T), 4)
        assert np.allclose(many, [value(*point) for point in points], rtol=1e-12)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_lower_level_is_what_its_label_says(name):
    """On segments of Y: linear means no bend, convex none downwards, nonconvex some downwards."""
    entry, rng = ENTRIES[name], np.random.default_rng(2)
    bends = []
    for _ in range(200):
        x, a = drawn(entry, rng)
        b = entry.Y.as_set().project(a + 0.2 * rng.standard_normal(len(a)))
        ends = entry.g(*x, *a) + entry.g(*x, *b)
        bends.append((ends - 2 * entry.g(*x, *(a + b) / 2)) / (1 + abs(ends)))
    if entry.lower == "linear":
        assert np.abs(bends).max() < 1e-12
    else:
        assert max(bends) > 1e-6 and (min(bends) < -1e-6) == (entry.lower == "nonconvex")


@pytest.mark.parametrize("name", ENTRIES)
def test_starts_are_moved_into_the_sets(name):
    entry = ENTRIES[name]
    x, y = entry.first()
    assert entry.X.outside(x) <= 1e-9 and entry.Y.outside(y) <= 1e-9
    low, high = entry.search_box()
    assert np.isfinite(low).all() and np.isfinite(high).all()
