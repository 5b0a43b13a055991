"""The pages on property testing run from top to bottom, and what they say of a peer holds."""

import re
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from sparsetheory.testing import check_solver, properties
from sparsetheory.testing.bilevel_first_order import properties as bilevel_properties
from sparsetheory.testing.bilevel_first_order.contract import BILEVEL_FIRST_ORDER
from sparsetheory.testing.contract import CONTRACTS
from sparsetheory.testing.entropic_ot import ENTROPIC_OT
from sparsetheory.testing.lasso import properties as lasso_properties
from sparsetheory.testing.lasso.contract import LASSO
from sparsetheory.testing.ldp_mechanism import properties as ldp_properties
from sparsetheory.testing.ldp_mechanism.contract import LDP_MECHANISM
from sparsetheory.testing.moe_mle import properties as moe_properties
from sparsetheory.testing.moe_mle.contract import MOE_MLE
from sparsetheory.testing.quadratic import properties as quadratic_properties
from sparsetheory.testing.quadratic.contract import BCD_QUADRATIC

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "property-testing.md").read_text()
FINDINGS = (DOCS / "findings.md").read_text()
FENCE = re.compile(r"```python\n(.*?)```", flags=re.S)


def run(block, page, scope):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(block, page, "exec"), scope)


def imports(block):
    return set(re.findall(r"^\s*(?:import|from) (\w+)", block, flags=re.M))


def test_the_page_runs_from_top_to_bottom():
    scope = {}
    for block in FENCE.findall(PAGE):
        if all(find_spec(name) for name in imports(block)):
            run(block, "property-testing.md", scope)
        else:  # only the adapters of packages that the project does not need may be left out
            assert imports(block) <= {"skglm", "sklearn", "ot"}


@pytest.mark.parametrize(("contract", "home"), [(ENTROPIC_OT, properties), (LASSO, lasso_properties),
                                                (BCD_QUADRATIC, quadratic_properties), (MOE_MLE, moe_properties),
                                                (LDP_MECHANISM, ldp_properties),
                                                (BILEVEL_FIRST_ORDER, bilevel_properties)],
                         ids=lambda x: getattr(x, "name", ""))  # fmt: skip
def test_the_page_names_every_property(contract, home):
    _, table = PAGE.split(f"### `{contract.name}`", 1)
    table = table.split("\n##", 1)[0]
    named = [r.name for r in contract.requirements if f"`{r.name}`" in table or r.name.startswith("refuses_")]
    assert named == [r.name for r in contract.requirements]
    assert all(hasattr(home, r.property.__name__) for r in contract.requirements)
    assert contract.name in CONTRACTS


def sections():
    for section in re.split(r"^## ", FINDINGS, flags=re.M)[1:]:
        package, release = section.splitlines()[0].split()
        for k, block in enumerate(FENCE.findall(section)):
            # two precisions are compiled
            marks = [pytest.mark.slow] if "float32" in block else []
            yield pytest.param(package, release, block, id=f"{package}-{k}", marks=marks)


@pytest.mark.parametrize(("package", "release", "block"), list(sections()))
def test_every_finding_is_there_in_the_version_it_is_reported_for(package, release, block):
    pytest.importorskip({"POT": "ot", "scikit-learn": "sklearn"}.get(package, package))
    if version(package) != release:
        pytest.skip(f"reported for {package} {release}, installed is {version(package)}")
    run(block, "findings.md", {})


def adapters():
    """The adapters of the page, by the name they have there."""
    scope = {}
    for block in FENCE.findall(PAGE):
        named = imports(block)
        if named and named <= {"ot", "functools", "sklearn", "skglm"} and all(find_spec(name) for name in named):
            run(re.sub(r"^assert .*$", "", block, flags=re.M), "property-testing.md", scope)
    return scope


#: Adapter -> contract, package, the required and the optional properties that the findings page reports.
REPORTED = {
    "pot_sinkhorn": ("entropic_ot", "POT", {
        "small_reg", "zero_mass", "refuses_nonfinite", "refuses_negative_mass", "refuses_unequal_masses",
        "refuses_bad_reg", "shifted_cost", "all_at_once", "refuses_infeasible"}),
    "sk_lasso": ("lasso", "scikit-learn", set()),
    "sk_elastic": ("lasso", "scikit-learn", set()),
    "sk_lars": ("lasso", "scikit-learn", {
        "sample_order", "duplicated_feature", "duplicates", "zero_columns", "small_alpha", "null", "refuses_nonfinite",
        "layouts", "small_units", "all_at_once", "sparse_input"}),
    "skglm_solver": ("lasso", "skglm", {
        "refuses_bad_alpha", "refuses_nonfinite", "warm_start", "init_untouched", "layouts", "small_units",
        "all_at_once"}),
    "skglm_lasso": ("lasso", "skglm", {"refuses_bad_alpha", "layouts", "small_units", "all_at_once"}),
}  # fmt: skip


#: These compile for longer than they run, or run what another test runs.
SLOW = {"skglm_solver", "skglm_lasso", "sk_lasso", "sk_elastic"}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in REPORTED]
)
def test_the_findings_are_those_of_the_contract(name):
    contract, package, reported = REPORTED[name]
    pytest.importorskip({"POT": "ot", "scikit-learn": "sklearn"}.get(package, package))
    if f"## {package} {version(package)}\n" not in FINDINGS:
        pytest.skip(f"the page speaks of another version than {package} {version(package)}")
    report = check_solver(adapters()[name], contract, tol=1e-7)
    found = {e.finding.name for e in report.entries if e.finding.ok is False}
    assert found == reported
