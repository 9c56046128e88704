# What a person types. Set-up is part of every target; the second time it takes seconds.

PYTHONS := python3.11 python3.12 python3.13 python3
USABLE  := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
BIN     := .venv/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt

.PHONY: help demo up fleet test check faults fuzz load audit clean constraints
.DELETE_ON_ERROR:

help:
	@echo "make demo         the sample shop: crawl, tag, notice a crisis, write message and replies"
	@echo "make up           Postgres, Airflow, Slack listener and web page, until Ctrl-C"
	@echo "make fleet        the demo on a fleet in small: Redis, Postgres, two Celery workers"
	@echo "make test         all tests"
	@echo "make check        lint, types, imports"
	@echo "make faults       kills, full disks, dead servers: SEEDS=300 of them, about an hour"
	@echo "make fuzz         hostile bytes for every reader: MINUTES=60"
	@echo "make load         an hour of load and a burst: RATE=8 reviews a second; writes docs/LOAD.md"
	@echo "make audit        known weaknesses of pinned packages: before a release, on the network"
	@echo "make constraints  pin what is installed now"
	@echo "make clean        stop everything and delete its state; .venv stays"

demo: .venv/.runtime
	@$(BIN)/earshot demo

up: .venv/.runtime
	@$(BIN)/earshot up

fleet: .venv/.fleet
	@$(BIN)/python -m tests.fleet.trial

test: .venv/.dev
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 10

check: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

SEEDS   := 300
MINUTES := 60
RATE    := 8

faults: .venv/.dev
	@$(BIN)/python -m tests.faults --seeds $(SEEDS)

fuzz: .venv/.dev
	@$(PIP) --quiet --editable '.[fuzz]'
	@$(BIN)/python -m tests.security.fuzz --minutes $(MINUTES)

load: .venv/.dev
	@$(BIN)/python -m tests.bench.load --rate $(RATE) --minutes $(MINUTES)

audit: .venv/.runtime
	@.ci/audit

clean:
	@if [ -x $(BIN)/earshot ]; then $(BIN)/earshot down --delete; fi
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .scrapy
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

constraints: .venv/.dev
	@$(BIN)/python .ci/constraints.py > constraints.txt.new && mv constraints.txt.new constraints.txt
	@touch .venv/.runtime .venv/.dev
	@echo "constraints.txt pins $$(grep -c == constraints.txt) packages"

.venv/.python:
	@for python in $(PYTHONS); do \
	  if $$python -c '$(USABLE)' 2> /dev/null; then \
	    echo "Making .venv with $$python"; $$python -m venv .venv && touch $@ && exit 0; \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with venv was found; install one (Debian: apt install python3-venv)." >&2; \
	exit 2

.venv/.runtime: pyproject.toml constraints.txt | .venv/.python
	@echo "Installing (the first time takes some minutes and 2.5 GB)"
	@$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.runtime
	@$(PIP) --editable '.[dev]'
	@touch $@

.venv/.fleet: .venv/.runtime
	@$(PIP) --editable '.[fleet]'
	@touch $@
