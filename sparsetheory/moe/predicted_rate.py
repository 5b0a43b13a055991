"""What the theory predicts: exponents of n for every parameter, model by model."""

from collections.abc import Mapping
from fractions import Fraction

from .._validation import check_choice, check_count
from .polynomials import rbar

__all__ = ["MODELS", "predicted_rates"]

#: Models whose rates are known.
MODELS = ("softmax", "topk", "activation", "laplace", "merged")

_HALF = Fraction(-1, 2)


def predicted_rates(model: str, cell_size: int = 1) -> Mapping[str, Fraction]:
    r"""Return the exponents of n in the errors of a maximum likelihood estimate, up to logarithms.

    Parameters
    ----------
    model : {"softmax", "topk", "activation", "laplace", "merged"}
        The gate, or an over-specified softmax fit after its atoms have been merged. A free temperature of a softmax
        gate has no rate: it is not identifiable.
    cell_size : int, default 1
        Number of fitted atoms around the true one.

    Returns
    -------
    mapping
        ``weight`` (of the whole cell), ``beta1``, ``a``, ``b``, ``v`` and ``loss``; the activation gate has ``tau`` as
        well.

    References
    ----------
    Nguyen, Nguyen, Ho, NeurIPS 2023; Nguyen, Akbarian, Yan, Ho, ICLR 2024; Nguyen, Akbarian, Ho, ICML 2024, with
    rbar(m) = 2m for every m >= 2.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> {name: str(rate) for name, rate in moe.predicted_rates("softmax", 2).items()}
    {'loss': '-1/2', 'weight': '-1/2', 'beta1': '-1/8', 'a': '-1/4', 'b': '-1/8', 'v': '-1/4'}
    """
    check_choice(model, "model", MODELS)
    m = check_count(cell_size, "cell_size")
    slow = Fraction(-1, 2 * rbar(m)) if m > 1 and model != "merged" else _HALF
    doubled = max(2 * slow, _HALF)
    gate = {"softmax": (slow, doubled), "topk": (slow, doubled)}.get(model)
    if gate is None:  # the gate and the experts' intercepts no longer imitate the experts' slopes
        gate = (Fraction(-1, 4), Fraction(-1, 4)) if slow != _HALF else (_HALF, _HALF)
    rates = {"loss": _HALF, "weight": _HALF, "beta1": gate[0], "a": gate[1], "b": slow, "v": doubled}
    return rates | ({"tau": _HALF} if model == "activation" else {})
