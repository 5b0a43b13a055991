"""The test session runs as `tests/conftest.py` says: profile, kernel cache, plotting backend."""

import os
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

BUDGETS = {"quick": 25, "default": 100, "nightly": 2000}


@pytest.mark.parametrize("name", BUDGETS)
def test_profiles_have_their_budget_and_no_deadline(name):
    profile = settings.get_profile(name)
    assert profile.max_examples == BUDGETS[name]
    assert profile.deadline is None
    assert profile.derandomize or not os.environ.get("CI")


def test_the_profile_that_was_asked_for_is_the_one_that_runs():
    asked = os.environ.get("HYPOTHESIS_PROFILE", "quick")
    assert settings.get_current_profile_name() == asked
    seen = []

    @given(st.integers())
    def count(number):
        seen.append(number)

    count()
    assert len(seen) == BUDGETS[asked]
    assert hypothesis.settings.default.deadline is None


def test_kernels_are_cached_in_a_folder_of_these_sources():
    numba = pytest.importorskip("numba")
    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR
    assert "__pycache__" not in Path(numba.config.CACHE_DIR).parts


def test_figures_need_no_screen():
    matplotlib = pytest.importorskip("matplotlib")
    assert matplotlib.get_backend().lower() == "agg"
