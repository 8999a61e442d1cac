# All you need is python3, 3.11 or later, with venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
# Some images forbid bytecode: each of a hundred processes of a test run would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup dev run test browser coverage bench chaos scale gallery screenshots catalogue
.DEFAULT_GOAL := run

setup: .venv/ready

dev: .venv/dev

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import ensurepip, sqlite3, ssl, sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
	  { echo "Python 3.11 or later with venv, sqlite3 and ssl is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 35))' || \
	  echo "Warning: this Python has an SQLite older than 3.35: set DATABASE_URL to a PostgreSQL, or make $(MAKECMDGOALS) PYTHON=python3.12"
	@echo "Making .venv …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@echo "Installing what the bot needs, about half a minute …"
	@$(INSTALL) --upgrade pip
	@$(BIN)/python -m pip uninstall -qqy setuptools  # Python 3.11 brings an old one, which nothing needs
	@$(INSTALL) -e .
	@touch $@

.venv/dev: .venv/ready
	@echo "Adding the development tools …"
	@$(INSTALL) -e '.[dev]'
	@touch $@

run: setup
	@exec $(BIN)/python -m bot.cli.launcher

# A Chromium for the tests of the page and for pictures. Root on Debian gets one; without, those tests are skipped (on CI they fail).
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit; done; \
	if test "$$(id -u)" = 0 && command -v apt-get > /dev/null; then \
		echo "Installing Chromium …"; apt-get update -qq && apt-get install -y -qq chromium > /dev/null && exit; \
	fi; echo "There is no Chromium: the tests of the page are skipped, but fail on CI."

test: dev browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/pytest --collect-only -qq -n 0 > /dev/null || true  # compiles the tests once, not in each worker
	$(BIN)/pytest

coverage: dev
	$(BIN)/pytest --timeout 900 --cov --cov-branch --cov-report=term

bench: dev
	@exec $(BIN)/python -m bench

chaos: dev
	@exec $(BIN)/python -m chaos

scale: dev
	@exec $(BIN)/python -m simulation

gallery: dev browser
	@exec $(BIN)/python -m gallery

screenshots: dev browser
	@exec $(BIN)/python -m gallery.screenshots

# Adds new English texts to the catalogues, and drops those that are gone.
catalogue: setup
	@$(BIN)/pybabel -q extract --add-location file --sort-by-file --no-wrap -o .venv/texts.pot bot handlers
	@$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date -l nb -i .venv/texts.pot -o bot/slack/language/nb.po
