r"""What a schedule costs: exponents of 1/epsilon as a linear programme, solved in fractions with its dual.

Every quantity of a schedule is a power of the accuracy: sigma is :math:`\epsilon^s`, the upper step
:math:`\epsilon^a`, the number of rounds :math:`\epsilon^{-K}`. What an analysis asks of them (a small bias, small
noise, enough descent) are linear inequalities between the exponents, and the best schedule of that analysis minimises
the exponent of the total number of gradients. Constants and logarithms are left out. That no schedule does better
*within the analysis* is what the multipliers of the dual prove; what an algorithm needs at least is another question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

__all__ = ["COST", "Balance", "Optimum", "Requirement", "double_loop", "single_loop"]

Noise = Literal["none", "f", "both"]

#: Name of the exponent that is minimised: the total number of gradients is epsilon^-cost.
COST = "cost"

#: Denominators of vertices that are searched; those of the schedules here are 1.
_LARGEST_DENOMINATOR = 1000


@dataclass(frozen=True)
class Requirement:
    r"""A condition on the exponents, :math:`\sum_v w_v e_v \ge b`.

    Attributes
    ----------
    name : str
    weights : mapping of str to int
        Exponent -> its weight w.
    least : int
        The right-hand side b.
    why : str
        The condition on the quantities themselves, mathematics between dollars.
    """

    name: str
    weights: Mapping[str, int]
    least: int
    why: str

    def slack(self, exponents: Mapping[str, Fraction]) -> Fraction:
        """Return by how much exponents exceed what is required; negative where they violate it."""
        return sum((w * exponents[v] for v, w in self.weights.items()), Fraction(-self.least))


@dataclass(frozen=True)
class Optimum:
    """A schedule and the multipliers that prove it optimal.

    Attributes
    ----------
    exponents : mapping of str to Fraction
        At least zero each.
    multipliers : mapping of str to Fraction
        Requirement -> its multiplier, at least zero.
    """

    exponents: Mapping[str, Fraction]
    multipliers: Mapping[str, Fraction]

    @property
    def cost(self) -> Fraction:
        """The least exponent of the total number of gradients."""
        return self.exponents[COST]


@dataclass(frozen=True)
class Balance:
    r"""The linear programme: minimise the exponent `COST` over non-negative exponents that meet all requirements.

    Attributes
    ----------
    requirements : tuple of Requirement

    Examples
    --------
    >>> from sparsetheory.bilevel.exponent_balance import double_loop
    >>> balance = double_loop(noise="both", uniform=False)
    >>> best = balance.solve()
    >>> best.cost, balance.check(best)
    (Fraction(7, 1), True)
    """

    requirements: tuple[Requirement, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The exponents, in the order in which requirements name them."""
        return tuple(dict.fromkeys(name for each in self.requirements for name in each.weights))

    def feasible(self, exponents: Mapping[str, Fraction]) -> bool:
        """Return whether exponents are a schedule: non-negative, all requirements met."""
        return all(exponents[v] >= 0 for v in self.names) and all(r.slack(exponents) >= 0 for r in self.requirements)

    def proves(self, multipliers: Mapping[str, Fraction]) -> Fraction | None:
        r"""Return the lower bound on the cost that multipliers prove, None where they prove nothing.

        With multipliers :math:`\lambda \ge 0` whose combination of the requirements has weight at most one at the cost
        and at most zero at every other exponent, any schedule has
        :math:`e_{cost} \ge \sum_r \lambda_r \sum_v w_{r v} e_v \ge \sum_r \lambda_r b_r`.
        """
        total = dict.fromkeys(self.names, Fraction(0))
        for each in self.requirements:
            for v, w in each.weights.items():
                total[v] += multipliers[each.name] * w
        dual = all(share >= 0 for share in multipliers.values())
        dual = dual and all(weight <= (v == COST) for v, weight in total.items())
        return sum((multipliers[r.name] * r.least for r in self.requirements), Fraction(0)) if dual else None

    def check(self, optimum: Optimum) -> bool:
        """Return whether schedule and multipliers prove each other optimal, in fractions."""
        return self.feasible(optimum.exponents) and self.proves(optimum.multipliers) == optimum.cost

    def certifies(self, cost: int | Fraction) -> tuple[bool, str]:
        """Return whether a cost is the least one, with the multipliers that prove it: a step of a proof."""
        best = self.solve()
        shares = ", ".join(f"{name} {share}" for name, share in best.multipliers.items() if share)
        return self.check(best) and best.cost == cost, f"cost {best.cost}, multipliers: {shares}"

    def solve(self) -> Optimum:
        """Return the optimum; a floating-point solver proposes the vertex, `check` decides.

        Raises
        ------
        ArithmeticError
            Where the proposal, rounded to fractions, is not optimal: without a solution, or one of large denominators.
        """
        from scipy.optimize import linprog

        names = self.names
        found = linprog(
            [float(v == COST) for v in names], A_ub=[[-r.weights.get(v, 0) for v in names] for r in self.requirements],
            b_ub=[-r.least for r in self.requirements], method="highs-ds",
        )  # fmt: skip
        if found.x is None:
            raise ArithmeticError(f"no schedule meets all requirements: {found.message}")
        optimum = Optimum(
            {v: _fraction(value) for v, value in zip(names, found.x, strict=True)},
            {r.name: _fraction(-m) for r, m in zip(self.requirements, found.ineqlin.marginals, strict=True)},
        )
        if not self.check(optimum):
            raise ArithmeticError(f"the proposal {optimum} does not prove itself")
        return optimum


def _fraction(value: float) -> Fraction:
    return Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)


_BIAS = Requirement("bias", {"sigma": 1}, 1, r"$\sigma \leq \epsilon$: gradients of $\psi_\sigma$ are off by $\sigma$")


def double_loop(*, noise: Noise, uniform: bool) -> Balance:
    r"""Return the balance of T lower steps before each upper one along a mean of M samples.

    Exponents: ``sigma`` and ``step`` of :math:`\epsilon`, ``rounds`` (K), ``lower`` (T), ``batch`` (M) and ``cost`` of
    :math:`1/\epsilon`.

    Parameters
    ----------
    noise : {"none", "f", "both"}
        Which gradients are sampled. Exact lower steps converge linearly: T is a logarithm.
    uniform : bool
        Whether the analysis knows that psi_sigma is as smooth as psi, whatever sigma; without that its gradient is
        taken for :math:`1/\sigma`-Lipschitz and the upper step is at most sigma.

    Notes
    -----
    2 without noise and 6, 4 with noise in both levels, in f alone, is F2BA (JMLR 2025); 3 and 7 without uniform
    smoothness are the double loop of Kwon, Kwon, Wright, Nowak (arXiv 2309.01753v2; the ICLR text has 7 alone).
    """
    found = [_BIAS]
    if not uniform:
        found.append(Requirement("smoothness", {"step": 1, "sigma": -1}, 0, r"$a \leq \sigma$: step below $1/L$"))
    found.append(Requirement("descent", {"rounds": 1, "step": -1}, 2, r"$a K \epsilon^2 \geq 1$"))
    if noise == "both":
        found += [
            Requirement("lower", {"lower": 1, "sigma": -2}, 2, r"$T^{-1/2}/\sigma \leq \epsilon$: lower error"),
            Requirement("batch", {"batch": 1, "sigma": -2}, 2, r"$1/(\sigma^2 M) \leq \epsilon^2$: variance"),
        ]
    elif noise == "f":  # only sigma times f is sampled in the lower steps, and f alone in the upper one
        found += [
            Requirement("lower", {"lower": 1}, 2, r"$\sigma T^{-1/2}/\sigma \leq \epsilon$: lower error"),
            Requirement("batch", {"batch": 1}, 2, r"$1/M \leq \epsilon^2$: variance"),
        ]
    found.append(Requirement("count", {COST: 1, "rounds": -1}, 0, r"one gradient a round at least"))
    if noise != "none":
        found += [
            Requirement("count lower", {COST: 1, "rounds": -1, "lower": -1}, 0, r"$K T$ gradients"),
            Requirement("count batch", {COST: 1, "rounds": -1, "batch": -1}, 0, r"$K M$ gradients"),
        ]
    return Balance(tuple(found))


def single_loop(*, noise: Noise, momentum: bool) -> Balance:
    r"""Return the balance of one lower step beside each upper one, on one sample each.

    Exponents: ``sigma``, ``inner`` (lower step), ``step`` (upper step) and ``forget`` (share of the past that recursive
    momentum drops) of :math:`\epsilon`; ``cost``, the number of rounds, of :math:`1/\epsilon`.

    Parameters
    ----------
    noise : {"none", "f", "both"}
        Which gradients are sampled.
    momentum : bool
        Whether gradients are recursive averages, each sample asked at the new and at the last point.

    Notes
    -----
    7, 5, 3 for noise in both levels, in f alone, in none is F2SA, and 5, 4, 3 with momentum F3SA (ICML 2023, which has
    half of them, for squared norms); the single loop of Kwon, Kwon, Wright, Nowak (ICLR 2024) has 5.
    """
    found = [
        _BIAS,
        Requirement(
            "tracking", {"step": 1, "inner": -1, "sigma": -1}, 0,
            r"$a/(\gamma \sigma) \leq 1$: lower points follow $x$ up to a part of $\sigma$",
        ),
        Requirement("descent", {COST: 1, "step": -1}, 2, r"$a K \epsilon^2 \geq 1$"),
    ]  # fmt: skip
    both = noise == "both"
    loss, power = {"sigma": -2} if both else {}, r"/\sigma^2" if both else ""
    if noise != "none" and momentum:
        found += [
            Requirement("estimate", {"forget": 1, **loss}, 2, rf"$\eta{power} \leq \epsilon^2$: error of the average"),
            Requirement("motion", {"inner": 2, "forget": -1}, 0, r"$\gamma^2 \leq \eta$: it follows the lower points"),
        ]
    elif noise != "none":
        found += [
            Requirement("lower", {"inner": 1, **loss}, 2, rf"$\gamma{power} \leq \epsilon^2$: noise of lower points"),
            Requirement(
                "variance", {"step": 1, "sigma": -1 - (2 if both else 0)}, 2,
                rf"$a \sigma^{{-1}}{power} \leq \epsilon^2$: noise of the direction, $1/\sigma$ the smoothness",
            ),
        ]  # fmt: skip
    return Balance(tuple(found))
