# All you need is python3, 3.11 or later, with venv.
PYTHON ?= python3
BIN := .venv/bin
# Some images forbid bytecode: each of a hundred processes of a test run would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup run test coverage bench chaos scale
.DEFAULT_GOAL := run

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making .venv …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: setup
	@exec $(BIN)/python -m bot.cli.launcher

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/pytest --collect-only -qq -n 0 > /dev/null || true  # compiles the tests once, not in each worker
	$(BIN)/pytest

coverage: setup
	$(BIN)/pytest --timeout 900 --cov --cov-branch --cov-report=term

bench: setup
	@exec $(BIN)/python -m bench

chaos: setup
	@exec $(BIN)/python -m chaos

scale: setup
	@exec $(BIN)/python -m simulation
