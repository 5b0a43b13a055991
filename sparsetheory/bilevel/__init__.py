"""Bilevel optimisation by first-order penalty methods: solver, hypergradients and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME: dict[str, str] = {}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)
