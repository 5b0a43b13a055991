"""L1 logistic regression on the breast cancer data, 569 x 30, standardised columns."""

from collections.abc import Iterator

from benchmarks.bcd.data import at_fractions, standardised
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    y = 2.0 * data.target - 1
    instance = Instance(name="logistic_cancer", X=standardised(data.data), y=y, alphas=(), loss="logistic")
    yield from at_fractions(instance, (10, 100))
