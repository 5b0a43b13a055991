"""Classes of functions by the inequalities that their values and gradients satisfy at any two points."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import InvalidArgument
from .forms import Relation, Scalar, Vector
from .rational import exact

if TYPE_CHECKING:
    from .pep import Problem

__all__ = ["Function", "Sample"]


class Sample(NamedTuple):
    """A point where a function was asked, with the gradient and the value it gave."""

    label: str
    x: Vector
    gradient: Vector
    value: Scalar


class Function:
    r"""A member of $F_{\mu, L}$, known only at the points where the algorithm asks; made by `Problem.function`.

    With finite $L$, any samples $i, j$ satisfy

    $$f_i \geq f_j + \langle g_j, x_i - x_j \rangle + \frac{1}{2 (1 - \mu/L)} \left( \frac{\|g_i - g_j\|^2}{L} +
    \mu \|x_i - x_j\|^2 - \frac{2 \mu}{L} \langle g_j - g_i, x_j - x_i \rangle \right),$$

    and samples that do are those of some function of the class (Taylor, Hendrickx, Glineur 2017, Theorem 4). With
    infinite $L$ the bracket is $\frac{\mu}{2} \|x_i - x_j\|^2$. With one constant a block, $\mu = 0$ and the bracket is
    $\frac{1}{2 L_b} \|g_i^b - g_j^b\|^2$ for each block: necessary, not sufficient (Kamri, Hendrickx, Glineur 2022).
    """

    def __init__(self, problem: "Problem", *, L: Any, mu: Any, label: str) -> None:
        self._problem, self.label = problem, label
        self.mu = exact(mu, "mu")
        self.L: tuple[Fraction, ...] | None = None
        if isinstance(L, (list, tuple)):
            self.L = tuple(exact(value, "L") for value in L)
        elif not (isinstance(L, float) and math.isinf(L)):
            self.L = (exact(L, "L"),)
        self.interpolable = not isinstance(L, (list, tuple))
        self._check()
        self._samples: dict[Vector, Sample] = {}

    def _check(self) -> None:
        if self.L is None:
            return
        if not self.interpolable and (len(self.L) != self._problem.blocks or self.mu):
            raise InvalidArgument("L", f"{self._problem.blocks} constants, one a block, and mu = 0", self.L)
        if min(self.L) <= 0 or not -min(self.L) <= self.mu < min(self.L):
            raise InvalidArgument("mu", "-L <= mu < L and L > 0", f"mu = {self.mu}, L = {self.L}")

    def declare(
        self, x: Vector, *, gradient: Vector | None = None, value: Scalar | None = None, label: str = ""
    ) -> Sample:
        """Say that `gradient` is a (sub)gradient at `x`, and that `value` is the value there; unknown where not given.

        Raises
        ------
        InvalidArgument
            Where the function was sampled at `x` before.
        """
        if x in self._samples:
            raise InvalidArgument("x", f"a point where {self.label} was not sampled before", x)
        label = label or self._next_label()
        if gradient is None:
            gradient = self._problem.point(f"{self.label}'{label}")
        if value is None:
            value = Scalar(values={f"{self.label}{label}": Fraction(1)})
        self._samples[x] = Sample(label, x, gradient, value)
        return self._samples[x]

    def _next_label(self) -> str:
        return str(sum(sample.label.isdigit() for sample in self._samples.values()))

    def _at(self, x: Vector) -> Sample:
        return self._samples[x] if x in self._samples else self.declare(x)

    def __call__(self, x: Vector) -> Scalar:
        """Return the value at `x`."""
        return self._at(x).value

    def gradient(self, x: Vector) -> Vector:
        """Return the gradient at `x`; for nonsmooth functions one subgradient, always the same."""
        return self._at(x).gradient

    def proximal_step(self, x: Vector, step: Any) -> Vector:
        """Return argmin_y f(y) + |y - x|^2 / (2 step) = x - step * (a subgradient at the result)."""
        label = self._next_label()
        gradient = self._problem.point(f"{self.label}'{label}")
        result = x - gradient * exact(step, "step")
        self.declare(result, gradient=gradient, label=label)
        return result

    def exact_block_step(self, x: Vector, block: int) -> Vector:
        """Return a minimiser over one block of coordinates: only they move, and the gradient is 0 there."""
        label = self._next_label()
        others = [b for b in range(self._problem.blocks) if b != block]
        result = x + self._problem.point(f"{self.label}-{label}", blocks=[block])
        self.declare(result, gradient=self._problem.point(f"{self.label}'{label}", blocks=others), label=label)
        return result

    def __repr__(self) -> str:
        L = "oo" if self.L is None else ", ".join(map(str, self.L))
        return f"Function({self.label}, L={L}, mu={self.mu}, {len(self._samples)} samples)"

    def conditions(self, wanted: Callable[[str], bool] = bool) -> Iterator[Relation]:
        """Yield the inequalities between ordered pairs of samples; ``f[i,j]`` bounds f_i from below at j.

        Pairs whose name is not `wanted` are left out: there are about N^2 of them, and closed forms use 2 N.
        """
        for i, j in permutations(self._samples.values(), 2):
            name = f"{self.label}[{i.label},{j.label}]"
            if not wanted(name):
                continue
            linear = j.value - i.value + j.gradient @ (i.x - j.x)
            if self.L is None:
                yield Relation(linear + self.mu / 2 * (i.x - j.x) ** 2, "<=", name)
            elif self.interpolable:
                yield Relation(linear + self._smooth(i, j, self.L[0]), "<=", name)
            else:
                for b, L in enumerate(self.L):
                    yield Relation(linear + (i.gradient - j.gradient).block(b) ** 2 / (2 * L), "<=", f"{name}.{b}")

    def _smooth(self, i: Sample, j: Sample, L: Fraction) -> Scalar:
        g, x = i.gradient - j.gradient, i.x - j.x
        if not self.mu:
            return g**2 / (2 * L)
        return (g**2 / L + self.mu * x**2 - 2 * self.mu / L * (g @ x)) / (2 * (1 - self.mu / L))
