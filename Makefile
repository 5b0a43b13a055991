# Two commands for newcomers: `make verify` and `make test`. Each sets up its own virtual environment from nothing.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: verify verify-full prove test test-slow lint clean help

help:
	@echo "make verify       derive the bounds, measure quickly, write the report        (minutes)"
	@echo "make test         lint, type check, unit and property tests                   (minutes)"
	@echo "make verify-full  the studies that may say supported or refuted               (longer)"
	@echo "make test-slow    large hypothesis budgets, operating characteristics         (longer)"
	@echo "make prove        run every proof                                             (seconds)"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.verify: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[verify]"
	touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable ".[dev]"
	touch $@ $(VENV)/.verify

verify: $(VENV)/.verify
	$(VENV)/bin/sparsetheory verify --quick --jobs $(JOBS)

verify-full: $(VENV)/.verify
	$(VENV)/bin/sparsetheory verify --full --jobs $(JOBS)

prove: $(VENV)/.verify
	$(VENV)/bin/sparsetheory prove

lint: $(VENV)/.test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: lint
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist loadgroup

test-slow: $(VENV)/.test
	HYPOTHESIS_PROFILE=nightly $(VENV)/bin/python -m pytest -n $(JOBS) --dist loadgroup -m slow

clean:
	rm -rf $(VENV) reports build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
