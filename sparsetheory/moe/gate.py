"""Gates: what turns covariates into weights of experts. A new gate is a branch of a kernel and a row here."""

from dataclasses import dataclass

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from . import _gates as tags

__all__ = ["ACTIVATIONS", "GATES", "RANKINGS", "Gate", "make_gate"]

#: Activations of the gate "activation" -> tag of the kernel. "identity" makes it the gate "temperature".
ACTIVATIONS = {
    "tanh": tags.TANH, "sigmoid": tags.SIGMOID, "softplus": tags.SOFTPLUS, "gelu": tags.GELU, "silu": tags.SILU,
    "identity": tags.IDENTITY,
}  # fmt: skip

#: Names of gates -> tag of the kernel, None where the activation decides.
GATES = {
    "softmax": tags.IDENTITY, "temperature": tags.IDENTITY, "activation": None, "laplace": tags.LAPLACE,
    "stablemax": tags.STABLEMAX,
}  # fmt: skip

#: What sparse gates rank experts by.
RANKINGS = ("score", "slope")


@dataclass(frozen=True)
class Gate:
    r"""A gate: :math:`\pi_j(x) = \mathrm{softmax}_j(\eta_j(x))` over all experts or over the top_k largest scores.

    Attributes
    ----------
    name : str
        Key of `GATES`.
    code : int
        Tag of the kernel.
    n_experts, top_k : int
        Experts, and how many of them are active at a time.
    slopes_only : bool
        Whether a sparse gate ranks by the score without its intercept.
    free_temperature : bool
        Whether tau is estimated.
    """

    name: str
    code: int
    n_experts: int
    top_k: int
    slopes_only: bool = False
    free_temperature: bool = False

    @property
    def n_rows(self) -> int:
        """Number of experts whose gate rows are free; the last one is the reference, except for distances."""
        return self.n_experts if self.code == tags.LAPLACE else self.n_experts - 1

    @property
    def smooth(self) -> bool:
        """Whether the likelihood is differentiable in the gate's parameters everywhere."""
        return self.top_k == self.n_experts

    @property
    def linear(self) -> bool:
        """Whether scores are linear in the covariates."""
        return self.code == tags.IDENTITY

    @property
    def may_centre(self) -> bool:
        """Whether shifting the covariates only changes intercepts."""
        return self.linear and not (self.slopes_only and not self.smooth)

    @property
    def may_scale(self) -> bool:
        """Whether scaling single covariates only changes slopes."""
        return self.code != tags.LAPLACE


def make_gate(
    name: str, n_experts: int, *, top_k: int | None = None, rank_by: str = "score", activation: str = "tanh",
    temperature: float = 1.0, fit_temperature: bool = False,
) -> Gate:  # fmt: skip
    """Return the checked gate.

    Raises
    ------
    InvalidArgument
        For names that are not known, ``top_k > n_experts``, a temperature <= 0, sparse gates that are not linear, and a
        free temperature of a gate that cannot identify it.
    """
    check_choice(name, "gate", GATES)
    k = check_count(n_experts, "n_experts")
    check_positive(temperature, "temperature")
    check_choice(activation, "activation", ACTIVATIONS)
    slopes_only = check_choice(rank_by, "rank_by", RANKINGS) == "slope"
    active = k if top_k is None else check_count(top_k, "top_k")
    if active > k:
        raise InvalidArgument("top_k", f"at most n_experts = {k}", active)
    found = GATES[name]
    code = ACTIVATIONS[activation] if found is None else found
    if active < k and code != tags.IDENTITY:
        raise InvalidArgument("top_k", f"None or n_experts with gate={name!r} (sparse gates have linear scores)", top_k)
    if fit_temperature and (name != "activation" or code == tags.IDENTITY):
        reason = "scores (beta1 x + beta0) / tau do not change when all three are multiplied by a number"
        raise InvalidArgument(
            "fit_temperature", f"False unless gate='activation' with a nonlinear activation ({reason})", True
        )
    if name == "softmax" and temperature != 1.0:
        raise InvalidArgument("temperature", "1 with gate='softmax' (gate='temperature' has one)", temperature)
    return Gate(name, code, k, active, slopes_only, bool(fit_temperature))
