"""What the automatic method knows of a point x: value and gradient of psi, exact or through the penalty."""

from dataclasses import dataclass, field, replace

import numpy as np

from .conjugate_gradients import conjugate_gradients
from .implicit import Adjoint, adjoint_gradient
from .lower_level import LowerLevel, LowerSolution, minimize_level
from .oracles import Oracles
from .penalty import penalised
from .recycled import Recycled
from .sets import ConvexSet, Face, Free

__all__ = ["FINEST_SIGMA", "Exact", "Forward", "Point", "Selected"]

#: The sigma of certificates, for g in its unit: below it the difference quotient loses more digits than it wins.
FINEST_SIGMA = 1e-6

_FINEST = 1e-13  # no lower solve is asked for more
_SHARE = 0.1  # of the accuracy asked for: quasi-Newton steps live on differences of gradients
_SMALL = 0.01  # the same where no curvature tells how residuals reach the gradient
_EXTRAPOLATED = 1e-5  # of the accuracy of three points: their errors are magnified, and must not look like a bend
_LEAST = 1e-6  # sigma of extrapolations
_STEPS = 30  # of a quasi-Newton method on many variables
_SETTLED = 1e-3  # relative change of psi_sigma for a tenth of sigma
_PROBE = 1e-3  # of a random right-hand side: more is left only where there is no solution


@dataclass(frozen=True, eq=False)
class Point:
    """Value and gradient at x, the lower points they come from, and whether the formula's assumptions held.

    Attributes
    ----------
    value, gradient : float, ndarray
    y, z : ndarray, shape (q,)
        Lower points of sigma f + g and of g; the same where no penalty is involved.
    adjoint : Adjoint or None
    bracket : (float, float)
        What psi(x) lies between.
    sigma : float
    residual : float
        Largest residual of the lower solves.
    ray : ndarray or None
        A direction of unbounded descent of the lower level.
    noise : float
        Rounding of the value beyond that of a number of its size.
    """

    value: float
    gradient: np.ndarray
    y: np.ndarray
    z: np.ndarray
    adjoint: Adjoint | None
    bracket: tuple[float, float]
    sigma: float
    residual: float
    ray: np.ndarray | None = None
    noise: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether the formula's linear system has a solution: this is then a gradient where faces do not change."""
        return self.adjoint is not None and self.adjoint.solved and self.adjoint.face.known

    @property
    def degenerate(self) -> bool:
        """Whether the lower level may have other solutions nearby: curvature that differences cannot tell from none."""
        return self.adjoint is not None and self.adjoint.curvature < 1e-6


@dataclass(eq=False)
class Exact:
    """Implicit derivatives at the solution z of the lower level, for levels with curvature at their solutions."""

    oracles: Oracles
    Y: ConvexSet
    z: np.ndarray
    vector: np.ndarray | None = None
    curvature: float = 0.1  # relative; how much of an error in the residuals reaches the gradient
    mixing: float = 1.0  # of the mixed derivative beside the lower Hessian, which reaches it too
    steepness: float = 1.0  # largest curvature, one at most: what residuals are held to on levels that are less steep
    memory: Recycled = field(init=False)
    _last: tuple[np.ndarray, LowerSolution, Face] | None = field(init=False, default=None)
    _probed: bool = field(init=False, default=False)
    _calls: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.memory = Recycled(len(self.z), room=0)

    def again(self, z: np.ndarray) -> "Exact":
        """Return an evaluation that shares nothing with this one but an inverse Hessian that is known whole.

        That makes solves quicker; what they leave is measured all the same.
        """
        fresh = Exact(self.oracles, self.Y, z)
        if self.memory.whole:
            fresh.memory, fresh._probed = self.memory, True
        return fresh

    def __call__(self, x: np.ndarray, accuracy: float) -> Point:
        """Return psi and its gradient at x to about the accuracy."""
        if self._last is not None and not self._probed:
            self._probe(*self._last)
        if self._last is not None and self._worth_completing():
            at, z, _ = self._last
            self.memory.complete(self.oracles.products(at, z.y, z.slope))
            self._calls = 0
        self._calls += 1
        level, begun = LowerLevel(self.oracles, x, self.Y), (self.z, self.vector, self.curvature)
        while True:
            known, mixing, steep = self.curvature, self.mixing, self.steepness
            tol = steep * self._tol(accuracy, known**2 / mixing)
            z = minimize_level(level, self.z, tol=tol, memory=self.memory)
            a = adjoint_gradient(
                self.oracles, x, z.y, self.Y, tol=self._tol(accuracy, known / mixing), slope=z.slope,
                vector=self.vector, memory=self.memory,
            )  # fmt: skip
            if not a.solved and self.memory.room:  # a kernel after all: begin again without
                self.memory = Recycled(len(self.z), room=0)
                self.z, self.vector, self.curvature = begun
                continue
            self.z, self.vector = z.y, a.vector
            self.curvature = max(min(a.curvature, 2 * known), 1e-6)  # few systems see all of the spectrum
            self.mixing = max(a.mixing, mixing)
            self.steepness = min(a.largest, steep)
            if self.curvature >= 0.3 * known and self.mixing <= 3.0 * mixing and self.steepness >= 0.3 * steep:
                break  # else both were solved for a level that is better conditioned than this one
        self._last = x, z, a.face
        # the adjoint is also the derivative of f along an error of z: the value gains a second order of accuracy
        value = self.oracles.f(x, z.y) - float(a.vector @ a.face.tangent(z.slope))
        return Point(value, a.gradient, z.y, z.y, a, (value, value), 0.0, z.residual, z.ray)

    def _worth_completing(self) -> bool:
        """Whether at the present rate the evaluations to come will ask for more products than there are coordinates.

        That is as many as so far, or as many as a quasi-Newton method takes for that many upper variables.
        """
        if not self.memory.completable or not isinstance(self.Y, Free):
            return False
        to_come = max(self._calls, min(self.oracles.p, _STEPS))
        return self.memory.products * to_come >= self._calls * len(self.z)

    def _probe(self, x: np.ndarray, z: LowerSolution, face: Face) -> None:
        """Keep products from now on, unless the lower Hessian has a kernel.

        Differences put a little of the kernel into what is kept, more each time, and z would leave the member of S(x)
        that it started from. A system with a random right-hand side has no solution then.
        """
        self._probed = True
        memory = Recycled(len(z.y))
        target = face.tangent(np.random.default_rng(0).standard_normal(len(z.y)))
        size = float(np.linalg.norm(target))
        found = conjugate_gradients(
            self.oracles.products(x, z.y, z.slope), target, tol=_PROBE * size, memory=memory, face=face, flat=1e-7,
        )  # fmt: skip
        if float(np.linalg.norm(found.residual)) <= _PROBE * size:
            memory.least, memory.largest = found.least, found.largest
            memory.products += self.memory.products
            self.memory = memory

    @staticmethod
    def _tol(accuracy: float, amplification: float) -> float:
        """An error of the residual of z reaches the gradient twice through the inverse Hessian, the adjoint's once."""
        return max(_SHARE * accuracy * amplification, _FINEST)


@dataclass(eq=False)
class Selected:
    """Implicit derivatives at the member of S(x) that f likes best, for levels with many solutions.

    That member is the limit of the minimisers y of sigma f + g; three values of sigma extrapolate to it with an error
    of order sigma cubed, and the singular system is solved in its range. What it leaves is how steep f still is along
    S(x), and asks for smaller sigma.
    """

    oracles: Oracles
    Y: ConvexSet
    y: np.ndarray
    z: np.ndarray
    sigma: float = 4e-3

    def __call__(self, x: np.ndarray, accuracy: float) -> Point:
        """Return psi and its gradient at x to about the accuracy."""
        tol = min(max(_SMALL * accuracy, 1e-9), _EXTRAPOLATED)
        while True:
            whole = penalised(self.oracles, x, self.Y, self.sigma, y=self.y, z=self.z, tol=tol)
            best, off = self._limit(x, whole.y.y, tol)
            a = adjoint_gradient(self.oracles, x, best.y, self.Y, tol=0.01 * tol, slope=best.slope)
            if a.left <= 10 * tol or self.sigma <= _LEAST:
                break
            self.sigma /= 4
        if off > 1e-3 * (1.0 + float(np.linalg.norm(best.y))):
            a = replace(a, solved=False)  # no limit in sight: the path of minimisers bends at smaller sigma
        self.y, self.z = whole.y.y, whole.z.y
        value = self.oracles.f(x, best.y)
        noise = tol * self.sigma * (1.0 + abs(value))  # lower solutions are off by so much where g is curved
        return Point(
            value, a.gradient, best.y, whole.z.y, a, whole.bracket, self.sigma, best.residual, whole.z.ray, noise
        )

    def _limit(self, x: np.ndarray, whole: np.ndarray, tol: float) -> tuple[LowerSolution, float]:
        """Return the extrapolated member of S(x), moved into S(x), and how far one order less ends from it."""
        half = self._solution(x, whole, self.sigma / 2, tol)
        quarter = self._solution(x, half.y, self.sigma / 4, tol)
        best = self.Y.project((8 * quarter.y - 6 * half.y + whole) / 3)
        off = float(np.linalg.norm(best - (2 * quarter.y - half.y)))
        return minimize_level(LowerLevel(self.oracles, x, self.Y), best, tol=max(1e-3 * tol, _FINEST)), off

    def _solution(self, x: np.ndarray, y: np.ndarray, sigma: float, tol: float) -> LowerSolution:
        return minimize_level(LowerLevel(self.oracles, x, self.Y, sigma), y, tol=tol * sigma)


@dataclass(eq=False)
class Forward:
    """The penalty function psi_sigma itself."""

    oracles: Oracles
    Y: ConvexSet
    y: np.ndarray
    z: np.ndarray
    sigma: float

    def __call__(self, x: np.ndarray, accuracy: float) -> Point:
        """Return psi_sigma and its gradient at x."""
        tol = max(_SMALL * accuracy, _FINEST / self.sigma)
        found = penalised(self.oracles, x, self.Y, self.sigma, y=self.y, z=self.z, tol=tol)
        self.y, self.z = found.y.y, found.z.y
        residual = max(found.y.residual, found.z.residual)
        ray = found.z.ray if found.z.ray is not None else found.y.ray
        noise = 1e-15 * (1.0 + abs(found.below)) / self.sigma
        return Point(found.value, found.gradient, self.y, self.z, None, found.bracket, self.sigma, residual, ray, noise)

    def settles(self, point: Point, x: np.ndarray, accuracy: float) -> bool:
        """Whether a tenth of sigma leaves the value at x about as it is: else f is large beside g, and psi elsewhere.

        The values rise to psi as sigma falls.
        """
        finer = replace(self, y=point.y, z=point.z, sigma=0.1 * self.sigma)(x, accuracy)
        return abs(finer.value - point.value) <= _SETTLED * (1.0 + abs(point.value))
