"""The figures as data: what is run on what. Labels are the paper's; FB are fixed blocks, VB variable ones."""

from dataclasses import dataclass

__all__ = ["FIGURES", "ITERATIONS", "SOLVED", "TIE_ITERATIONS", "TIE_VALUES", "Figure", "Panel", "Rules"]

ITERATIONS = 500
SOLVED = 1e-8  # f - f* at which the paper stops
#: Two methods tie when what they reached differs by at most this factor; values were read off plots to two digits.
TIE_VALUES = 1.25
TIE_ITERATIONS = 1.1


@dataclass(frozen=True)
class Rules:
    """Arguments of `sparsetheory.bcd.minimize`."""

    label: str
    partition: str
    select: str
    update: str


@dataclass(frozen=True)
class Panel:
    """One plot: the data and the block size; 0 where blocks have their own, and n^{1/3} without a structure."""

    data: str
    size: int


@dataclass(frozen=True)
class Figure:
    """A figure of the paper."""

    title: str
    panels: tuple[Panel, ...]
    methods: tuple[Rules, ...]


def _grid(data, sizes):
    return tuple(Panel(name, size) for name in data for size in sizes)


def _newton_like(update):
    return (
        Rules("GSQ-VB", "variable", "gsq", update),
        Rules("GSD-VB", "variable", "gsd", update),
        Rules("GS-VB", "variable", "gs", update),
        Rules("GSQ-FB", "sort", "gsq", update),
        Rules("GSD-FB", "sort", "gsd", update),
        Rules("GSL-FB", "sort", "gsl", update),
        Rules("GS-FB", "sort", "gs", update),
    )


def _nonnegative(variable, fixed):
    updates = {"PN": "prox-newton", "TMP": "two-metric", "PG": "prox-gradient"}
    return tuple(
        Rules(f"{short}-{kind}", partition, select, update)
        for kind, partition, select in (("VB", "variable", variable), ("FB", "sort", fixed))
        for short, update in updates.items()
    )


_GRADIENT = (
    Rules("GSL-VB", "variable", "gsd-rows", "gradient"),  # the paper's GSL of variable blocks: sums of |H_ij|
    Rules("GS-VB", "variable", "gs", "gradient"),
    Rules("GSL-FB", "sort", "gsl", "gradient"),
    Rules("GS-FB", "sort", "gs", "gradient"),
    Rules("Cyclic-FB", "sort", "cyclic", "gradient"),
    Rules("Random-FB", "sort", "random", "gradient"),
    Rules("Lipschitz-FB", "sort", "lipschitz", "gradient"),
    Rules("Random-VB", "variable", "random", "gradient"),
)
_ADAPTIVE = (
    Rules("LA-GSL", "order", "gsl-estimates", "adaptive"),
    Rules("LA-GS", "order", "gs", "adaptive"),
    Rules("LA-Cyclic", "order", "cyclic", "adaptive"),
    Rules("LA-Random", "order", "random", "adaptive"),
    Rules("Lb-GSL", "order", "gsl", "gradient"),
    Rules("Lb-GS", "order", "gs", "gradient"),
    Rules("Lb-Cyclic", "order", "cyclic", "gradient"),
    Rules("Lb-Random", "order", "random", "gradient"),
)
_PARTITIONS = tuple(
    Rules(f"{select.upper()}-{name}", partition, select, "gradient")
    for name, partition in (("sort", "sort"), ("avg", "average"), ("order", "order"))
    for select in ("gsd", "gsl", "gs")
)
_HUGE = (  # on the lattice, the paper's trees are combs and its colours red and black
    Rules("Greedy tree", "variable", "greedy-tree", "exact"),
    Rules("Tree partition", "trees", "cyclic", "exact"),
    Rules("Tree partition, order", "trees-order", "cyclic", "exact"),
    Rules("Random tree", "variable", "random-tree", "exact"),
    Rules("Red-black", "colours", "cyclic", "exact"),
    Rules("Red-black, order", "colours-order", "cyclic", "exact"),
    Rules("General", "variable", "gs", "exact"),
)
_SUMS = tuple(
    Rules(f"{rule.upper()}-FB {norm}", "sort", rule + suffix, "gradient")
    for rule in ("gs", "gsl", "gsd")
    for norm, suffix in (("squares", ""), ("sums", "-sum"))
)

_MIXED = tuple(
    Rules(f"{rule.upper()}-{short} {norm}", partition, rule + suffix, "gradient")
    for short, partition in (("avg", "average"), ("order", "order"))
    for rule in ("gsl", "gsd")
    for norm, suffix in (("squares", ""), ("sums", "-sum"))
)
_PURSUIT = (
    Rules("GSQ-VB, pursuit", "variable", "gsq", "matrix"),
    Rules("GSQ-VB, thresholding", "variable", "gsq-thresholding", "matrix"),
)
_TIES = tuple(
    Rules(f"{rule.upper()}-FB, ties {word}", partition, rule, "matrix")
    for rule in ("gsq", "gs")
    for word, partition in (("in order", "sort"), ("shuffled", "sort, ties shuffled"))
)

_ALL = _grid("ABCDE", (5, 50, 100))
FIGURES = {
    "4": Figure("Gradient step with L_b (figures 4 and 8)", _ALL, _GRADIENT),
    "5": Figure("Matrix step with H_b (figures 5 and 11)", _ALL, _newton_like("matrix")),
    "6": Figure("Huge blocks, solved exactly (figure 6)", _grid("DE", (0,)), _HUGE),
    "7": Figure("Nonnegative L1, greedy (figure 7)", _grid(("A-L1",), (5, 50, 100)), _nonnegative("gsl-q", "gsd-q")),
    "9": Figure("L_b found by doubling (figure 9)", _grid("ABC", (50,)) + _grid("DE", (5,)), _ADAPTIVE),
    "10": Figure("Partitions (figure 10)", _grid("ADE", (20,)), _PARTITIONS),
    "12": Figure("Newton with line search (figure 12)", _grid("BC", (50, 100)), _newton_like("newton")),
    "13": Figure("Nonnegative L1, random (figure 13)", _grid(("A-L1",), (5, 50, 100)),
                 _nonnegative("random", "random")),
    # what differs from the paper's code, one thing at a time
    "norms": Figure("Scores of squares and of absolute values", _grid("A", (5, 50, 100)), _SUMS),
    "mixed": Figure("The same where blocks mix scales", _grid("A", (20,)), _MIXED),
    "pursuit": Figure("Variables of GSQ by pursuit and by plain thresholding",
                      _grid("AB", (50,)) + _grid("ADE", (100,)), _PURSUIT),
    "ties": Figure("Equal constants in order and shuffled", _grid("DE", (100,)), _TIES),
}  # fmt: skip
