"""What steps have shown of a function's curvature: the inverse Hessian of BFGS from its pairs, all at once."""

import numpy as np

__all__ = ["Pairs"]

_MEMORY = 300
_CURVED = 1e-10  # cosine of step and turn; a pair with less says nothing


class Pairs:
    """Steps s and the turns y of the gradient along them; `times_inverse` is what BFGS makes of them.

    The pairs stay apart from the matrix, so that it can be had on any set of coordinates: the representation of Byrd,
    Nocedal, Schnabel (1994), theorem 2.2. It starts from a multiple of the identity, the largest s'y / y'y: that of
    the latest pair is next to nothing at a kink, and would stand for all directions that no step has gone yet.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._pairs: list[tuple[np.ndarray, np.ndarray]] = []
        self._read(np.ones(self.length, dtype=bool))

    def _read(self, free: np.ndarray) -> None:
        """Start the products of pairs anew, on other coordinates."""
        self._free, self._seen = free.copy(), 0
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
        if len(self._pairs) == _MEMORY:
            del self._pairs[: _MEMORY // 2]  # many at a time: the products of the others are made anew
            self._read(self._free)
        self._pairs.append((step, turn))

    def times_inverse(self, v: np.ndarray, free: np.ndarray, scale: float) -> np.ndarray:
        """Return the inverse Hessian on the free coordinates times v, zero elsewhere; `scale` stands for no pairs."""
        from scipy.linalg import solve_triangular

        self._update(free)
        if not len(self._s):
            return scale * v
        s, y, bends = self._s, self._y, np.diag(self._sy)
        start = float((bends / np.diag(self._yy)).max())
        shares = solve_triangular(self._sy, s @ v, check_finite=False)  # which reads the upper triangle alone
        inner = bends * shares + start * (self._yy @ shares - y @ v)
        inner = solve_triangular(self._sy, inner, trans="T", check_finite=False)
        return start * (v - y.T @ shares) + s.T @ inner

    def _update(self, free: np.ndarray) -> None:
        """Bring the products up to date with new pairs."""
        if not np.array_equal(free, self._free):
            self._read(free)
        fresh = [(np.where(free, s, 0.0), np.where(free, y, 0.0)) for s, y in self._pairs[self._seen :]]
        fresh = [(s, y) for s, y in fresh if _curved(s, y)]
        self._seen = len(self._pairs)
        if fresh:
            steps, turns = (np.array(rows) for rows in zip(*fresh, strict=True))
            across = np.vstack([self._s, steps]) @ turns.T
            self._sy = np.block([[self._sy, across[: len(self._s)]], [steps @ self._y.T, across[len(self._s) :]]])
            self._s, self._y = np.vstack([self._s, steps]), np.vstack([self._y, turns])
            beside = self._y @ turns.T
            old = len(self._y) - len(turns)
            self._yy = np.block([[self._yy, beside[:old]], [beside[:old].T, beside[old:]]])


def _curved(step: np.ndarray, turn: np.ndarray) -> bool:
    return float(step @ turn) > _CURVED * float(np.linalg.norm(step) * np.linalg.norm(turn))
