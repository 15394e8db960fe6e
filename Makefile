.DEFAULT_GOAL := help
# The first Python that is new enough; another one: make setup PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
DJANGO := $(BIN)/python manage.py
# Runs a command with servers and a database of its own, which are gone afterwards.
SERVED := $(BIN)/python -m box.testing
INSTALLED := .venv/installed
RIVALS := .venv-rivals/installed
# All tests run as three sessions side by side, chosen ones as one.
PYTEST := $(BIN)/python -m $(if $(T),pytest,tests.support.sides)
NGINX := PATH="$$PATH:/usr/sbin" command -v nginx
BROWSER := command -v chromium || command -v chromium-browser || command -v google-chrome
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $(UPGRADE)
# Installs a Debian package, where it is missing and may be installed: package, how to find it, why
DEBIAN = if ! ($(2)) >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	echo "Installing $(1) for $(3) …"; apt-get update -qq >/dev/null && \
	apt-get install -y -qq --no-install-recommends $(1) >/dev/null 2>&1; fi; true

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install Trellis and its tools into .venv (again only when they change)

$(INSTALLED): requirements/bootstrap.lock requirements/dev.lock requirements/base.in pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Trellis needs Python 3.11 or newer: make setup PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing what Trellis needs into .venv (a minute or two) …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
		{ echo "Python cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Start Trellis with demo data and print the logins; FRESH=1 starts over
	@$(if $(FRESH),$(BIN)/trellis down --wipe)
	@TRELLIS_EXAMPLES=$${TRELLIS_EXAMPLES:-true} exec $(BIN)/trellis up --demo

down: ## Stop Trellis
	@$(BIN)/trellis down

test: setup ## Run the tests; pass some with T=tests/apps/keys
	@$(call DEBIAN,chromium,$(BROWSER),the browser tests)
	@$(call DEBIAN,nginx,$(NGINX),the tests of an operator's own data plane)
	@if ! ($(NGINX)) >/dev/null; then \
		echo "The tests with nginx are left out: install nginx (on Debian: apt-get install nginx)."; \
	fi
	@if ($(BROWSER)) >/dev/null; then exec $(PYTEST) $(T); else \
		echo "The browser tests are left out: install chromium (on Debian: apt-get install chromium)."; \
		exec $(PYTEST) -m "not browser" $(T); \
	fi

format: setup ## Rewrite the code in the house style
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q . && $(BIN)/djangofmt -q templates

lint: setup ## Everything that reads code without running it
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

schema: setup ## Write the OpenAPI documents that reviewers diff
	$(DJANGO) write_openapi --skip-checks

css: setup ## Build the portal's style sheet
	$(BIN)/python -m portal.assets

check: lint schema css ## Everything that needs no running platform
	git diff --exit-code --stat docs/reference static/css
	$(SERVED) $(MAKE) --no-print-directory inspect

inspect:
	$(DJANGO) makemigrations --check --dry-run
	$(DJANGO) lintmigrations --settings config.settings.test --ignore-initial-migrations \
		--quiet ok ignore --include-apps $(patsubst apps/%/migrations,%,$(wildcard apps/*/migrations))
	$(DJANGO) check --deploy --fail-level WARNING --settings config.settings.production

bench: setup $(RIVALS) ## Compare the gateway with what one would build instead; 10 minutes
	@$(call DEBIAN,wrk,command -v wrk,the load)
	@$(call DEBIAN,nginx,$(NGINX),the service behind everybody)
	$(BIN)/python -m benchmarks $(P)

bench-memory: setup ## A million requests with ten thousand keys: what a worker holds
	$(BIN)/python -m benchmarks memory

bench-identity: setup ## Weigh tokens, and stop the time until a revoked one is refused
	$(BIN)/python -m benchmarks.identity

faults: setup ## Break each friend of the gateway under load, and check every request; R=valkey breaks one
	@$(BIN)/python -m tests.faults $(R)

screenshots: setup ## Photograph the portal, for the README
	$(BIN)/python -m tests.support.screenshots

$(RIVALS): benchmarks/rivals.lock $(INSTALLED)
	@echo "Installing what the gateway is compared with into .venv-rivals …"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-rivals
	@$(BIN)/uv pip install -q --python .venv-rivals/bin/python --require-hashes -r benchmarks/rivals.lock
	@touch $@

lock: setup ## Write requirements/*.lock anew; UPGRADE=--upgrade takes newer versions
	$(LOCK) requirements/base.in -o requirements/base.lock
	$(LOCK) requirements/dev.in -c requirements/base.lock -o requirements/dev.lock
	$(LOCK) requirements/bootstrap.in -c requirements/dev.lock -o requirements/bootstrap.lock
	$(LOCK) benchmarks/rivals.in -c requirements/dev.lock -o benchmarks/rivals.lock

.PHONY: help setup demo down test format lint schema css check inspect bench bench-memory bench-identity faults screenshots lock
