# `make` lists the targets. Everything is set up in .venv by the first that needs it.
PYTHON ?= python3
VENV ?= .venv
PY = $(VENV)/bin/python
STAMP = $(VENV)/installed
PIP = $(PY) -m pip --disable-pip-version-check
# What is there already is not news; grep finds nothing to print then, and says so.
QUIET = { grep -v -e '^Requirement already' -e '^Looking in' || true; }
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

SHELL = bash
.SHELLFLAGS = -o pipefail -c

.DEFAULT_GOAL := help
.PHONY: help setup book links test test-course test-live test-slow test-kills lint format benchmarks gpu course grade reports model cards kept picture wheel rehome setup-cells clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## make .venv with everything (done by the other targets)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (a few minutes the first time)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
	  { echo "No venv: on Debian, apt-get install python3-venv"; exit 1; }
	@$(PIP) install "$$(grep '^torch==' constraints.txt)" -c constraints.txt | $(QUIET)
	@$(PIP) install -e ".[book,course,dev,real]" -c constraints.txt | $(QUIET)
	@touch $@

book: $(STAMP) ## build the book, every chapter executed: _build/html
	@$(PY) -m scripts.build

links: $(STAMP) ## look whether every link of the book still leads somewhere
	@$(PY) -m scripts.build --links

test: $(STAMP) ## lint, types, then unit, book, course and browser tests
	@$(PY) -m scripts.check

test-course: $(STAMP) ## grade every assignment: reference, blank, wrong and hostile
	@$(PY) -m scripts.check --course

test-live: $(STAMP) ## the live page's engine against Python, on 200 texts of each model
	@LIVE_TEXTS=200 $(PY) -m pytest tests/live -s

test-slow: $(STAMP) ## the simulations that take minutes: do intervals cover?
	@$(PY) -m pytest tests/unit -m slow -q

test-kills: $(STAMP) ## long runs killed at twenty random writes; tells troubleshooting.md
	@$(PY) -m scripts.kills

lint: $(STAMP) ## ruff, mypy, and which room imports which
	@$(PY) -m scripts.check --lint

format: $(STAMP) ## let ruff put the code into shape
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

benchmarks: $(STAMP) ## speed against bare Hugging Face, side by side
	@$(PY) -m benchmarks.extraction
	@$(PY) -m benchmarks.steering
	@$(PY) -m benchmarks.monitor
	@$(PY) -m benchmarks.live

gpu: $(STAMP) ## where a GPU is: what it gives beside the CPU, and the same ratios
	@$(PY) -m benchmarks.gpu --json _build/gpu.json

course: $(STAMP) ## students' notebooks, keys, autograders, weekly zips: _build/course
	@$(PY) -m scripts.course

grade: $(STAMP) ## grade submissions safely: ASSIGNMENT=A1 FOLDER=where/they/are
	@test -n "$(ASSIGNMENT)" -a -n "$(FOLDER)" || \
	  { echo "Say what: make grade ASSIGNMENT=A1 FOLDER=where/they/are [OUT=grades.csv] [OPTIONS=--unwalled]"; exit 1; }
	@$(PY) -m scripts.grade "$(ASSIGNMENT)" "$(FOLDER)" --out "$(or $(OUT),grades.csv)" $(OPTIONS)

reports: $(STAMP) ## gather reports on one page: ASSIGNMENT=A4 FOLDER=where/they/are OUT=grades.csv
	@$(PY) -m scripts.reports "$(ASSIGNMENT)" "$(FOLDER)" --out "$(or $(OUT),grades.csv)" $(OPTIONS)

model: $(STAMP) ## train the embedded model anew (about two hours on a CPU)
	@$(PY) -m helpers.organism.train --out _build/organism
	@cp -R _build/organism/base _build/organism/tiny _build/organism/suppressed helpers/organism/models/
	@$(PY) -m helpers.organism.evaluate.knowledge tiny --out helpers/organism/models/tiny/card.json
	@$(PY) -m helpers.organism.evaluate.suppression
	@$(PY) -m helpers.models.differences tiny _build/children/tiny_1/sham
	@$(PY) -m scripts.cards base tiny suppressed

cards: $(STAMP) ## measure what the cards that ship lack: helpers/card/cards (half an hour)
	@$(PY) -m scripts.cards $(NAMES)

REAL = $(shell sed -n 's/^real = \[\(.*\)\]/\1/p' book/_home.toml | tr -d '",')
kept: $(STAMP) ## run the chapters on the real model, and write what ships: helpers/kept
	@$(PY) -m scripts.kept $(or $(CHAPTERS),$(REAL))

picture: $(STAMP) ## draw the README's pictures: a run of chapter 03, the built laboratory
	@$(PY) -m scripts.picture
	@$(PY) -m scripts.screenshot

wheel: ## build the package's wheel, and try it in an empty environment: dist
	@rm -rf dist && $(PYTHON) scripts/wheel.py build dist && $(PYTHON) scripts/wheel.py try dist

rehome: $(STAMP) ## name where the notebooks install from: URL=https://github.com/YOU/REPOSITORY
	@test -n "$(URL)" || { echo "Say where: make rehome URL=https://github.com/YOU/REPOSITORY"; exit 1; }
	@$(PY) -m scripts.home --url "$(URL)" --branch "$(BRANCH)" --release "$(RELEASE)"

setup-cells: $(STAMP) ## write the setup cell of book/_home.toml into every chapter
	@$(PY) -m scripts.home

clean: ## remove what was built (keeps .venv)
	rm -rf _build build dist book/_static/vendor .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
