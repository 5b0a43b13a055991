"""Matrices, vectors and data from a seed: their facts are exact, they paste back, and decorations shrink to off."""

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import Design, LassoProblem, RegressionProblem, SparseVector, SPDMatrix
from sparsetheory.testing import strategies as S
from sparsetheory.testing.matrices import EIGENVALUE_BITS, SPECTRA, STAGES
from sparsetheory.testing.strategies.matrices import DESIGN_DECORATIONS
from sparsetheory.testing.strategies.regression import LASSO_DECORATIONS, REGRESSION_DECORATIONS

FIND = settings(database=None, derandomize=True, max_examples=500)
NAMES = {c.__name__: c for c in (Design, LassoProblem, RegressionProblem, SparseVector, SPDMatrix)}


@given(st.data(), st.integers(1, 9))
def test_the_eigenvalues_are_those_of_the_stored_matrix_in_exact_arithmetic(data, d):
    flint = pytest.importorskip("flint")
    m = data.draw(S.spd_matrices(d))
    unit = 2.0 ** -np.rint(np.log2(m.exact.L) - np.log2(2.0**EIGENVALUE_BITS * 25.0**STAGES)) * 2.0**8
    whole = [int(v) for v in (m.A * unit).ravel()]
    assert whole == list((m.A * unit).ravel())  # nothing was cut
    characteristic = flint.fmpz_mat(d, d, whole).charpoly()
    product = flint.fmpz_poly([1])
    for value in m.eigenvalues * unit:
        product *= flint.fmpz_poly([-int(value), 1])
    assert characteristic == product
    assert np.array_equal(m.A, m.A.T)


@given(st.data(), st.integers(2, 24), st.floats(1.0, 1e8))
def test_the_condition_number_is_the_one_asked_for(data, d, cond):
    m = data.draw(S.spd_matrices(d, cond=(cond, cond)))
    assert abs(m.exact.cond / cond - 1) <= 1e-8
    assert 0.5 <= m.exact.L <= 2
    # what an eigenvalue solver sees differs by its own rounding alone
    seen = np.linalg.eigvalsh(m.A)
    assert np.abs(seen - m.eigenvalues).max() <= 4 * d * np.finfo(float).eps * m.exact.L


@pytest.mark.parametrize("kind", SPECTRA)
def test_spectra(kind):
    values = SPDMatrix.build(seed=0, d=9, cond=1e4, spectrum=kind).eigenvalues
    ratios, steps = values[1:] / values[:-1], np.diff(values)
    if kind == "geom":
        assert np.ptp(ratios) <= 1e-5
    elif kind == "flat":
        assert np.ptp(steps) <= 1e-8
    else:
        assert len(set(values)) == 2


def test_a_matrix_is_no_diagonal_and_seeds_differ():
    one, two = (SPDMatrix.build(seed=s, d=6, cond=100.0).A for s in (0, 1))
    assert not np.array_equal(one, two)
    assert (np.abs(one) > 1e-12).sum() > 18
    assert np.array_equal(SPDMatrix.build(seed=0, d=4).A, SPDMatrix.build(seed=5, d=4).A)  # a multiple of the identity


@given(S.designs(7, 6))
def test_designs(design):
    on = design.decorations
    assert len(design.exact.zeros) >= on.get("zero_cols", 0)
    if "zero_cols" not in on:
        assert not design.exact.zeros
        assert len(design.exact.twins) >= on.get("duplicates", 0)
    assert design.exact.norms == pytest.approx(np.sqrt((design.X**2).sum(axis=0)))


def test_a_design_of_every_kind():
    d = Design.build(seed=3, n=5, p=4, dtype="float32", order="F")
    assert d.X.dtype == np.float32
    assert d.X.flags.f_contiguous
    assert not d.X.flags.writeable
    X = Design.build(seed=3, n=4000, p=3, correlation=0.9).X
    assert np.corrcoef(X.T)[0] == pytest.approx([1.0, 0.9, 0.81], abs=4 / np.sqrt(4000))
    assert 0.25 < (Design.build(seed=3, n=400, p=10, density=0.3).X != 0).mean() < 0.35
    norms = Design.build(seed=3, n=400, p=5, decades=4).exact.norms
    assert np.log10(norms.max() / norms.min()) == pytest.approx(4, abs=0.2)
    assert Design.build(seed=3, n=2, p=6, duplicates=9).exact.twins == ((0, 5), (1, 4), (2, 3))
    assert Design.build(seed=3, n=2, p=3, zero_cols=9).exact.zeros == (0, 1, 2)
    assert all(Design.build(seed=s, n=2, p=8, density=0.01).X.any(axis=0).all() for s in range(20))


@given(S.sparse_vectors(9, min_abs=0.25))
def test_sparse_vectors(v):
    assert len(v.support) == v.decorations.get("k", 1)
    alive = v.w[list(v.support)]
    assert ((np.abs(alive) >= 0.25) & (np.abs(alive) <= 0.5)).all()
    side = v.decorations.get("signs", "mixed")
    assert side == "mixed" or (np.sign(alive) == {"positive": 1, "negative": -1}[side]).all()


@given(S.regression_problems())
def test_regression_data(data):
    assert len(data.exact.support) == min(data.decorations.get("k", 1), data.X.shape[1])
    if (data.X @ data.w).any():
        assert data.exact.snr == pytest.approx(data.decorations.get("snr", 10.0), rel=1e-6)
    else:
        assert np.linalg.norm(data.y) == pytest.approx(np.sqrt(len(data.y)))


def test_noise():
    clean = RegressionProblem.build(seed=1, n=30, p=4, snr=np.inf)
    assert np.array_equal(clean.y, clean.X @ clean.w)
    light, heavy = (RegressionProblem.build(seed=1, n=5000, p=1, heavy_tail=h).exact.noise for h in (False, True))
    assert np.abs(heavy).max() / np.median(np.abs(heavy)) > 3 * np.abs(light).max() / np.median(np.abs(light))


def same(one, two):
    arrays = [name for name in ("A", "X", "y", "w") if hasattr(one, name)]
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in arrays)


ALL = {
    "SPDMatrix": S.spd_matrices(5), "Design": S.designs(4, 5), "SparseVector": S.sparse_vectors(5),
    "RegressionProblem": S.regression_problems(), "LassoProblem": S.lasso_problems(),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_every_repr_builds_the_same_again(name, data):
    drawn = data.draw(ALL[name])
    assert repr(drawn).startswith(f"{name}.build(seed=")
    assert "\n" not in repr(drawn)
    assert same(eval(repr(drawn), NAMES), drawn)


@pytest.mark.parametrize(
    ("name", "shrunk"),
    [
        ("SPDMatrix", "SPDMatrix.build(seed=0, d=5)"), ("Design", "Design.build(seed=0, n=4, p=5)"),
        ("SparseVector", "SparseVector.build(seed=0, p=5)"), ("LassoProblem", "LassoProblem.build(seed=0, n=1, p=1)"),
        ("RegressionProblem", "RegressionProblem.build(seed=0, n=1, p=1)"),
    ],
)  # fmt: skip
def test_everything_shrinks_to_off(name, shrunk):
    assert repr(find(ALL[name], lambda drawn: True, settings=FIND)) == shrunk


TABLES = [
    ("Design", DESIGN_DECORATIONS),
    ("RegressionProblem", REGRESSION_DECORATIONS),
    ("LassoProblem", LASSO_DECORATIONS),
]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in TABLES for name in table])
def test_every_decoration_is_drawn_and_changes_what_is_built(kind, name):
    strategy = {"Design": S.designs(5, 4), "RegressionProblem": S.regression_problems(),
                "LassoProblem": S.lasso_problems(samples=(4, 8), features=(4, 8))}[kind]  # fmt: skip
    on = find(strategy, lambda drawn: name in drawn.decorations and min(drawn.X.shape) >= 4, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    n, p = on.X.shape
    plain = NAMES[kind].build(seed=on.seed, n=n, p=p, **off)
    assert not same(on, plain) or on.alpha != plain.alpha


@pytest.mark.parametrize(
    "make",
    [
        lambda: SPDMatrix.build(seed=0, d=2, cond=1e9), lambda: SPDMatrix.build(seed=0, d=2, cond=0.5),
        lambda: SPDMatrix.build(seed=0, d=2, spectrum="round"), lambda: SPDMatrix.build(seed=0, d=0),
        lambda: Design.build(seed=0, n=2, p=2, rank=1), lambda: Design.build(seed=0, n=2, p=2, correlation=1.0),
        lambda: Design.build(seed=0, n=2, p=2, density=0.0), lambda: Design.build(seed=0, n=2, p=2, dtype="int"),
        lambda: SparseVector.build(seed=0, p=2, signs="both"), lambda: SparseVector.build(seed=0, p=2, min_abs=0),
        lambda: RegressionProblem.build(seed=0, n=2, p=2, snr=0.0), lambda: S.designs(2, 2, rank=(1,)),
        lambda: S.regression_problems(rank=(1,)),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()
