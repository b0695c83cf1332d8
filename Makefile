# Two commands: `make demo` shows the main job on real data, `make test` runs the tests.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-browser check clean

demo: .venv/demo
	$(BIN)/python examples/tables.py demo
	$(BIN)/assay train demo/breast_cancer.csv --target diagnosis --minutes 1 -o breast_cancer.assay
	$(BIN)/assay train demo/rand_health.csv --target visited --minutes 1 -o rand_health.assay
	@echo
	@echo "Open breast_cancer.html and rand_health.html in a browser. To go on:"
	@echo "  $(BIN)/assay predict breast_cancer.assay demo/breast_cancer.csv -o scored.csv"
	@echo "  $(BIN)/assay explain breast_cancer.assay demo/breast_cancer.csv --row 3"
	@echo "  $(BIN)/assay report  breast_cancer.assay -o breast_cancer.md"
	@echo "  $(BIN)/assay plan    your.csv --target YOUR_COLUMN"

# Hundreds of tests start Python anew: it may keep what it compiled. Two workers with two threads each share two cores: who waits is not to spin.
test: export PYTHONDONTWRITEBYTECODE :=
test: export OMP_WAIT_POLICY := passive
test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-browser: .venv/dev
	$(BIN)/python -m pytest -n 0 -m browser tests/serve/browser tests/report

check: .venv/dev
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/check

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[demo]'
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv demo build dist *.assay *.run
