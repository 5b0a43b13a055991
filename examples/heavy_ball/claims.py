"""Claims about momentum methods on quadratics."""

from sparsetheory.verify import Bound, Claim

CLAIMS = (
    Claim(
        id="momentum.heavy_ball",
        title="Heavy ball on quadratics, every iterate",
        statement=(
            r"Polyak's heavy ball $x_{k+1} = x_k - \alpha \nabla f(x_k) + \beta (x_k - x_{k-1})$, started with "
            r"$x_{-1} = x_0$ on a quadratic with eigenvalues in $[\mu, L]$, $c = L/\mu$, "
            r"$\alpha = 4/(\sqrt{L} + \sqrt{\mu})^2$, $\beta = q^2$, $q = (\sqrt{c} - 1)/(\sqrt{c} + 1)$, obeys "
            r"$\|x_k - x^*\| \leq (1 + (1 + q) k) q^k \|x_0 - x^*\|$ for all $k \geq 0$. The factor of $k$ cannot be "
            r"left out: along the eigenvector of $L$ there is equality."
        ),
        kind="tight",
        status="derived",
        source=(
            "Derived here; the asymptotic rate q is Polyak, Some methods of speeding up the convergence of iteration "
            "methods, USSR Comput. Math. Math. Phys. 4 (1964)"
        ),
        bound=Bound(
            "(1 + 2*sqrt(c)/(sqrt(c) + 1)*k)*((sqrt(c) - 1)/(sqrt(c) + 1))**k", c="condition number", k="iterations"
        ),
        assumptions=(
            r"$f(x) = \frac{1}{2} (x - x^*)^T A (x - x^*)$ with $\mu I \preceq A \preceq L I$, $0 < \mu < L$",
            r"no momentum in the first step: $x_{-1} = x_0$",
        ),
        expected="supported",
        badge="reduction",
    ),
)

CLAIMS += (
    Claim(
        id="momentum.plain_rate",
        title="Heavy ball without the factor of k",
        statement=(
            r"In the setting of momentum.heavy_ball there is a constant $C$ with $\|x_k - x^*\| \leq C q^k "
            r"\|x_0 - x^*\|$ for all $k$. This is wrong: $q$ is the spectral radius of the iteration, but at the "
            r"eigenvalues $\mu$ and $L$ its matrix is a Jordan block, whose powers grow like $k q^k$."
        ),
        kind="upper",
        status="conjecture",
        source="A tempting reading of Polyak 1964, kept here as a counter-example",
        bound=Bound("((sqrt(c) - 1)/(sqrt(c) + 1))**k", c="condition number", k="iterations"),
        assumptions=("as for momentum.heavy_ball",),
        expected="refuted",
        badge="reduction",
    ),
)
