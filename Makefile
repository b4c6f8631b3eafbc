# `make help` lists what can be made. Each target makes its own .venv/ first.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help example test validation slow coverage calibration docs lint bench clean

PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
# At most four workers: each of them loads PyMC.
WORKERS ?= -n auto --maxprocesses=4
SHARD ?= 1/1
# Parts are dealt out test by test, so that each has some of every file and takes as long.
SHARDED = --group $(word 1,$(subst /, ,$(SHARD))) --splits $(word 2,$(subst /, ,$(SHARD))) \
	--splitting-algorithm least_duration
# uv installs in seconds, where there is one.
UV := $(shell command -v uv 2>/dev/null)

export MPLBACKEND := Agg

help: ## Show this list
	@echo "make <target>, where <target> is one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-13s %s\n", $$1, $$2}'
	@echo "Choose a Python with: make PYTHON=/path/to/python3.13 <target>"

example: $(VENV)/.made-runtime ## Run the first example; it says where its files are
	@$(PY) examples/fact_sheet_2017_2018.py

test: $(VENV)/.made-test ## Run the fast tests
	@$(PYTEST) $(WORKERS) -m "not slow" tests

validation: $(VENV)/.made-test ## Compare with published and independent results
	@$(PYTEST) $(WORKERS) -m "not slow" validation

slow: $(VENV)/.made-test ## Run the slow tests, or a part of them: make slow SHARD=2/5
	@$(PYTEST) $(WORKERS) -m slow tests validation $(SHARDED)

coverage: $(VENV)/.made-runtime ## Run the coverage study again: a quarter of an hour
	@$(PY) validation/under_12_coverage.py --out validation/under_12_coverage.csv

calibration: $(VENV)/.made-runtime ## Run the calibration study of every kind again: a long time
	@$(PY) validation/calibration.py --out validation/calibration.csv

docs: $(VENV)/.made-docs ## Build the documentation; this runs the code on its pages and all examples
	@echo "Running the code on the pages: a minute."
	@$(PYTEST) -q $(WORKERS) docs/run_pages.py
	@echo "Building the pages; the gallery runs each example, which takes some minutes:"
	@rm -rf docs/api # pages of names that are gone
	@$(PY) -m sphinx -W --keep-going --color -b html docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

lint: $(VENV)/.made-dev ## Check style, types, imports and docstrings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) tools/check_docstrings.py
	@$(PYTEST) -q tests/test_surface.py -k type_checker
	@echo "Nothing to correct."

bench: $(VENV)/.made-runtime ## Measure speed; exit status 3 means that a stated ratio is missed
	@$(PY) benchmarks/run.py

clean: ## Remove .venv/ and all that was made
	@rm -rf $(VENV) out examples/out docs/_build docs/gallery docs/api docs/sg_execution_times.rst
	@rm -rf dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find src tests validation examples benchmarks docs -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true

# ---- .venv/: one environment, one stamp per set of packages

$(VENV)/.made:
	@python=$$(tools/find_python.sh "$(PYTHON)") || exit 1; \
	if [ -z "$(UV)" ] && ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$python cannot make a virtual environment: install its venv package (on Debian and Ubuntu: python3-venv), then run make again." >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV)/ with $$python"; \
	$(if $(UV),$(UV) venv -q --clear --python "$$python" $(VENV),"$$python" -m venv --clear $(VENV)) || exit 1
	@touch $@

define install
	@echo "Installing $(1) into $(VENV)/; the first time takes a minute or two."
	@$(if $(UV),$(UV) pip install -q --python $(PY) -e "$(2)",\
		$(PY) -m pip install -qq --disable-pip-version-check -e "$(2)") \
		|| { echo "The installation failed; it says why above." >&2; exit 1; }
	@touch $(VENV)/.made-runtime $@
endef

$(VENV)/.made-runtime: pyproject.toml | $(VENV)/.made
	$(call install,funnelest,.)

$(VENV)/.made-test: pyproject.toml | $(VENV)/.made
	$(call install,funnelest and its test tools,.[test])

$(VENV)/.made-docs: pyproject.toml | $(VENV)/.made
	$(call install,funnelest and the documentation tools,.[docs])

$(VENV)/.made-dev: pyproject.toml | $(VENV)/.made
	$(call install,funnelest and the tools for checking,.[dev])
