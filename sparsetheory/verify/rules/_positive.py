"""The synthetic positive control: values on the bound, with the sample's own noise."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..conditions import keep_conditions
from ..sample import Measurement, Sample


def log_ratio(sample: Sample, m: Measurement) -> np.ndarray:
    """Return log(value / bound), NaN where either is not positive and finite or the value is not above its floor."""
    value = np.atleast_1d(np.asarray(m.value, float))
    with np.errstate(all="ignore"):
        ratio = np.log(value) - np.log(sample.bound_at(m))
    return np.where(np.isfinite(ratio) & (value > np.asarray(m.floor, float)), ratio, np.nan)


def resample(sample: Sample, rng: np.random.Generator, put: Callable[[int, Measurement], Measurement]) -> Sample:
    """Draw replicates with replacement, the same ones in all cells of a stratum, and put each record on the bound.

    Whole replicates keep the dependence between sizes; failed records stay failures, so the control has the
    failure rate of the sample as well.
    """
    records = {(o.cell, o.replicate): o for o in sample.observations}
    observations = []
    for stratum in range(len(sample.grid.strata)):
        cells = sorted({c for c, _ in records if sample.stratum_of(c) == stratum})
        replicates = sorted({r for c, r in records if c in set(cells)})
        sources: Sequence[int] = rng.choice(replicates, size=len(replicates)).tolist() if replicates else []
        for cell in cells:
            for replicate, source in zip(replicates, sources, strict=True):
                o = records.get((cell, source))
                if o is not None:
                    m = None if o.measurement is None else keep_conditions(put(cell, o.measurement))
                    observations.append(replace(o, replicate=replicate, measurement=m))
    return replace(sample, observations=observations)


def slot_means(logs: np.ndarray) -> np.ndarray:
    """Return the mean over replicates in every slot."""
    return np.nanmean(logs, axis=0)


def on_the_bound(
    sample: Sample, rng: np.random.Generator, centre: Callable[[np.ndarray], np.ndarray] = slot_means
) -> Sample:  # fmt: skip
    """Recentre log(value / bound) in every slot by `centre` (of shape (R, m) along axis 0), and resample."""
    logs: dict[int, list[np.ndarray]] = {}
    for o in sample.observations:
        if o.measurement is not None:
            logs.setdefault(o.cell, []).append(log_ratio(sample, o.measurement))
    centres = {cell: centre(_stack(rows)) for cell, rows in logs.items()}

    def put(cell: int, m: Measurement) -> Measurement:
        ratio = log_ratio(sample, m)
        residual = np.nan_to_num(ratio - centres[cell][: len(ratio)])
        return replace(m, value=sample.bound_at(m) * np.exp(residual))

    return resample(sample, rng, put)


def _stack(rows: list[np.ndarray]) -> np.ndarray:
    """Stack vectors of unequal length, padded with NaN; a column without a number becomes zeros."""
    stacked = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, values in zip(stacked, rows, strict=True):
        row[: len(values)] = values
    stacked[:, np.isnan(stacked).all(axis=0)] = 0.0
    return stacked
