# Everything that a person or the CI types. Nothing here needs root; see docs/development.md.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/$(BIN):$(PATH)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 20

demo: ## set up what is missing and run the main job: four calls, and the vault's page (ONCE=1 ends by itself)
	@$(PYTHON) tools/setup demo
	@$(BIN)/testigo demo $(if $(ONCE),--once)

# Two files at a time: most tests wait for calls, not for the processor. ARGS="-n 0" takes one after the other.
test: setup lint ## set up what is missing and run every check (ARGS="-k name" goes to pytest)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup ## style, types and the directions of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || (echo "run: $(BIN)/ruff format ." >&2; exit 1)
	@$(BIN)/mypy --no-error-summary
	@report=$$(PYTHONPATH=firmware $(BIN)/lint-imports --no-cache --no-logo) || { echo "$$report" >&2; exit 1; }

bench: setup ## measure, and print the tables of docs/benchmarks.md
	@$(BIN)/python tests/bench $(ARGS)

setup: ## the environment, MicroPython and the test peers, without tests
	@$(PYTHON) tools/setup test

clean: ## remove what was built; `make clean ALL=1` also what was set up
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(if $(ALL),.venv .tools)

.PHONY: help demo test lint bench setup clean
.DEFAULT_GOAL := help
