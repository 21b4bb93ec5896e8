# `make train` and `make test` each do everything from a bare checkout with Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEEDS ?= 0
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup train test lint format tensorboard experiment

help:  ## show what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## create .venv and install videoseq with its pinned dependencies

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, got {v[0]}.{v[1]}: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

train: $(READY)  ## train the built-in example; ARGS="…" adds options
	$(BIN)/python -m videoseq.train +experiment=moving_shapes $(ARGS)

test: $(READY)  ## run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(READY)  ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)  ## rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tensorboard: $(READY)  ## show all runs
	$(BIN)/tensorboard --logdir outputs

experiment: $(READY)  ## run NAME=experiment over SEEDS=0,1,2 and write experiments/NAME/metrics.json
	$(BIN)/python -m videoseq.experiment name=$(NAME) 'seeds=[$(SEEDS)]' $(ARGS)
