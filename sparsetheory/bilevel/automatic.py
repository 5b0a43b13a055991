"""The practical method: implicit derivatives where the lower level has them, elsewhere the penalty as sigma falls."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._loop import Chunk
from ..result import Status
from .evaluation import FINEST_SIGMA, Exact, Forward, Point, Selected
from .goldstein import goldstein, kinked, shortest, way_down
from .methods import Setting, read_options
from .oracles import OracleFailure
from .outer import Evaluate, QuasiNewton

__all__ = ["KINK", "LEFT", "Automatic", "AutomaticOptions"]

_FALL = 0.1  # of sigma from one stage of the penalty to the next
_STAGE = 0.1  # of the stationarity, within a stage
_FIRST = 0.1
_LEAST = 1e-9  # sigma below which rounding is all that changes
_CLOSE = 2  # times the tolerance: good enough where no step helps
_FEW = 3  # hulls, after which good enough will do
_ALMOST = 100  # times the tolerance: the hull of the gradients nearby is then worth completing

#: Times the tolerance: how steep f may still be along the lower solutions at the one that is taken for the best.
LEFT = 10

#: Relative distance within which gradients belong to the same kink.
KINK = 3e-8


@dataclass(frozen=True)
class AutomaticOptions:
    """There are none."""


class Automatic:
    """Projected quasi-Newton on psi, or on psi_sigma for a falling sigma until psi can be differentiated.

    Each step takes the best description of psi that holds at the point: through the solution of the lower level,
    through the best of its many solutions, through the penalty. A failed line search means that the description does
    not hold nearby, and the next one takes over.
    """

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        read_options(AutomaticOptions, setting.options)
        self.oracles, self.X, self.Y, self.tol = setting.judge, setting.X, setting.Y, setting.tol
        self.unit = setting.unit
        self.sigma = _FIRST if setting.sigma is None else max(setting.sigma / self.unit, FINEST_SIGMA)
        start = self.Y.project(y)
        self.known = self.Y.face(start, np.zeros(len(start))).known
        self.several = False  # whether the lower level turned out to have more than one solution
        self.kinked = False  # whether a search on psi itself ended at a kink
        self.settled = False  # whether a smaller sigma would leave psi_sigma as it is
        self.tiny = self.looks = 0  # steps near a kink, and hulls completed there
        self.settlement: QuasiNewton | None = None
        self.kind, self.descent = self._begin(self.X.project(x), start)

    def _begin(self, x: np.ndarray, y: np.ndarray) -> tuple[str, QuasiNewton]:
        if self.known:
            exact = QuasiNewton(self.X, Exact(self.oracles, self.Y, y), x, 0.1)
            if self.point_of(exact).sound:  # an almost flat level without a solution of its system is not
                return "implicit", exact
            y = self.point_of(exact).z
        return "penalty", self._penalty(x, y, y)

    def _penalty(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> QuasiNewton:
        return QuasiNewton(self.X, Forward(self.oracles, self.Y, y, z, self.sigma), x, 0.1)

    @staticmethod
    def point_of(descent: QuasiNewton) -> Point:
        """Return what the descent knows of its current point."""
        point = descent.at
        assert isinstance(point, Point)
        return point

    @property
    def x(self) -> np.ndarray:
        """The current upper point."""
        return self.descent.x

    @property
    def point(self) -> Point:
        """What is known of it."""
        return self.point_of(self.descent)

    @property
    def reason(self) -> str:
        """Why the penalty had to do, where it had to."""
        if self.kind != "penalty":
            return ""
        return "Judged by the penalty function; psi itself has no certified derivative here (a kink, or none)."

    def again(self) -> Evaluate:
        """Return an evaluation that shares nothing with the run but the point, and products (see `Exact.again`)."""
        point = self.point
        if self.kind == "implicit":
            assert isinstance(self.descent.evaluate, Exact)
            return self.descent.evaluate.again(point.z)
        if self.kind == "selected":
            return Selected(self.oracles, self.Y, point.y, point.z)
        return Forward(self.oracles, self.Y, point.y, point.z, min(self.sigma, FINEST_SIGMA))

    def advance(self, budget: int) -> Chunk:
        """Take one step, or change the description of psi."""
        before = self.kind, self.descent
        try:
            return self._advance()
        except OracleFailure:
            self.kind, self.descent = before
            raise

    def _advance(self) -> Chunk:
        stop = None
        if self.point.ray is not None:
            stop = Status.STALLED
        elif self.kind == "penalty":
            stop = self._penalty_step()
        elif not self.point.sound:
            self._leave()
        elif self.descent.error > self.tol:
            stop = self._step()
        error = self.descent.error
        if error <= self.tol < self.descent.accuracy and self.point.ray is None:  # a long step came near by chance
            self.descent.sharpen(self.tol)
            error = self.descent.error
        if error <= self.tol and not self._best():
            self._leave()
            error = max(self.descent.error, 2 * self.tol)
        if self.kind == "penalty" and not self.settled and stop is None:
            error = max(error, 2 * self.tol)  # psi_sigma at this sigma is not yet what was asked for
        extra = {"sigma": self.point.sigma * self.unit, "gradients": self.oracles.counts.gradients}
        return Chunk(n_iter=1, error=error, objective=self.point.value, stop=stop, extra=extra)

    def _best(self) -> bool:
        """Whether y is the lower solution best for f, where the description of psi claims that."""
        adjoint = self.point.adjoint
        return adjoint is None or adjoint.left <= LEFT * self.tol

    def _leave(self) -> None:
        """Go over to the penalty: there are other lower solutions, or the path to the best one is not yet straight."""
        if self.kind == "selected":
            self.sigma = max(_FALL * self.sigma, FINEST_SIGMA)  # it was entered at this one, which was too large
        self.several = self.several or self.kind == "implicit"
        self.kind, self.descent = "penalty", self._penalty(self.x, self.point.y, self.point.z)

    def _step(self) -> Status | None:
        """Take a step; where steps have become tiny or fail, look for a kink and for a way along it."""
        moved = self.descent.advance()
        if not moved and not self._best():
            self._leave()
            return None
        radius = KINK * (1.0 + float(np.linalg.norm(self.x)))
        if moved and self.descent.length > radius:
            return None
        gradients = list(self.descent.nearby(KINK))
        way = shortest(self.X, self.x, np.array(gradients))
        if not moved or (self.tol < float(np.linalg.norm(way)) <= _ALMOST * self.tol and self._may_look()):
            rng = np.random.default_rng(0)
            way = way_down(self.X, self.again(), self.x, gradients, radius=radius, tol=self.tol, rng=rng)
        if self._ends(gradients, way, self.tol if self.looks < _FEW else _CLOSE * self.tol, radius):
            return Status.STALLED  # the certificate decides whether the kink is stationary
        if moved or self.descent.along(way):
            return None
        if self._ends(gradients, way, _CLOSE * self.tol, radius):
            return Status.STALLED
        if self.descent.afresh():
            return None
        self.kinked, self.kind = True, "penalty"
        if self.settlement is not None:
            self.descent = self.settlement
            return Status.STALLED
        self.descent = self._penalty(self.x, self.point.y, self.point.z)
        return None

    def _ends(self, gradients: list[np.ndarray], way: np.ndarray, enough: float, radius: float) -> bool:
        """Whether x is at a stationary kink, also by gradients that share nothing with the run.

        Those of a run may belong to another piece: steps ask for few digits, and faces of lower solutions need more.
        """
        if not kinked(np.array(gradients)) or float(np.linalg.norm(way)) > enough or not self._best():
            return False
        tol, rng = _CLOSE * self.tol, np.random.default_rng(0)
        if goldstein(self.X, self.again(), self.x, radius=radius, tol=tol, rng=rng) <= tol:
            return True
        self.descent.doubt(0.1 * tol)
        return False

    def _may_look(self) -> bool:
        """Whether completing the hull, some 2 p evaluations, is due again: after 1, 2, 4, ... tiny steps."""
        self.tiny += 1
        if self.tiny < 2**self.looks:
            return False
        self.looks += 1
        return True

    def _penalty_step(self) -> Status | None:
        """Descend on psi_sigma; at the end of a stage try to differentiate psi, or lower sigma until it settles."""
        goal = max(0.5 * self.tol, _STAGE * self.sigma * (1.0 + float(np.linalg.norm(self.point.gradient))))
        if self.descent.error > goal and (self.descent.advance() or self.descent.afresh()):
            return None
        evaluate = self.descent.evaluate
        assert isinstance(evaluate, Forward)
        if self.sigma <= FINEST_SIGMA and not self.settled:
            self.settled = evaluate.settles(self.point, self.x, 0.1 * self.tol)
        if self._sharpen():
            return None
        if self.settled or self.sigma <= _LEAST:
            return Status.STALLED
        self.sigma = max(_FALL * self.sigma, FINEST_SIGMA if self.sigma > FINEST_SIGMA else _LEAST)
        self.descent = self._penalty(self.x, self.point.y, self.point.z)
        return None

    def _sharpen(self) -> bool:
        """Go over to implicit derivatives where their assumptions hold here and they agree with the penalty."""
        if not self.known or self.sigma > 0.05:
            return False
        if self.kinked:
            return self._return()
        here, near = self.point, 10 * self.sigma**0.5
        for kind, evaluate in self._derivatives(here):
            descent = QuasiNewton(self.X, evaluate, self.x, self.tol)
            found = self.point_of(descent)
            off = float(np.linalg.norm(found.gradient - here.gradient))
            if found.sound and off <= near * (1.0 + float(np.linalg.norm(here.gradient))):
                self.kind, self.descent = kind, descent
                return True
        return False

    def _return(self) -> bool:
        """Go back to psi, a kink of which had stopped us: the penalty goes past some, and ends near those of minima."""
        if self.settlement is not None or (self.sigma <= FINEST_SIGMA and not self.settled):
            return False
        descent = QuasiNewton(self.X, Exact(self.oracles, self.Y, self.point.z), self.x, self.tol)
        if not self.point_of(descent).sound:
            return False
        if self.settled:
            self.settlement = self.descent
        self.sigma = max(_FALL * self.sigma, FINEST_SIGMA)
        self.kind, self.descent = "implicit", descent
        return True

    def _derivatives(self, at: Point) -> Iterator[tuple[str, Exact | Selected]]:
        """Yield what may describe psi, the likelier first: a curved solution, one of many, one that is almost flat."""
        exact = Exact(self.oracles, self.Y, at.y)
        curved = not self.several and not exact(self.x, self.tol).degenerate
        if curved:
            yield "implicit", exact
        yield "selected", Selected(self.oracles, self.Y, at.y, at.z)
        if not curved:
            yield "implicit", exact
