"""The constants behind the rates R1 to R8 beside the worst iteration of the studies' own runs.

``python -m benchmarks.bcd.rate_constants [--replicates R] [--json PATH]``, one thread.

For every rule the instance whose run came nearest to its bound: the constant proved by exact pivots, the same from the
other side (all sign vectors for single coordinates, ascent for blocks, the eigenvalue for random rules), the bound on
e_{k+1}/e_k, the worst ratio observed, and tightness, the share that the bound promises over the share removed. The last
two columns are over all instances: the least quotient of proved and attained constant, and the number of ratios.
"""

import argparse
import json
import os
from dataclasses import asdict, dataclass

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from sparsetheory.verify.claim import locate  # noqa: E402
from sparsetheory.verify.loading import load_study  # noqa: E402
from sparsetheory.verify.streams import stream  # noqa: E402

RULES = {
    "R1": "bcd.random_block_rate", "R2": "bcd.gs_coordinate_rate", "R3": "bcd.gs_block_rate",
    "R4": "bcd.lipschitz_sampling_rate", "R5": "bcd.gsl_rate", "R6": "bcd.gsd_rate", "R7": "bcd.gsq_rate",
    "R8": "bcd.gsn_rate",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is printed of a rule."""

    rule: str
    claim: str
    proved: float
    attained: float
    bound: float
    worst: float
    tightness: float
    proved_over_attained: float
    ratios: int
    violations: int


def _measured(id, replicates):
    """Yield instance, measurement and bound of every run of the study's full grid."""
    collection, claim = locate(id)
    study = load_study(collection, claim)
    for index in range(len(study.full.grid)):
        for replicate in range(replicates):
            drawn = study.generate(study.full.grid.cell(index), stream(study.root_seed, id, index, replicate, "data"))
            outcome = study.run(drawn, stream(study.root_seed, id, index, replicate, "algorithm"))
            m = study.measure(drawn, outcome)
            instance = drawn[0] if isinstance(drawn, tuple) else drawn
            yield instance, m, float(claim.bound(**m.at))


def row(rule, id, replicates):
    """Return the row of a rule: its nearest instance, and counts over all of them."""
    nearest, least, ratios, violations = None, np.inf, 0, 0
    for instance, m, promised in _measured(id, replicates):
        removed = float(np.min(m.value))
        found = instance.constant
        least = min(least, found.relaxed / found.upper)
        ratios += len(m.value)
        violations += int((m.value < promised * (1 - 1e-9) - m.floor).sum())
        if nearest is None or promised / removed > nearest[0]:
            nearest = promised / removed, found, promised, removed
    assert nearest is not None
    tightness, found, promised, removed = nearest
    return Row(
        rule=rule, claim=id, proved=found.relaxed, attained=found.upper, bound=1 - promised, worst=1 - removed,
        tightness=tightness, proved_over_attained=least, ratios=ratios, violations=violations,
    )  # fmt: skip


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=20, help="a cell of the grid")
    parser.add_argument("--json", help="write the rows here as well")
    given = parser.parse_args()
    rows = [row(rule, id, given.replicates) for rule, id in RULES.items()]
    print("| rule | claim | proved constant | enumerated or attained | bound on ratio | worst ratio | tightness "
          "| proved/attained, least | ratios | violations |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print(f"| {r.rule} | {r.claim} | {r.proved:.8g} | {r.attained:.8g} | {r.bound:.8f} | {r.worst:.8f} "
              f"| {r.tightness:.6f} | {r.proved_over_attained:.6f} | {r.ratios} | {r.violations} |")  # fmt: skip
    if given.json:
        with open(given.json, "w") as file:
            json.dump([asdict(r) for r in rows], file, indent=1)


if __name__ == "__main__":
    main()
