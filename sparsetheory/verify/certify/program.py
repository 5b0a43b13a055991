"""The semidefinite programs behind a certificate, in cvxpy: their floating-point answers are proposals, no evidence."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .certificate import NotCertified, Statement

__all__ = ["Program", "solve"]


@dataclass(frozen=True, kw_only=True)
class Program:
    """A statement as floating-point arrays; relation k is ``constant[k] + linear[:, k] @ F + <gram[b][:, k], G_b>``.

    F holds function values and loose inner products, G_b the Gram matrix of the other basis vectors of a block. The
    last column is the objective.
    """

    constant: np.ndarray
    linear: Any
    gram: tuple[Any, ...]
    unknowns: tuple[Any, ...]
    names: tuple[tuple[str, ...], ...]
    inequality: np.ndarray

    @classmethod
    def of(cls, statement: Statement) -> "Program":
        """Assemble the arrays of a statement."""
        from scipy.sparse import csr_array

        linear = [statement.linear(form) for form in statement.forms]
        row = {key: k for k, key in enumerate(dict.fromkeys(key for column in linear for key in column))}
        names = tuple(
            tuple(name for name in block if (b, name) not in statement.loose) for b, block in enumerate(statement.gram)
        )
        where = [{name: k for k, name in enumerate(block)} for block in names]
        gram: list[list[tuple[int, int, float]]] = [[] for _ in names]
        for k, form in enumerate(statement.forms):
            for (b, left, right), value in form.gram.items():
                if left in where[b] and right in where[b]:
                    i, j, n = where[b][left], where[b][right], len(where[b])
                    gram[b] += [(i * n + j, k, float(value) / 2), (j * n + i, k, float(value) / 2)]

        def sparse(entries: list[tuple[int, int, float]], height: int) -> Any:
            i, j, v = zip(*entries) if entries else ((), (), ())
            where = (np.array(i, int), np.array(j, int))
            return csr_array((np.array(v, float), where), shape=(height, len(statement.forms)))

        return cls(
            constant=np.array([float(form.constant) for form in statement.forms]),
            linear=sparse([(row[key], k, float(v)) for k, c in enumerate(linear) for key, v in c.items()], len(row)),
            gram=tuple(sparse(entries, len(block) ** 2) for entries, block in zip(gram, names)),
            unknowns=tuple(row),
            names=names,
            inequality=np.array([relation.sense == "<=" for relation in statement.relations]),
        )

    def least_bound(self) -> float:
        """Return the least value that multipliers can prove, up to the accuracy of the solver."""
        import cvxpy as cp

        multipliers = cp.Variable(len(self.inequality))
        value, constraints = self._dual(multipliers, 0.0)
        solve(cp.Problem(cp.Minimize(value), constraints), "the dual")
        return float(value.value)

    def interior_multipliers(self, bound: float) -> tuple[np.ndarray, float]:
        """Return multipliers that prove `bound` and stay as far from their limits as they can, and how far."""
        import cvxpy as cp

        multipliers, room = cp.Variable(len(self.inequality)), cp.Variable()
        value, constraints = self._dual(multipliers, room)
        constraints += [value <= bound, room <= 1]
        solve(cp.Problem(cp.Maximize(room), constraints), f"the bound {bound:.10g}")
        return np.asarray(multipliers.value), float(np.asarray(room.value))

    def interior_point(self, target: float) -> tuple[np.ndarray, list[np.ndarray], float]:
        """Return values and Gram matrices that reach `target` and stay inside all relations, and how far."""
        import cvxpy as cp

        values, room = cp.Variable(len(self.unknowns)), cp.Variable()
        sides = [len(block) for block in self.names]
        grams = [cp.Variable((n, n), symmetric=True) for n in sides]
        forms = self.constant + self.linear.T @ values
        for matrix, gram in zip(self.gram, grams):
            forms = forms + matrix.T @ cp.vec(gram, order="C")
        constraints = [gram >> room * np.eye(n) for gram, n in zip(grams, sides)]
        constraints += [forms[-1] >= target, room <= 1, forms[:-1][self.inequality] <= -room]
        if not self.inequality.all():
            constraints.append(forms[:-1][~self.inequality] == 0)
        solve(cp.Problem(cp.Maximize(room), constraints), f"the target {target:.10g}")
        return np.asarray(values.value), [np.asarray(gram.value) for gram in grams], float(np.asarray(room.value))

    def point(self, linear: np.ndarray, grams: list[np.ndarray]) -> dict[Any, float]:
        """Return function values by name and inner products by (block, name, name), of what `interior_point` found."""
        found = dict(zip(self.unknowns, linear))
        for b, (block, gram) in enumerate(zip(self.names, grams)):
            for i, left in enumerate(block):
                found |= {(b, *sorted((left, right))): gram[i, j] for j, right in enumerate(block[: i + 1])}
        return found

    def _dual(self, multipliers: Any, room: Any) -> tuple[Any, list[Any]]:
        """Return the value that multipliers prove, and the constraints on them, `room` away from their limits."""
        import cvxpy as cp

        constraints = [self.linear[:, :-1] @ multipliers == self.linear[:, -1].toarray().ravel()]
        if self.inequality.any():
            constraints.append(multipliers[self.inequality] >= room)
        for matrix, n in zip(self.gram, map(len, self.names)):
            slack = matrix[:, :-1] @ multipliers - matrix[:, -1].toarray().ravel()
            constraints.append(cp.reshape(slack, (n, n), order="C") - room * np.eye(n) >> 0)
        return self.constant[-1] - self.constant[:-1] @ multipliers, constraints


def solve(problem: Any, what: str) -> None:
    """Solve a cvxpy problem; an inaccurate answer is a proposal like any other, and exact arithmetic decides.

    Raises
    ------
    NotCertified
        Where the solver has nothing to propose.
    """
    import cvxpy as cp

    # 1e-8, the default, is too coarse for bounds within a millionth; from 1e-10 on the last steps leave the interior
    accuracy = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), 1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "solution may be inaccurate"
        try:
            problem.solve(solver=cp.CLARABEL, **accuracy)
        except cp.error.SolverError as error:
            raise NotCertified(f"the solver gave up on {what}: {error}") from None
    if any(unknown.value is None or not np.isfinite(unknown.value).all() for unknown in problem.variables()):
        raise NotCertified(f"{what}: {problem.status}; are the relations bounded, and is there an origin?")
