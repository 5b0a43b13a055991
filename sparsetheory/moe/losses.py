"""The exponents that theory gives each part of a Voronoi loss, loss by loss."""

from typing import NamedTuple

__all__ = ["LOSSES", "Loss", "Part"]

_FIELDS = ("beta1", "a", "b", "v")


class Part(NamedTuple):
    """The norm of the differences of some fields, raised to an exponent; "rbar" is r of the cell, "rbar/2" its half."""

    fields: tuple[str, ...]
    exponent: float | str


class Loss(NamedTuple):
    """What differs from atom to atom of a cell with one atom, of a cell with more, and what is fixed otherwise."""

    single: tuple[Part, ...]
    several: tuple[Part, ...]
    sparse: bool = False  # the K largest cells count, not all
    slopes_move: bool = True  # whether adding a linear function to the gate leaves the density as it is
    tau_exponent: float | str | None = None  # the difference of the temperatures, once

    @property
    def at_temperature_one(self) -> bool:
        """Whether measures are compared by their slopes and intercepts over tau, all that linear scores tell."""
        return self.slopes_move and self.tau_exponent is None


def _each(*exponents: float | str) -> tuple[Part, ...]:
    return tuple(Part((name,), exponent) for name, exponent in zip(_FIELDS, exponents))


_JOINT = (Part(_FIELDS, 1),)
_ORDER = _each("order", "order", "order", "order")

#: Name of a loss -> its exponents.
LOSSES = {
    "exact": Loss(_JOINT, _JOINT),
    "over": Loss(_JOINT, (Part(("beta1", "b"), "rbar"), Part(("a", "v"), "rbar/2"))),
    "topk": Loss(_each(1, 1, 1, 1), _each(1, 1, 1, 1), sparse=True),
    "topk_over": Loss(_each(1, 1, 1, 1), _each("rbar", "rbar/2", "rbar", "rbar/2"), sparse=True),
    "temperature": Loss(_ORDER, _ORDER, tau_exponent="order"),
    "activation": Loss(_each(1, 1, 1, 1), _each(1, 1, 1, 1), slopes_move=False, tau_exponent=1),
    "activation_over": Loss(
        _each(1, 1, 1, 1), _each(2, 2, "rbar", "rbar/2"), slopes_move=False, tau_exponent=1,
    ),
    "laplace_over": Loss(_each(1, 1, 1, 1), _each(2, 2, "rbar", "rbar/2"), slopes_move=False),
}  # fmt: skip
