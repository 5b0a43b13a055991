"""What a certificate says is checked exactly, by us and by a second checker that reads nothing but the JSON."""

import json
import random
from fractions import Fraction

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Proof, Step, certify
from sparsetheory.verify.certify import methods
from sparsetheory.verify.proof import holds

PROBLEMS = {
    "gradient": lambda: methods.gradient_descent(2),
    "proximal": lambda: methods.proximal_gradient(2),
    "cyclic": lambda: methods.cyclic_descent(3, L=(1, 2)),
    "greedy": lambda: methods.greedy_descent((0, 1), L=(1, 1)),
    "exact steps": lambda: methods.greedy_descent((0, 1, 0), L=(1, 1), step="exact"),
}


@pytest.fixture(scope="module", params=PROBLEMS)
def certified(request):
    problem = PROBLEMS[request.param]()
    return problem, problem.certify()


def second_checker(text):
    """Verify a record with flint matrices: the identity at random points, semidefiniteness by a different route."""
    from flint import fmpq, fmpq_mat

    record = json.loads(text)

    def q(s):
        return fmpq(*map(int, Fraction(s).as_integer_ratio()))

    if any(r["sense"] == "<=" and q(r["multiplier"]) < 0 for r in record["relations"]):
        return False
    slacks = []
    for b, names in enumerate(record["gram"]):
        S = fmpq_mat(len(names), len(names))
        for sign, form in [(-1, record["objective"]), *((q(r["multiplier"]), r) for r in record["relations"])]:
            for block, left, right, value in form["products"]:
                if block == b:
                    i, j = names.index(left), names.index(right)
                    S[i, j] += sign * q(value) / 2
                    S[j, i] += sign * q(value) / 2
        slacks.append(S)
    if not all(is_psd_by_characteristic_polynomial(S) for S in slacks):
        return False
    chance = random.Random(7)

    def evaluate(form, values, vectors):
        total = q(form["constant"]) + sum(q(c) * values[n] for n, c in form["values"].items())
        return total + sum(q(c) * dot(vectors[b, x], vectors[b, y]) for b, x, y, c in form["products"])

    def dot(v, w):
        return sum(s * t for s, t in zip(v, w))

    for _ in range(3):  # value - objective + sum multiplier * relation = sum <S, G> at random values and vectors
        forms = [record["objective"], *record["relations"]]
        values = {n: fmpq(chance.randint(-99, 99)) for form in forms for n in form["values"]}
        vectors = {(b, n): [fmpq(chance.randint(-99, 99)) for _ in range(3)]
                   for b, names in enumerate(record["gram"]) for n in names}  # fmt: skip
        left = q(record["value"]) - evaluate(record["objective"], values, vectors)
        left += sum(q(r["multiplier"]) * evaluate(r, values, vectors) for r in record["relations"])
        blocks = list(enumerate(zip(slacks, record["gram"])))
        right = sum(S[i, j] * dot(vectors[b, x], vectors[b, y])
                    for b, (S, names) in blocks for i, x in enumerate(names) for j, y in enumerate(names))  # fmt: skip
        if left != right:
            return False
    return True


def is_psd_by_characteristic_polynomial(S):
    """A symmetric matrix is semidefinite where the coefficients of det(t - S) alternate in sign."""
    n = S.nrows()
    coefficients = S.charpoly().coeffs()
    return all((-1) ** (n - k) * c >= 0 for k, c in enumerate(coefficients))


def test_certificates_check_and_belong_to_their_problem(certified):
    problem, certificate = certified
    assert certificate.check()
    assert certificate.belongs_to(problem)
    assert not certificate.belongs_to(methods.gradient_descent(3))


def test_the_multipliers_alone_give_the_certificate_again(certified):
    problem, certificate = certified
    assert problem.certify(multipliers=certificate.multipliers) == certificate


def test_the_file_says_the_same(certified):
    problem, certificate = certified
    again = certify.Certificate.from_json(certificate.to_json())
    assert again == certificate
    assert again.check()
    assert again.belongs_to(problem)


def test_a_second_checker_agrees(certified):
    _, certificate = certified
    assert second_checker(certificate.to_json())
    assert not second_checker(certificate.tightened().to_json())


def test_a_smaller_value_fails(certified):
    _, certificate = certified
    tightened = certificate.tightened("0.999")
    assert abs(tightened.value / certificate.value - Fraction(999, 1000)) < Fraction(1, 10**4)
    assert not tightened.check()
    assert "not positive semidefinite" in tightened.report()[1]
    claimed = json.loads(certificate.to_json()) | {"value": str(certificate.value * Fraction(999, 1000))}
    assert not certify.Certificate.from_json(json.dumps(claimed)).check()


@pytest.mark.parametrize("change", [lambda x: x * Fraction(1001, 1000), lambda x: x + Fraction(1, 2**60), lambda x: -x])
def test_any_perturbed_multiplier_fails(certified, change):
    _, certificate = certified
    for name, value in certificate.multipliers.items():
        bent = certify.Certificate(
            statement=certificate.statement, value=certificate.value, pivots=certificate.pivots,
            multipliers={**certificate.multipliers, name: change(value)},
        )  # fmt: skip
        assert not bent.check(), name


def test_even_recomputed_pivots_do_not_save_a_perturbed_multiplier():
    """A multiplier of a tight problem has no freedom: function values no longer cancel."""
    problem = methods.gradient_descent(2)
    certificate = problem.certify()
    for name, value in certificate.multipliers.items():
        if name != "start":
            bent = {**certificate.multipliers, name: value * Fraction(11, 10)}
            assert "cancel" in certify.Certificate.from_multipliers(problem.statement(), bent).report()[1]


def numbers_of(record, path=()):
    """Paths to everything in a record that is a number, whether written as one or as a string."""
    if isinstance(record, dict):
        for key, value in record.items():
            yield from numbers_of(value, (*path, key))
    elif isinstance(record, list):
        for k, value in enumerate(record):
            yield from numbers_of(value, (*path, k))
    elif isinstance(record, (int, str)) and not isinstance(record, bool):
        try:
            Fraction(record)
        except ValueError:
            return
        yield path


def test_any_changed_number_in_the_file_fails(certified):
    _, certificate = certified
    text = certificate.to_json()
    paths = list(numbers_of(json.loads(text)))
    assert len(paths) > 40
    for path in paths:
        record = json.loads(text)
        place = record
        for key in path[:-1]:
            place = place[key]
        old = place[path[-1]]
        place[path[-1]] = old + 1 if isinstance(old, int) else str(Fraction(old) + Fraction(1, 1000))
        assert not certify.Certificate.from_json(json.dumps(record)).check(), path


@pytest.mark.parametrize("text", ["{}", "no json", '{"format": "something else"}', "[1]"])
def test_other_files_are_refused(text):
    with pytest.raises(InvalidArgument, match="format"):
        certify.Certificate.from_json(text)


def test_renamed_relations_and_inequalities_turned_into_equations():
    record = json.loads(methods.gradient_descent(2).certify().to_json())
    renamed = json.loads(json.dumps(record))
    renamed["relations"][1]["name"] = renamed["relations"][2]["name"]
    assert not certify.Certificate.from_json(json.dumps(renamed)).check()
    loosened = json.loads(json.dumps(record))
    loosened["relations"][1]["sense"] = "=="
    # a proof of another statement: it checks, and it does not belong to this problem
    assert not certify.Certificate.from_json(json.dumps(loosened)).belongs_to(methods.gradient_descent(2))


def test_a_negative_multiplier_fails_even_if_everything_cancels():
    problem = methods.gradient_descent(1)
    multipliers = dict(problem.certify().multipliers)
    there, back = "f[0,1]", "f[1,0]"
    multipliers[there] -= multipliers[back] * 2  # the two cancel each other's function values
    multipliers[back] -= multipliers[back] * 2
    certificate = certify.Certificate.from_multipliers(problem.statement(), multipliers)
    assert "negative" in certificate.report()[1]


def test_one_line_in_a_proof():
    certificate, bound = methods.gradient_descent(5).certify(), Fraction(1, 22) * (1 + Fraction(2, 10**6))
    step = Step(name="rate", evidence="exact certificate", statement=r"$f(x_5) - f^* \leq L R^2 / 22$ to a millionth",
                check=lambda: certificate.proves(bound), anti_test=certificate.tightened().report)  # fmt: skip
    results = Proof(claim="demo.mean", steps=[step]).run()
    assert holds(results)
    assert "value 0.0454545" in results[0].detail
    vacuous = Step(name="rate", evidence="exact certificate", statement="s", check=certificate.report,
                   anti_test=certificate.report)  # fmt: skip
    assert not holds(Proof(claim="demo.mean", steps=[vacuous]).run())


def test_the_check_of_a_large_certificate_is_fast():
    from time import process_time

    problem = methods.gradient_descent(20)
    certificate = problem.certify(multipliers=methods.gradient_descent_multipliers(20))
    start = process_time()
    assert certificate.check()
    assert process_time() - start < 0.5  # 0.01 s on an idle machine
