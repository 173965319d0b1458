# What people run. Without make (Windows): the lines of `run`, one after another.
#
#   make run      start on http://127.0.0.1:8000          make check   lint, types, import rules
#   make test     everything, on SQLite and PostgreSQL    make format  write code in the house style
#   make soak     the same proofs at full size (SEED=7)   make lock    renew both lock files (needs uv)
#   make bench    speed against the named baselines

PYTHON ?= python3
UV ?= uv
VENV := .venv
RUN := $(VENV)/bin/python -m

# pip of the machine works inside .venv, so that a Python without ensurepip (Debian) is enough.
PIP = $(PYTHON) -m pip --python $(VENV)/bin/python --disable-pip-version-check --no-input --quiet
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
export CHROMIUM

.PHONY: run test soak bench check format lock browser

run: $(VENV)/run-installed
	$(RUN) bot run

test: $(VENV)/dev-installed browser
	$(RUN) pytest -n auto --dist loadfile

soak: $(VENV)/dev-installed browser
	$(RUN) pytest --soak $(if $(SEED),--seed=$(SEED))

bench: $(VENV)/dev-installed
	$(RUN) bench

check: $(VENV)/dev-installed
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy --strict .
	$(VENV)/bin/lint-imports

format: $(VENV)/dev-installed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

# Both locks hold the build backend too: installing mau03 itself then fetches nothing unpinned.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" pyproject.toml -

lock:
	printf 'hatchling\neditables\n' | $(LOCK) -o requirements.txt
	printf 'hatchling\neditables\n' | $(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	  "mau03 needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make PYTHON=python3.11 ...")'
	@$(PYTHON) -m pip --version >/dev/null || { echo "mau03 needs pip: apt-get install python3-pip"; exit 1; }
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/run-installed: requirements.txt pyproject.toml | $(VENV)/bin/python
$(VENV)/dev-installed: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
$(VENV)/run-installed $(VENV)/dev-installed:
	$(PIP) install --require-hashes -r $<
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The browser tests use Chromium of the machine ($CHROMIUM or on PATH), else a copy of their own.
browser: $(VENV)/dev-installed
	@test -n "$(CHROMIUM)" || $(RUN) playwright install chromium || { \
	  echo "The browser tests need Chromium: apt-get install chromium, or set CHROMIUM=/path/to/it"; exit 1; }
