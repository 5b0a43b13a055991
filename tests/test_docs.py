"""Every Python block of the README runs, and every relative link of the documentation leads somewhere."""

import doctest
import importlib
import pkgutil
import re
import warnings
from pathlib import Path

import pytest

import sparsetheory

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)


@pytest.mark.parametrize("block", BLOCKS, ids=[re.findall(r"from (\S+) import", b)[0] for b in BLOCKS])
def test_the_blocks_of_the_readme_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RuntimeWarning)  # the textbook Sinkhorn underflows: its point
        exec(compile(block, "README.md", "exec"), {})


def test_the_blocks_of_the_bilevel_page_run():
    """One after the other: later ones use what earlier ones made."""
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "bilevel.md").read_text(), flags=re.S):
        exec(compile(block, "bilevel.md", "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def _modules():
    for module in pkgutil.walk_packages(sparsetheory.__path__, "sparsetheory."):
        if not re.search(r"\.(proofs|simulations|__main__)(\.|$)", module.name):
            yield module.name


@pytest.mark.parametrize("name", list(_modules()))
def test_examples_in_docstrings(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0
