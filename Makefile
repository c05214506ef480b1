# What people type: `make` lists it.
VENV := .venv
PYTHON := $(VENV)/bin/python
# Test files run side by side, since most of them wait for servers most of the time: in
# their order, so that the many quick ones come last and nobody waits for a slow one.
JOBS ?= 3
SHARED := -n $(JOBS) --dist loadfile --no-loadscope-reorder
SEED := 1

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-long chaos chaos-quick bench bench-quick check format lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: ## Make the virtual environment and install what is missing
	@scripts/setup

run: ## Start RabbitMQ, MongoDB, receiver, worker and API here; Ctrl-C stops them
	@scripts/setup --urls-will-do
	@exec $(VENV)/bin/forgewire up

demo: setup ## Deliver all sample hooks twice to a stack of its own, show the state
	@exec $(VENV)/bin/forgewire demo tests/samples

test: ## Run all tests, on servers of their own, and measure coverage
	@scripts/setup --tests
	@exec $(PYTHON) -m pytest $(SHARED) --cov --cov-report=term $(ARGS)

test-long: ## Run the property tests for as long as it takes
	@scripts/setup --tests
	@HYPOTHESIS_PROFILE=long exec $(PYTHON) -m pytest --timeout=0 $(ARGS)

chaos-quick: setup ## Break real servers while hooks come in, each fault once
	@exec $(PYTHON) -m tests.chaos --quick --seed $(SEED) $(ARGS)

chaos: setup ## The same with 20,000 hooks, each fault twice
	@exec $(PYTHON) -m tests.chaos --seed $(SEED) $(ARGS)

bench-quick: ## Measure what matters most beside others, in three minutes
	@scripts/setup --bench
	@exec $(PYTHON) -m bench --quick $(ARGS)

bench: ## Measure everything, and make docs/performance.md anew
	@scripts/setup --bench
	@exec $(PYTHON) -m bench --page docs/performance.md $(ARGS)

check: setup ## Check format, lint, types and which room imports which
	@$(VENV)/bin/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo

format: setup ## Format the code, and correct what can be corrected
	@$(VENV)/bin/ruff check --fix-only --quiet .
	@$(VENV)/bin/ruff format --quiet .

lock: setup ## Lock the requirements anew (UPGRADE=--upgrade takes newer versions)
	@scripts/lock $(UPGRADE)

clean: ## Remove all that can be made again; var/ with its data stays
	@rm -rf $(VENV) dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache \
	    .ruff_cache .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
