"""The server's side of the non-interactive protocol: sums of reports, read as second moments."""

import math
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .params import LDPParams
from .prediction import GramNoise
from .report_stats import ReportStats

__all__ = ["GramStats"]


class GramStats(ReportStats):
    """Counts and integer sums of the reports of the non-interactive protocol: mergeable, exact in any order.

    Parameters
    ----------
    params : LDPParams
        What clients were told.
    track_users : bool, default False
        Remember who has reported and refuse a second report.
    simulated : bool, default False
        For reports made with a predictable generator, which never mix with real ones.

    Attributes
    ----------
    n, counts : int, dict
        Reports, and reports of each block.
    noise : GramNoise
        Standard deviations of the noise in the means below.
    guarantee : PrivacyGuarantee
        What every user was promised.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> params = ldp.LDPParams(2, 1.0, 1e-5, x_radius=1.5, y_bound=2.0, mechanism="gaussian")
    >>> left, right = ldp.GramStats(params), ldp.GramStats(params)
    >>> _ = left.absorb(ldp.GramClient(params).privatize([1.0, -1.0], 0.3))
    >>> _ = right.absorb(ldp.GramClient(params).privatize([0.5, 1.0], 1.2))
    >>> both = left + right
    >>> both.n, both == right + left, both.gram().shape
    (2, True, (2, 2))
    """

    _kind = "gram statistics"

    @property
    def params(self) -> LDPParams:
        """Return what clients were told."""
        params: LDPParams = self.agreement
        return params

    @classmethod
    def _read_agreement(cls, fields: dict[str, Any]) -> LDPParams:
        return LDPParams(**fields)

    def gram(self) -> np.ndarray:
        """Return the unbiased mean of x x^T over users, clipped to the bounds, (d, d).

        Raises
        ------
        InvalidArgument
            If nobody was asked, because covariates are public, or nobody has reported yet.
        """
        return self._read("gram")

    def cross_moment(self) -> np.ndarray:
        """Return the unbiased mean of x y over users, (d,)."""
        return self._read("cross")

    @property
    def noise(self) -> GramNoise:
        """Return the deviations of the noise in the means; zero for a Gram matrix that is public."""
        parts = {"off_diagonal": 0.0, "diagonal": 0.0, "cross": math.nan}
        for name, block in self._blocks.items():
            sd = math.sqrt(block.randomizer.variance / self._counts[name]) if self._counts[name] else math.inf
            found = block.query.noise(sd)._asdict()
            parts |= {part: value for part, value in found.items() if not math.isnan(value)}
        return GramNoise(**parts)

    def _read(self, what: str) -> np.ndarray:
        for name, block in self._blocks.items():
            if getattr(block.query, what)(np.zeros(block.query.length)) is not None:
                return np.asarray(getattr(block.query, what)(self._mean(name)))
        raise InvalidArgument("stats", "reports of the Gram matrix", "the protocol of public covariates: public_gram")
