# One word per chore. `make demo` and `make test` need nothing but Python 3.11 and this file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench bench-tracking conformance up lock format clean

demo: $(READY)
	$(BIN)/everlearn demo

up: $(READY)
	$(BIN)/everlearn up

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# beside `mlflow server`, where MLFLOW names its program: make bench-tracking MLFLOW=…/bin/mlflow
bench-tracking: $(READY)
	$(BIN)/python benchmarks/tracking.py $(if $(MLFLOW),--mlflow $(MLFLOW))

# mlflow's own tests against Everlearn: make conformance MLFLOW_PYTHON=…/bin/python MLFLOW_TESTS=checkout/of/mlflow
conformance: $(READY)
	$(BIN)/python tests/conformance/mlflow/run.py --python $(MLFLOW_PYTHON) --tests $(MLFLOW_TESTS)

# after a change of dependencies in pyproject.toml: pin them anew
lock:
	test -x $(BIN)/uv || ($(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9")
	$(BIN)/uv pip compile pyproject.toml --quiet --all-extras --group dev --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" -o requirements.lock

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# installed again whenever the lock file or the project's own description changes
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $(READY)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
