# Everything that a newcomer needs: `make demo`, then `make test`. Each target sets up what it needs first.
# Recipes run in the project's own directory and never need an activated environment.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test check up down clean

VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
PYTEST_ARGS ?=
PORT ?= 4566

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

setup: ## Make .venv from requirements.lock, which holds versions and hashes.
	@{ cmp -s requirements.lock $(READY) && $(RUN) -c '' 2>/dev/null; } || $(MAKE) -s install

# The copy of the lock inside .venv says what .venv holds: time stamps say nothing after a checkout.
.PHONY: install
install:
	@python=$${PYTHON:-}; \
	for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
		[ -n "$$python" ] || ! "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || python=$$name; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'This needs Python 3.11 or later. Install it, or name it: make setup PYTHON=/path/to/python3.11' >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "$$python is not Python 3.11 or later. Name another one with PYTHON=." >&2; exit 1; \
	fi; \
	echo 'Setting up $(VENV) ...'; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) \
		&& $(RUN) -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock \
		&& cp requirements.lock $(READY)

demo: setup ## See a local AWS sign users in with one-time codes.
	@$(RUN) -m demo_client story

up: setup ## Start the local AWS and deploy template.yaml to it.
	@$(RUN) -m tools.local_stack up --port $(PORT)

down: setup ## Stop the local AWS.
	@$(RUN) -m tools.local_stack down

test: setup node ## Run all tests.
	@$(RUN) -m pytest $(PYTEST_ARGS)

# The tests that sign in with JavaScript clients skip, and say so, where there is no Node.
.PHONY: node
node:
	@if [ -f tests/clients/package-lock.json ] && command -v npm >/dev/null; then $(MAKE) -s tests/clients/node_modules/.ready; fi

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	@cd tests/clients && npm ci --loglevel=error --no-audit --no-fund && touch node_modules/.ready

check: setup ## Run the linters, the type checker and the import contract.
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy triggers
	@$(RUN) -m mypy tools demo_client tests benchmarks
	@$(VENV)/bin/cfn-lint template.yaml
	@PYTHONPATH=triggers $(VENV)/bin/lint-imports

clean: ## Stop the local AWS and remove all that these targets made.
	@[ ! -x $(RUN) ] || $(RUN) -m tools.local_stack down || true
	@rm -rf $(VENV) .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/clients/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
