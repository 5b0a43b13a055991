"""Audit every mechanism of the family and every planted defect: ``python -m benchmarks.ldp.audit [--n N] [--seed S]``.

All audits share one level: with probability 0.99 no private mechanism is flagged. Exit status 0 when every defect is
flagged and nothing else is.
"""

import argparse
import sys
import time

import numpy as np

from sparsetheory import ldp

LEVEL = 0.01


def main(arguments: list[str] | None = None) -> int:
    """Print a line a case and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=50_000, help="reports of each of the two inputs")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    cases, wrong = ldp.audit_cases(), 0
    print(f"{'case':64s} {'epsilon':>8s} {'claim':>6s} {'mu':>6s} {'claim':>6s} {'CPU s':>6s}  verdict")
    for index, case in enumerate(cases):
        start = time.process_time()
        rng = np.random.default_rng((options.seed, index))
        found = case.audit(n=options.n, level=LEVEL, audits=len(cases), rng=rng)
        seconds = time.process_time() - start
        mu = f"{'':>6s} {'':>6s}" if found.mu is None else f"{found.mu_lower:6.3f} {found.mu:6.3f}"
        as_expected = found.flagged == case.defective
        wrong += not as_expected
        verdict = f"flagged, by the {found.where}" if found.flagged else "not flagged"
        bounds = f"{found.epsilon_lower:8.3f} {found.epsilon:6.2f} {mu}"
        print(f"{case.name:64s} {bounds} {seconds:6.2f}  {verdict}{'' if as_expected else '   <-- WRONG'}")
    defects = sum(case.defective for case in cases)
    print(f"{defects} defects, {len(cases) - defects} private mechanisms, {wrong} wrong verdicts")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
