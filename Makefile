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
	@$(PYTHON) tools/setup bench
	@$(BIN)/python tests/bench $(ARGS)

# SEED and COUNT choose faults, NAME is one of them, KINDS limits them; WORD=micropython32 takes 32-bit words and the compiled firmware.
faults: setup ## do seeded faults to appliance and vault, long; a short form is in `make test` (SEED=1 COUNT=200, NAME=...)
	@$(BIN)/python tests/faults $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(NAME),--name "$(NAME)") \
	  $(if $(KINDS),--kinds $(KINDS)) $(if $(WORD),--word $(WORD)) $(ARGS)

soak: setup ## an hour with eight calls up, then a table of memory and handles (ARGS="--minutes 5")
	@$(BIN)/python tests/faults/soak.py $(ARGS)

# MODULE is a part of its path; SEED and COUNT choose mutants of each module. A run goes on where the last one ended.
mutations: setup ## change the code in many places; the tests have to fail each time (MODULE=policy/consent SEED=1 COUNT=20)
	@$(BIN)/python tests/mutations $(if $(MODULE),--module $(MODULE)) $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) \
	  $(ARGS)

# After a text of a page was added or changed: then translate what is empty in web/locale/*/LC_MESSAGES/messages.po.
translations: setup ## take the texts of the pages into their catalogues
	@mkdir -p build
	@cd host/testigo_vault/web && pybabel -q extract -F locale/babel.cfg -k N_ --add-location=file --sort-by-file --no-wrap \
	  --project=Testigo -o $(CURDIR)/build/pages.pot .
	@cd host/testigo_vault/web && pybabel -q update -i $(CURDIR)/build/pages.pot -d locale --no-fuzzy-matching --ignore-obsolete \
	  --ignore-pot-creation-date --no-wrap

setup: ## the environment, MicroPython and the test peers, without tests
	@$(PYTHON) tools/setup test

clean: ## remove what was built; `make clean ALL=1` also what was set up
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(if $(ALL),.venv .tools)

.PHONY: help demo test lint bench faults soak mutations translations setup clean
.DEFAULT_GOAL := help
