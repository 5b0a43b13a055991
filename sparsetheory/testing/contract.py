"""Contracts as data, and `check_solver`: hypothesis run by hand, one shrunk failure a property."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from ..errors import InvalidArgument
from .finding import TOL, Finding, Property
from .report import Entry, Report

__all__ = ["CONTRACTS", "LEVELS", "Contract", "Requirement", "check_solver", "parametrize_with_properties"]

#: Examples a property, before its share is taken.
LEVELS: Mapping[str, int] = {"quick": 25, "default": 100, "deep": 400, "nightly": 2000}

#: Contract -> module that holds it. A new contract is one file and one line here.
CONTRACTS: Mapping[str, str] = {
    "bcd_quadratic": "sparsetheory.testing.quadratic.contract",
    "bilevel_first_order": "sparsetheory.testing.bilevel_first_order.contract",
    "entropic_ot": "sparsetheory.testing.entropic_ot",
    "lasso": "sparsetheory.testing.lasso.contract",
    "ldp_mechanism": "sparsetheory.testing.ldp_mechanism.contract",
    "moe_mle": "sparsetheory.testing.moe_mle.contract",
}


@dataclass(frozen=True)
class Requirement:
    """One row of a contract.

    Attributes
    ----------
    name : str
        Unique in its contract; what `expected_failures` and the report call it.
    property : callable (solver, problem, *, tol) -> Finding
    problems : strategy
        Where the problems come from.
    required : bool, default True
        An optional property that fails is reported as unsupported.
    share : float, default 1
        Part of the level's examples that it needs.
    """

    name: str
    property: Property
    problems: SearchStrategy[Any]
    required: bool = True
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Contract:
    """A problem class with the properties a solver of it must have.

    Attributes
    ----------
    name, statement : str
        The problem in words and symbols.
    requirements : tuple of Requirement
    home : str, default "sparsetheory.testing"
        Module that exports the class of its problems and `properties`; the script of a failure imports them from there.
    """

    name: str
    statement: str
    requirements: tuple[Requirement, ...]
    home: str = "sparsetheory.testing"


class _Fails(AssertionError):
    """The one exception that hypothesis shrinks."""


def _known(value: str, names: Sequence[str] | Mapping[str, Any], argument: str) -> str:
    if value not in names:
        raise InvalidArgument(argument, "one of " + ", ".join(map(repr, names)), repr(value))
    return value


def _load(contract: str | Contract) -> Contract:
    if isinstance(contract, Contract):
        return contract
    module = import_module(CONTRACTS[_known(contract, CONTRACTS, "contract")])
    return getattr(module, contract.upper())


def _script(solver_name: str, requirement: Requirement, finding: Finding, tol: float, home: str) -> str:
    name = getattr(requirement.property, "__name__", "property")
    if hasattr(import_module(f"{home}.properties"), name):
        name = f"properties.{name}"
    return "\n".join(
        (
            f"from {home} import {re.split('[.(]', finding.problem)[0]}, properties",
            f"problem = {finding.problem}",
            f"print({name}({solver_name}, problem, tol={tol!r}))",
        )
    )


def _examine(
    solver: Callable[..., Any], requirement: Requirement, *, level: str, tol: float
) -> tuple[Finding, int, int]:
    """Run one property; return the shrunk failure or the tightest pass, the examples tried and those decided."""
    seen: list[bool | None] = []
    tightest: list[Finding] = []
    failure: list[Finding] = []

    # nothing is stored and nothing is random, so that a report is the same everywhere; drawing is cheap and solvers
    # may be slow, so a busy machine is no reason to complain about the strategy
    @settings(
        max_examples=max(5, round(requirement.share * LEVELS[level])), database=None, derandomize=True, deadline=None,
        phases=(Phase.generate, Phase.target, Phase.shrink), suppress_health_check=[HealthCheck.too_slow],
        report_multiple_bugs=False, print_blob=False, verbosity=Verbosity.quiet,
    )  # fmt: skip
    @given(requirement.problems)
    def hold(problem: Any) -> None:
        finding = replace(requirement.property(solver, problem, tol=tol), name=requirement.name)
        if not failure:
            seen.append(finding.ok)
        if finding.ok is False:
            failure[:] = [finding]  # shrinking replays the smallest failure last
            raise _Fails(str(finding))
        if finding.ok and level in ("deep", "nightly"):
            target(float(min(finding.ratio, 1.0)))  # climb towards the tolerance
        if not tightest or (finding.ok is True, finding.ratio) > (tightest[0].ok is True, tightest[0].ratio):
            tightest[:] = [finding]

    try:
        hold()
    except _Fails:
        pass
    except Flaky:
        failure[:] = [replace(failure[0], message=failure[0].message + "; does not fail every time")]
    return (failure or tightest)[0], len(seen), sum(ok is not None for ok in seen)


def check_solver(
    solver: Callable[..., Any],
    contract: str | Contract = "entropic_ot",
    *,
    level: str = "quick",
    tol: float = TOL,
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
) -> Report:
    """Hold a solver against a contract and report every property.

    Parameters
    ----------
    solver : callable
        For ``entropic_ot``: called as ``solver(M, a, b, reg)``, or by these names where its signature has them; returns
        the plan, or an object with ``.plan`` and, if it likes, ``.converged``, ``.marginal_error``, ``.tol`` and
        ``.certificate()``. For ``lasso``: ``solver(X, y, alpha)`` returns the coefficients, or an object with
        ``.coef_`` and, if it likes, ``.converged``, ``.gap`` or ``.dual_gap_``, and ``.tol``; an argument ``init`` is
        used where there is one. For ``bcd_quadratic``: ``solver(A, c)`` returns the point, or an object with ``.x``
        and, if it likes, ``.converged``, ``.tol``, ``.objective`` and ``.objectives``; likewise with ``init``.
        For ``bilevel_first_order``: ``solver(f, grad_f, g, grad_g, X, Y, x0, y0)`` returns the pair (x, y), or an
        object with ``.x`` and ``.y`` and, if it likes, ``.converged``, ``.tol`` and ``.fun``; X and Y are rows
        (lower, upper). For ``moe_mle``: ``solver(X, y, n_experts)`` returns what
        `sparsetheory.testing.moe_mle.MoEProblem.read` takes. For ``ldp_mechanism``: ``solver(V, rng)`` returns a
        private version of every row, and says what it promises by attributes: see
        `sparsetheory.testing.ldp_mechanism.properties`. Wrap anything else in a lambda.
    contract : str or Contract, default "entropic_ot"
        A name in `CONTRACTS`, or a table of your own.
    level : {"quick", "default", "deep", "nightly"}, default "quick"
        25, 100, 400 or 2000 problems a property; from "deep" on the search climbs towards the tolerance.
    tol : float, default 1e-8
        What the solver promises. For ``entropic_ot``: the L1 marginal error at mass one; above that it may be relative
        to the mass. For ``lasso``: the duality gap, relative to the objective at zero.
        For ``bcd_quadratic``: the largest entry of the gradient, relative to that at zero.
        For ``bilevel_first_order``: the length of x - P(x - grad psi(x)), and the sigma of a penalty method.
        For ``moe_mle``: the largest entry of the gradient a sample, in units where data have variance one.
        For ``ldp_mechanism``: the probability that a correct mechanism fails a statistical property on one problem.
    expected_failures : mapping of str to str, optional
        Property -> why it is known to fail. One that passes makes the report fail: the entry is out of date.
    only : sequence of str, optional
        Check these properties alone.

    Returns
    -------
    Report
        ``.passed``, ``.findings``, ``.to_markdown()``.

    Raises
    ------
    InvalidArgument
        A name that is not known, before any work.

    Notes
    -----
    Runs are deterministic, store nothing and need no pytest. Warnings of the solver are silenced.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.testing import check_solver
    >>> def independent(M, a, b, reg):
    ...     return np.outer(a, b) / np.sum(b)
    >>> report = check_solver(independent, only=["feasible", "potentials"])
    >>> [entry.status for entry in report.entries]
    ['passed', 'failed']
    """
    table = _load(contract)
    _known(level, LEVELS, "level")
    expected = dict(expected_failures or {})
    names = [requirement.name for requirement in table.requirements]
    for argument, given_names in (("expected_failures", expected), ("only", only or ())):
        for name in given_names:
            _known(name, names, argument)
    named = getattr(solver, "func", solver)  # what a partial was made from
    solver_name = getattr(named, "__name__", type(named).__name__)
    entries = []
    for requirement in table.requirements:
        if only is not None and requirement.name not in only:
            continue
        finding, n_examples, n_decided = _examine(solver, requirement, level=level, tol=tol)
        script = _script(solver_name, requirement, finding, tol, table.home) if finding.ok is False else ""
        entries.append(
            Entry(finding=finding, required=requirement.required, reason=expected.get(requirement.name),
                  n_examples=n_examples, n_decided=n_decided, script=script)
        )  # fmt: skip
    return Report(solver=solver_name, contract=table.name, level=level, tol=tol, entries=tuple(entries))


def parametrize_with_properties(
    solver: Callable[..., Any],
    contract: str | Contract = "entropic_ot",
    *,
    level: str = "quick",
    tol: float = TOL,
    expected_failures: Mapping[str, str] | None = None,
    optional: bool = False,
) -> Any:
    """Return a pytest decorator that gives a test one id a property; the test calls its argument ``check``.

    Parameters
    ----------
    solver, contract, level, tol, expected_failures
        As in `check_solver`; an expected failure becomes a strict xfail.
    optional : bool, default False
        Include the optional properties, which then have to hold.

    Examples
    --------
    >>> @parametrize_with_properties(my_sinkhorn, expected_failures={"small_reg": "works in the exp domain"})
    ... def test_my_sinkhorn(check):
    ...     check()                                                                             # doctest: +SKIP
    """
    import pytest

    table = _load(contract)
    reasons = dict(expected_failures or {})
    for name in reasons:
        _known(name, [requirement.name for requirement in table.requirements], "expected_failures")

    def make(name: str) -> Callable[[], None]:
        def check() -> None:
            entry = check_solver(solver, table, level=level, tol=tol, only=[name]).entries[0]
            assert entry.status == "passed", f"{entry.finding}\n\n{entry.script}"

        return check

    cases = [
        pytest.param(make(r.name), id=r.name, marks=[pytest.mark.xfail(reason=reasons[r.name], strict=True)]
                     if r.name in reasons else [])
        for r in table.requirements if r.required or optional or r.name in reasons
    ]  # fmt: skip
    return pytest.mark.parametrize("check", cases)
