"""The search for the best maximum: starts, screening, finishes, moves between basins, and the penalty taken off."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .._validation import check_choice
from ..result import Status
from .em import EM
from .fitting import End, Fitting, masses
from .likelihood import Likelihood
from .parameters import Parameters
from .starts import STYLES, memberships

__all__ = ["best_maximum"]

_SUBSAMPLE = 3000  # samples that the search goes on; only its best ends are finished on all of them
_PER_PARAMETER = 40  # samples of the subsample for each free parameter, at least
_FIRST = 5  # EM steps of every start
_SCREENED = 3  # starts screened for each that is asked for
_FINISHED = 4  # best starts that are finished, at least; few samples afford more
_AFFORDED = 40_000  # samples times starts that are finished without a second thought
_SPARSE = 5_000  # the same for sparse gates, whose finish takes longer
_FREED = 8  # most ends that the penalty is taken off
_WINDOW = 3.0  # how far, in log-likelihood, one of them may be behind the best
_SHARPNESS = (1.0, 5.0, 30.0)  # of gates between segments, in units where the covariate has variance one
_PLACES = 150  # where these segments may end: fewer than where segments are the answer
_SAME = 1e-7  # ends of the same objective per sample are the same
_COLLAPSED = 1e-9  # relative to the variance of a single regression
_UNUSED = 1e-6  # samples; an expert with fewer has left the mixture, which is no collapse


def best_maximum(fitting: Fitting, init: Any, n_init: int, tau: float, rng: np.random.Generator) -> End:
    """Return the best maximum found from the starts that `init` asks for."""
    given = fitting.given(init)
    if given is not None:
        end = _from_one(fitting, given)
        fitting.values = [end.value]
        return end
    everything, rows = fitting.likelihood(), _subsample(fitting, rng)
    likelihood = everything if len(rows) == len(fitting.data.y) else fitting.likelihood(rows)
    ends = _ends(fitting, likelihood, rows, init, n_init, tau, rng)
    fitting.values = [end.value for end in ends]
    if fitting.ends_free:
        ratio = len(fitting.data.y) / len(rows) - 1.0
        return _freed(fitting, ends, window=_WINDOW + ratio * fitting.layout.n_free)
    if likelihood is not everything:
        ends = [fitting.finish(everything, end.at, roughly=True) for end in _distinct(ends)[:_FINISHED]]
    return fitting.finish(everything, max(ends, key=lambda end: end.value).at)


def _from_one(fitting: Fitting, start: Parameters) -> End:
    """Return where one start leads: without a penalty if that is an interior maximum."""
    if fitting.ends_free:
        likelihood = fitting.likelihood(penalty=0.0)
        free = fitting.finish(likelihood, start)
        if _interior(fitting, likelihood, free, free):
            return free
    end = fitting.finish(fitting.likelihood(), start, roughly=fitting.ends_free)
    return _freed(fitting, [end], window=_WINDOW) if fitting.ends_free else end


def _subsample(fitting: Fitting, rng: np.random.Generator) -> np.ndarray:
    rows = np.flatnonzero(fitting.data.weight > 0)
    size = max(_SUBSAMPLE, _PER_PARAMETER * fitting.layout.n_free)
    return rows if len(rows) <= size else np.sort(rng.choice(rows, size, replace=False))


def _ends(
    fitting: Fitting, likelihood: Likelihood, rows: np.ndarray, init: Any, n_init: int, tau: float,
    rng: np.random.Generator,
) -> list[End]:  # fmt: skip
    """Return the ends of the best starts and of the moves from the best end, on some of the samples."""
    starts = _drawn(fitting, rows, init, tau, rng)
    kept = _screened(fitting, likelihood, itertools.islice(starts, _SCREENED * n_init))
    most = max(_FINISHED, _AFFORDED // len(rows))
    if fitting.gate.smooth and init == "auto":
        kept = [*_segmented(fitting, likelihood, rows, tau), *kept]
    if not fitting.gate.smooth:
        most = max(_FINISHED, _SPARSE // len(rows))
        segments = fitting.segments(likelihood) if init == "auto" else None
        lowered = _lowered(fitting, rows, init, n_init, tau, rng, most=most // 2)
        kept = [*([] if segments is None else [replace(segments, tau=tau)]), *lowered, *kept]
    ends = [fitting.finish(likelihood, start, roughly=True) for start in kept[:most]]
    return ends + list(_moved(fitting, likelihood, max(ends, key=lambda end: end.value)))


def _segmented(fitting: Fitting, likelihood: Likelihood, rows: np.ndarray, tau: float) -> Iterator[Parameters]:
    """Yield where EM leads from the best segments of a line, under gates from soft to sharp.

    Drawn starts of three or more experts miss the places of sharp gates, of which every one is a maximum of its own.
    """
    gate = fitting.gate
    if not gate.linear or fitting.layout.d > 1 or gate.n_experts < 3:
        return
    hard = fitting.with_gate(replace(gate, top_k=1))
    best = hard.segments(hard.likelihood(rows), most=_PLACES)
    if best is None:
        return
    for sharpness in _SHARPNESS:
        em = fitting.shortly(likelihood, fitting.ready(replace(best, gate=sharpness * tau * best.gate, tau=tau)))
        if math.isfinite(em.found.value):
            yield em.at


def _drawn(fitting: Fitting, rows: np.ndarray, init: Any, tau: float, rng: np.random.Generator) -> Iterator[Parameters]:
    """Yield starts without end."""
    style = check_choice(init, "init", ("auto", *STYLES))
    styles = tuple(STYLES) if style == "auto" else (style,)
    for labels in memberships(fitting.data.X[rows], fitting.data.y[rows], fitting.gate.n_experts, rng, styles=styles):
        yield fitting.start(rows, labels, tau)


def _screened(fitting: Fitting, likelihood: Likelihood, starts: Iterator[Parameters]) -> list[Parameters]:
    """Return where a few EM steps lead from the starts, the best first, each place once.

    The better half after a third of the steps makes the others too.
    """
    runs = _ranked([fitting.shortly(likelihood, start, steps=_FIRST) for start in starts])
    runs = _ranked([fitting.shortly(likelihood, em.at) for em in runs[: (len(runs) + 1) // 2]])
    fitting.count(likelihood)
    return [em.at for em in runs]


def _ranked(runs: list[EM]) -> list[EM]:
    """Return the runs, the best first, each objective once."""
    kept: list[EM] = []
    for em in sorted(runs, key=lambda em: -em.found.value):
        if math.isfinite(em.found.value) and (not kept or kept[-1].found.value - em.found.value > _SAME):
            kept.append(em)
    if not kept:
        raise FloatingPointError("no start has a finite likelihood")
    return kept


def _lowered(
    fitting: Fitting, rows: np.ndarray, init: Any, n_init: int, tau: float, rng: np.random.Generator, *, most: int
) -> Iterator[Parameters]:
    """Yield starts of a sparse gate: fits of the dense one, with ever fewer active experts.

    Lowering the temperature of the dense fits instead, or of every other one, finds no better ends in the same time.
    """
    k, top_k = fitting.gate.n_experts, fitting.gate.top_k
    dense = fitting.with_gate(replace(fitting.gate, top_k=k))
    ends = _distinct(_ends(dense, dense.likelihood(rows), rows, init, n_init, tau, rng))
    fitting.n_passes += dense.n_passes
    for end in ends[:most]:
        at = end.at
        for active in range(k - 1, top_k - 1, -1):
            stage = fitting.with_gate(replace(fitting.gate, top_k=active))
            likelihood = stage.likelihood(rows)
            at = stage.shortly(likelihood, at).at
            fitting.count(likelihood)
        yield at


def _distinct(ends: list[End]) -> list[End]:
    """Return the ends, the best first, each objective once."""
    kept: list[End] = []
    for end in sorted(ends, key=lambda end: -end.value):
        if math.isfinite(end.value) and (not kept or kept[-1].value - end.value > _SAME):
            kept.append(end)
    return kept or ends[:1]


def _moved(fitting: Fitting, likelihood: Likelihood, best: End) -> Iterator[End]:
    """Yield the ends of moves to better basins, for as long as there are any near."""
    for _ in range(fitting.gate.n_experts):
        before = best.value
        for candidate in fitting.moves(likelihood, best.at):
            em = fitting.shortly(likelihood, fitting.layout.referred(candidate))
            if em.found.value > best.value - 0.5 / fitting.layout.n_free:
                end = fitting.finish(likelihood, em.at, roughly=True)
                yield end
                best = max(best, end, key=lambda end: end.value)
        if best.value <= before + 1e-9:
            break


def _freed(fitting: Fitting, ends: list[End], *, window: float) -> End:
    """Return the best interior maximum of the likelihood without penalty next to these ends.

    The penalty ranks ends otherwise than the likelihood does: all are followed whose likelihood is close to that of the
    best one that leads to such a maximum. One that collapses, towards a variance of zero or fewer samples than an
    expert has parameters, is none; where all do, the best penalised end stays. Ends of a subsample are off by about
    their number of parameters, in log-likelihood of the subsample: `window` has to be as much wider.
    """
    likelihood = fitting.likelihood(penalty=0.0)
    ends = _distinct(ends)
    bare = [likelihood.value(end.at) for end in ends]
    most, first = min(_FREED, max(2, _AFFORDED // len(likelihood.weight))), -math.inf
    inside = []
    for i in np.argsort(bare)[::-1][:most]:
        if bare[i] < first - window / likelihood.total:
            break
        free = fitting.finish(likelihood, ends[i].at)
        if _interior(fitting, likelihood, free, ends[i]):
            inside.append(replace(free, n_switches=free.n_switches + ends[i].n_switches))
            first = max(first, bare[i])
    return max(inside, key=lambda end: end.value) if inside else fitting.finish(fitting.likelihood(), ends[0].at)


def _interior(fitting: Fitting, likelihood: Likelihood, free: End, penalised: End) -> bool:
    """Return whether the likelihood has a maximum here, and one that is that of the penalised end."""
    if free.outcome.status is not Status.CONVERGED or fitting.collapsed(free.at, _COLLAPSED):
        return False
    mass, before = masses(likelihood, free.at), masses(likelihood, penalised.at)
    used = before > _UNUSED
    return bool((mass[used] >= fitting.layout.needed).all() and (mass >= 0.5 * before).all())
