"""What steps have shown of a function's curvature: the inverse Hessian of BFGS from its pairs, all at once."""

import numpy as np

__all__ = ["Pairs"]

_FEWEST = 300  # pairs kept; and where numbers allow, three for each coordinate: a kink forgotten is met again
_ENTRIES = 2_000_000  # numbers in the steps of all of those
_CURVED = 1e-10  # cosine of step and turn; a pair with less says nothing


class Pairs:
    """Steps s and the turns y of the gradient along them; `times_inverse` is what BFGS makes of them.

    The pairs stay apart from the matrix, so that it can be had on any set of coordinates: the representation of Byrd,
    Nocedal, Schnabel (1994), theorem 2.2. It starts from a multiple of the identity, the largest s'y / y'y: that of
    the latest pair is next to nothing at a kink, and would stand for all directions that no step has gone yet.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.room = max(_FEWEST, min(3 * length, _ENTRIES // max(length, 1)))
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._read(np.ones(self.length, dtype=bool))

    def _read(self, free: np.ndarray) -> None:
        """Start the products of pairs anew, on other coordinates."""
        self._free, self._seen, self._known, self._start = free.copy(), 0, 0, 0.0
        self._s = self._y = np.empty((0, self.length))
        self._sy = self._yy = np.empty((0, 0))

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._pairs)

    @property
    def last(self) -> tuple[np.ndarray, np.ndarray]:
        """The latest pair."""
        return self._pairs[-1]

    def add(self, step: np.ndarray, turn: np.ndarray) -> None:
        """Remember a pair, if the function is convex along it."""
        if not _curved(step, turn):
            return
        if len(self._pairs) == self.room:
            del self._pairs[: self.room // 2]  # many at a time: the products of the others are made anew
            self._read(self._free)
        self._pairs.append((step, turn))

    def times_inverse(self, v: np.ndarray, free: np.ndarray, scale: float) -> np.ndarray:
        """Return the inverse Hessian on the free coordinates times v, zero elsewhere; `scale` stands for no pairs."""
        from scipy.linalg.lapack import dtrtrs  # whose checked twin costs more than the rest of this

        self._update(free)
        k, start = self._known, self._start
        if not k:
            return scale * v
        s, y, sy = self._s[:k], self._y[:k], self._sy[:k, :k]
        shares = dtrtrs(sy, s.dot(v))[0]
        inner = sy.diagonal() * shares + start * (self._yy[:k, :k].dot(shares) - y.dot(v))
        inner = dtrtrs(sy, inner, trans=1)[0]
        return start * (v - shares.dot(y)) + inner.dot(s)

    def _update(self, free: np.ndarray) -> None:
        """Bring the products up to date with new pairs."""
        if not np.array_equal(free, self._free):
            self._read(free)
        whole = bool(free.all())
        for step, turn in self._pairs[self._seen :]:
            if not whole:
                step, turn = np.where(free, step, 0.0), np.where(free, turn, 0.0)
            if _curved(step, turn):
                self._append(step, turn)
        self._seen = len(self._pairs)

    def _append(self, step: np.ndarray, turn: np.ndarray) -> None:
        k = self._known
        if k == len(self._s):
            room = 2 * k + 16
            self._s, self._y = _grown(self._s, (room, self.length)), _grown(self._y, (room, self.length))
            self._sy, self._yy = _grown(self._sy, (room, room)), _grown(self._yy, (room, room))
        self._s[k], self._y[k], self._known = step, turn, k + 1
        self._sy[: k + 1, k] = self._s[: k + 1].dot(turn)  # the upper triangle alone is read
        self._yy[: k + 1, k] = self._yy[k, : k + 1] = self._y[: k + 1].dot(turn)
        self._start = max(self._start, float(self._sy[k, k] / self._yy[k, k]))


def _grown(array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    larger = np.zeros(shape)
    larger[: array.shape[0], : array.shape[1]] = array
    return larger


def _curved(step: np.ndarray, turn: np.ndarray) -> bool:
    bend, size, turned = float(step.dot(turn)), float(step.dot(step)), float(turn.dot(turn))
    return bend > _CURVED * (size * turned) ** 0.5
