"""Plan: what a study will be able to see, told from a small pilot before anything is spent."""

import math
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
from scipy.special import ndtri

from ..errors import InvalidArgument
from .estimate import mean_estimate, replicate_slopes, slope_weights, student, violation_limit
from .panel import Panel
from .rules import Drift, EveryInstance, Joint, Logarithm, Order, Ratio
from .rules.drift import LEAST_SIZES
from .rules.order import mean_order
from .sample import Sample
from .study import Budget
from .verdict import Rule

__all__ = ["Plan", "plan"]

#: Chance that a planned study leaves each edge of its margin behind, at the exact claim.
POWER = 0.95


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a budget buys.

    Attributes
    ----------
    standard_error : float
        Predicted standard error of the estimand in the worst stratum; NaN where the rule has none.
    detectable_margin : float
        Smallest margin at which an exact claim comes out supported with 90% chance (95% for a one-sided claim):
        3.29 standard errors at alpha = 5%. For `EveryInstance` the violation rate that the trials can exclude.
    margin : float
        The declared margin.
    powered : bool
        Whether the declared margin is at least the detectable one.
    replicates_needed : int
        Replicates at which it would be, on the same grid.
    smallest_refuted : float
        Least deviation of the truth from the claim that comes out refuted with 95% chance by each interval of the rule.
    """

    standard_error: float
    detectable_margin: float
    margin: float
    powered: bool
    replicates_needed: int
    smallest_refuted: float


@singledispatch
def plan(rule: Rule, pilot: Sample, budget: Budget) -> Plan:
    r"""Predict what a budget can see from the noise of a pilot.

    The standard error of a slope is :math:`s/\sqrt{R\,S_{xx}}` with s the standard deviation of log(value/bound) at
    fixed size, R replicates and :math:`S_{xx}` the spread of the abscissas; a pilot on the budget's own sizes also
    shows the dependence between sizes, and its replicate slopes are used as they are.

    Parameters
    ----------
    rule : Rule
        With the declared margin and level.
    pilot : Sample
        About 20 replicates, on the budget's grid or on two or more of its sizes.
    budget : Budget
        What is to be spent.

    Returns
    -------
    Plan

    Raises
    ------
    InvalidArgument
        If no cell of the pilot has two usable replicates.
    """
    raise TypeError(f"no plan for a rule of type {type(rule).__name__}")


@plan.register
def _(rule: Drift, pilot: Sample, budget: Budget) -> Plan:
    errors = [_slope_errors(rule, pilot, stratum, budget) for stratum in range(len(pilot.grid.strata))]
    return _two_tests(rule, budget, _worst([e[0] for e in errors]), _worst([max(e) for e in errors]))


@plan.register
def _(rule: Ratio, pilot: Sample, budget: Budget) -> Plan:
    panels = [Panel.of(pilot, stratum) for stratum in range(len(pilot.grid.strata))]
    spread = _worst([sd for panel in panels for sd in _spreads(panel)])
    return _two_tests(rule, budget, spread / math.sqrt(budget.replicates))


@plan.register
def _(rule: Order, pilot: Sample, budget: Budget) -> Plan:
    means = [mean_order(rule.deviations(pilot, stratum)[0]) for stratum in range(len(pilot.grid.strata))]
    spread = _worst([mean.standard_error * math.sqrt(mean.df + 1) for mean in means])
    return _two_tests(rule, budget, spread / math.sqrt(budget.replicates))


@plan.register
def _(rule: EveryInstance, pilot: Sample, budget: Budget) -> Plan:
    each = rule.trials_of(budget.grid)
    limit = violation_limit(budget.replicates * each, level=1 - rule.alpha)
    return Plan(
        standard_error=math.nan,
        detectable_margin=limit,
        margin=rule.margin,
        powered=limit < rule.margin,
        replicates_needed=math.ceil(rule.trials_needed() / each),
        smallest_refuted=violation_limit(budget.replicates * each, level=POWER),
    )


@plan.register
def _(rule: Joint, pilot: Sample, budget: Budget) -> Plan:
    spread = _pooled([sd for stratum in range(len(pilot.grid.strata)) for sd in _spreads(Panel.of(pilot, stratum))])
    cells = [budget.grid.cell(index) for index in range(len(budget.grid))]
    logs = {}
    for factor, formula in rule.formulas.items():
        if unknown := sorted(set(formula.symbols) - set(cells[0])):
            raise InvalidArgument("factors", f"parameters of the grid, to plan {factor} ahead", unknown)
        logs[factor] = np.log([float(formula(**{name: cell[name] for name in formula.symbols})) for cell in cells])
    norms = [
        float(np.linalg.norm(slope_weights(own, *(column for name, column in logs.items() if name != factor))))
        for factor, own in logs.items()
    ]
    return _two_tests(rule, budget, spread * _worst(norms) / math.sqrt(budget.replicates))


@plan.register
def _(rule: Logarithm, pilot: Sample, budget: Budget) -> Plan:
    """Both have to succeed: the exponent inside its margin, and the power law rejected at the claimed exponent."""
    panels = [Panel.of(pilot, stratum) for stratum in range(len(pilot.grid.strata))]
    spread = _worst([sd for panel in panels for sd in _spreads(panel)]) / math.sqrt(budget.replicates)
    logs = np.log(np.asarray(budget.grid.sizes, float))
    exponent = _two_tests(rule, budget, spread * float(np.linalg.norm(slope_weights(np.log(logs)))))
    claimed = min(abs(_log_exponent(panel)) for panel in panels)
    needed = _quantile(rule, budget.replicates, 1 - rule.alpha) + float(ndtri(POWER))
    factor = needed * spread * float(np.linalg.norm(slope_weights(np.log(logs), logs))) / claimed
    return replace(
        exponent,
        powered=exponent.powered and factor <= 1,
        replicates_needed=max(exponent.replicates_needed, math.ceil(budget.replicates * factor**2)),
    )


def _log_exponent(panel: Panel) -> float:
    """Return the exponent of log n in the bound, from the sizes of the pilot."""
    return float(slope_weights(np.log(np.log(panel.places))) @ np.nanmedian(panel.bound, axis=0))


def _two_tests(
    rule: Drift | Joint | Logarithm | Ratio | Order, budget: Budget, error: float, widest: float | None = None
) -> Plan:
    """Return the plan of two one-sided tests, from the standard errors of the estimate and of its widest companion."""
    z = _quantile(rule, budget.replicates, 1 - rule.alpha) + float(ndtri(POWER))
    detectable = z * error
    return Plan(
        standard_error=error,
        detectable_margin=detectable,
        margin=rule.margin,
        powered=detectable <= rule.margin,
        replicates_needed=max(2, math.ceil(budget.replicates * (detectable / rule.margin) ** 2)),
        smallest_refuted=rule.margin + z * (error if widest is None else widest),
    )


def _quantile(rule: Drift | Joint | Logarithm | Ratio | Order, replicates: int, side: float) -> float:
    """Return the half-width of an interval of one-sided level `side` in standard errors (of a t quantile the limit)."""
    return float(ndtri(side)) if rule.critical is student else rule.critical(replicates - 1, 2 * side - 1)


def _spreads(panel: Panel) -> list[float]:
    """Return the standard deviation of log(value/bound) in every slot with two usable replicates."""
    columns = (column[~np.isnan(column)] for column in panel.ratio.T)
    return [float(column.std(ddof=1)) for column in columns if len(column) > 1]


def _worst(values: list[float]) -> float:
    known = [v for v in values if not math.isnan(v)]
    if not known:
        raise InvalidArgument("pilot", "a cell with two usable replicates", "none")
    return max(known)


def _pooled(spreads: list[float]) -> float:
    """Return the standard deviation of cells that share a law."""
    if not spreads:
        raise InvalidArgument("pilot", "a cell with two usable replicates", "none")
    return math.sqrt(float(np.mean(np.square(spreads))))


def _slope_errors(rule: Drift, pilot: Sample, stratum: int, budget: Budget) -> tuple[float, float]:
    """Predict the standard errors of the mean slope and of the corrected slope (the same one without a correction)."""
    panel = rule.panel(pilot, stratum)
    spreads = _spreads(panel)
    if not spreads:
        return math.nan, math.nan
    corrects = rule.companions and rule.correction is not None
    if list(pilot.grid.sizes) == list(budget.grid.sizes) and panel.ratio.shape[1] >= LEAST_SIZES and not panel.crippled:
        place = np.where(np.isnan(panel.place), panel.places, panel.place)
        columns = [rule.abscissa(place)] + ([rule.correction_column(place)] if corrects else [])
        means = [mean_estimate(replicate_slopes(panel.ratio, c, least=LEAST_SIZES)) for c in (columns[:1], columns)]
        plain, corrected = (mean.standard_error * math.sqrt(mean.df + 1) for mean in means)
    else:
        places = _places(rule, pilot, stratum, budget)
        spread = _pooled(spreads)
        others = [rule.correction_column(places)] if corrects else []
        plain = spread * float(np.linalg.norm(slope_weights(rule.abscissa(places))))
        corrected = spread * float(np.linalg.norm(slope_weights(rule.abscissa(places), *others)))
    return plain / math.sqrt(budget.replicates), corrected / math.sqrt(budget.replicates)


def _places(rule: Drift, pilot: Sample, stratum: int, budget: Budget) -> np.ndarray:
    """Return the abscissas of the budget's sizes: the sizes themselves, or what a line through the pilot's predicts."""
    sizes = np.asarray(budget.grid.sizes, float)
    if rule.axis in (None, budget.grid.axis):
        return sizes
    seen: dict[float, list[float]] = {}
    for size, place in rule.panel(pilot, stratum).pairs():
        seen.setdefault(size, []).append(place)
    if len(seen) < 2:
        raise InvalidArgument("pilot", f"two sizes or more, to learn where {rule.axis} lies", len(seen))
    middle = [float(np.median(places)) for places in seen.values()]
    return np.asarray(np.polyval(np.polyfit(list(seen), middle, 1), sizes))
