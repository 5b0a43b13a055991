r"""The product of the layers solves ridge regression, which is diagonal in the singular vectors."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.best_response_gate")
HYPOTHESES = (
    r"full column rank: $d_i > 0$",
    r"$s \neq 0$ or $Q$ invertible: stationary layers have a stationary product",
)
LAM = sp.Symbol("lam", real=True)
D = sp.symbols("d_1:3", positive=True)
S0 = sp.symbols("s_1:3", real=True)


def _gates():
    return sp.diag(*(d**2 / (d**2 + sp.exp(LAM)) for d in D))


def _turn():
    c = sp.Symbol("c", real=True)  # a rational rotation
    return sp.Matrix([[1 - c**2, -2 * c], [2 * c, 1 - c**2]]) / (1 + c**2)


def _ridge(power):
    """(V'V + e^lam) u = V't at u = W gates s0, with V = U D W' and V't = W D^2 s0."""
    W, s0 = _turn(), sp.Matrix(S0)
    squares = sp.diag(*(d**2 for d in D))
    u = W * _gates() * s0
    gap = (W * squares * W.T * u + sp.exp(power * LAM) * u - W * squares * s0).applyfunc(sp.simplify)
    return gap == sp.zeros(2, 1), "residual 0" if gap == sp.zeros(2, 1) else "residual not 0"


def _sigmoid(bound, sign):
    """The claim's formula is s0 times the gate, and times the sigmoid."""
    d, s0 = sp.symbols("d s0", positive=True)
    claimed = bound.subs({sp.Symbol("d", real=True): d, sp.Symbol("s0", real=True): s0})
    gate = s0 * d**2 / (d**2 + sp.exp(LAM))
    sigmoid = s0 / (1 + sp.exp(sign * (sp.log(d**2) - LAM)))
    ok = sp.simplify(claimed - gate) == 0 and sp.simplify(claimed - sigmoid) == 0
    return ok, f"gate {gate}"


def _slope(sign):
    """The derivative of a gate by lam is -gate (1 - gate)."""
    gate = D[0] ** 2 / (D[0] ** 2 + sp.exp(LAM))
    gap = sp.simplify(sp.diff(gate, LAM) + sign * gate * (1 - gate))
    return gap == 0, f"difference {gap}"


def _layers(transposed):
    """Q = gates W', s = s0 have the product Q's = W gates s0."""
    W, s0 = _turn(), sp.Matrix(S0)
    Q = _gates() * (W if transposed else W.T)
    gap = (Q.T * s0 - W * _gates() * s0).applyfunc(sp.simplify)
    return gap == sp.zeros(2, 1), "equal" if gap == sp.zeros(2, 1) else "not equal"


def prove() -> Proof:
    """Return the proof of `bilevel.best_response_gate`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="only the product counts",
            evidence="reduction",
            statement=(
                r"The loss is that of ridge regression in $u = Q^T s$, with $r$ half of its gradient in $u$; its "
                r"halved gradients are $s r^T$ in $Q$ and $Q r$ in $s$. Both vanish with $r$, and $r$ with them if "
                r"$s \neq 0$ or $Q$ is invertible."
            ),
        ),
        Step(
            name="ridge regression",
            evidence="identity",
            statement=(
                r"$(V^T V + e^\lambda I) u = V^T t$ for $u = W \, \mathrm{diag}(d_i^2/(d_i^2 + e^\lambda)) s_0$ (two "
                r"features, $W$ any rotation; components fall apart in any number)."
            ),
            check=lambda: _ridge(1),
            anti_test=lambda: _ridge(2),
        ),
        Step(
            name="gate",
            evidence="identity",
            statement=r"$d^2/(d^2 + e^\lambda) = \mathrm{sigmoid}(\log d^2 - \lambda) = 1/(1 + e^\lambda/d^2)$",
            check=lambda: _sigmoid(bound, -1),
            anti_test=lambda: _sigmoid(bound, 1),
        ),
        Step(
            name="its derivative",
            evidence="identity",
            statement=r"By $\lambda$ a gate $\gamma$ has the derivative $-\gamma (1 - \gamma)$.",
            check=lambda: _slope(1),
            anti_test=lambda: _slope(-1),
        ),
        Step(
            name="the layers",
            evidence="identity",
            statement=r"$Q = \mathrm{diag}(\gamma) W^T$ and $s = s_0$ have this product.",
            check=lambda: _layers(False),
            anti_test=lambda: _layers(True),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
