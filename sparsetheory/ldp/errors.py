"""What can go wrong in a private protocol beyond a bad argument."""

from typing import Any

__all__ = ["BudgetSpent", "InsufficientUsers", "ProtocolError"]


class ProtocolError(RuntimeError):
    """A report or a request that the protocol does not allow: of another round, other parameters, or a user again."""


class BudgetSpent(ProtocolError):
    """A second report of a user: the privacy budget is for one."""


class InsufficientUsers(RuntimeError):
    """Too few users: the noise in the Gram matrix is larger than its smallest eigenvalue, and the inverse is noise.

    Attributes
    ----------
    n, n_required : int
        Users there are, and users for whom the noise would be 0.3 of the smallest eigenvalue.
    noise_to_eigenvalue : float
    """

    def __init__(self, message: str, n: int, n_required: int, noise_to_eigenvalue: float) -> None:
        super().__init__(message)
        self.n, self.n_required, self.noise_to_eigenvalue = n, n_required, noise_to_eigenvalue

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.n, self.n_required, self.noise_to_eigenvalue)
