# `make train` and `make test` each do everything from a bare checkout with Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEEDS ?= 0
REAL_DATA := $(or $(VIDEOSEQ_REAL_DATA),../shared/data)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup train test lint format tensorboard experiment speed

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

FIGHT := $(REAL_DATA)/surveillance_fight
PREPARED := outputs/speed/prepared
MEASURE = $(BIN)/python -m videoseq.benchmark
SPEED := experiments/speed
speed: $(READY)  ## measure everything beside what else one would use and write experiments/speed (20 minutes)
	$(MEASURE) target=startup repeats=10 output=$(SPEED)/startup.json $(ARGS)
	$(MEASURE) target=decode 'input=$(FIGHT)/clips/*[05].mp4' repeats=3 output=$(SPEED)/decode.json $(ARGS)
	$(BIN)/python -m videoseq.prepare data.root=$(FIGHT) output=$(PREPARED)
	$(MEASURE) target=decode 'input=$(PREPARED)/clips/*[05].mp4' against=$(FIGHT)/clips repeats=3 output=$(SPEED)/prepared.json $(ARGS)
	$(MEASURE) target=loader 'input=$(FIGHT)/clips/*[05].mp4' data.num_workers=2 output=$(SPEED)/loader.json $(ARGS)
	$(MEASURE) target=step +experiment=moving_shapes steps=40 output=$(SPEED)/step.json $(ARGS)
	$(MEASURE) target=step model.encoder.weights=null model.encoder.freeze=none data.batch_size=2 steps=5 repeats=3 output=$(SPEED)/step_resnet18.json $(ARGS)
	$(MEASURE) target=train +experiment=surveillance_fight augment=none training.max_epochs=3 repeats=2 output=$(SPEED)/train.json $(ARGS)
	$(MEASURE) target=train +experiment=surveillance_fight trainer=cpu_bf16 augment=none training.max_epochs=3 repeats=1 output=$(SPEED)/train_bf16.json $(ARGS)
	$(MEASURE) target=cache +experiment=surveillance_fight augment=none training.max_epochs=2 repeats=2 output=$(SPEED)/cache.json $(ARGS)
	$(MEASURE) target=cache data.root=$(FIGHT) model.encoder.weights=null augment=none training.max_epochs=2 repeats=1 output=$(SPEED)/cache_resnet18.json $(ARGS)
	$(MEASURE) target=growth repeats=1 output=$(SPEED)/growth.json $(ARGS)
	$(MEASURE) target=tables input=$(SPEED)
