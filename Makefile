# Every target does all of its own set-up; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2

.PHONY: help run test lint bench faults pages fuzz stack clean system-packages test-packages

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Settings: JOBS=4 (test processes), ARGS='-k billing' (for pytest), BENCH=name N=20000, PYTHON=python3.12"

run: .venv/runtime.stamp ## Tsudoi in one process on http://127.0.0.1:8000 (TSUDOI_PORT, TSUDOI_HOME; TSUDOI_DEMO=0 starts empty)
	@exec $(BIN)/tsudoi up

test: .venv/dev.stamp test-packages ## all tests (under 20 minutes on 2 cores)
	$(BIN)/pytest -n $(JOBS) --no-loadscope-reorder --session-timeout=4200 --durations=10 $(ARGS)

lint: .venv/dev.stamp ## ruff, mypy, import-linter, and the tests of architecture, translations and tables in documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

bench: .venv/dev.stamp test-packages ## the figures, one JSON line each (BENCH=billing_run N=100000; without BENCH all of them)
ifdef BENCH
	@$(BIN)/python -m tests.bench.$(BENCH) $(if $(N),--n $(N))
else
	@for file in $$(grep -l __main__ tests/bench/*.py); do $(BIN)/python -m tests.bench.$$(basename $$file .py) || exit 1; done
endif

faults: .venv/dev.stamp test-packages ## the campaign: kills, cuts, freezes and fills, with a scorecard (TSUDOI_FAULT_SEED repeats one)
	$(BIN)/pytest --campaign -n $(JOBS) --no-loadscope-reorder --timeout=1800 --session-timeout=4800 --durations=30 tests/faults tests/conformance tests/model $(ARGS)

pages: .venv/dev.stamp test-packages ## every page with axe, in both languages, light and dark, desk and phone
	$(BIN)/pytest --campaign tests/pages/test_every_page.py $(ARGS)

fuzz: .venv/dev.stamp test-packages ## a hundred requests more for each operation of the API, drawn anew each time
	$(BIN)/pytest --campaign -n $(JOBS) tests/unit/*/test_hostile_input.py $(ARGS)

stack: .venv/runtime.stamp system-packages ## the full stack on this machine with the demo society (stop: .venv/bin/tsudoi stack down)
	@$(BIN)/tsudoi stack up --demo

clean: ## remove what can be made again (.venv, caches, artefacts); data in .tsudoi stays
	rm -rf .venv build dist artefacts *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

system-packages:
	@deploy/bootstrap/install-system-packages.sh stack

test-packages:
	@deploy/bootstrap/install-system-packages.sh tests

.venv/%.stamp: pyproject.toml deploy/bootstrap/make-venv.sh
	@echo "Installing Tsudoi into .venv (a minute or so the first time)"
	@PYTHON=$(PYTHON) deploy/bootstrap/make-venv.sh $*
