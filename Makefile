.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DATA ?= $(firstword $(wildcard ../shared/data) examples/nyc)

help: ## Show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ok ## Install everything into .venv (needs Python 3.11+ only)

.venv/.ok: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Revloop needs Python 3.11 or later; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; \
	then $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock \
	     && $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock \
	     && $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; fi
	touch $@

run: .venv/.ok ## Start Kafka, all services and the demo tenant; stay up until Ctrl-C
	$(BIN)/revloop run

demo: .venv/.ok ## Walk the loop once without a terminal, print each hop, exit non-zero if one is missing
	$(BIN)/revloop demo

# Those that wait for processes and those that compute take turns on the processors, so that two cores are kept busy
TOGETHER := tests/broker tests/chaos tests/flow

test: check ## What CI runs: checks, then every test but the campaigns
	+$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-alone test-together

test-alone: .venv/.ok ## The tests that start no broker: units, properties, contracts, golden logs
	$(BIN)/python -m pytest -q $(TOGETHER:%=--ignore=%)

test-together: .venv/.ok ## The tests on a real Kafka: flows of all services, kills, the broker itself
	$(BIN)/python -m pytest -q $(TOGETHER) -p no:cacheprovider

test-long: .venv/.ok ## The campaigns (chaos, fuzz, foreign verifiers); REVLOOP_WRITE=1 puts figures in docs/generated
	$(BIN)/python -m pytest -q -m long

check: .venv/.ok ## Lint, format, types, import rules, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m revloop.contracts.generate --check
	$(BIN)/python -m revloop.cli.reference --check

gen: .venv/.ok ## Write classes, codecs, topics and docs from schemas/, and the references
	$(BIN)/python -m revloop.contracts.generate
	$(BIN)/python -m revloop.cli.reference

lock: .venv/.ok ## Resolve requirements.in into requirements.lock (hashes, no addresses)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command 'make lock' requirements.in -o requirements.lock

expected: .venv/.ok ## Hold the counts of real delivery logs against expected ones (DATA=DIR, else what ships)
	$(BIN)/revloop check $(DATA) --expected $(DATA)/expected.json

bench: .venv/.ok ## Benchmarks, as ratios in one run
	for file in bench/*.py; do $(BIN)/python $$file; done

clean: ## Stop what runs, remove what was installed and every local state
	@if [ -d .revloop ] && [ -x $(BIN)/revloop ]; then $(BIN)/revloop down; fi
	rm -rf .venv .revloop .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.PHONY: help setup run demo test test-alone test-together test-long check gen lock expected bench clean
