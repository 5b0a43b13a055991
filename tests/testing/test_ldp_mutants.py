"""Acceptance of the contract `ldp_mechanism`: planted defects die by the property meant for them, ours pass."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import find, settings

from sparsetheory import ldp
from sparsetheory.testing import PrivateChannel, VectorProblem, check_solver
from sparsetheory.testing import strategies as S
from sparsetheory.testing.ldp_mechanism import properties
from sparsetheory.testing.ldp_mechanism.contract import LDP_MECHANISM
from sparsetheory.testing.strategies.vectors import VECTOR_DECORATIONS

FIND = settings(database=None, derandomize=True, max_examples=500)
GAUSSIAN = {"delta": 1e-5, "sensitivity": 2.0}


class Mechanism:
    """A randomiser in every dimension, with what it says of itself; `change` spoils what is called."""

    def __init__(self, kind=ldp.PrivUnitG, epsilon=1.0, **options):
        self.kind, self.epsilon, self.options = kind, epsilon, options

    def at(self, d):
        return self.kind(d, self.epsilon, **self.options)

    def __call__(self, V, rng):
        ball = self.at(np.shape(V)[-1])
        return ball.decode(ball.report(V, rng))

    def guarantee(self, d):
        return self.at(d).guarantee

    def variance(self, d):
        return self.at(d).variance

    def second_moment(self, d):
        return self.at(d).second_moment


class TwiceEpsilon(Mechanism):
    def guarantee(self, d):
        return replace(super().guarantee(d), epsilon=self.epsilon / 2)


class Shrunk(Mechanism):
    def __call__(self, V, rng):
        return 0.7 * super().__call__(V, rng)


class Unclipped(Mechanism):
    def __call__(self, V, rng):
        V = np.asarray(V)
        if not np.isfinite(V).all():
            raise ValueError
        return V + super().__call__(np.zeros(V.shape), rng)


class NansBecomeZero(Mechanism):
    def __call__(self, V, rng):
        return super().__call__(np.nan_to_num(V), rng)


class OwnSeed(Mechanism):
    def __call__(self, V, rng):
        return super().__call__(V, np.random.default_rng(0))


class SharedNoise(Mechanism):
    """All users of a call get the report of the first."""

    def __call__(self, V, rng):
        V = np.asarray(V)
        return np.repeat(super().__call__(V[:1], rng), len(V), axis=0) if V.ndim == 2 else super().__call__(V, rng)


class PairsShareNoise(Mechanism):
    def __call__(self, V, rng):
        V = np.asarray(V)
        reports = super().__call__(V, rng)
        if V.ndim == 2 and len(V) > 1:
            reports[1::2] = reports[: len(reports[1::2]) * 2 : 2]
        return reports


class ScalesItsInput(Mechanism):
    def __call__(self, V, rng):
        V /= 2
        return super().__call__(2 * V, rng)


class Overflows(Mechanism):
    """The square of a huge norm is infinite, and what is left of the vector is nothing or NaN."""

    def __call__(self, V, rng):
        if not np.isfinite(V).all():
            raise ValueError
        norm = np.sqrt((np.asarray(V) ** 2).sum(axis=-1, keepdims=True))
        return super().__call__(np.zeros_like(V), rng) + V / np.maximum(norm, 1) / (norm < np.inf)


class SaysLessNoise(Mechanism):
    def variance(self, d):
        return 0.7 * super().variance(d)

    def second_moment(self, d):
        return 0.7 * super().second_moment(d)


class Binary64(Mechanism):
    def __call__(self, V, rng):
        V = np.asarray(V)
        if V.ndim > 2 or not np.isfinite(V).all():
            raise ValueError
        noise = self.at(V.shape[-1])
        norm = np.linalg.norm(V, axis=-1, keepdims=True)
        return V / np.maximum(1, norm) + noise.sigma * rng.standard_normal(V.shape)


class SwallowsShapes(Mechanism):
    def __call__(self, V, rng):
        V = np.asarray(V)
        return super().__call__(V.reshape(-1, V.shape[-1]), rng).reshape(V.shape)


HALF = Mechanism(ldp.DiscreteGaussianVector, delta=1e-5, sensitivity=1.0, radius=1.0)
HALF.guarantee = lambda d: ldp.DiscreteGaussianVector(d, 1.0, **GAUSSIAN).guarantee

MUTANTS = [
    (TwiceEpsilon(epsilon=3.0), "private"), (HALF, "private"), (Binary64(ldp.GaussianVector, **GAUSSIAN), "private"),
    (Unclipped(), "private"), (Unclipped(), "clips"), (Shrunk(), "unbiased"), (NansBecomeZero(), "refuses_nonfinite"),
    (OwnSeed(), "other_seed"), (SharedNoise(), "independent"), (PairsShareNoise(), "independent"),
    (ScalesItsInput(), "inputs_untouched"), (Overflows(), "finite"), (SaysLessNoise(), "variance"),
    (SaysLessNoise(), "second_moment"), (SwallowsShapes(), "refuses_bad_shape"),
]  # fmt: skip


@pytest.mark.parametrize(("mutant", "killer"), MUTANTS, ids=lambda x: x if isinstance(x, str) else type(x).__name__)
def test_planted_defects_die(mutant, killer):
    entry = check_solver(mutant, "ldp_mechanism", only=[killer]).entries[0]
    assert entry.finding.ok is False
    problem = eval(entry.finding.problem, {"VectorProblem": VectorProblem})
    assert getattr(properties, LDP_MECHANISM_PROPERTY[killer])(mutant, problem).ok is False


LDP_MECHANISM_PROPERTY = {r.name: r.property.__name__ for r in LDP_MECHANISM.requirements}


def test_a_generator_that_is_not_used_is_found():
    def forgetful(V, rng, own=np.random.default_rng(0)):  # noqa: B008
        return Mechanism()(V, own)

    assert not check_solver(forgetful, "ldp_mechanism", only=["deterministic"]).passed


@pytest.mark.parametrize(
    "mechanism",
    [Mechanism(ldp.PrivUnitG), Mechanism(ldp.PrivUnit, 4.0), Mechanism(ldp.DuchiBall),
     Mechanism(ldp.DiscreteGaussianVector, **GAUSSIAN), Mechanism(ldp.GaussianVector, **GAUSSIAN)],
    ids=lambda m: m.kind.__name__,
)  # fmt: skip
def test_ours_pass(mechanism):
    report = check_solver(mechanism, "ldp_mechanism")
    assert report.passed, report.to_markdown()
    assert all(entry.n_decided for entry in report.entries)


def test_a_channel_of_known_level_passes_and_fails_where_it_should():
    """Randomised response on the sign of a coordinate: its level is known in rational arithmetic."""
    channel = PrivateChannel.build(seed=0, alphabet=2, eps=1.0)

    def response(V, rng):
        V = np.asarray(V)
        plus = np.where(rng.random(V.shape) < (1 + np.clip(V, -1, 1)) / 2, 0, 1)
        answer = np.where(rng.random(V.shape) < channel.Q[0, 0], plus, 1 - plus)
        return (1 - 2.0 * answer) / (2 * channel.Q[0, 0] - 1)

    for level, status in ((channel.exact.epsilon, True), (0.5, False)):
        response.guarantee = ldp.PrivacyGuarantee(level, numerics="lattice")
        problem = VectorProblem.build(seed=0, n=1, d=1)
        assert properties.private(response, problem).ok is status
        assert properties.unbiased(response, problem).ok


def test_names_and_statements():
    names = [r.name for r in LDP_MECHANISM.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in LDP_MECHANISM.requirements)
    assert {r.property.__name__ for r in LDP_MECHANISM.requirements} == set(properties.__all__)
    assert {killer for _, killer in MUTANTS} | {"deterministic", "single_vector"} == set(names)


@pytest.mark.parametrize("name", VECTOR_DECORATIONS)
def test_every_decoration_is_drawn_and_changes_the_vectors(name):
    on = find(S.vector_problems(users=(2, 6)), lambda problem: name in problem.decorations, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    n, d = on.V.shape
    assert not np.array_equal(on.V, VectorProblem.build(seed=on.seed, n=n, d=d, **off).V)


def test_huge_vectors_have_their_point_of_the_sphere():
    problem = VectorProblem.build(seed=1, n=3, d=4, place="huge")
    np.testing.assert_allclose(np.linalg.norm(problem.clipped, axis=1), 1.0, rtol=1e-12)
