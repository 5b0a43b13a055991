"""How often the default rule supports, refutes or abstains, truth by truth; prints a Markdown table.

    python benchmarks/verify_operating_characteristics.py [studies]

Every study draws fresh errors ``truth(n) * |N(0, 1)|`` (half-normal noise, log-sd 1.11) on log-spaced sizes from 100
and is judged against the claim n^-1/2 with margin 0.1.
"""

import sys
import zlib

import numpy as np

from sparsetheory.verify import Drift
from sparsetheory.verify.panel import Panel

TRUTHS = {
    "n^-.5 clean": lambda n: n**-0.5,
    "n^-.5 (1 + 5 n^-1/2)": lambda n: n**-0.5 * (1 + 5 * n**-0.5),
    "n^-.5 (1 + 5 n^-1/4)": lambda n: n**-0.5 * (1 + 5 * n**-0.25),
    "n^-.5, 10% failed fits": lambda n: n**-0.5,
    "n^-.5, 2% missing": lambda n: n**-0.5,
    "n^-.40 (edge)": lambda n: n**-0.4,
    "n^-.35": lambda n: n**-0.35,
    "n^-.25": lambda n: n**-0.25,
    "n^-.25 disguised by (1 + 5 n^-1/4)": lambda n: n**-0.25 * (1 + 5 * n**-0.25),
    "n^-.5 log n, the log left out": lambda n: n**-0.5 * np.log(n),
}
#: decades, sizes, replicates, alternative
DESIGNS = {
    "2 decades, J=7, R=100": (2, 7, 100, "two-sided"),
    "3 decades, J=7, R=100 (default)": (3, 7, 100, "two-sided"),
    "3 decades, J=10, R=100": (3, 10, 100, "two-sided"),
    "3 decades, J=10, R=400": (3, 10, 400, "two-sided"),
    "one-sided, 3 decades, J=10, R=100": (3, 10, 100, "upper"),
}


def draw(truth, sizes, replicates, rng):
    """Errors of one study, replicates by sizes."""
    errors = TRUTHS[truth](sizes) * np.abs(rng.standard_normal((replicates, len(sizes))))
    lost = rng.random(errors.shape)
    if "failed" in truth:  # unnoticed: the fit returns an error that does not fall with n
        failed = np.abs(rng.standard_normal(errors.shape)) * sizes[0] ** -0.5
        errors = np.where(lost < 0.1, failed, errors)
    if "missing" in truth:  # noticed: there is no number
        errors = np.where(lost < 0.02, np.nan, errors)
    return errors


def panel(errors, sizes):
    """The errors against n^-1/2, as the rule sees them."""
    bound = np.broadcast_to(-0.5 * np.log(sizes), errors.shape)
    return Panel(
        place=np.broadcast_to(sizes, errors.shape), ratio=np.log(errors) - bound, bound=bound,
        n_records=errors.size, n_failures=int(np.isnan(errors).sum()), n_floored=0,
        slot_sizes=tuple(sizes), tightness=np.nan,
    )  # fmt: skip


def characteristics(truth, design, studies, *, companions=True):
    """Shares of (supported, refuted, inconclusive) among `studies` independent studies."""
    decades, points, replicates, alternative = DESIGNS[design]
    rule = Drift(alternative=alternative, companions=companions)
    sizes = np.geomspace(100, 100 * 10.0**decades, points)
    rng = np.random.default_rng([20240507, zlib.crc32(f"{truth}|{design}".encode())])
    labels = [rule.judge_panel(panel(draw(truth, sizes, replicates, rng), sizes)).label for _ in range(studies)]
    return tuple(labels.count(label) / studies for label in ("supported", "refuted", "inconclusive"))


def _cell(shares):
    return "/".join(f"{share:.2f}".removeprefix("0") for share in shares)


def main(studies):
    print("| truth | " + " | ".join(DESIGNS) + " | default design, main interval only |")
    print("|---" * (len(DESIGNS) + 2) + "|")
    for truth in TRUTHS:
        cells = [_cell(characteristics(truth, design, studies)) for design in DESIGNS]
        alone = characteristics(truth, "3 decades, J=7, R=100 (default)", studies, companions=False)
        print(f"| {truth} | " + " | ".join([*cells, _cell(alone)]) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
