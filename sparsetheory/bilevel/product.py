"""Products of sets over coordinates in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import check_count
from ..errors import InvalidArgument
from .given_sets import as_set
from .sets import Face

__all__ = ["Product"]


@dataclass(frozen=True, eq=False)
class Product:
    """The product of sets, each over so many coordinates in turn.

    The sets may be given as those of a `Problem`: None, pairs of bounds and projections of one's own will do.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> both = bilevel.Product([bilevel.Box(0, 1), bilevel.Free()], [1, 2])
    >>> both.project(np.array([7.0, 8.0, 9.0]))
    array([1., 8., 9.])
    """

    sets: Sequence[Any]
    sizes: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.sets) != len(self.sizes):
            raise InvalidArgument("sizes", f"{len(self.sets)} numbers, one a set", f"{len(self.sizes)}")
        sizes = [check_count(size, "sizes") for size in self.sizes]
        parts = [as_set(part, size, "sets") for part, size in zip(self.sets, sizes, strict=True)]
        object.__setattr__(self, "sets", parts)
        object.__setattr__(self, "sizes", sizes)

    def check(self, length: int, name: str) -> None:
        """Refuse another total length."""
        if sum(self.sizes) != length:
            raise InvalidArgument(name, f"sets over {length} coordinates in all", f"{sum(self.sizes)}")

    def _split(self, v: np.ndarray) -> list[np.ndarray]:
        return np.split(v, np.cumsum(self.sizes)[:-1])

    def project(self, v: np.ndarray) -> np.ndarray:
        """Project part by part."""
        return np.concatenate([s.project(part) for s, part in zip(self.sets, self._split(v), strict=True)])

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the product of the faces."""
        parts = zip(self.sets, self._split(y), self._split(gradient), strict=True)
        faces = [s.face(part, slope) for s, part, slope in parts]
        bends = [np.broadcast_to(face.curvature, size) for face, size in zip(faces, self.sizes, strict=True)]

        def tangent(v: np.ndarray) -> np.ndarray:
            return np.concatenate([face.tangent(part) for face, part in zip(faces, self._split(v), strict=True)])

        return Face(
            tangent, np.concatenate(bends), min(face.margin for face in faces), all(face.known for face in faces)
        )
