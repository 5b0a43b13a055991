"""Performance-estimation problems: the worst case of a first-order method, stated as on paper and bounded exactly."""

import math
from collections.abc import Callable, Mapping, Sequence
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
#: Key of the equation that the value satisfies, beside those of function values and loose inner products.
VALUE = ("value",)


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
        known. The subgradients of the functions there add up to zero, so that the sum has to be convex.
        """
        if self._has_origin or not functions:
            raise InvalidArgument("functions", "one or more functions, once a problem", functions)
        if sum(f.mu for f in functions) < 0:  # relations would not say that it is a minimiser
            raise InvalidArgument(
                "functions", "a convex sum: other stationary points need not be minimisers", functions
            )
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
        return self._statement(bool)

    def _statement(self, wanted: Callable[[str], bool]) -> Statement:
        if self._objective is None:
            raise InvalidArgument("objective", "a call of maximize first", None)
        relations = [*self._given, *(relation for f in self._functions for relation in f.conditions(wanted))]
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
        matrices pushed away from their limits, rounded to 60 bits, function values and the value balanced exactly; then
        integers decide.

        Parameters
        ----------
        bound : exact number, optional
            Prove exactly this number, which has to lie a little above the optimum, instead of the least one.
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
        if multipliers is not None:
            return self._from_closed_form(multipliers)
        statement = reduced(self.statement())
        program = Program.of(statement)
        if bound is None:
            least = program.least_bound()
            target = Fraction(least + check_positive(inflation, "inflation") * abs(least))
        else:
            target = exact(bound, "bound")
        found, room = program.interior_multipliers(float(target))
        rounded = {r.name: dyadic(value, bits=BITS) for r, value in zip(statement.relations, found)}
        order = sorted(rounded, key=lambda name: -abs(rounded[name]))
        try:
            return _checked(statement, _balanced(statement, rounded, order, value=target))
        except NotCertified as error:
            advice = "try a larger inflation, or a bound above it"
            raise NotCertified(f"{error} (bound {float(target):.10g}, room {room:.1e}; {advice})") from None

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

    def _from_closed_form(self, multipliers: Mapping[str, Any]) -> Certificate:
        """Return the certificate of multipliers that somebody derived; those of the optimum balance them."""
        given = {name: exact(value, name) for name, value in multipliers.items()}
        # the name of a pair begins the names of its conditions, one a block
        pairs = {name.partition("].")[0].rstrip("]") + "]" for name in given}
        statement = self._statement(lambda pair: pair in pairs or "[*," in pair)
        names = [relation.name for relation in statement.relations]
        if given.keys() - set(names):
            raise InvalidArgument("multipliers", "names of relations", sorted(given.keys() - set(names)))
        stars = [name for name in names if "[*," in name and name not in given]
        return _checked(statement, _balanced(statement, given, stars))


def _balanced(
    statement: Statement, multipliers: Mapping[str, Fraction], order: Sequence[str], *, value: Fraction | None = None
) -> dict[str, Fraction]:
    """Return multipliers under which function values cancel and `value` is proved; the first in `order` change."""
    residual: dict[Any, Fraction] = statement.linear(statement.objective)
    columns: dict[str, dict[Any, Fraction]] = {r.name: statement.linear(r.form) for r in statement.relations}
    # without any constant in a relation the value is that of the objective, and there is nothing to balance
    if value is not None and (
        any(r.form.constant for r in statement.relations) or statement.objective.constant > value
    ):
        residual[VALUE] = statement.objective.constant - value
        for relation in statement.relations:
            if relation.form.constant:
                columns[relation.name][VALUE] = relation.form.constant
    for name, factor in multipliers.items():
        for key, coefficient in columns[name].items():
            residual[key] = residual.get(key, Fraction(0)) - factor * coefficient
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
