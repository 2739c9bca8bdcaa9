# The two commands of the README are `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3.11
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.venv/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "gridcontainer needs Python 3.11: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/gridcontainer warm-up || echo "Spark will start slower, and may not start: see above"
	@touch $@

.PHONY: venv
venv: .venv/installed ## make the environment in .venv

.PHONY: demo
demo: .venv/installed ## ingest a city (the real sets where they are, else a generated one) and ask it a question
	$(BIN)/gridcontainer demo

.PHONY: test
test: .venv/installed ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

ROUNDS ?= 10
.PHONY: search
search: .venv/installed ## search for failing examples at random: the property tests, ROUNDS times with other examples
	for round in $$(seq $(ROUNDS)); do \
	    $(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "hypothesis and not slow" --hypothesis-profile search || exit 1; \
	done

.PHONY: slow
slow: .venv/installed ## run the tests that take minutes each: all real sets, kills, a cluster
	$(BIN)/python -m pytest -m slow

.PHONY: package
package: .venv/installed ## build the wheel, install it into a clean environment and run it there
	rm -rf dist var/package
	$(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist
	$(PYTHON) -m venv var/package
	sed -nE 's|^([A-Za-z0-9._-]+==[^\\]+).*|\1|p' requirements.lock > var/package/constraints.txt
	var/package/bin/python -m pip install --quiet --constraint var/package/constraints.txt dist/*.whl
	cd var/package && test "$$(bin/gridcontainer encode 121.4737 31.2304 --level 5)" = N51H263D36C
	rm -rf var/package

.PHONY: lint
lint: .venv/installed ## what CI checks beside the tests: format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: airflow
airflow: .venv/installed ## import the DAG in an Airflow of its own
	test -x var/airflow/bin/airflow || { $(PYTHON) -m venv var/airflow && var/airflow/bin/pip install -q "apache-airflow>=2.10,<3"; }
	AIRFLOW_PYTHON=$(CURDIR)/var/airflow/bin/python $(BIN)/python -m pytest tests/orchestration

.PHONY: format
format: .venv/installed ## format and fix what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lock
lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --group dev pyproject.toml --output-file requirements.lock
