"""Two real digit images, 28 x 28 pixels: the L1 and the squared Euclidean cost between pixels, over their maximum."""

from collections.abc import Iterator

import numpy as np

from benchmarks.ot.instance import Instance
from sparsetheory.ot.problem import pixel_grid


def digit_image(index: int) -> np.ndarray:
    """Return an 8 x 8 image of scikit-learn's digits, upsampled to 28 x 28, mass 1 of which 1 % is background."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    image = np.maximum(zoom(load_digits().images[index], 3.5, order=1), 0.0).ravel()
    return 0.99 * image / image.sum() + 0.01 / image.size


def instances() -> Iterator[Instance]:
    a, b = digit_image(0), digit_image(3)
    yield Instance(name="digits-W1", M=pixel_grid(28, 1), a=a, b=b, reg=1 / 1200, paper=(700, 77, 15))
    yield Instance(name="digits-W2", M=pixel_grid(28, 2), a=a, b=b, reg=1 / 1200, paper=(20, 33, 5))
