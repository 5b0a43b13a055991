"""A client has one report to give."""

from typing import Any

from .errors import BudgetSpent

__all__ = ["OneReport"]


class OneReport:
    """Base of clients: the budget is spent once, whichever thread comes first, and does not come back with a copy."""

    def __init__(self) -> None:
        self._budget = [1]

    def _spend(self) -> None:
        try:
            self._budget.pop()  # one step: of two threads one finds it empty
        except IndexError:
            raise BudgetSpent("this client has reported; a second report of a user is a second budget") from None

    def __reduce__(self) -> Any:
        raise TypeError("a client is not copied: the copy could report again")
