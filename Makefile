# What a person types, and what CI calls. On a fresh machine with Python and make, `make demo` and `make test` do all.
PYTHON ?= python3
BIN := .venv/bin
DEMO_SECONDS ?=
DEMO_ARGS ?=

.PHONY: help demo test test-long lint lab bench clean secrets dashboards texts catalogue screenshots reliability audit fuzz
help:
	@echo "make demo    watch a simulated call centre (DEMO_SECONDS=20 ends by itself)"
	@echo "make test    lint, types and all tests but the long ones; the lab too where this machine can have it"
	@echo "make test-long  the tests that take long, which make test leaves out"
	@echo "make lab     install a real Asterisk 22 and SIPp for the tests (Debian, as root)"
	@echo "make secrets draw the passwords that docker-compose.yml needs, into ./secrets"
	@echo "make dashboards  write the Grafana boards and their Korean catalogue anew"
	@echo "make texts   bring the Korean catalogue up to the sources; untranslated texts fail the tests"
	@echo "make screenshots  take the pictures of the page that the documentation shows"
	@echo "make reliability  try every fault at length, and write docs/reliability.md"
	@echo "make audit   what goes into an installation (build/sbom.cdx.json), is any of it known to be weak, is a wheel reproducible"
	@echo "make fuzz    every reader of bytes on inputs that are nearly right (SECONDS=60 each)"
	@echo "make bench   speed and memory against other readers of AMI"

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: .venv/ready
	$(BIN)/callmonitor demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS)) $(DEMO_ARGS)

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab:
	$(PYTHON) -m tests.lab.install

# What the lab compares with the wire to 50 ms runs behind the tests that keep the processors busy. Two at a time mostly
# wait for calls to ring; each Asterisk has ports of its own.
# The lab is an error where CI is set and it cannot be had, and skipped with the reason elsewhere.
test: .venv/ready lint
	@if [ -n "$$CI" ]; then $(PYTHON) -m tests.lab.install; else $(PYTHON) -m tests.lab.install || true; fi
	$(BIN)/python -m pytest -m "not lab and not long" -n 2 --dist loadgroup
	$(BIN)/python -m pytest -m lab -n 2 --dist loadfile

# In an environment of its own: what watches the code that runs is compiled, and only this needs it.
.venv-fuzz/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt \
		--editable '.[fuzz]'
	@touch $@

SECONDS ?= 60
fuzz: .venv-fuzz/ready
	.venv-fuzz/bin/python -m tests.fuzz $(SECONDS)

# What takes so long that `make test` would take over a quarter of an hour: before a release, and where it was touched.
test-long: .venv/ready
	$(BIN)/python -m pytest -m "long and not lab" -n 2 --dist loadgroup

bench: .venv/ready
	$(BIN)/python -m benchmarks

dashboards: .venv/ready
	$(BIN)/python -m dashboards

TEXTS := --domain callmonitor --locale ko
# One run at a time: of two that read the catalogue together, the later one would write over what the other had found.
texts: .venv/ready
	mkdir -p build
	$(if $(shell command -v flock),flock build) $(MAKE) --no-print-directory catalogue

catalogue:
	$(BIN)/pybabel -q extract --mapping pyproject.toml --keyword _c:1c,2 --no-location --output build/callmonitor.pot .
	$(BIN)/pybabel -q update $(TEXTS) --input-file build/callmonitor.pot --output-dir monitor/locale \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120
	$(BIN)/pybabel -q compile $(TEXTS) --directory monitor/locale

TRYING := TESTS_AT_LENGTH=1 RELIABILITY_OUTCOMES=$(CURDIR)/build/reliability.jsonl \
	$(BIN)/python -m pytest -q --timeout 1800
# Each fault as often and as long as the page tells, with the machine for itself.
reliability: .venv/ready
	mkdir -p build
	rm -f build/reliability.jsonl
	$(TRYING) -m "(fault or long) and not lab" -n 2 --dist loadgroup
	$(TRYING) -m "fault and lab"
	TESTS_AT_LENGTH=1 $(BIN)/python -m tests.faults.report build/reliability.jsonl

screenshots: .venv/ready
	$(BIN)/python -m tests.page.screenshots

.venv-audit/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt \
		$$($(PYTHON) deploy/audit.py --tools)
	@touch $@

audit: .venv-audit/ready
	.venv-audit/bin/python deploy/audit.py

secrets: .venv/ready
	$(BIN)/python deploy/compose/make_secrets.py secrets

clean:
	rm -rf .venv .venv-audit .venv-fuzz build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
