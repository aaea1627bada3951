# Everything a newcomer needs. `make demo` and `make test` do all of their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
PONDER := $(VENV)/bin/ponder
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -E)
DEMO_TASK := examples/tasks/merge_intervals.yaml
DEMO_MODEL := embedded/qwen2.5-coder-1.5b
TEST_MODEL := smollm2-135m
# Tests that need nothing but a processor, and share nothing: two at a time.
ALONE := docker or bubblewrap or model or slow
FAST := -n 2 -m "not ($(ALONE))"

.PHONY: help demo test check format setup complete engine image clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: engine image  ## a real task, solved by PlanSearch with a local model in a Docker sandbox
	$(PONDER) models pull $(DEMO_MODEL)
	$(PONDER) solve $(DEMO_TASK) --model $(DEMO_MODEL) -o enough=1 --budget seconds=240

test: complete engine image  ## all tests, with the real Docker engine and a real small model
	$(PONDER) models pull $(TEST_MODEL)
	$(PYTHON) -m pytest -q $(FAST)
	$(PYTHON) -m pytest -m "$(ALONE)"

check: complete  ## formatter, linter, strict types, import direction, and the tests that need no engine
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	mkdir -p .typecheck && ln -sfn .. .typecheck/ponder
	MYPYPATH=.typecheck $(VENV)/bin/mypy -p ponder
	$(VENV)/bin/lint-imports
	$(PYTHON) -m pytest -q $(FAST)

format: complete  ## rewrite the code as the formatter has it
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

setup: $(VENV)/.ready  ## the virtual environment, as far as the demo needs it

complete: $(VENV)/.complete  ## the virtual environment with torch and all that development needs

$(VENV)/.ready: pyproject.toml constraints.txt scripts/venv
	scripts/venv $(VENV)
	touch $@

$(VENV)/.complete: pyproject.toml constraints.txt scripts/venv
	scripts/venv $(VENV) all
	touch $(VENV)/.ready $@

engine: setup  ## a running Docker engine, and bubblewrap (installs and starts what there is not)
	scripts/engine start

image: setup  ## the sandbox image
	$(AS_ROOT) $(PONDER) sandbox build

clean:  ## remove what was built here (not the model weights, not the image)
	rm -rf $(VENV) .typecheck .mypy_cache .ruff_cache .pytest_cache build *.egg-info
