"""The claims of this folder, one record each; the proof and the study of a claim are the files of its name.

A template: it runs as it stands, on an example about gradient descent. Put your theorem in its place.
"""

from sparsetheory.verify import Bound, Claim

CLAIMS = (
    Claim(
        # The part after the dot names the files: proofs/slug.py and simulations/slug.py.
        id="family.slug",
        title="Template: gradient descent on quadratics",
        # The theorem in a sentence or two, mathematics between dollars: for which problems, which quantity, since when.
        statement=(
            r"Gradient descent with the step $2/(\mu + L)$ on a quadratic whose Hessian has its eigenvalues in "
            r"$[\mu, L]$, $c = L/\mu$, obeys $\|x_k - x^*\| \leq ((c - 1)/(c + 1))^k \|x_0 - x^*\|$ for all $k$; "
            r"attained."
        ),
        # "upper" or "lower": on one side of the bound; "tight": and it is attained; "rate": an exponent; "identity".
        kind="tight",
        # "theorem": somebody's (say whose in source); "derived": yours, proved here; "conjecture": not proved, and
        # at best not-contradicted.
        status="derived",
        source="Template of `sparsetheory new-claim`; put paper and theorem number here",
        # The one formula. Proof, study and report take it from here: type none of its constants anywhere else.
        # Numbers, + - * / **, exp log sqrt Abs Min Max ..., and symbols with their meaning (any name but kappa, which
        # the wrong bounds of the controls use).
        bound=Bound("((c - 1)/(c + 1))**k", c="condition number", k="iterations"),
        assumptions=(
            r"$f(x) = \frac{1}{2} (x - x^*)^T A (x - x^*)$ with $\mu I \preceq A \preceq L I$, $\mu > 0$",
            r"$L > \mu$",
        ),
        # The verdict you foresee, declared before any run: "supported"; for a conjecture "not-contradicted"; for a
        # statement that you hold to be wrong "refuted".
        expected="supported",
        # The weakest evidence among the steps of the proof; from strong to weak:
        # identity, exact certificate, enclosure, reduction (an argument in words), cited, numeric.
        badge="reduction",
    ),
)
