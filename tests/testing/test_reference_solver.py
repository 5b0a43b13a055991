"""The reference certifies itself on everything the contract draws, and tolerance formulas bound what they should."""

import numpy as np
import pytest
from hypothesis import given
from scipy.optimize import minimize

from sparsetheory.testing import OTProblem, reference
from sparsetheory.testing import strategies as S
from sparsetheory.testing.plans import closeness, conditioning, marginal_error, rounding

HARD = {"reg": (0.5, 0.1, 0.01, 0.001), "zero_mass": (0, 1, 2), "forbidden": (False, True), "shift": (0.0, 1e6)}


@given(S.ot_problems(**HARD))
def test_the_reference_certifies_its_answer(p):
    answer = reference.solve(p)
    assert answer.certified
    assert marginal_error(answer.plan, p) == answer.error
    assert (answer.plan >= 0).all()


def test_two_by_two_by_hand():
    # with equal masses the plan is (t, 1/2 - t; 1/2 - t, t) and t / (1/2 - t) = exp(-cross difference / (2 reg))
    p = OTProblem(M=[[0.0, 1.0], [2.0, 0.5]], a=[0.5, 0.5], b=[0.5, 0.5], reg=0.7)
    odds = np.exp((1.0 + 2.0 - 0.0 - 0.5) / (2 * 0.7))
    t = 0.5 * odds / (1 + odds)
    assert reference.solve(p).plan == pytest.approx(np.array([[t, 0.5 - t], [0.5 - t, t]]), abs=1e-15)


def test_agreement_with_a_general_optimiser():
    p = OTProblem.build(seed=11, n=3, m=4, reg=0.3)
    semi_dual = minimize(
        lambda g: -(p.b @ g - p.reg * (p.a @ np.log(np.exp((g - p.M) / p.reg).sum(axis=1)))), np.zeros(4),
        method="BFGS", options={"gtol": 1e-10},
    )  # fmt: skip
    kernel = np.exp((semi_dual.x - p.M) / p.reg)
    plan = p.a[:, None] * kernel / kernel.sum(axis=1, keepdims=True)
    assert np.abs(reference.solve(p).plan - plan).sum() <= 1e-6


@given(S.ot_problems(max_side=8, reg=(0.5, 0.1, 0.02)))
def test_the_conditioning_bounds_the_response_to_the_marginals(p):
    plan, rng = reference.solve(p).plan, np.random.default_rng(p.seed)
    least = min(p.a.min(), p.b.min())
    moved = []
    for masses in (p.a, p.b):
        d = rng.standard_normal(len(masses))
        moved.append(masses + 1e-3 * least * (d - d.mean()) / (1 + np.abs(d).max()))
    twin = OTProblem(M=p.M, a=moved[0], b=moved[1] * (moved[0].sum() / moved[1].sum()), reg=p.reg)
    step = np.abs(twin.a - p.a).sum() + np.abs(twin.b - p.b).sum()
    response = np.abs(reference.solve(twin).plan - plan).sum()
    assert response <= 2 * conditioning(plan) * step + 4 * rounding(p)


@given(S.ot_problems(max_side=8, reg=(0.5, 0.1, 0.02)))
def test_a_perturbed_cost_moves_the_plan_by_at_most_its_size_over_reg(p):
    noise = 1e-3 * p.reg * np.random.default_rng(p.seed).uniform(-1, 1, p.M.shape)
    twin = OTProblem(M=p.M + noise, a=p.a, b=p.b, reg=p.reg)
    response = np.abs(reference.solve(twin).plan - reference.solve(p).plan).sum()
    assert response <= np.abs(noise).max() / p.reg + 4 * rounding(p)


def test_disconnected_plans_have_no_finite_conditioning():
    assert conditioning(np.eye(2) / 2) == np.inf
    assert conditioning(np.array([[1.0]])) == 1.0
    assert conditioning(np.full((2, 2), 0.25)) == pytest.approx(np.sqrt(2), rel=1e-12)


def test_closeness_counts_errors_up_to_the_promise():
    p = OTProblem.build(seed=1, n=3)
    plan = reference.solve(p).plan
    honest, broken = (closeness(p, plan, error, tol=1e-8).value for error in (1e-8, 1e-1))
    assert broken <= honest * (1 + 1e-3)
    assert closeness(p, plan, 0.0, tol=1e-8).value == 2 * rounding(p)
