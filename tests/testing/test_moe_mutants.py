"""Acceptance of the contract `moe_mle`: planted bugs die by the property meant for them, correct solvers pass."""

from types import SimpleNamespace

import numpy as np
import pytest

from sparsetheory import moe
from sparsetheory.testing import MoEProblem, check_solver
from sparsetheory.testing.moe_mle import properties, reference
from sparsetheory.testing.moe_mle.contract import MOE_MLE

TOL = 1e-6  # the package's solver has a ridge of 1e-6 on the slopes of the gate


def correct(X, y, n_experts, sample_weight=None):
    return moe.maximize_likelihood(X, y, n_experts, sample_weight=sample_weight, n_init=2, on_failure="ignore")


def answered(X, y, n_experts, **changes):
    """The parameters of a correct fit, each through a function of itself."""
    G = correct(X, y, n_experts).measure
    return SimpleNamespace(**{
        name: changes.get(name, lambda value: value)(np.array(getattr(G, name)))
        for name in ("beta0", "beta1", "a", "b", "v")
    })  # fmt: skip


def stops_early(X, y, n_experts):
    return answered(X, y, n_experts, b=lambda b: b + 1e-3 * np.std(y))


def standard_deviations(X, y, n_experts):
    return answered(X, y, n_experts, v=np.sqrt)


def unbiased_variance(X, y, n_experts):
    return answered(X, y, n_experts, v=lambda v: v * len(y) / (len(y) - 2))


def constant_gate(X, y, n_experts):
    return answered(X, y, n_experts, beta1=lambda slopes: 0 * slopes)


def gate_without_intercept(X, y, n_experts):
    return answered(X, y, n_experts, beta0=lambda intercepts: 0 * intercepts)


def copies_of_one_regression(X, y, n_experts):
    """A stationary point: every equation holds, and there is one expert."""
    return answered_copies(correct(X, y, 1).measure, n_experts)


def answered_copies(G, k):
    return SimpleNamespace(
        **{name: np.repeat(getattr(G, name), k, axis=0) for name in ("beta0", "beta1", "a", "b", "v")}
    )


def experts_shuffled(X, y, n_experts):
    """The gate keeps its order and the experts do not."""
    return answered(X, y, n_experts, a=lambda a: a[::-1], b=lambda b: b[::-1], v=lambda v: v[::-1])


def least_variance(X, y, n_experts):
    return answered(X, y, n_experts, v=lambda v: np.maximum(v, 0.4))


def small_slopes_cut(X, y, n_experts):
    return answered(X, y, n_experts, a=lambda a: np.where(np.abs(a) > 0.05, a, 0.0))


def last_sample_dropped(X, y, n_experts):
    return correct(np.asarray(X)[:-1], np.asarray(y)[:-1], n_experts)


def last_column_dropped(X, y, n_experts):
    X = np.array(X)
    if X.shape[1] == 1:
        return correct(X, y, n_experts)
    found = answered(X[:, :-1], y, n_experts)
    return SimpleNamespace(**{**vars(found), "a": np.pad(found.a, ((0, 0), (0, 1))),
                              "beta1": np.pad(found.beta1, ((0, 0), (0, 1)))})  # fmt: skip


def random_start(X, y, n_experts, rng=np.random.default_rng(0)):  # noqa: B008
    return answered(X, y, n_experts, b=lambda b: b + 1e-14 * rng.random())


def modifies_y(X, y, n_experts):
    found = correct(X, y, n_experts)
    y -= y.mean()
    return found


def dishonest(X, y, n_experts):
    found = stops_early(X, y, n_experts)
    found.converged = True
    return found


def optimistic(X, y, n_experts):
    found = correct(X, y, n_experts)
    return SimpleNamespace(measure=found.measure, log_likelihood=found.log_likelihood + 1e-4)


def forgets_weights(X, y, n_experts, sample_weight=None):
    return correct(X, y, n_experts)


def soft_gates(X, y, n_experts):
    """No slope of a gate beyond 4."""
    return answered(X, y, n_experts, beta1=lambda slopes: np.clip(slopes, -4, 4))


def two_at_most(X, y, n_experts):
    return correct(X, y, n_experts) if n_experts <= 2 else copies_of_one_regression(X, y, n_experts)


def forgiving(X, y, n_experts):
    """Takes anything."""
    X = np.nan_to_num(X, posinf=0.0)
    X = X[0] if X.ndim == 3 else X
    y = np.resize(np.nan_to_num(y, posinf=0.0), len(X))
    return correct(X, y, max(int(n_experts), 1))


#: Mutant -> the properties each of which has to kill it by itself.
KILLED_BY = {
    stops_early: ["stationary", "no_lower_than_reference", "least_squares"],
    standard_deviations: ["stationary", "at_least_the_truth", "least_squares"],
    unbiased_variance: ["stationary", "least_squares"],
    constant_gate: ["stationary", "at_least_the_truth"],
    gate_without_intercept: ["stationary", "no_lower_than_reference"],
    copies_of_one_regression: ["at_least_the_truth", "no_lower_than_reference"],
    experts_shuffled: ["stationary", "at_least_the_truth"],
    least_variance: ["units_of_y", "stationary"],
    small_slopes_cut: ["units_of_x"],
    last_sample_dropped: ["sample_order", "repeated_samples", "stationary"],
    last_column_dropped: ["feature_order", "stationary"],
    random_start: ["deterministic"],
    modifies_y: ["inputs_untouched"],
    dishonest: ["honest_status"],
    optimistic: ["honest_status"],
    forgets_weights: ["sample_weight"],
    soft_gates: ["sharp_gates"],
    two_at_most: ["over_specified"],
    forgiving: ["refuses_nonfinite", "refuses_bad_shape", "refuses_bad_experts"],
}
CASES = [(mutant, name) for mutant, names in KILLED_BY.items() for name in names]


@pytest.mark.parametrize(("mutant", "name"), CASES, ids=[f"{m.__name__}-{n}" for m, n in CASES])
def test_each_planted_bug_is_killed(mutant, name):
    entry = check_solver(mutant, "moe_mle", tol=TOL, only=[name]).entries[0]
    assert entry.finding.ok is False, str(entry.finding)
    head = "from sparsetheory.testing.moe_mle import MoEProblem, properties\nproblem = MoEProblem.build("
    assert entry.script.startswith(head)


def test_every_property_kills_something():
    assert {name for names in KILLED_BY.values() for name in names} == {r.name for r in MOE_MLE.requirements}


def test_a_saddle_is_stationary_and_low():
    """What the equations alone let pass."""
    report = check_solver(copies_of_one_regression, "moe_mle", tol=TOL, only=["stationary", "at_least_the_truth"])
    assert [entry.finding.ok for entry in report.entries] == [True, False]


def test_the_script_of_a_failure_shows_it_again(capsys):
    entry = check_solver(standard_deviations, "moe_mle", tol=TOL, only=["stationary"]).entries[0]
    problem = eval(entry.finding.problem, {"MoEProblem": MoEProblem})
    assert problem.X.shape == (150, 1)
    assert problem.n_experts == 1
    exec(entry.script, {"standard_deviations": standard_deviations})
    assert entry.finding.message in capsys.readouterr().out


@pytest.mark.parametrize("experts", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_two_algorithms_meet(seed, experts):
    """EM in plain NumPy from the truth, certified by its gradient, and the package's search."""
    problem = MoEProblem.build(seed=seed, n=200, d=1, experts=experts)
    top, error = reference.climb(problem)
    assert error < 1e-6
    ours = problem.experts(problem.read(correct(problem.X, problem.y, experts)))
    assert reference.mean_log_density(problem, ours) >= reference.mean_log_density(problem, top) - 1e-10


def test_the_gradient_is_that_of_the_height():
    problem = MoEProblem.build(seed=5, n=60, d=2, experts=3)
    X, y = problem.X, problem.y
    scaled = MoEProblem(X=(X - X.mean(axis=0)) / X.std(axis=0), y=(y - y.mean()) / y.std(), n_experts=3)
    rows = np.random.default_rng(0).normal(size=(3, 7))
    rows[:, -1] = np.exp(rows[:, -1])

    def height(move):
        moved = rows.copy()
        moved[:, :3] += move[:9].reshape(3, 3)
        moved[:, 3:6] += move[9:18].reshape(3, 3)
        moved[:, 6] *= np.exp(move[18:])
        return reference.mean_log_density(scaled, scaled.experts(moved))

    steps = 1e-6 * np.eye(21)
    expected = [(height(step) - height(-step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(reference.gradient(scaled, scaled.experts(rows)), expected, atol=1e-8)


@pytest.mark.parametrize(
    "shape",
    [np.ones((2, 4)), {"beta0": 1}, None, SimpleNamespace(beta0=[0], beta1=[[1]], a=[[1]], b=[0], v=[1]),
     SimpleNamespace(beta0=[0, 0], beta1=[[1]], a=[[1]], b=[0], v=[1])],
)  # fmt: skip
def test_what_is_no_answer_fails(shape):
    report = check_solver(lambda X, y, n_experts: shape, "moe_mle", tol=TOL, only=["at_least_the_truth"])
    assert report.entries[0].finding.ok is False
    negative = SimpleNamespace(beta0=[0], beta1=[[0]], a=[[0]], b=[0], v=[-1])
    finding = properties.stationary(lambda X, y, n_experts: negative, MoEProblem.build(seed=0, n=150, d=1, experts=1))
    assert "variance" in finding.message


def test_names_and_statements():
    names = [r.name for r in MOE_MLE.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in MOE_MLE.requirements)
    assert {r.property.__name__ for r in MOE_MLE.requirements} == set(properties.__all__)
