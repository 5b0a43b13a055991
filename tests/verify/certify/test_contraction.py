"""The shared steps of rate proofs: they hold, their anti-tests fail, and a wrong formula is not found."""

from fractions import Fraction

import pytest

from sparsetheory.bcd.one_step_proof import averaged_step, greedy_step, row_sums
from sparsetheory.verify import Bound, Proof
from sparsetheory.verify.certify.contraction import (
    convexity_step,
    dual_norm_step,
    evaluate,
    gain_step,
    norms_step,
    quotient_step,
    taylor_step,
)  # fmt: skip
from sparsetheory.verify.proof import holds

RATE = Bound("mu/c", mu="strong convexity", c="curvature")


@pytest.mark.parametrize(
    "step",
    [taylor_step(), gain_step(), dual_norm_step("the rule takes it."), convexity_step(), norms_step("so it is.")],
    ids=lambda step: step.name,
)
def test_identities_hold_and_their_perturbations_do_not(step):
    assert holds(Proof(claim="demo.rate", steps=[step]).run())


@pytest.mark.parametrize(
    ("formula", "right"), [("mu/c", True), ("2*mu/c", False), ("mu/c**2", False), ("mu/(c + mu)", False)]
)
def test_only_the_quotient_is_found(formula, right):
    step = quotient_step(Bound(formula, mu="", c=""), gain="G/(2*c)", error="G/(2*mu)")
    ok, detail = step.check()
    assert ok is right, detail
    assert "mu/c" in detail


def test_evaluate_is_exact():
    assert evaluate(RATE, mu=Fraction(1, 3), c=Fraction(7, 5)) == Fraction(5, 21)


def _metric(Q, blocks):
    scale = {i: row_sums(Q, b) for b in blocks for i in b}
    return [[scale[i] * (i == j) for j in range(len(Q))] for i in range(len(Q))]


ONE = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]


@pytest.mark.parametrize(("formula", "right"), [("mu", True), ("mu*1.001", False), ("mu*0.999", False)])
def test_exact_runs_refute_what_is_too_good_and_what_is_not_attained(formula, right):
    step = greedy_step(
        Bound(formula, mu="constant"), symbols=lambda mu, M: {"mu": mu}, metric=_metric, factors=(ONE, ONE)
    )
    assert step.check()[0] is right


def test_runs_with_steps_that_are_too_long_fail_on_the_examples():
    def short(Q, blocks):  # a metric below the blocks of Q: the model is no bound
        return [[entry / 3 for entry in row] for row in _metric(Q, blocks)]

    step = greedy_step(Bound("mu", mu="constant"), symbols=lambda mu, M: {"mu": mu}, metric=short, factors=(ONE, ONE))
    ok, detail = step.check()
    assert not ok
    assert detail.startswith("run")


@pytest.mark.parametrize(("formula", "right"), [("mu/S", True), ("1.001*mu/S", False), ("2*mu/S", False)])
def test_exact_averages(formula, right):
    extremal = [[Fraction(2), Fraction(2)], [Fraction(2), Fraction(5)]], [Fraction(2), Fraction(-1)], [[0], [1]]
    step = averaged_step(
        Bound(formula, mu="constant", S="sum"), symbols=lambda mu, L: {"mu": mu, "S": sum(L)}, sampled=True,
        extremal=extremal,
    )  # fmt: skip
    assert step.check()[0] is right
