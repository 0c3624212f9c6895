# Needs make, git and Python 3.11 or newer; everything else is installed into .venv.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
LOCAL := $(BIN)/python -m local
STACK := --functions functions/manifest.yaml --indexes terraform/firestore.indexes.json --die-with-parent
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-emit-find-links --no-emit-index-url --no-emit-options
# Entropy and keywords find ids and examples; what is left finds keys and tokens by their form. One example is a
# JWT, others name a user and password.
# bandit's B310, B608 and B704 are ruff's S310, S608 and S704, whose exceptions say why.
SECRETS := $(foreach name,KeywordDetector HexHighEntropyString Base64HighEntropyString,--disable-plugin $(name)) \
	--exclude-lines 'eyJhbGciOiJIUzI1NiJ9\.e30\.c2ln|(user:password|USER:PASSWORD|ann:secret)@'
NO_SECRETS := ^requirements|^functions/openapi.json|\.(png|svg|lock)$$|package-lock.json
# A hundred processes of a test run would each compile the code anew.
export PYTHONDONTWRITEBYTECODE :=
# What a run in full takes more of, and where.
LONG := \
	GRAPHS=20000 PLANTS=1 DEATHS=all \
	KILLS=50 EXECUTIONS=100 REPEATS=10 \
	WAITING_EXECUTIONS=1000 \
	SCHEDULES=100000 EVENTS=1000 \
	STREAM_SEEDS=50 NOTIFIED_USERS=30 \
	DIFFERENTIAL_SEQUENCES=5000 LOCAL_KILLS=200 TRANSFERS=1000 \
	JAVASCRIPT_EXPRESSIONS=20000 BUNDLE=1
SLOW := \
	tests/property tests/crash \
	tests/engine/test_scale.py tests/engine/test_schedules.py tests/engine/test_ingress.py \
	tests/engine/test_live.py tests/engine/test_sending.py \
	tests/e2e/test_kills.py tests/e2e/test_main_job.py \
	tests/differential tests/upstream tests/contract/firestore \
	tests/unit/javascript tests/deploy/test_bundle.py
.PHONY: help setup run demo test domain compiled long check types unsafe audit fmt lock
.DEFAULT_GOAL := help

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep '## ' $(MAKEFILE_LIST)
setup: $(VENV)/.stamp-dev ## install all: what running, tests and checks need
run: $(VENV)/.stamp ## start everything, import and run an example, go on serving [PORT=8080]
	@exec $(LOCAL) start $(STACK) $(if $(PORT),--port $(PORT)) --after "python -m examples"
demo: $(VENV)/.stamp ## start everything beside it, run all examples, stop
	@exec $(LOCAL) exec $(STACK) --data .local-demo --port 0 -- python -m examples --all
test: $(VENV)/.stamp-dev ## run all tests
	@$(MAKE) --no-print-directory --jobs 2 domain compiled
	@$(BIN)/python -m pytest -n 4 --dist loadgroup --ignore=tests/unit/domain
domain: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest tests/unit/domain --cov=shared.domain --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100
# In a fresh clone each of four processes would compile all libraries and tests, at the same time. What cannot be
# collected is said by the run itself.
compiled: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest --collect-only -qq --ignore=tests/unit/domain >/dev/null 2>&1 || true
long: $(VENV)/.stamp-dev ## run the slow suites in full: 20,000 graphs, all planted defects, 50 kills, 1,000 that wait
	@$(LONG) $(BIN)/python -m pytest -n 2 $(SLOW)
check: $(VENV)/.stamp-dev ## lint, format, types, layers, unsafe code, secrets
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
	@$(MAKE) --no-print-directory --jobs 2 types unsafe
types: $(VENV)/.stamp-dev
	@$(BIN)/pyright
unsafe: $(VENV)/.stamp-dev
	@$(BIN)/bandit --quiet --recursive --severity-level medium --skip B310,B608,B704 functions shared local examples deploy
	@{ git ls-files 2>/dev/null | grep . || find . -type f -not -path './.*' -not -path '*/__pycache__/*' | cut -c3-; } | grep -vE '$(NO_SECRETS)' | xargs $(BIN)/detect-secrets-hook $(SECRETS)
audit: $(VENV)/.stamp-dev ## known vulnerabilities of the pinned libraries (needs the network)
	@for name in requirements requirements-local requirements-dev; do $(BIN)/pip-audit --requirement $$name.txt || exit 1; done
fmt: $(VENV)/.stamp-dev ## format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
lock: $(VENV)/.stamp-dev ## compile requirements*.txt from requirements*.in
	@for name in requirements requirements-local requirements-dev; do $(COMPILE) --output-file=$$name.txt $$name.in || exit 1; done

$(VENV)/.stamp: requirements.txt requirements-local.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found: install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11 or missing: name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || { echo "Creating $(VENV) …"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements.txt -r requirements-local.txt
	@touch $@
$(VENV)/.stamp-dev: $(VENV)/.stamp requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt
	@touch $@

include deploy/targets.mk
