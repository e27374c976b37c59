# Everything sets itself up. `make check` needs neither root nor Docker; `make test` wants root (Docker, loop mounts).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UNIT := tests/unit tests/contracts
PARALLEL := --numprocesses=auto --dist=loadfile
TARGET ?=

.PHONY: help check test test-long demo deb rpm wheel lock format reference environment clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	@tests/setup/python-environment $(PYTHON) $(VENV)
	@touch $(STAMP)

environment: $(STAMP) ## Make the Python environment in .venv.

check: $(STAMP) ## Lint, types, layers and unit tests; some minutes, no root, no Docker.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q $(PARALLEL) $(UNIT) tests/test_architecture.py

test: $(STAMP) ## Everything that CI runs: installs what it needs, builds the test images, real servers in containers.
	@tests/setup/system-packages
	$(MAKE) --no-print-directory check
	@tests/setup/python-environment /usr/bin/python3 $(VENV)-system
	$(VENV)-system/bin/python -m pytest -q $(PARALLEL) $(UNIT)
	$(BIN)/python -m pytest -q $(PARALLEL) -m "not long" --durations=15 tests/integration tests/faults

test-long: test ## What `make test` runs, then the full matrices and the benchmark.
	$(BIN)/python -m pytest -q --numprocesses=auto --dist=load -m long --timeout=900 --durations=15 tests/integration tests/faults
	$(BIN)/python -m tests.benchmarks.backup_against_shell
	$(BIN)/python -m tests.benchmarks.restore_downtime
	$(BIN)/python -m tests.benchmarks.restore_from_s3
	$(BIN)/python -m tests.benchmarks.upload_against_rclone
	$(BIN)/python -m tests.benchmarks.api_10000_backups
	$(BIN)/python -m tests.benchmarks.sync_10000

demo: ## Show a backup of a throwaway MariaDB; installs what it needs, touches nothing outside its own directory.
	@tests/demo/run

deb: ## Build the Debian package into dist/; TARGET=bookworm, trixie or noble, each on its own system.
	@packaging/build-deb $(TARGET)

rpm: ## Build the package for RHEL and its relatives into dist/; TARGET=el9 or el9-python3.12.
	@packaging/build-rpm $(TARGET)

wheel: ## Build the wheel into dist/.
	@packaging/build-wheel $(PYTHON)

lock: ## Choose the packages' libraries anew: the newest that pyproject.toml allows.
	@packaging/lock $(PYTHON)

format: $(STAMP) ## Format and sort imports.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(STAMP) ## Write the generated example configuration and reference pages.
	$(BIN)/python -m octeth_backupd.settings.reference --write
	$(BIN)/python -m octeth_backupd.telemetry.metrics_reference --write

clean: ## Remove what `make` made here.
	rm -rf $(VENV) $(VENV)-system $(VENV)-packaging build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache
