"""Acceptance of the contract `lasso`: planted bugs die by the property meant for them, correct solvers pass."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from sparsetheory.testing import LassoProblem, check_solver
from sparsetheory.testing.lasso import properties, reference
from sparsetheory.testing.lasso.contract import LASSO


def correct(X, y, alpha):
    return reference.solve(LassoProblem(X=X, y=y, alpha=alpha)).w


def scikit(X, y, alpha):
    """A second correct solver; `coef_`, `dual_gap_`."""
    return Lasso(alpha=alpha, fit_intercept=False, tol=1e-10, max_iter=200_000).fit(X, y)


def proximal(X, y, alpha, init=None):
    """A third one by another algorithm, from any start; it stops on its duality gap, relative to |y|^2."""
    problem = LassoProblem(X=X, y=y, alpha=alpha)
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    n, p = X.shape
    w = np.zeros(p) if init is None else np.array(init)
    step = n / (np.linalg.norm(X, 2) ** 2 or 1.0)
    for k in range(200_000):
        residual = y - X @ w
        v = w + step * (X.T @ residual) / n
        w = np.sign(v) * np.maximum(np.abs(v) - step * alpha, 0.0)
        if k % 100 == 0:
            c = X.T @ (y - X @ w) / n
            s = min(1.0, alpha / max(np.abs(c).max(), alpha))
            gap = (1 - s) ** 2 * np.sum((y - X @ w) ** 2) / (2 * n) + np.sum(alpha * np.abs(w) - s * w * c)
            if gap <= 1e-9 * problem.exact.null_value:
                break
    return w


def descent(X, y, alpha, *, threshold=None, passes=2000, tol=1e-13):
    """Coordinate descent that bugs are planted into."""
    X, y = np.array(X, dtype=np.float64), np.array(y, dtype=np.float64)
    n, p = X.shape
    threshold = threshold or (lambda v, a: np.sign(v) * max(abs(v) - a, 0.0))
    L, w, r = (X * X).sum(axis=0) / n, np.zeros(p), y.copy()
    for _ in range(passes):
        moved = 0.0
        for j in np.flatnonzero(L):
            new = threshold(L[j] * w[j] + X[:, j] @ r / n, alpha) / L[j]
            r += (w[j] - new) * X[:, j]
            moved, w[j] = max(moved, np.sqrt(L[j]) * abs(new - w[j])), new
        if moved <= tol * np.linalg.norm(y):
            break
    return w


def zero_column_nan(X, y, alpha):
    w = correct(X, y, alpha)
    return w * np.divide(*2 * [np.square(X).sum(axis=0)])


def small_negatives(X, y, alpha):
    """Takes what lies between -3/2 and -1 alpha for zero."""
    return descent(X, y, alpha, threshold=lambda v, a: v - a if v > a else v + a if v < -1.5 * a else 0.0, passes=200)


def stale_residual(X, y, alpha):
    """Every coordinate of a pass sees the residual from its start."""
    n, w = len(y), np.zeros(X.shape[1])
    L = np.maximum((X * X).sum(axis=0) / n, 1e-300)
    for _ in range(100):
        v = L * w + X.T @ (y - X @ w) / n
        w = np.sign(v) * np.maximum(np.abs(v) - alpha, 0.0) / L
    return np.nan_to_num(w)


def stops_early(X, y, alpha):
    return descent(X, y, alpha, tol=1e-3)


def stops_on_duplicates(X, y, alpha):
    """Gives up one pass in, where two columns are equal."""
    p = X.shape[1]
    equal = any(X[:, i].any() and np.array_equal(X[:, i], X[:, j]) for i in range(p) for j in range(i))
    return descent(X, y, alpha, passes=1) if equal else correct(X, y, alpha)


def sum_of_squares(X, y, alpha):
    """The loss is a sum, not a mean."""
    return correct(X, y, alpha / len(y))


def without_the_half(X, y, alpha):
    return correct(X, y, alpha / 2)


def hidden_intercept(X, y, alpha):
    return correct(X - X.mean(axis=0), y - y.mean(), alpha)


def standardised(X, y, alpha):
    """Penalises the coefficients of columns of equal length."""
    size = np.linalg.norm(X, axis=0) / np.sqrt(len(y))
    size[size == 0] = 1.0
    return correct(X / size, y, alpha) / size


def nearly_zero(X, y, alpha):
    return correct(X, y, alpha) + 1e-13 * np.abs(y).max() / max(np.abs(X).max(), 1e-300)


def positive_only(X, y, alpha):
    return np.maximum(correct(X, y, alpha), 0.0)


def unsafe_screening(X, y, alpha):
    """The strong rule, trusted without a check."""
    c = np.abs(X.T @ y) / len(y)
    keep = c >= 2 * alpha - c.max()
    keep &= c > 0.3 * c.max()
    w = np.zeros(X.shape[1])
    if keep.any():
        w[keep] = correct(X[:, keep], y, alpha)
    return w


def last_column_dropped(X, y, alpha):
    w = correct(X, y, alpha)
    if len(w) > 6:
        w[-1] = 0.0
    return w


def last_sample_dropped(X, y, alpha):
    n = len(y)
    return correct(X[:-1], y[:-1], alpha * n / (n - 1)) if n > 5 else correct(X, y, alpha)


def absolute_threshold(X, y, alpha):
    w = correct(X, y, alpha)
    return np.where(np.abs(w) > 1e-3, w, 0.0)


def absolute_tolerance(X, y, alpha):
    """Stops where the gradient is below 1e-9, whatever the units."""
    if np.abs(X.T @ y).max() / len(y) - alpha <= 1e-9:
        return np.zeros(X.shape[1])
    return correct(X, y, alpha)


def single_sample(X, y, alpha):
    """Squeezes a row to a column."""
    return correct(X, y, alpha) if len(y) > 1 else np.full(X.shape[1], correct(X, y, alpha)[0])


def single_feature(X, y, alpha):
    return correct(X, y, alpha) * (1.0 if X.shape[1] > 1 else 1.01)


def needs_many_sweeps(X, y, alpha):
    return descent(X, y, alpha, passes=20)


def modifies_y(X, y, alpha):
    w = correct(X, y, alpha)
    if isinstance(y, np.ndarray) and y.flags.writeable:
        y -= X @ w
    return w


def random_start(X, y, alpha, rng=np.random.default_rng(0)):  # noqa: B008
    return correct(X, y, alpha) * (1 + 1e-15 * rng.random())


def shape_by_buffer(X, y, alpha):
    """Reads the buffer as if it were in C order."""
    X = np.asarray(X)
    return correct(np.ravel(X, order="K").reshape(X.shape), y, alpha)


def indices_as_rows(X, y, alpha):
    """Takes compressed columns for compressed rows."""
    if hasattr(X, "indptr"):
        X = X.toarray()[::-1]
    return correct(X, y, alpha)


def dishonest(X, y, alpha):
    return SimpleNamespace(coef_=stops_early(X, y, alpha), converged=True)


def optimistic(X, y, alpha):
    return SimpleNamespace(coef_=stops_early(X, y, alpha), gap=0.0)


def inconsistent_start(X, y, alpha, init=None):
    """Believes the residual to be y, wherever it starts."""
    start = np.zeros(X.shape[1]) if init is None else init
    return start + correct(X, y, alpha)


def overwrites_the_start(X, y, alpha, init=None):
    w = correct(X, y, alpha)
    if init is not None:
        init[:] = w
    return w


def forgiving(X, y, alpha):
    """Takes anything."""
    X = np.atleast_2d(np.nan_to_num(X, posinf=0.0))
    X = X[0] if X.ndim == 3 else X
    y = np.resize(np.nan_to_num(y, posinf=0.0), len(X))
    return correct(X, y, abs(np.nan_to_num(alpha)) or 1.0)


#: Mutant -> the properties each of which has to kill it by itself.
KILLED_BY = {
    zero_column_nan: ["zero_columns", "zero_feature"],
    small_negatives: ["optimal", "stationary", "sign_flip", "orthogonal"],
    stale_residual: ["optimal", "agrees_with_reference"],
    stops_early: ["optimal", "stationary", "feature_order"],
    stops_on_duplicates: ["duplicates", "duplicated_feature"],
    sum_of_squares: ["optimal", "agrees_with_reference", "repeated_samples", "orthogonal"],
    without_the_half: ["optimal", "agrees_with_reference", "orthogonal"],
    hidden_intercept: ["optimal", "rotation"],
    standardised: ["optimal", "units"],
    nearly_zero: ["pattern", "null", "zero_feature"],
    positive_only: ["optimal", "sign_flip", "pattern"],
    unsafe_screening: ["optimal", "agrees_with_reference", "pattern"],
    last_column_dropped: ["optimal", "feature_order"],
    last_sample_dropped: ["optimal", "sample_order", "repeated_samples"],
    absolute_threshold: ["scaling", "units"],
    absolute_tolerance: ["small_units"],
    single_sample: ["one_sample"],
    single_feature: ["one_feature"],
    needs_many_sweeps: ["small_alpha", "all_at_once"],
    modifies_y: ["inputs_untouched"],
    random_start: ["deterministic"],
    shape_by_buffer: ["layouts"],
    indices_as_rows: ["sparse_input"],
    dishonest: ["honest_status"],
    optimistic: ["honest_status"],
    inconsistent_start: ["warm_start"],
    overwrites_the_start: ["init_untouched"],
    forgiving: ["refuses_nonfinite", "refuses_bad_shape", "refuses_bad_alpha"],
}
CASES = [(mutant, name) for mutant, names in KILLED_BY.items() for name in names]


@pytest.mark.parametrize(("mutant", "name"), CASES, ids=[f"{m.__name__}-{n}" for m, n in CASES])
def test_each_planted_bug_is_killed(mutant, name):
    entry = check_solver(mutant, "lasso", level="default", only=[name]).entries[0]
    assert entry.finding.ok is False, str(entry.finding)
    head = "from sparsetheory.testing.lasso import LassoProblem, properties\nproblem = LassoProblem.build("
    assert entry.script.startswith(head)


def test_every_property_kills_something():
    assert {name for names in KILLED_BY.values() for name in names} == {r.name for r in LASSO.requirements}


#: Mutant -> most entries of the design of the shrunk problem.
ENTRIES = {zero_column_nan: 1, small_negatives: 6, stale_residual: 6, stops_on_duplicates: 6, last_column_dropped: 7}


@pytest.mark.parametrize("mutant", ENTRIES, ids=lambda m: m.__name__)
def test_a_failure_is_shrunk_and_its_script_shows_it_again(mutant, capsys):
    entry = check_solver(mutant, "lasso", level="default", only=[KILLED_BY[mutant][0]]).entries[0]
    problem = eval(entry.finding.problem, {"LassoProblem": LassoProblem})
    assert problem.X.size <= ENTRIES[mutant]
    exec(entry.script, {mutant.__name__: mutant})
    shown = capsys.readouterr().out
    assert " fails: " in shown
    assert entry.finding.message in shown


def test_no_false_alarm_on_the_reference():
    report = check_solver(correct, "lasso")
    assert report.passed, repr(report)
    silent = {e.finding.name for e in report.entries if e.status == "not exercised"}
    assert silent == {"honest_status", "warm_start", "init_untouched"}  # an array says nothing of itself
    assert report["sparse_input"].status == "unsupported"


def test_no_false_alarm_on_an_established_solver():
    report = check_solver(scikit, "lasso")
    assert report.passed, repr(report)
    assert {e.status for e in report.entries} == {"passed", "not exercised"}


def test_no_false_alarm_on_a_slow_one_with_a_start():
    names = ["optimal", "pattern", "feature_order", "null", "warm_start", "init_untouched", "small_units"]
    report = check_solver(proximal, "lasso", only=names)
    assert {e.status for e in report.entries} == {"passed"}, repr(report)


def test_most_examples_are_decided():
    report = check_solver(correct, "lasso", level="default", only=["agrees_with_reference", "pattern", "layouts"])
    assert all(e.n_decided >= 0.6 * e.n_examples for e in report.entries), report.to_markdown()


def test_names_and_statements():
    names = [r.name for r in LASSO.requirements]
    assert len(set(names)) == len(names)
    assert all(r.property.__doc__ for r in LASSO.requirements)
    assert {r.property.__name__ for r in LASSO.requirements} == set(properties.__all__)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("level", ["default", "deep", "nightly"])
@pytest.mark.parametrize("solver", [correct, scikit], ids=lambda s: s.__name__)
def test_no_false_alarm_under_pressure(solver, level):
    assert check_solver(solver, "lasso", level=level).passed
