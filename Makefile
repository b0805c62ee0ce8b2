# make demo   sets up everything and tunes a sample application on a real Apache
# make test   sets up everything and runs all checks and tests
#
# SERVER=bundled takes httpd and mod_wsgi from PyPI (mod_wsgi-standalone, a
# build of about 5 minutes) instead of the system's packages.

PYTHON ?= python3
VENV ?= .venv
SERVER ?= system
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint slow clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -6

demo:
	@SERVER=$(SERVER) PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup demo
	@SERVER=$(SERVER) VENV=$(VENV) scripts/demo

test:
	@SERVER=both PYTHON=$(PYTHON) VENV=$(VENV) scripts/setup test
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

slow:
	$(BIN)/python -m pytest -m slow

clean:
	rm -rf $(VENV) build dist tuner-runs tuner.patch tuner-report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
