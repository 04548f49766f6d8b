# Start with `make demo`, then `make test`. `make deploy` deploys to AWS. Each target installs what it needs.
# Recipes run in the project's directory and never need an activated environment.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test attack faults check build deploy up down mutants parameters freshness mail-preview clean

VENV := .venv
LOCK := requirements.lock
# The packages of the demo. They are a part of those in $(LOCK), in the same versions.
DEMO_LOCK := requirements-demo.lock
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# All tests of a file run in one process, so that their local stack starts once.
PYTEST_ARGS ?= --numprocesses auto --maxprocesses 4 --dist loadfile --durations 15
PORT ?= 4566

help: ## Show this help.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

setup: ## Install the locked packages (requirements.lock) into .venv.
	@$(call INSTALLED,$(LOCK)) || $(MAKE) -s install COMPILE=--compile
	@$(SEES_TRIGGERS)
	@[ $(VENV) != .venv ] || $(RUN) -m tools.artefacts.aws_models

# The demo and the local stack need less than half of the packages. They also use an environment with all of them.
.PHONY: setup-demo
setup-demo:
	@$(call INSTALLED,$(DEMO_LOCK)) || $(call INSTALLED,$(LOCK)) \
		|| { echo 'The first run downloads about 36 MB of Python packages.'; $(MAKE) -s install LOCK=$(DEMO_LOCK); }
	@$(SEES_TRIGGERS)
	@$(RUN) -m tools.artefacts.aws_models

# The copy of a lock in .venv records what is installed, because time stamps are meaningless after a checkout.
INSTALLED = { cmp -s $(1) $(READY) && $(RUN) -c '' 2>/dev/null; }

# Tools and tests import the functions' package from triggers/, as Lambda does. The path in the .pth file is relative to its
# folder, so that the environment still works after the checkout has moved.
SEES_TRIGGERS = $(RUN) -c 'import passcode' 2>/dev/null || $(RUN) -c "$(PTH)"
PTH := import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'passcode.pth').write_text('../../../../triggers\n')

# Packages are added to an environment that has those of the demo. Any other one is replaced, so that none of its packages stays.
.PHONY: install
install:
	@if ! $(call INSTALLED,$(DEMO_LOCK)); then \
		python=$${PYTHON:-}; \
		for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
			[ -n "$$python" ] || ! "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || python=$$name; \
		done; \
		if [ -z "$$python" ]; then \
			echo 'No Python 3.11 or later was found. Install it, or set its path: make setup PYTHON=/path/to/python3.11' >&2; exit 1; \
		fi; \
		if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$python is not Python 3.11 or later. Set PYTHON to another one." >&2; exit 1; \
		fi; \
		rm -rf $(VENV) && "$$python" -m venv $(VENV) || exit 1; \
	fi; \
	$(RUN) -m tools.install $(LOCK) $(COMPILE) && cp $(LOCK) $(READY)

demo: setup-demo page ## Show sign-ins with one-time codes on a local AWS, in the terminal and in a browser.
	@$(RUN) -m demo_client demo --port $(PORT)

up: setup-demo ## Start a local AWS and deploy template.yaml to it.
	@$(RUN) -m tools.local_stack up --port $(PORT)

down: ## Stop the local AWS.
	@if [ -x $(RUN) ]; then $(RUN) -m tools.local_stack down; else echo 'The local AWS was not running.'; fi

test: setup node page ## Run all tests.
	@$(RUN) -m pytest $(PYTEST_ARGS)

attack: setup ## Try known attacks on weak versions of the product and on the product. Prints a table.
	@$(RUN) -m pytest tests/attacks -q

faults: setup ## Break the calls to AWS and measure the figures of docs/reliability.md. Takes less than 20 minutes.
	@PASSCODE_FAULTS=all $(RUN) -m pytest tests/faults -q --show-capture=no --numprocesses auto --maxprocesses 4

# Without Node.js, the tests with JavaScript clients are skipped with a reason.
.PHONY: node
node:
	@if [ -f tests/clients/package-lock.json ] && command -v npm >/dev/null; then $(MAKE) -s tests/clients/node_modules/.ready; fi

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	@cd tests/clients && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund && touch node_modules/.ready

# The sign-in form of the demo page. Without the form, the page says what is missing.
PAGE := demo_client/web
.PHONY: page
page:
	@if command -v npm >/dev/null; then \
		$(MAKE) -s $(PAGE)/built/app.js || { [ "$${CI:-}" != true ] && echo 'npm could not build the sign-in form, so the demo page has none.'; }; \
	else \
		echo 'The demo page has no sign-in form, because it needs Node.js and npm. Install them and run make again.'; \
	fi

$(PAGE)/built/app.js: $(PAGE)/app/node_modules/.ready $(PAGE)/app/package.json $(wildcard $(PAGE)/app/src/*.js)
	@cd $(PAGE)/app && npm run --silent build

# No package may run an install script: see .npmrc beside the lock file. esbuild works without its own.
$(PAGE)/app/node_modules/.ready: $(PAGE)/app/package-lock.json
	@echo 'Installing the packages of the demo page, about 46 MB to download ...'
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

# AWS SAM requires an older boto3 than requirements.lock has, so it gets a separate environment.
SAM_VENV := .venv-sam
SAM := $(SAM_VENV)/bin/sam
BUILT ?= .aws-sam/build
# An absolute path, because sam resolves a relative one against the template, which is in the build folder.
MINE := $(CURDIR)/samconfig.mine.toml

# SAM sends no usage data and does not check for a newer version than the locked one.
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/$(SAM_VENV)/home

.PHONY: sam
sam:
	@$(MAKE) -s setup VENV=$(SAM_VENV) LOCK=requirements-build.lock
	@mkdir -p $(SAM_VENV)/home && echo '{"lastVersionCheck": 4102444800.0}' > $(SAM_VENV)/home/metadata.json

build: setup sam ## Build the Lambda packages into .aws-sam/build.
	@PYTHON=$(CURDIR)/$(SAM_VENV)/bin/python $(SAM) build --build-dir $(BUILT)
	@$(RUN) -m tools.artefacts.sizes $(BUILT)

# The command that builds before a deployment. BUILD= deploys the existing build.
BUILD = $(MAKE) --no-print-directory build
# Not expanded by make, so that a value may contain a dollar sign.
deploy: export PASSCODE_SET = $(value SET)

deploy: setup sam ## Deploy to AWS. SET="Name=Value ..." sets parameters, ASK=all asks for all of them, YES=1 does not ask.
	@$(RUN) -m tools.deploy --config "$(MINE)" --built "$(BUILT)" --sam $(SAM) --build '$(BUILD)' \
		$(if $(STACK),--stack '$(STACK)') $(if $(REGION),--region '$(REGION)') $(if $(ASK),--ask '$(ASK)') $(if $(YES),--yes) \
		$(if $(filter OFF,$(RIGHTS)),--no-rights)

# mutmut has a separate environment, because `make test` does not need it.
MUTANTS_VENV := .venv-mutants
# Names of mutants, such as passcode.sign_in.verify.*, to run fewer of them.
MUTANTS ?=

mutants: setup ## Test the tests of the token service and the sign-in by mutation. Takes several minutes.
	@$(MAKE) -s setup VENV=$(MUTANTS_VENV) LOCK=requirements-mutants.lock
	@$(RUN) -m tools.mutants $(MUTANTS_VENV)/bin/python $(if $(MUTANTS),'$(MUTANTS)')

parameters: setup ## Write the tables of docs/parameters.md from template.yaml.
	@$(RUN) -m tools.artefacts.parameters

freshness: setup ## List settings of Cognito's newest API for which pool_admin has no rule. Exits with 2 if there are any. Needs the network.
	@$(RUN) -m tools.pool_admin.freshness

# `make bench BASE=v1.0` also measures the functions of that commit.
# The sizes of the artefacts are those of the last `make build`, because a build takes as long as the measurement.
BASE ?=

.PHONY: bench bench-growth
bench: setup ## Measure the functions and whole sign-ins, and write docs/performance.md. Takes less than ten minutes on an idle machine.
	@$(RUN) -m benchmarks.performance $(if $(wildcard $(BUILT)),--built "$(BUILT)") $(if $(BASE),--base '$(BASE)')

bench-growth: setup ## Measure codes with up to a million subjects in the local table, and write docs/performance.md. Takes much longer.
	@$(RUN) -m benchmarks.performance --growth --subjects 1000 10000 100000 1000000

# Options of the run, such as: make first-account FIRST_ACCOUNT='--region eu-central-1'
FIRST_ACCOUNT ?=

.PHONY: first-account
first-account: setup ## Try claims about AWS on a real account with throw-away stacks: docs/first-account.md. Asks first, and costs less than 0.30 USD.
	@$(RUN) -m tools.first_account $(FIRST_ACCOUNT)

# Options of the preview, such as: make mail-preview PREVIEW='--app "Your App" --color "#1f5fbf"'
PREVIEW ?=

mail-preview: setup ## Render every email in every language to .local/mail-preview: HTML, text and pictures.
	@$(RUN) -m tools.mail_preview $(PREVIEW)

clean: ## Stop the local AWS and remove all files that these targets create.
	@[ ! -x $(RUN) ] || $(RUN) -m tools.local_stack down || true
	@rm -rf triggers/passcode/adapters/aws_models $(VENV) $(SAM_VENV) $(MUTANTS_VENV) .aws-sam .local .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/clients/node_modules \
		$(PAGE)/app/node_modules $(PAGE)/built
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
