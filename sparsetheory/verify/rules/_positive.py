"""The synthetic positive control: values on the bound, with the sample's own noise."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..sample import Measurement, Observation, Sample


def log_ratio(sample: Sample, m: Measurement) -> np.ndarray:
    """Return log(value / bound), NaN where either is not positive and finite or the value is not above its floor."""
    value = np.atleast_1d(np.asarray(m.value, float))
    with np.errstate(all="ignore"):
        ratio = np.log(value) - np.log(sample.bound_at(m))
    return np.where(np.isfinite(ratio) & (value > np.asarray(m.floor, float)), ratio, np.nan)


def resample(sample: Sample, rng: np.random.Generator, put: Callable[[Observation], Observation]) -> Sample:
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
                    moved = o if o.measurement is None else put(o)
                    observations.append(replace(moved, replicate=replicate))
    return replace(sample, observations=observations)


def on_the_bound(
    sample: Sample, rng: np.random.Generator, centre: Callable[[np.ndarray], np.ndarray]
) -> Sample:  # fmt: skip
    """Recentre log(value / bound) in every slot by `centre` (of shape (R, m) along axis 0), and resample."""
    logs: dict[int, list[np.ndarray]] = {}
    for o in sample.observations:
        if o.measurement is not None:
            logs.setdefault(o.cell, []).append(log_ratio(sample, o.measurement))
    centres = {cell: centre(_stack(rows)) for cell, rows in logs.items()}

    def put(o: Observation) -> Observation:
        assert o.measurement is not None
        ratio = log_ratio(sample, o.measurement)
        residual = np.nan_to_num(ratio - centres[o.cell][: len(ratio)])
        value = sample.bound_at(o.measurement) * np.exp(residual)
        return replace(o, measurement=replace(o.measurement, value=value))

    return resample(sample, rng, put)


def _stack(rows: list[np.ndarray]) -> np.ndarray:
    """Stack vectors of unequal length, padded with NaN; a column without a number becomes zeros."""
    stacked = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, values in zip(stacked, rows, strict=True):
        row[: len(values)] = values
    stacked[:, np.isnan(stacked).all(axis=0)] = 0.0
    return stacked
