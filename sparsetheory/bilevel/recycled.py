"""What products with a Hessian have taught about its inverse, kept from one linear system to the next."""

from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["Recycled"]

_ALL = 512  # coordinates: the inverse of a smaller Hessian is learnt whole, after which products are hardly needed
_ENTRIES = 2**14  # of steps, and of products: more cost as much time as the products that a part of them saves
_FEWEST = 10
_SHARP = 0.1  # of a residual: less is left by a good step
_LITTLE = 0.1  # of the curvature of a direction
_NEW = 1e-3  # of the curvature of a direction: less of it is what differences cannot tell from what is known
_FLAT = 1e-6  # of the largest curvature: rounding of differences looks like less
_STALE = 0.1  # change of a known product, where 1 is all of it


class Recycled:
    r"""A preconditioner from pairs (s, y = H s) with steps that are conjugate, :math:`S Y^\top = I`, one a row.

    .. math:: M = S^\top S + \gamma \, (I - S^\top Y) (I - Y^\top S)

    M is symmetric and positive definite whatever the Hessians that the products came from; where they came from one H,
    it is the inverse of H on the span of the steps. It is the balanced form of deflation, and what BFGS updates with
    conjugate steps build.

    Parameters
    ----------
    length : int
    room : int, optional
        Most pairs, by default `length`, fewer above 512; the oldest make room for new ones.

    Attributes
    ----------
    contraction : float
        What a step by M left of a residual when last tried; infinite before.
    products : int
        How many were made since all of them were asked for at once.
    bend : float
        How far a gradient was off its linear model when last seen, over the square of the step; infinite before.
    least, largest : float
        Extremes of the curvatures of all directions learnt.

    References
    ----------
    Byrd, Nocedal, Schnabel (1994), Representations of quasi-Newton matrices, Mathematical Programming 63.
    Morales, Nocedal (2000), Automatic preconditioning by limited memory quasi-Newton updating, SIAM J. Optim. 10.
    """

    def __init__(self, length: int, room: int | None = None) -> None:
        self.room = (length if length <= _ALL else max(_FEWEST, _ENTRIES // length)) if room is None else room
        self._store, self._known = np.empty((2, 0, length)), 0
        self.scale = 1.0
        self.products = 0
        self.contraction = self.bend = np.inf
        self.least, self.largest = np.inf, 0.0

    def __len__(self) -> int:
        """Return the number of pairs."""
        return self._known

    @property
    def _steps(self) -> np.ndarray:
        return self._store[0, : self._known]

    @property
    def _turns(self) -> np.ndarray:
        return self._store[1, : self._known]

    @property
    def sharp(self) -> bool:
        """Whether a step by M is likely to leave little of a residual."""
        return self.contraction <= _SHARP

    @property
    def completable(self) -> bool:
        """Whether there is room for the whole inverse, and something of it is missing."""
        return self._known < self.room == self._store.shape[2]

    @property
    def whole(self) -> bool:
        """Whether M is the inverse of a Hessian rather than of its part on a subspace."""
        return self._known == self._store.shape[2]

    def complete(self, times: Callable[[np.ndarray], np.ndarray]) -> None:
        """Ask for the product with every unit vector, after which M is the inverse; a singular H changes nothing."""
        from scipy.linalg.lapack import dpotrf, dtrtri

        self.products = 0
        hessian = np.array([times(unit) for unit in np.eye(self._store.shape[2])])
        factor, failed = dpotrf((hessian + hessian.T) / 2, lower=1)
        steps, singular = dtrtri(factor, lower=1)
        if not failed and not singular and (np.square(steps).sum(axis=1) * (_FLAT * self.largest) < 1.0).all():
            self._store, self._known = np.array([steps, factor.T]), len(steps)
            self.contraction = _SHARP

    def times(self, v: np.ndarray) -> np.ndarray:
        """Return M v."""
        if not self._known:
            return self.scale * v
        steps, turns = self._steps, self._turns
        known = steps.dot(v)
        if self.whole:
            return known.dot(steps)
        rest = self.scale * (v - known.dot(turns))
        return rest + (known - turns.dot(rest)).dot(steps)

    def learn(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take in what pairs (p, H p) tell beyond the old ones, and forget old ones that they contradict."""
        self.products += len(pairs)
        steps, turns = (np.array(rows) for rows in zip(*pairs, strict=True))
        bends, sizes, turned = (
            np.einsum("ij,ij->i", a, b) for a, b in ((steps, turns), (steps, steps), (turns, turns))
        )
        largest = max(self.largest, float(np.sqrt(turned / sizes).max()))
        curved = bends > _FLAT * largest * sizes  # other directions teach nothing
        if not curved.any():
            return
        bends, sizes, turned = bends[curved], sizes[curved], turned[curved]
        self.least, self.largest = min(self.least, float((bends / sizes).min())), largest
        self.scale = float(bends[-1] / turned[-1])
        if not self.room:
            return
        root = np.sqrt(bends)[:, None]
        self._append(*self._conjugate(steps[curved] / root, turns[curved] / root))

    def _conjugate(self, steps: np.ndarray, turns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is left of the steps, and of their products, once it is conjugate to the old and to itself."""
        if self._known:
            share = turns @ self._steps.T
            fresh = np.abs(share - steps @ self._turns.T).max(axis=0) <= _STALE
            if not fresh.all():
                self._keep(fresh)
                share = share[:, fresh]
            steps, turns = steps - share @ self._steps, turns - share @ self._turns
            if np.einsum("ij,ij->i", steps, turns).min() < _LITTLE:  # where little is left, once loses digits
                share = turns @ self._steps.T
                steps, turns = steps - share @ self._steps, turns - share @ self._turns
        gram = steps @ turns.T
        curvature, basis = np.linalg.eigh((gram + gram.T) / 2)
        new = curvature > _NEW
        basis = (basis[:, new] / np.sqrt(curvature[new])).T
        steps, turns = basis @ steps, basis @ turns
        curved = np.einsum("ij,ij->i", steps, steps) * (_FLAT * self.largest) < 1.0
        return steps[curved], turns[curved]

    def _keep(self, which: np.ndarray) -> None:
        kept = self._store[:, : self._known][:, which]
        self._known = kept.shape[1]
        self._store[:, : self._known] = kept

    def _append(self, steps: np.ndarray, turns: np.ndarray) -> None:
        excess = max(len(steps) - self.room, 0)
        steps, turns = steps[excess:], turns[excess:]
        spare = self._known + len(steps) - self.room
        if spare > 0:  # the oldest make room
            self._keep(np.arange(self._known) >= spare)
        known = self._known + len(steps)
        if known > self._store.shape[1]:
            room = min(2 * known + 8, self.room)
            self._store = np.pad(self._store, ((0, 0), (0, room - self._store.shape[1]), (0, 0)))
        self._store[0, self._known : known], self._store[1, self._known : known] = steps, turns
        self._known = known
