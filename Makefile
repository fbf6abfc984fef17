# Demur starts with two commands: `make demo` and `make test`. Both need Python 3.11 and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev

.PHONY: demo test check lock clean

demo: $(STAMP)
	@$(BIN)/demur demo

test: $(DEV)
	@$(BIN)/pytest -n 2 --dist loadfile -m "not browser and not shared and not slow and not walk and not crash and not peers"

check: $(DEV)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/demur law check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "demur needs python 3.11 or newer; hint: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# --no-deps: the lock names every package; opencv comes as the build that needs no system library.
$(STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lock: $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@for name in requirements requirements-dev requirements-peers; do \
		$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			--no-emit-package opencv-python $$name.in -o $$name.lock; done

clean:
	@rm -rf $(VENV) build demur-data .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
