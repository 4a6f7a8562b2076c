# Two commands for a stranger: `make demo` and `make test`.  Both set up first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help demo test check lock benchmarks clean

help:
	@echo "make demo        set up, score real responses with real rubrics, sharpen one, offline"
	@echo "make test        set up, then run all tests"
	@echo "make check       set up, then lint, check types and import contracts"
	@echo "make benchmarks  set up, then measure the hot paths (prints ratios)"
	@echo "make lock        pin the versions of everything anew"
	@echo "make clean       remove what was set up and built"

$(READY): requirements.lock tests/model-server.txt pyproject.toml plugins/dev.txt $(wildcard plugins/*/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r tests/model-server.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -r plugins/dev.txt
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmarks: $(READY)
	for script in tests/benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

# Universal: the same file serves every platform and Python from 3.11 on.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --quiet --universal --generate-hashes \
		--python-version 3.11 --no-header --group dev pyproject.toml \
		plugins/*/pyproject.toml --output-file requirements.lock \
		--no-emit-package rubricdsl \
		$(foreach plugin,$(notdir $(wildcard plugins/rubricdsl-*)),--no-emit-package $(plugin))
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) dist
