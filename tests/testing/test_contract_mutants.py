"""Acceptance: planted bugs die by the property meant for them, and a correct solver raises no alarm."""

import numpy as np
import pytest

from sparsetheory.testing import OTProblem, check_solver, reference


def correct(M, a, b, reg):
    return reference.solve(OTProblem(M=M, a=a, b=b, reg=reg)).plan


def log_sinkhorn(M, a, b, reg):
    """A second correct solver, by another algorithm; not for small reg."""
    M, a, b = (np.asarray(x, dtype=np.float64) for x in (M, a, b))
    if not (reg > 0 and np.isfinite(a).all() and np.isfinite(b).all() and a.min() >= 0 and b.min() >= 0):
        raise ValueError("bad masses or reg")
    if abs(a.sum() - b.sum()) > 1e-9 * a.sum() or M.shape != (len(a), len(b)):
        raise ValueError("masses or shapes do not match")
    if np.isnan(M).any() or np.isneginf(M).any() or np.isinf(M).all(axis=1)[a > 0].any():
        raise ValueError("bad cost")
    with np.errstate(divide="ignore"):
        u, v, log_a, log_b = np.zeros(len(a)), np.zeros(len(b)), np.log(a), np.log(b)
    K = (M - M[np.isfinite(M)].min()) / reg
    for _ in range(3000):
        u = log_a - np.logaddexp.reduce(v - K, axis=1)
        v = np.where(b > 0, log_b - np.logaddexp.reduce(u[:, None] - K, axis=0), -np.inf)
        P = np.exp(u[:, None] + v - K)
        if np.abs(P.sum(axis=1) - a).sum() <= 1e-9 * a.sum():
            break
    return P


def exp_domain(M, a, b, reg):
    K = np.exp(-M / reg)
    v = np.ones(len(b))
    for _ in range(500):
        u = a / (K @ v)
        v = b / (K.T @ u)
    return u[:, None] * K * v


def zero_mass_nan(M, a, b, reg):
    """Divides by a mass."""
    return correct(M, a, b, reg) * (a / a)[:, None] * (b / b)


def transposed_cost(M, a, b, reg):
    return correct(M.T if M.shape[0] == M.shape[1] else M, a, b, reg)


def row_marginal_only(M, a, b, reg):
    K = np.exp(-(M - M.min()) / reg)
    return a[:, None] * K / K.sum(axis=1, keepdims=True)


def last_column_dropped(M, a, b, reg):
    P = correct(M, a, b, reg)
    if len(b) > 6:
        P[:, -1] = 0.0
    return P


def cost_normalised(M, a, b, reg):
    return correct(M / (M.max() or 1.0), a, b, reg)


def wrong_when_large(M, a, b, reg):
    P = correct(M, a, b, reg)
    return np.outer(a, b) / a.sum() if P.size >= 150 else P


def stops_early(M, a, b, reg):
    """Two sweeps: of the right form, with one marginal wrong."""
    K, v = np.exp(-(M - M.min()) / reg), np.ones(len(b))
    for _ in range(2):
        u = a / (K @ v)
        v = b / (K.T @ u)
    return u[:, None] * K * v


def rounded_to_marginals(M, a, b, reg):
    """Feasible to the last bit and not entropic: an error matrix of rank one is added."""
    P = 0.999 * correct(M, a, b, reg)
    return P + 0.001 * np.outer(a, b) / a.sum()


def squared_reg(M, a, b, reg):
    return correct(M, a, b, reg * reg)


def modifies_cost(M, a, b, reg):
    if isinstance(M, np.ndarray) and M.flags.writeable:
        M -= M.min() - 1.0
    return correct(M, a, b, reg)


def random_start(M, a, b, reg, rng=np.random.default_rng(0)):  # noqa: B008
    return correct(M, a, b, reg) * (1 + 1e-15 * rng.random())


def shape_by_buffer(M, a, b, reg):
    """Reads the buffer as if it were in C order."""
    M = np.asarray(M)
    return correct(np.ravel(M, order="K").reshape(M.shape), a, b, reg)


class Liar:
    """Says converged whatever happened."""

    converged, marginal_error, tol = True, 0.0, 1e-9

    def __init__(self, plan):
        self.plan = plan


def dishonest(M, a, b, reg):
    return Liar(stops_early(M, a, b, reg))


def forgiving(M, a, b, reg):
    """Takes anything: scales the second masses to the first sum, negatives to their size."""
    a, b = np.abs(a), np.abs(b)
    return np.outer(a, b) / b.sum()


#: Mutant -> the properties each of which has to kill it by itself.
KILLED_BY = {
    exp_domain: ["small_reg", "shifted_cost"],
    zero_mass_nan: ["zero_mass"],
    transposed_cost: ["potentials", "agrees_with_reference", "permutation"],
    row_marginal_only: ["feasible", "transposition"],
    last_column_dropped: ["feasible", "agrees_with_reference"],
    cost_normalised: ["potentials", "agrees_with_reference", "scaling"],
    wrong_when_large: ["potentials", "agrees_with_reference"],
    stops_early: ["feasible", "transposition"],
    rounded_to_marginals: ["potentials", "agrees_with_reference"],
    squared_reg: ["potentials", "agrees_with_reference", "scaling", "lp_value"],
    modifies_cost: ["inputs_untouched"],
    random_start: ["deterministic"],
    shape_by_buffer: ["layouts"],
    dishonest: ["honest_status"],
    forgiving: ["refuses_negative_mass", "refuses_unequal_masses", "refuses_bad_reg", "lp_value"],
}
CASES = [(mutant, name) for mutant, names in KILLED_BY.items() for name in names]


@pytest.mark.parametrize(("mutant", "name"), CASES, ids=[f"{m.__name__}-{n}" for m, n in CASES])
def test_each_planted_bug_is_killed(mutant, name):
    entry = check_solver(mutant, level="default", only=[name]).entries[0]
    assert entry.finding.ok is False, str(entry.finding)
    assert entry.script.startswith("from sparsetheory.testing import OTProblem, properties\nproblem = OTProblem.build(")


#: Mutant -> most entries of the shrunk problem. A 2 x 2 cost and its transpose have the same plans.
ENTRIES = {exp_domain: 2, zero_mass_nan: 4, transposed_cost: 9, last_column_dropped: 7, wrong_when_large: 169}


@pytest.mark.parametrize("mutant", ENTRIES, ids=lambda m: m.__name__)
def test_a_failure_is_shrunk_and_its_script_shows_it_again(mutant, capsys):
    name = KILLED_BY[mutant][0]
    entry = check_solver(mutant, level="default", only=[name]).entries[0]
    problem = eval(entry.finding.problem, {"OTProblem": OTProblem})
    assert problem.M.size <= ENTRIES[mutant]
    exec(entry.script, {mutant.__name__: mutant})
    shown = capsys.readouterr().out
    assert " fails: " in shown
    assert entry.finding.message in shown


def test_no_false_alarm_on_a_correct_solver():
    report = check_solver(correct, level="default")
    assert report.passed
    assert {e.status for e in report.entries} == {"passed", "not exercised"}
    assert report["honest_status"].status == "not exercised"  # arrays make no statement about themselves


def test_no_false_alarm_on_a_second_correct_solver():
    report = check_solver(log_sinkhorn, level="quick", expected_failures={"small_reg": "needs too many sweeps"})
    assert report.passed, repr(report)
    assert report["small_reg"].status == "expected failure"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("level", ["deep", "nightly"])
def test_no_false_alarm_under_pressure(level):
    assert check_solver(correct, level=level).passed
