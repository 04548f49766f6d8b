# To start: `make demo`, then `make test`. For AWS: `make deploy`. Each target first sets up what it needs.
# Recipes run in the project directory and need no activated environment.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test check build deploy up down freshness clean

VENV := .venv
LOCK := requirements.lock
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# One file at a time for each processor, because each file starts its local stack once.
PYTEST_ARGS ?= --numprocesses auto --maxprocesses 4 --dist loadfile --durations 15
PORT ?= 4566

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

setup: ## Create .venv from requirements.lock, which holds versions and hashes.
	@{ cmp -s $(LOCK) $(READY) && $(RUN) -c '' 2>/dev/null; } || $(MAKE) -s install
	@$(RUN) -c 'import passcode' 2>/dev/null || $(RUN) -c "$(PTH)"

# Tools and tests import the functions' package as Lambda does, from triggers/. The path in the .pth file is relative to the
# folder that holds it, so that a checkout can be moved.
PTH := import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'passcode.pth').write_text('../../../../triggers\n')

# The copy of the lock file inside .venv shows what is installed, because time stamps are not reliable after a checkout. The
# lock names every package, so pip does not resolve anything; with hashes it could not resolve extras.
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
	echo 'Setting up $(VENV): packages are downloaded, about a minute ...'; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) \
		&& $(RUN) -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --requirement $(LOCK) \
		&& cp $(LOCK) $(READY)

demo: setup page ## Sign users in with one-time codes on a local AWS, on the terminal and in a browser.
	@$(RUN) -m demo_client demo

up: setup ## Start the local AWS and deploy template.yaml to it.
	@$(RUN) -m tools.local_stack up --port $(PORT)

down: ## Stop the local AWS.
	@if [ -x $(RUN) ]; then $(RUN) -m tools.local_stack down; else echo 'Nothing was running.'; fi

test: setup node page ## Run all tests.
	@$(RUN) -m pytest $(PYTEST_ARGS)

# Without Node.js, the tests with JavaScript clients are skipped with a reason.
.PHONY: node
node:
	@if [ -f tests/clients/package-lock.json ] && command -v npm >/dev/null; then $(MAKE) -s tests/clients/node_modules/.ready; fi

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	@cd tests/clients && npm ci --loglevel=error --no-audit --no-fund && touch node_modules/.ready

# The sign-in form of the demo page. Without it the page works, and says what is missing.
PAGE := demo_client/web
.PHONY: page
page:
	@if command -v npm >/dev/null; then \
		$(MAKE) -s $(PAGE)/built/app.js || { [ "$${CI:-}" != true ] && echo 'The demo page has no sign-in form: npm could not make it.'; }; \
	else \
		echo 'The demo page has no sign-in form without Node.js and npm. Install them and run make again.'; \
	fi

$(PAGE)/built/app.js: $(PAGE)/app/node_modules/.ready $(PAGE)/app/package.json $(wildcard $(PAGE)/app/src/*.js)
	@cd $(PAGE)/app && npm run --silent build

# The packages run no install scripts: esbuild works without its script.
$(PAGE)/app/node_modules/.ready: $(PAGE)/app/package-lock.json
	@echo 'Making the demo page: packages are downloaded, about 15 seconds ...'
	@cd $(PAGE)/app && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >/dev/null && touch node_modules/.ready

check: setup sam ## Run the linters, the type checker, the import contract and the phrase check.
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy triggers
	@$(RUN) -m mypy tools demo_client tests benchmarks
	@$(VENV)/bin/cfn-lint template.yaml
	@said=$$($(SAM) validate --region us-east-1 2>&1) || { echo "$$said" >&2; exit 1; }
	@PYTHONPATH=triggers $(VENV)/bin/lint-imports
	@$(RUN) -m tools.phrases

# AWS SAM pins an older boto3 than requirements.lock, so it has a separate environment.
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
BUILT ?= .aws-sam/build
# sam resolves a relative name beside the template, which is in the build folder.
MINE := $(CURDIR)/samconfig.mine.toml

# No telemetry, and no search for versions newer than the locked one.
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/$(SAM_VENV)/home

.PHONY: sam
sam:
	@$(MAKE) -s setup VENV=$(SAM_VENV) LOCK=requirements-build.lock
	@mkdir -p $(SAM_VENV)/home && echo '{"lastVersionCheck": 4102444800.0}' > $(SAM_VENV)/home/metadata.json

build: setup sam ## Build the Lambda packages into .aws-sam/build, on any machine.
	@PYTHON=$(CURDIR)/$(SAM_VENV)/bin/python $(SAM) build --build-dir $(BUILT)
	@$(RUN) -m tools.artefacts.sizes $(BUILT)

DEPLOY := deploy --template-file $(BUILT)/template.yaml --config-file "$(MINE)"

deploy: build ## Deploy to AWS. The first time it asks for the parameters.
	@if grep -qs parameter_overrides "$(MINE)"; then $(SAM) $(DEPLOY); else cp samconfig.toml "$(MINE)" && $(SAM) $(DEPLOY) --guided; fi

freshness: setup ## List what Cognito's newest API has and pool_admin has no rule for. Needs the network.
	@$(RUN) -m tools.pool_admin.freshness

clean: ## Stop the local AWS and remove everything that these targets created.
	@[ ! -x $(RUN) ] || $(RUN) -m tools.local_stack down || true
	@rm -rf $(VENV) $(SAM_VENV) .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/clients/node_modules \
		$(PAGE)/app/node_modules $(PAGE)/built
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
