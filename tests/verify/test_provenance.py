import json
import platform
import subprocess
from pathlib import Path

import numpy as np
import pytest

import sparsetheory
from sparsetheory.verify import provenance


def test_the_environment_names_versions_and_machine_but_not_the_host():
    facts = provenance.environment()
    assert facts["sparsetheory"] == sparsetheory.__version__
    assert facts["numpy"] == np.__version__
    assert facts["cores"] >= 1
    assert facts["cpu"]
    assert facts["blas"]
    assert platform.node() not in facts.values()
    assert json.loads(json.dumps(facts)) == facts


def test_a_checkout_is_told_with_its_commit_and_whether_it_was_changed(tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    package = tmp_path / "sparsetheory" / "verify"
    package.mkdir(parents=True)
    (package / "provenance.py").write_text("x = 1\n")
    try:
        subprocess.run([*git, "init", "-q"], check=True)
    except OSError:
        pytest.skip("no git here")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    assert provenance._checkout() == {"git": head, "git_dirty": False}
    (package / "provenance.py").write_text("x = 2\n")
    assert provenance._checkout() == {"git": head, "git_dirty": True}


def test_an_installed_package_is_not_in_the_checkout_around_it(tmp_path, monkeypatch):
    package = tmp_path / "venv" / "sparsetheory" / "verify"
    package.mkdir(parents=True)
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    monkeypatch.setattr(provenance, "__file__", str(Path(package) / "provenance.py"))
    assert provenance._checkout() == {"git": None}
