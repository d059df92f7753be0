# Every command a person or CI needs. `make` alone lists them.
SHELL := /bin/bash
PY := .venv/bin/python
PACKAGES := libs/values libs/policy libs/common libs/cli libs/testing services/intake services/dispatch services/inventory services/feedback
PYTHON ?= python3
PROFILE ?=
ARGS ?=
STAMP := .venv/.ready
SOURCES := $(foreach package,$(PACKAGES),$(package)/src)

.DEFAULT_GOAL := help
.PHONY: help setup up down status logs demo check test mutants faults fuzz bench contracts rules fmt clean

help:  ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## create .venv from requirements.lock

$(STAMP): requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES))
	@PYTHON="$(PYTHON)" deploy/local/setup.sh $(PACKAGES)
	@touch $@

up: setup  ## start everything on this machine (PROFILE=demo, DETACH=1)
	@$(PY) -m deploy.local up $(if $(PROFILE),--profile $(PROFILE))

down: setup  ## stop it, keep the data
	@$(PY) -m deploy.local down

status: setup  ## what runs
	@$(PY) -m deploy.local status

logs: setup  ## follow the logs (ARGS=intake for one of them)
	@$(PY) -m deploy.local logs $(ARGS)

demo: setup  ## start it, play a day of 120 requests, check it (ARGS='--speed 2', ARGS=--attach)
	@$(PY) -m deploy.demo.play $(ARGS)

check: setup  ## lint, format, types, the laws, sizes, names, contracts, rules, commit messages
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(wildcard $(SOURCES) contracts deploy tests bench)
	.venv/bin/lint-imports
	$(PY) contracts/generate.py --check
	$(PY) contracts/rulebook.py --check
	$(PY) contracts/commits.py
	$(PY) -m pytest -q tests/common/test_sizes.py tests/common/test_names.py tests/common/test_packages.py tests/common/test_laws.py
	@if command -v promtool >/dev/null; then promtool check config deploy/prometheus/prometheus.yml && promtool test rules deploy/prometheus/tests/*.yml; fi

test: setup  ## the tests, on real servers, on all cores (ARGS='tests/dispatch -n 0': one at a time)
	$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

mutants: setup  ## would the tests notice wrong code? (ARGS=--changed, ARGS='FOLDER --sample 20')
	@$(PY) tests/mutants/run.py $(ARGS)

faults: setup  ## kill, freeze and cut the real system, then look for what was lost
	$(PY) tests/faults/run.py $(ARGS)

fuzz: setup  ## send the running system thousands of odd messages, then look for what was lost or came true
	$(PY) tests/faults/fuzz_run.py $(ARGS)

bench: setup  ## measure, and write the report
	$(PY) -m bench.run $(ARGS)

contracts: setup  ## regenerate schemas, OpenAPI documents, docs/events.md, docs/figures.md and docs/settings.md
	$(PY) contracts/generate.py

rules: setup  ## say how much of each rule of docs/rulebook.md works
	@$(PY) contracts/rulebook.py

fmt: setup  ## format, and fix what can be fixed
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

clean:  ## stop what runs, remove its data and all caches (.venv stays)
	@if [ -e $(STAMP) ]; then $(PY) -m deploy.local down; fi
	rm -rf .run .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
