"""Run what is missing of the paper's experiments, print ours beside its values, draw.

``python -m benchmarks.bcd.paper [--figure 5 ...] [--data A ...] [--images docs/images] [--page docs/bcd-paper.md]``

Records are kept a panel a file, so that a run that was stopped goes on, and pictures are drawn again without running.
Everything takes a quarter of an hour of one core. Other seeds draw other data, their records beside.
"""

import argparse
import os
import re
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is imported

from .compare import pages_of_tables, values  # noqa: E402
from .draw import PICTURES, draw  # noqa: E402
from .experiments import FIGURES  # noqa: E402
from .records import HOME, fill  # noqa: E402


def write_tables(page, home):
    """Put every table between its marks."""
    text = page.read_text()
    for name, table in pages_of_tables(home).items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", flags=re.S)
        text = marks.sub(lambda m, t=table: m.group(1) + t + "\n" + m.group(2), text)
    page.write_text(text)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd.paper", description=__doc__.splitlines()[0])
    parser.add_argument("--figure", nargs="+", choices=list(FIGURES), default=list(FIGURES))
    parser.add_argument("--data", nargs="+", help="only these: A B C D E A-L1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--records", type=Path, default=HOME, help="folder of the records")
    parser.add_argument("--images", type=Path, help="draw into this folder")
    parser.add_argument("--page", type=Path, help="write the tables between the marks of this page")
    args = parser.parse_args()
    fill(args.figure, home=args.records, seed=args.seed, only=args.data, say=lambda line: print(line, flush=True))
    for figure in args.figure:
        print(f"\nFigure {figure}: {FIGURES[figure].title}, ours / the paper's, [iterations to 1e-8]\n")
        print(values(figure, args.records))
    if args.images:
        for picture, (figures, _) in PICTURES.items():
            if set(figures) <= set(args.figure):
                draw(picture, home=args.records, folder=args.images)
    if args.page:
        write_tables(args.page, args.records)


if __name__ == "__main__":
    main()
