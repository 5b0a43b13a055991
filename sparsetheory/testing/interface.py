"""How a solver is called, what it hands back, and how it behaves at that interface; the same for every contract."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from .finding import Limit, Measure, SolverFailed, prop

__all__ = ["FORMS", "Form", "Problem", "accepted", "altered", "answer", "answer_to", "ask", "call", "deterministic",
           "inputs_untouched", "read_array", "starts_untouched", "takes"]  # fmt: skip

Solver = Callable[..., Any]
Form = Callable[[np.ndarray], Any]


class Problem(Protocol):
    """What a solver can be asked: a problem knows its arguments, and how to read its answer off a result."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments by name, in order; the last one is a number."""
        ...

    def read(self, result: Any) -> np.ndarray:
        """Return the answer as a finite float64 array of its own memory, or raise `SolverFailed`."""
        ...


@functools.lru_cache(maxsize=64)
def _by_name(solver: Solver, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which arguments a solver wants by keyword: all if it has those names, else only the last one."""
    try:
        parameters = inspect.signature(solver).parameters
    except (TypeError, ValueError):
        return ()
    if set(names) <= set(parameters):
        return names
    return names[-1:] if names[-1] in parameters else ()


def call(solver: Solver, arguments: Mapping[str, Any], **extra: Any) -> Any:
    """Call a solver in order, or by name where its signature has the names; warnings are its own affair."""
    names = _by_name(solver, tuple(arguments))
    positional = [value for name, value in arguments.items() if name not in names]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return solver(*positional, **{name: arguments[name] for name in names}, **extra)


def takes(solver: Solver, name: str) -> bool:
    """Return whether a solver has an argument of this name."""
    try:
        return name in inspect.signature(solver).parameters
    except (TypeError, ValueError):
        return False


def answer(solver: Solver, problem: Problem, *, form: Form = np.array, **extra: Any) -> Any:
    """Return whatever the solver returns; an exception on a valid problem is a failure.

    `form` turns each array into what the solver is given; by default a writable copy of its own.
    """
    return answer_to(
        solver, {k: form(v) if isinstance(v, np.ndarray) else v for k, v in problem.arguments.items()}, **extra
    )


def answer_to(solver: Solver, arguments: Mapping[str, Any], **extra: Any) -> Any:
    """Return whatever the solver returns for valid arguments, on which an exception is a failure."""
    try:
        return call(solver, arguments, **extra)
    except Exception as error:
        raise SolverFailed(f"raised {type(error).__name__}: {str(error)[:200]}") from error


def ask(solver: Solver, problem: Problem, *, form: Form = np.array) -> np.ndarray:
    """Return the answer of a solver as a finite float64 array of the right shape, or raise `SolverFailed`."""
    return problem.read(answer(solver, problem, form=form))


def read_array(result: Any, *, attribute: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return a copy of a result, which is an array or has it as an attribute; solvers may use a buffer again."""
    try:
        array = np.array(getattr(result, attribute, result), dtype=np.float64)
    except (TypeError, ValueError):
        what = f"{type(result).__name__}: neither an array nor an object with .{attribute}"
        raise SolverFailed(f"returned {what}") from None
    if array.shape != shape:
        raise SolverFailed(f"returned an array of shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise SolverFailed(f"returned an array with {int((~np.isfinite(array)).sum())} entries that are not finite")
    return array


def _readonly(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array, 2, axis=-1)[..., ::2]


#: Forms in which a solver may be given an array of double precision.
FORMS: Mapping[str, Form] = {
    "Fortran order": np.asfortranarray,
    "strided": _strided,
    "read-only": _readonly,
    "lists": np.ndarray.tolist,
}


@prop
def deterministic(solver: Solver, problem: Problem, tol: float) -> Measure:
    """Two calls return the same bits."""
    difference = float(np.abs(ask(solver, problem) - ask(solver, problem)).max())
    return Measure(difference, Limit(0.0, "0: same bits"), f"two calls differ by {difference:.1e}")


@prop
def inputs_untouched(solver: Solver, problem: Problem, tol: float) -> Measure:
    """The arrays that were passed are what they were before."""
    given: list[np.ndarray] = []

    def remember(array: np.ndarray) -> np.ndarray:
        given.append(array.copy())
        return given[-1]

    ask(solver, problem, form=remember)
    before = {name: value for name, value in problem.arguments.items() if isinstance(value, np.ndarray)}
    pairs = zip(before.items(), given, strict=True)
    changed = [name for (name, x), y in pairs if not np.array_equal(x, y, equal_nan=True)]
    return Measure(len(changed), Limit(0, "0 arrays"), f"changed: {', '.join(changed) or 'nothing'}")


def starts_untouched(solver: Solver, problem: Problem, starts: Mapping[str, np.ndarray]) -> Measure:
    """Count the starting points, passed as ``init``, that are not what they were before."""
    changed = []
    for name, start in starts.items():
        given = start.copy()
        answer(solver, problem, init=given)
        if not np.array_equal(given, start):
            changed.append(name)
    return Measure(len(changed), Limit(0, "0 arrays"), f"overwritten: {', '.join(changed) or 'nothing'}")


def altered(array: np.ndarray, value: float) -> np.ndarray:
    """Return a copy whose last entry is `value`."""
    array = array.copy()
    array[(-1,) * array.ndim] = value
    return array


def accepted(solver: Solver, problem: Problem, cases: Iterable[tuple[str, Mapping[str, Any]]]) -> Measure:
    """Count the bad inputs that came back with an answer instead of an exception.

    A case is its name and the arguments that take the place of the problem's own.
    """
    taken = []
    for name, changes in cases:
        try:
            call(solver, {**problem.arguments, **changes})
        except Exception:
            continue
        taken.append(name)
    message = f"accepted: {', '.join(taken)}" if taken else "every one refused"
    return Measure(len(taken), Limit(0, "0 accepted"), message)
