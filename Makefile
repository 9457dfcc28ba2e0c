# The commands of this house. `make up` and `make test` need Python 3.11+ and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Ends with the make that started it, however that ends, where the system knows how.
TIED := exec $$(command -v setpriv >/dev/null && echo setpriv --pdeathsig TERM --)

.DEFAULT_GOAL := help
.PHONY: help up test fuzz scenarios screenshots lint format bench clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 13

up: $(VENV)/.runtime ## Run everything until Ctrl-C (PORT=8000 DATA_DIR=.data)
	@export PORT="$(or $(PORT),8000)" DATA_DIR="$(or $(DATA_DIR),.data)"; \
	$(TIED) $(BIN)/python -m config.supervisor

test: $(VENV)/.dev ## Run the whole suite on its own Postgres and Valkey
	@$(BIN)/python -m pytest -n 2 --maxschedchunk 1 $(ARGS)

fuzz: $(VENV)/.dev ## Call every operation with made-up input (some minutes; FUZZ_EXAMPLES=100 FUZZ_SEED=...)
	@seed=$${FUZZ_SEED:-$$($(BIN)/python -c 'import secrets; print(secrets.randbelow(10**9))')}; \
	echo "The same calls again: make fuzz FUZZ_SEED=$$seed FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100}"; \
	FUZZ_SEED=$$seed FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100} $(BIN)/python -m pytest -n 2 --maxschedchunk 1 tests/test_fuzz.py $(ARGS)

scenarios: $(VENV)/.dev ## Play scripted histories through the monitor (ARGS="provider_outage" BREAK=rule)
	@export BREAK="$(BREAK)"; \
	$(TIED) $(BIN)/python -m notifications.tests.scenarios $(ARGS)

lint: $(VENV)/.dev ## Style, types, arrows between the rooms, missing migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@SECRET_KEY=lint $(BIN)/mypy .
	@$(BIN)/lint-imports --no-logo
	@SECRET_KEY=lint $(BIN)/python -W ignore manage.py makemigrations --check --dry-run

format: $(VENV)/.dev ## Let ruff write the style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

screenshots: $(VENV)/.dev ## Take the pictures of docs/images/ again, in a real browser (about two minutes)
	@$(TIED) $(BIN)/python -m tests.browser.screenshots $(ARGS)

bench: $(VENV)/.dev ## Measure it, as ratios in one run (some minutes; ARGS="poll" FULL=1)
	@$(TIED) $(BIN)/python -m bench $(ARGS)

clean: ## Remove the demo's data and the private folders (not while it runs)
	@DATA_DIR="$(or $(DATA_DIR),.data)" $(BIN)/python -m config.supervisor.clean

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Bellwether needs Python 3.11 or newer; set PYTHON=python3.11 or the like." >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt (the first time takes about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing requirements-dev.txt (the first time takes about a minute) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime
