r"""What thresholding leaves of normal noise, and what noise in a Gram matrix does to its inverse, as steps of a proof.

The noise: :math:`E` symmetric with independent entries of variance :math:`s_o^2` off the diagonal and :math:`2 s_o^2`
on it (a normal vector in the coordinates of svec), :math:`e` with independent entries of variance :math:`s_x^2`.
"""

from typing import Any

from ..proof import Step

__all__ = ["expansion_step", "inverse_bias_step", "noise_step", "risk_step", "zeros_step"]

Answer = tuple[bool, str]


def _expansion(sign: int) -> Answer:
    import sympy as sp

    a, b, c = sp.symbols("E_11 E_12 E_22", real=True)
    E = sp.Matrix([[a, b], [b, c]])
    theta, e = sp.Matrix(sp.symbols("theta_1:3", real=True)), sp.Matrix(sp.symbols("e_1:3", real=True))
    M = (sp.eye(2) + E).inv()
    error = M * (theta + e) - theta - M * (e - sign * E * theta)
    rest = M - (sp.eye(2) - E + E * M * E)
    return not any(error.applyfunc(sp.simplify)) and not any(rest.applyfunc(sp.simplify)), "remainders of two matrices"


def expansion_step() -> Step:
    """Return the step that expands the noisy solution."""
    return Step(
        name="first order in the noise",
        evidence="identity",
        statement=(
            r"With $\hat\Sigma = I + E$, $\hat b = \theta + e$, $M = (I + E)^{-1}$: $\hat\Sigma^{-1} \hat b - \theta = "
            r"M (e - E \theta)$ and $M = I - E + E M E$ (entries as symbols, two covariates; the algebra is that of "
            r"any ring)."
        ),
        check=lambda: _expansion(1),
        anti_test=lambda: _expansion(-1),
    )


def _entries() -> tuple[Any, Any, Any]:
    """Return E (3, 3) and e in symbols, and the variance of each symbol."""
    import sympy as sp

    off, cross = sp.symbols("s_o s_x", positive=True)
    E = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"E_{min(i, j)}{max(i, j)}", real=True))
    e = sp.Matrix(sp.symbols("e_0:3", real=True))
    variance = {E[i, j]: off**2 * (2 if i == j else 1) for i in range(3) for j in range(i, 3)}
    return E, e, variance | dict.fromkeys(e, cross**2)


def _expected(polynomial: Any, variance: dict[Any, Any]) -> Any:
    """Return the mean of a quadratic polynomial in independent entries of mean zero."""
    import sympy as sp

    terms = sp.Poly(sp.expand(polynomial), *variance)
    total = sp.Integer(0)
    for powers, coefficient in terms.terms():
        if sorted(powers)[-1] == 2 and sum(powers) == 2:
            total += coefficient * list(variance.values())[powers.index(2)]
        elif sum(powers) not in (0, 2):
            raise ArithmeticError("a quadratic polynomial is expected")
    return sp.expand(total)


def _noise(diagonal: int) -> Answer:
    import sympy as sp

    E, e, variance = _entries()
    off, cross = sp.symbols("s_o s_x", positive=True)
    theta = sp.Matrix(sp.symbols("theta_0:3", real=True))
    variance |= {E[i, i]: diagonal * off**2 for i in range(3)}
    w = e - E * theta
    covariance = sp.Matrix(3, 3, lambda i, j: _expected(w[i] * w[j], variance))
    claimed = (cross**2 + off**2 * theta.dot(theta)) * sp.eye(3) + off**2 * theta * theta.T
    gap = (covariance - claimed).applyfunc(sp.expand)
    return not any(gap), f"first entry off by {gap[0]}"


def noise_step() -> Step:
    """Return the step on the covariance of what is thresholded."""
    return Step(
        name="noise of a coordinate",
        evidence="identity",
        statement=(
            r"$\operatorname{Cov}(e - E \theta) = (s_x^2 + s_o^2 \|\theta\|^2) I + s_o^2 \theta \theta^T$ (three "
            r"covariates; every entry is a sum of terms that are alike). Off the support every coordinate has the "
            r"variance $s^2 = s_x^2 + s_o^2 \|\theta\|^2$."
        ),
        check=lambda: _noise(2),
        anti_test=lambda: _noise(1),
    )


def _inverse_bias(extra: int) -> Answer:
    import sympy as sp

    E, _, variance = _entries()
    off = sp.Symbol("s_o", positive=True)
    square = E * E
    mean = sp.Matrix(3, 3, lambda i, j: _expected(square[i, j], variance))
    gap = (mean - (3 + extra) * off**2 * sp.eye(3)).applyfunc(sp.expand)
    return not any(gap), f"first entry off by {gap[0]}"


def inverse_bias_step() -> Step:
    """Return the step on the bias of the inverse, which says from how many users on the first order is enough."""
    return Step(
        name="bias of the inverse",
        evidence="identity",
        statement=(
            r"$E[E^2] = (d + 1) s_o^2 I$ (three covariates): to second order the solution is $\theta$ stretched by "
            r"$1 + (d + 1) s_o^2$, a bias of that size along $\theta$. With $s_o^2$ of order $d^2/(n \varepsilon^2)$ "
            r"the operator norm of $E$, $2 s_o \sqrt d$, is small from $n$ of order $d^3/\varepsilon^2$ on; the bias "
            r"is below an error of order $s_o \sqrt{k \log d}$ from order $d^4/(k \varepsilon^2 \log d)$ on."
        ),
        check=lambda: _inverse_bias(1),
        anti_test=lambda: _inverse_bias(0),
    )


def _risk(factor: Any) -> Answer:
    """Differentiate the truncated moments of a normal variable, and put them together."""
    import sympy as sp

    t, mu, z = sp.symbols("t mu z", real=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    Phi = (1 + sp.erf(z / sp.sqrt(2))) / 2

    def antiderivative(shift: Any) -> Any:  # of (z + shift)^2 phi(z)
        return (1 + shift**2) * Phi - (z + 2 * shift) * density

    wrong = [sp.simplify(sp.diff(antiderivative(s), z) - (z + s) ** 2 * density) for s in (t, -t)]
    # S_t(mu + z) - mu is z - t above t - mu, z + t below -t - mu, -mu between
    above = (1 + t**2) - antiderivative(-t).subs(z, t - mu)
    below = antiderivative(t).subs(z, -t - mu)
    inside = mu**2 * (Phi.subs(z, t - mu) - Phi.subs(z, -t - mu))
    total = above + below + inside
    phi = lambda x: density.subs(z, x)  # noqa: E731
    between = Phi.subs(z, t - mu) - Phi.subs(z, -t - mu)
    claimed = 1 + t**2 + (mu**2 - factor * t**2 - 1) * between - (t - mu) * phi(t + mu) - (t + mu) * phi(t - mu)
    gap = sp.simplify(sp.expand(total - claimed))
    far = sp.limit(claimed.subs(t, 2), mu, sp.oo)
    return not any(wrong) and gap == 0 and far == 5, f"risk off by {gap}; far from zero at t = 2: {far}"


def risk_step() -> Step:
    """Return the step on the risk of soft thresholding."""
    import sympy as sp

    return Step(
        name="risk of the soft threshold",
        evidence="identity",
        statement=(
            r"$E (S_t(\mu + Z) - \mu)^2 = 1 + t^2 + (\mu^2 - t^2 - 1)[\Phi(t - \mu) - \Phi(-t - \mu)] - (t - \mu) "
            r"\phi(t + \mu) - (t + \mu) \phi(t - \mu)$, by the antiderivative $(1 + c^2) \Phi - (z + 2c) \phi$ of $(z "
            r"+ c)^2 \phi$. It tends to $1 + t^2$ as $\mu$ grows: a coefficient far above the threshold costs "
            r"$\lambda^2 + s^2$, with $\lambda = s \sqrt{2 \log d}$ it is $s^2 (1 + 2 \log d)$."
        ),
        check=lambda: _risk(sp.Integer(1)),
        anti_test=lambda: _risk(sp.Rational(1001, 1000)),
    )


def _zeros(slope: int) -> Answer:
    import sympy as sp

    t = sp.Symbol("t", positive=True)
    phi = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    tail = (1 - sp.erf(t / sp.sqrt(2))) / 2
    risk = 2 * ((1 + t**2) * tail - t * phi)
    first = sp.simplify(sp.diff(risk, t) - (4 * t * tail - slope * phi))
    mills = sp.simplify(sp.diff(tail - t * phi / (1 + t**2), t) + 2 * phi / (1 + t**2) ** 2)
    plain = sp.simplify(sp.diff(phi / t - tail, t) + phi / t**2)
    at = sp.simplify(phi.subs(t, sp.sqrt(2 * sp.log(sp.Symbol("d", positive=True)))) * sp.Symbol("d", positive=True))
    ok = first == 0 and mills == 0 and plain == 0 and sp.simplify(at - 1 / sp.sqrt(2 * sp.pi)) == 0
    return ok, f"derivatives off by {first}, {mills}, {plain}; d phi(sqrt(2 log d)) = {at}"


def zeros_step() -> Step:
    """Return the step on coordinates that are zero: what the noise leaves of them."""
    return Step(
        name="coordinates that are zero cost next to nothing",
        evidence="identity",
        statement=(
            r"At $\mu = 0$ the risk is $g(t) = 2[(1 + t^2) \Phi(-t) - t \phi(t)]$, $g' = 4 t \Phi(-t) - 4 \phi(t)$. "
            r"$\frac{t}{1 + t^2} \phi \leq \Phi(-t) \leq \phi/t$, as the differences have derivatives of one sign and "
            r"vanish at infinity, so $-g' \leq 4 \phi/(1 + t^2)$ and $g(t) \leq 4 \phi(t)/(t (1 + t^2))$. At $t = "
            r"\sqrt{2 \log d}$, $d \phi(t) = 1/\sqrt{2 \pi}$: all zeros together cost at most $1.6 \, s^2/(t (1 + "
            r"t^2))$."
        ),
        check=lambda: _zeros(4),
        anti_test=lambda: _zeros(5),
    )
