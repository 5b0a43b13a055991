"""Iterates of the first-order bilevel methods against the loops of their papers, step by step."""

import dataclasses

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.double_loop import DoubleLoop
from sparsetheory.bilevel.fully_first_order import F3SA
from sparsetheory.bilevel.methods import Setting
from sparsetheory.bilevel.oracles import Oracles
from sparsetheory.bilevel.two_time_scale import TwoTimeScale
from sparsetheory.testing import BilevelInstance
from tests.reference import bilevel_first_order as reference

X0, Y0 = np.array([0.5, -0.5, 0.25]), np.zeros(4)
SETS = {
    "free": (bilevel.Free(), bilevel.Free(), np.array, np.array),
    "bounded": (bilevel.Box(-0.6, 0.6), bilevel.Ball(0.5), lambda x: np.clip(x, -0.6, 0.6),
                lambda y: y / max(1.0, np.linalg.norm(y) / 0.5)),
}  # fmt: skip


@dataclasses.dataclass
class Drawn:
    """A problem, a method of the library on it, and what its twin needs to draw the same samples."""

    seed: int
    sets: str = "free"
    noise: tuple = ()

    def __post_init__(self):
        self.levels = BilevelInstance.build(seed=self.seed, n=3, m=4, cond=5.0)
        self.L = float(np.linalg.eigvalsh(self.levels.H)[-1])
        self.X, self.Y, self.to_x, self.to_y = SETS[self.sets]

    def sampled(self, name):
        exact, noise = getattr(self.levels, f"grad_{name}"), 0.1 if name in self.noise else 0.0

        def at(x, y, key):
            rng = np.random.default_rng(key)
            factor = 1 + noise * rng.standard_normal()  # makes the same sample differ at two points
            return tuple(factor * g + noise * rng.standard_normal(len(g)) for g in exact(x, y))

        return at

    def method(self, kind, *, sigma=0.1, **options):
        q = self.levels
        samples = {f"grad_{name}_at": self.sampled(name) for name in self.noise}
        problem = bilevel.Problem(f=q.f, g=q.g, grad_f=q.grad_f, grad_g=q.grad_g, **samples)
        return kind(
            Setting(oracles=Oracles(problem, 3, 4), X=self.X, Y=self.Y, tol=1e-9, sigma=sigma, options=options,
                    rng=np.random.default_rng(11) if self.noise else None),
            X0, Y0,
        )  # fmt: skip

    @property
    def loop(self):
        """What every sampled loop is given."""
        rng = np.random.default_rng(11)
        return {"grad_f": self.sampled("f"), "grad_g": self.sampled("g"), "x": X0, "y": Y0, "sigma": 0.1,
                "draw": lambda: int(rng.integers(2**63)), "to_x": self.to_x, "to_y": self.to_y}  # fmt: skip


def agree(mine, twin):
    assert len(mine) == len(twin)
    for k, (own, other) in enumerate(zip(mine, twin, strict=True)):
        for v, w in zip(own, other, strict=True):
            np.testing.assert_allclose(v, w, rtol=1e-10, atol=1e-10, err_msg=f"step {k}")


def walked(method, steps):
    rows = []
    for k in range(1, steps + 1):
        method.step(k)
        rows.append((method.upper.copy(), method.y.copy(), method.z.copy()))
    return rows


# enough for the direction to be known, and on a ball too few to arrive: rounding would then tell the length of steps
@pytest.mark.parametrize(("sets", "inner"), [("free", 64), ("bounded", 16)])
@pytest.mark.parametrize("seed", range(3))
def test_f2ba_takes_the_steps_of_the_paper(seed, sets, inner):
    drawn = Drawn(seed, sets)
    a, b = 0.5 / drawn.L, 0.02
    method = drawn.method(TwoTimeScale, sigma=0.05, inner_steps=inner, lower_step=a, upper_step=b)
    rows = [(method.state.x, method.state.lower.y, method.state.lower.z)]
    for _ in range(15):
        method.advance(1)
        rows.append((method.state.x, method.state.lower.y, method.state.lower.z))
    # nothing was adapted on the way: these are the steps that were asked for
    assert (method.inner_steps, method.lower_step, method.upper_step) == (inner, a, b)
    q, to = drawn.levels, {"to_x": drawn.to_x, "to_y": drawn.to_y}
    agree(rows, reference.f2ba(q.grad_f, q.grad_g, X0, Y0, steps=15, inner=inner, a=a, b=b, sigma=0.05, **to))
    assert np.linalg.norm(rows[-1][0] - X0) > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_f2ba_shortens_its_upper_step_until_the_penalty_falls_by_what_it_should(seed):
    drawn = Drawn(seed)
    method = drawn.method(TwoTimeScale, sigma=0.05, inner_steps=32, lower_step=0.5 / drawn.L, upper_step=1024.0)
    psi = lambda x: drawn.levels.exact.psi_sigma(x, 0.05)  # noqa: E731
    for _ in range(20):
        before = method.state
        method.advance(1)
        fall = psi(before.x) - psi(method.state.x)
        # a quarter of |d|^2/a is asked for, of which lower errors may hide one half
        assert fall >= np.sum((method.state.x - before.x) ** 2) / (8 * method.upper_step) - 1e-9
    assert 1e-3 < method.upper_step < 2
    assert np.log2(method.upper_step) % 1 == 0


@pytest.mark.parametrize("sets", SETS)
@pytest.mark.parametrize("inner", [1, 3])
@pytest.mark.parametrize(("noise", "powers"), [("f", (1 / 2, 1 / 4)), ("g", (3 / 5, 2 / 5)), ("fg", (3 / 5, 2 / 5))])
def test_f3sa_keeps_a_momentum_for_each_gradient(noise, powers, inner, sets):
    drawn = Drawn(3, sets, tuple(noise))
    c = 0.25 / drawn.L
    mine = walked(drawn.method(F3SA, inner_steps=inner, lower_step=c), 40)
    agree(mine, reference.f3sa(**drawn.loop, steps=40, inner=inner, c=c, a=powers[0], b=powers[1]))
    assert np.linalg.norm(mine[-1][0] - X0) > 0.01


def test_f3sa_takes_other_schedules():
    drawn = Drawn(4, "free", ("f", "g"))
    c = 0.25 / drawn.L
    mine = walked(drawn.method(F3SA, lower_step=c, exponents=(0.7, 0.3), momentum=2.0), 40)
    agree(mine, reference.f3sa(**drawn.loop, steps=40, inner=1, c=c, a=0.7, b=0.3, momentum=2.0))


def test_f3sa_without_noise_is_f2sa():
    drawn = Drawn(5)
    c = 0.25 / drawn.L
    mine = walked(drawn.method(F3SA, lower_step=c, inner_steps=2), 40)
    q = drawn.levels
    twin = reference.f2sa(q.grad_f, q.grad_g, X0, Y0, steps=40, inner=2, c=c, sigma=0.1, a=1 / 3, b=0.0)
    np.testing.assert_allclose(mine[-1][0], twin, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("sets", SETS)
@pytest.mark.parametrize("noise", ["", "f", "fg"])
def test_the_double_loop_solves_its_lower_levels_longer_under_noise(noise, sets):
    drawn = Drawn(6, sets, tuple(noise))
    method = drawn.method(DoubleLoop, inner_steps=3, batch=2)
    assert method.bend == pytest.approx(drawn.L, rel=0.02)
    mine = walked(method, 20)
    batch = 2 if noise else 1  # exact directions need no mean
    agree(mine, reference.double_loop(**drawn.loop, steps=20, inner=3, batch=batch, L=method.bend, noisy=bool(noise)))
    assert np.linalg.norm(mine[-1][0] - X0) > 0.01


def test_the_double_loop_takes_other_constants():
    drawn = Drawn(7, "free", ("g",))
    method = drawn.method(DoubleLoop, radius=0.5, mix=0.6, sigma_exponent=0.25, upper_exponent=0.0)
    mine = walked(method, 20)
    twin = reference.double_loop(
        **drawn.loop, steps=20, inner=4, batch=1, L=method.bend, radius=0.5, mix=0.6, powers=(0.25, 0.0)
    )
    agree(mine, twin)
