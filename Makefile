# Two commands for a newcomer: `make demo` and `make test`. Both may be run again at any time.
.PHONY: demo test test-all lint js browser bundle bench coverage clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed is remembered here; a change of the files it was made from installs anew.
STAMPS := $(VENV)/.stamps
PYTEST := $(BIN)/python scripts/clean_env.py $(BIN)/pytest
# Half of the time of most tests is waiting for engines and kernels. Those with a browser, each of which brings
# a JupyterLab, are apart: the browser's driver leaves an event loop in its process.
ON_ALL_CORES := $(PYTEST) --dist loadfile -n auto
ON_TWICE_AS_MANY = $(PYTEST) --dist loadfile --no-loadscope-reorder -n $$(($$(getconf _NPROCESSORS_ONLN) * 2))

demo: $(STAMPS)/lab
	@$(BIN)/python scripts/demo.py $(if $(CHECK),--check)

# Tests never see the TRIGGER_* of whoever runs them.
test: lint js browser
	$(ON_TWICE_AS_MANY) -m "not slow and not browser"
	$(ON_ALL_CORES) --maxprocesses 4 -m "not slow and browser"

test-all: test coverage $(STAMPS)/interop $(STAMPS)/kernels $(STAMPS)/frontends
	$(ON_ALL_CORES) -m "slow and not browser"
	$(PYTEST) -m "slow and browser"

lint: $(STAMPS)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/check_imports.py

js: $(STAMPS)/js
	cd js && npm run --silent check

browser: $(STAMPS)/browser

bundle: $(STAMPS)/js
	cd js && npm run --silent build

# What the REST calls are made of is tested to the last line, by its own tests.
coverage: $(STAMPS)/test
	$(PYTEST) -q tests/api \
	  --cov=trigger_widgets.api --cov-report=term-missing:skip-covered --cov-fail-under=100
# So are the feeds, to the last branch.
	$(PYTEST) -q tests/realtime tests/client -m "not slow" \
	  --cov=trigger_widgets.realtime --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

# Ours beside a peer's, in one run: `make bench`, `make bench AREA=client`.
bench: $(STAMPS)/test $(STAMPS)/interop $(STAMPS)/browser
	$(BIN)/python scripts/clean_env.py $(BIN)/python -m benchmarks $(AREA)

clean:
	rm -rf $(VENV) js/node_modules tests/interop/node_modules

$(STAMPS)/venv:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: no $(PYTHON) was found."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.11 …"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: apt install python3-venv)."; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/lab: $(STAMPS)/venv pyproject.toml requirements/lab.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/lab.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(STAMPS)/test: $(STAMPS)/lab requirements/test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/test.txt
	@touch $@

$(STAMPS)/js: $(STAMPS)/venv js/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed for the front end's tests."; exit 1; }
	cd js && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

# The official TypeScript client, for the tests that hold the engine against it.
$(STAMPS)/interop: $(STAMPS)/js tests/interop/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed for the tests with the official SDK."; exit 1; }
	cd tests/interop && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

# Notebook 7 and marimo.
$(STAMPS)/frontends: $(STAMPS)/test requirements/frontends.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/frontends.txt
	@touch $@

# ipykernels of before, for the clicks in a busy kernel.
$(STAMPS)/kernels: $(STAMPS)/test scripts/install_kernels.py
	$(BIN)/python scripts/install_kernels.py $(VENV)/kernels 6.31.0 7.1.0 7.3.0
	@touch $@

$(STAMPS)/browser: $(STAMPS)/test scripts/install_browser.py
	$(BIN)/python scripts/install_browser.py
	@touch $@
