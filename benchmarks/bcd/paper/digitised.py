"""What the paper's curves show at iteration 500, read off its vector figures.

A float is f - f* there; an int is the iteration at which f - f* fell below 1e-8. Methods that are missing were not
read one by one.
"""

__all__ = ["PAPER", "STARTS"]

#: f(0) - f* of the paper's draws.
STARTS = {"A": 7.4e6, "B": 693.0, "C": 3912.0, "D": 1.0e9, "E": 7.2e2, "A-L1": 7.1e5}

_GRADIENT = ("GSL-VB", "GS-VB", "GSL-FB", "GS-FB", "Cyclic-FB", "Random-FB", "Lipschitz-FB", "Random-VB")
_NEWTON = ("GSQ-VB", "GSD-VB", "GS-VB", "GSQ-FB", "GSD-FB", "GSL-FB", "GS-FB")
_HUGE = ("Greedy tree", "Tree partition", "Tree partition, order", "Random tree", "Red-black", "Red-black, order",
         "General")  # fmt: skip


def _row(labels, *values):
    return {label: value for label, value in zip(labels, values, strict=True) if value is not None}


#: (figure, data, block size) -> label -> what was read.
PAPER = {
    ("4", "A", 5): _row(_GRADIENT, 7.9e3, 3.4e4, 8.4e3, 1.5e5, 6.5e5, 7.0e5, 7.5e5, 2.1e6),
    ("4", "A", 50): _row(_GRADIENT, 1e-2, 2.1, 4.2, 2.5e3, 17.0, 70.0, 1.9e3, 7.1e4),
    ("4", "A", 100): _row(_GRADIENT, 3e-6, 0.5, 0.94, 8.6e2, 1.8, 7.0, 4.1e2, 1.3e4),
    ("4", "B", 5): _row(_GRADIENT, 65.0, 78.0, 61.0, 110.0, 130.0, 160.0, 150.0, 340.0),
    ("4", "B", 50): _row(_GRADIENT, 16.0, 18.0, 27.0, 46.0, 30.0, 32.0, 36.0, 81.0),
    ("4", "C", 50): _row(_GRADIENT, 2.0e3, 2.0e3, 2.6e3, 2.8e3, 2.9e3, 2.9e3, 2.7e3, 3.7e3),
    ("4", "D", 50): _row(_GRADIENT, 2.0e7, 2.0e7, 1.0e8, 1.0e8, 1.1e8, 1.3e8, 1.3e8, 1.0e8),
    ("4", "E", 50): _row(_GRADIENT, 110.0, 110.0, 110.0, 110.0, 110.0, 180.0, 170.0, 200.0),
    ("5", "A", 5): _row(_NEWTON, 0.03, 0.07, 3.0e3, 2.7e3, 4.9e3, 4.9e3, 1.4e5),
    ("5", "A", 50): _row(_NEWTON, 150, 245, 1.1e-2, 475, 485, 500, 9.3),
    ("5", "A", 100): _row(_NEWTON, 105, 200, 3.4e-5, 260, 265, 270, 4.5e-4),
    ("5", "B", 50): _row(_NEWTON, 3.2, 6.5, 13.0, 9.0, 9.1, 9.2, 15.0),
    ("5", "C", 50): _row(_NEWTON, 390.0, 390.0, 950.0, 2.5e3, 2.6e3, 2.6e3, 2.8e3),
    ("5", "D", 100): _row(_NEWTON, 1.5e3, 2.4e6, 2.4e6, 1.6e6, 1.7e6, 1.7e6, 1.7e6),
    ("5", "E", 100): _row(_NEWTON, 9.5, 12.0, 12.0, 24.0, 24.0, 24.0, 24.0),
    ("6", "D", 0): _row(_HUGE, 1e-5, 2e-5, None, 0.11, 17.0, None, 5.7e7),
    ("6", "E", 0): _row(_HUGE, 8e-5, 1.8e-3, 2.2e-2, 5e-2, 2.0, 4.7, 160.0),
    ("7", "A-L1", 5): {"PN-VB": 60, "TMP-VB": 60, "PG-VB": 165, "TMP-FB": 290, "PN-FB": 300, "PG-FB": 428},
    ("7", "A-L1", 50): {"PN-VB": 10, "TMP-VB": 10, "PG-VB": 140, "PN-FB": 185, "TMP-FB": 185, "PG-FB": 1.2e-2},
    ("7", "A-L1", 100): {"PN-VB": 9, "TMP-VB": 9, "PN-FB": 125, "TMP-FB": 125, "PG-VB": 160, "PG-FB": 0.72},
    ("9", "A", 50): {"LA-GSL": 4.1e3, "LA-GS": 6.0e3, "Lb-GSL": 2.3e4, "Lb-GS": 3.2e4, "Lb-Random": 6.8e4},
    ("9", "C", 50): {"LA-GSL": 26.0, "LA-Cyclic": 56.0, "LA-GS": 240.0},
    ("10", "A", 20): {"GSD-sort": 87.0, "GSL-sort": 90.0, "GSD-avg": 3.2e3, "GSL-avg": 4.2e3, "GSD-order": 7.1e4,
                      "GSL-order": 1.7e5, "GS-sort": 1.2e4},
    ("12", "B", 50): {"GSQ-VB": 165, "GSD-VB": 275, "GSQ-FB": 385, "GSD-FB": 385, "GSL-FB": 385, "GS-VB": 2e-7,
                      "GS-FB": 3e-6},
    ("12", "C", 100): {"GSQ-VB": 460, "GSD-VB": 480, "GS-VB": 1.3e-5},
}  # fmt: skip
