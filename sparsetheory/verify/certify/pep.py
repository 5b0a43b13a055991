"""Performance-estimation problems: the worst case of a first-order method, stated as on paper and bounded exactly."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..._validation import check_count, check_positive
from ...errors import InvalidArgument
from .certificate import Certificate, NotCertified, Statement
from .forms import Relation, Scalar, Vector
from .functions import Function
from .program import Program
from .rational import dyadic, exact, repair
from .reduction import reduced
from .witness import Witness

__all__ = ["Problem"]

#: Relative room above the optimum of the solver. Below 1e-6 the room falls under the accuracy of the solver.
INFLATION = 1e-6
#: The same below the optimum for primal points, which have less room.
DEFLATION = 1e-5
BITS = 60
#: Relative room below a bound that was asked for: the solver misses it by less.
ROUNDING = 1e-7


class Problem:
    r"""The worst case of an algorithm over a class of functions, as a semidefinite program over Gram matrices.

    Points and gradients are vectors of unknown directions; everything that the algorithm and the function class say is
    linear in their inner products and in function values. The space has any dimension, so bounds are dimension-free.

    Parameters
    ----------
    blocks : int, default 1
        Coordinates fall into this many orthogonal blocks (block coordinate methods).

    Examples
    --------
    Gradient descent on an L-smooth convex function, $f(x_N) - f^* \leq L \|x_0 - x^*\|^2 / (4 N + 2)$:

    >>> from sparsetheory.verify import certify
    >>> L, N = 1, 2
    >>> problem = certify.Problem()
    >>> f = problem.function(L=L)
    >>> xs, x0 = problem.minimizer(f), problem.point("x0")
    >>> problem.subject_to((x0 - xs) ** 2 <= 1)
    >>> x = x0
    >>> for _ in range(N):
    ...     x = x - f.gradient(x) / L
    >>> problem.maximize(f(x) - f(xs))
    >>> certificate = problem.certify()
    >>> certificate.proves("0.1000002")
    (True, 'value 0.10000..., 13 multipliers, slack of order 4')
    >>> certificate.tightened().check()
    False

    See Also
    --------
    Certificate : what `certify` returns.

    References
    ----------
    Y. Drori, M. Teboulle, *Performance of first-order methods for smooth convex minimization: a novel approach*,
    Math. Program. 145 (2014); A. B. Taylor, J. M. Hendrickx, F. Glineur, *Smooth strongly convex interpolation and
    exact worst-case performance of first-order methods*, Math. Program. 161 (2017).
    """

    def __init__(self, *, blocks: int = 1) -> None:
        self.blocks = check_count(blocks, "blocks")
        self._names: list[list[str]] = [[] for _ in range(self.blocks)]
        self._functions: list[Function] = []
        self._given: list[Relation] = []
        self._objective: Scalar | None = None
        self._has_origin = False

    def point(self, name: str = "", *, blocks: Sequence[int] | None = None) -> Vector:
        """Return a vector about which nothing is known yet; zero outside `blocks`, by default none is excluded."""
        chosen = range(self.blocks) if blocks is None else blocks
        name = name or f"v{sum(map(len, self._names))}"
        for b in chosen:
            if b not in range(self.blocks):
                raise InvalidArgument("blocks", f"numbers below {self.blocks}", b)
            if name in self._names[b]:
                raise InvalidArgument("name", "one that is not in use", repr(name))
            self._names[b].append(name)
        return Vector({(b, name): Fraction(1) for b in chosen})

    def function(self, *, L: Any = math.inf, mu: Any = 0) -> Function:
        r"""Return a function of the class $F_{\mu, L}$.

        Parameters
        ----------
        L : exact number or sequence of them, default infinity
            Lipschitz constant of the gradient; infinity for closed, proper, possibly nonsmooth functions. A sequence
            gives one constant a block: $\|\nabla_b f(x + U_b h) - \nabla_b f(x)\| \leq L_b \|h\|$, for which the
            conditions used are only necessary.
        mu : exact number, default 0
            Constant of strong convexity, negative for weakly convex functions.
        """
        n = len(self._functions)
        f = Function(self, L=L, mu=mu, label="fhpqr"[n] if n < 5 else f"f{n}_")
        self._functions.append(f)
        return f

    def minimizer(self, *functions: Function) -> Vector:
        """Return a minimiser of the sum of `functions`: the origin, where each of them is zero, without loss.

        Coordinates and constants are chosen like this to keep Gram matrices free of directions in which nothing is
        known. The subgradients of the functions there add up to zero.
        """
        if self._has_origin or not functions:
            raise InvalidArgument("functions", "one or more functions, once a problem", functions)
        self._has_origin = True
        origin, rest = Vector({}), Vector({})
        for f in functions[:-1]:
            gradient = self.point(f"{f.label}'*")
            f.declare(origin, gradient=gradient, value=Scalar(), label="*")
            rest = rest - gradient
        functions[-1].declare(origin, gradient=rest, value=Scalar(), label="*")
        return origin

    def subject_to(self, *relations: Relation, name: str = "") -> None:
        """Add what the start or the algorithm satisfies; `name` is what the multiplier will be called."""
        for relation in relations:
            if not isinstance(relation, Relation):
                raise InvalidArgument("relation", "a comparison of scalars, such as x**2 <= 1", repr(relation))
            given = f"{name or 'given'}{len(self._given)}" if not name or len(relations) > 1 else name
            self._given.append(Relation(relation.form, relation.sense, given))

    def maximize(self, objective: Scalar) -> None:
        """Say which number is to be bounded from above."""
        if not isinstance(objective, Scalar):
            raise InvalidArgument("objective", "a scalar of this problem", repr(objective))
        self._objective = objective

    def statement(self) -> Statement:
        """Return the problem as data."""
        if self._objective is None:
            raise InvalidArgument("objective", "a call of maximize first", None)
        relations = [*self._given, *(relation for f in self._functions for relation in f.conditions())]
        names = [relation.name for relation in relations]
        if len(set(names)) < len(names):
            raise InvalidArgument(
                "name", "different names for relations", sorted({n for n in names if names.count(n) > 1})
            )
        return Statement(
            objective=self._objective,
            relations=tuple(relations),
            gram=tuple(tuple(block) for block in self._names),
            interpolable=all(f.interpolable for f in self._functions),
        )

    def certify(
        self,
        *,
        bound: Any = None,
        multipliers: Mapping[str, Any] | None = None,
        inflation: float = INFLATION,
    ) -> Certificate:
        """Return an exact certificate: of the least bound plus a millionth, of `bound`, or with given multipliers.

        The dual is solved in floating point, its value fixed a millionth above the optimum, multipliers and slack
        matrices pushed away from their limits, rounded to 60 bits, function values balanced exactly; then integers
        decide.

        Parameters
        ----------
        bound : exact number, optional
            Prove this number, which has to lie a little above the optimum, instead of the least one.
        multipliers : mapping of relation names to exact numbers, optional
            Closed forms, no solver involved: ``f[i,j]`` multiplies
            f_j - f_i + <g_j, x_i - x_j> + ... <= 0. What function values need to cancel is added to the multipliers
            of ``f[*,j]``.
        inflation : float, default 1e-6
            Relative room above the optimum that the solver found; larger where the message reports too little room.

        Raises
        ------
        NotCertified
            When the certificate that came out does not check, with the reason.
        """
        statement = self.statement()
        if multipliers is not None:
            return _from_closed_form(statement, multipliers)
        statement = reduced(statement)
        program = Program.of(statement)
        if bound is None:
            least = program.least_bound()
            target = least + check_positive(inflation, "inflation") * abs(least)
        else:
            target = float(exact(bound, "bound"))
            target -= ROUNDING * abs(target)
        found, room = program.interior_multipliers(target)
        rounded = {r.name: dyadic(value, bits=BITS) for r, value in zip(statement.relations, found)}
        order = sorted(rounded, key=lambda name: -abs(rounded[name]))
        try:
            certificate = _checked(statement, _balanced(statement, rounded, order))
        except NotCertified as error:
            raise NotCertified(f"{error} (bound {target:.10g}, room {room:.1e}, try a larger inflation)") from None
        if bound is not None and certificate.value > exact(bound, "bound"):
            raise NotCertified(f"only {float(certificate.value):.17g} came out")
        return certificate

    def attain(self, *, deflation: float = DEFLATION) -> Witness:
        """Return an exact feasible point of the same program, a little below its optimum: a lower bound.

        No multipliers of these relations can prove less than its value. Where the relations are interpolation
        conditions, some function attains it.

        Parameters
        ----------
        deflation : float, default 1e-5
            Relative distance to the optimum that the solver found; larger where the message reports too little room.

        Raises
        ------
        NotCertified
            When the point, rounded to rationals, is not feasible.
        """
        statement = self.statement()
        least = Program.of(reduced(statement)).least_bound()
        program = Program.of(statement)
        linear, grams, room = program.interior_point(least - check_positive(deflation, "deflation") * abs(least))
        return Witness.rounded(statement, program.point(linear, grams), bits=BITS, room=room)


def _from_closed_form(statement: Statement, multipliers: Mapping[str, Any]) -> Certificate:
    """Return the certificate of multipliers that somebody derived; those of the optimum balance them."""
    given = {name: exact(value, name) for name, value in multipliers.items()}
    unknown = given.keys() - {relation.name for relation in statement.relations}
    if unknown:
        raise InvalidArgument("multipliers", "names of relations", sorted(unknown))
    stars = [r.name for r in statement.relations if "[*," in r.name and r.name not in given]
    return _checked(statement, _balanced(statement, given, stars))


def _balanced(statement: Statement, multipliers: Mapping[str, Fraction], order: Sequence[str]) -> dict[str, Fraction]:
    """Return multipliers under which all function values cancel; those first in `order` take the change."""
    residual = statement.linear(statement.objective)
    columns = {relation.name: statement.linear(relation.form) for relation in statement.relations}
    for name, factor in multipliers.items():
        for key, value in columns[name].items():
            residual[key] = residual.get(key, Fraction(0)) - factor * value
    change = repair(columns, residual, order)
    if change is None:
        raise NotCertified("no multipliers make the function values cancel")
    names = [relation.name for relation in statement.relations if relation.name in {*multipliers, *change}]
    return {name: multipliers.get(name, Fraction(0)) + change.get(name, Fraction(0)) for name in names}


def _checked(statement: Statement, multipliers: Mapping[str, Fraction]) -> Certificate:
    certificate = Certificate.from_multipliers(statement, multipliers)
    ok, detail = certificate.report()
    if not ok:
        raise NotCertified(detail)
    return certificate
