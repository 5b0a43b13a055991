"""The three things that can go wrong in public: a bad argument, a failed solve, a solve that stopped short."""

from typing import Any

__all__ = ["ConvergenceError", "ConvergenceWarning", "InvalidArgument"]


class InvalidArgument(ValueError):
    """An argument that cannot be used, refused before any work starts.

    Parameters
    ----------
    name : str
        The argument as the caller wrote it.
    expected : str
        What would have been accepted.
    got : object
        What came: a short description or the value itself.
    """

    def __init__(self, name: str, expected: str, got: object) -> None:
        super().__init__(name, expected, got)
        self.name, self.expected, self.got = name, expected, got

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, got {self.got}"


class ConvergenceError(RuntimeError):
    """Raised by ``on_failure="raise"`` when a solver stopped without meeting its tolerance.

    Attributes
    ----------
    result : sparsetheory.result.Result
        The best point reached, with its status and certificate.
    """

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.result)


class ConvergenceWarning(UserWarning):
    """Issued once per solve, by ``on_failure="warn"``, when the tolerance was not met."""
