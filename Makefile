# Everything runs in a virtual environment of its own (.venv) that is made here from requirements.lock. A fresh machine
# needs python3 (3.11 or newer), make, g++ and perl; `make` alone lists the targets.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
PRESET ?= tiny
BOARD ?= ulx3s
DESIGN ?= snn
OPTIONS ?=
TEST ?=
WAVES ?= 0

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -P -m pytest
export WAVES

# The scripts of a virtual environment hold its absolute path: after a move or copy of this folder it is made again.
# One outside this folder is not this folder's to remove.
ifeq ($(filter /% ..%,$(VENV)),)
ifneq ($(wildcard $(STAMP)),)
ifneq ($(shell cat $(STAMP)),$(CURDIR))
$(shell rm -rf $(VENV))
endif
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test bench regress lint format bitstream deploy verilog doctor wheel wheel-test lock clean \
	distclean tools view

# What a recipe prints when it fails: what happened, and the next step.
FAIL := fail() { printf '\n%s\nNext step: %s\n' "$$1" "$$2" >&2; exit 1; };

help: ## List the targets
	@printf 'Pyralis: spiking networks and protected finite-field arithmetic to hardware that is proven.\n\nUsage: make TARGET [VARIABLE=value]\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nVariables: BOARD=%s  DESIGN=%s  PRESET=%s  JOBS=%s  TEST=tests/...  WAVES=1  PYTHON=%s  VENV=%s\n' '$(BOARD)' '$(DESIGN)' '$(PRESET)' '$(JOBS)' '$(PYTHON)' '$(VENV)'

install: $(STAMP) ## Make .venv with the locked versions of everything

demo: $(STAMP) ## Digits on a spiking and on a graph core, cryptography on multipliers: build/demo/*/report.html
	@$(BIN)/pyralis demo snn
	@$(BIN)/pyralis demo gf
	@$(BIN)/pyralis demo gcn

test: $(STAMP) ## Run the tests (TEST=path runs some of them, WAVES=1 writes waves)
	@$(FAIL) $(PYTEST) -n $(JOBS) --dist worksteal -m "not slow" $(TEST) || fail "Some tests failed: see above. A simulation keeps its log and waves in build/sim." \
		"make test TEST=tests/path/to/test_file.py WAVES=1 JOBS=0"

regress: $(STAMP) ## Run the long tests: whole networks at full size, campaigns
	@$(FAIL) $(PYTEST) -n $(JOBS) --dist worksteal -m slow $(TEST) || fail "Some long tests failed: see above." \
		"make regress TEST=tests/path/to/test_file.py WAVES=1 JOBS=0"

bench: $(STAMP) ## Measure full-size networks, graphs, protected multipliers and clocks on boards, into build/bench
	@$(BIN)/pyralis bench snn
	@$(BIN)/pyralis bench gcn
	@$(BIN)/pyralis bench gf
	@$(BIN)/pyralis bench boards

lint: $(STAMP) view ## Check rules, format, types and spelling
	@$(FAIL) $(BIN)/ruff check . || fail "ruff found the problems above." "make format mends most of them; the rules are in pyproject.toml"
	@$(FAIL) $(BIN)/ruff format --check . || fail "The files above are not formatted." "make format"
	@$(FAIL) $(BIN)/mypy || fail "mypy found the problems above." "the settings are in pyproject.toml, [tool.mypy]"
	@$(FAIL) $(BIN)/codespell || fail "codespell found the words above." "mend them, or add a word of the field to [tool.codespell]"

format: $(STAMP) ## Rewrite the files in the one format
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

bitstream: $(STAMP) ## Build for a board into build/boards (BOARD=ulx3s DESIGN=snn; OPTIONS="..." for pyralis bitstream)
	@$(BIN)/pyralis bitstream $(DESIGN) --board $(BOARD) $(OPTIONS)

deploy: $(STAMP) ## Write the folder to carry to a board: bitstream when built, driver, network, validate.py
	@$(BIN)/pyralis deploy $(DESIGN) --board $(BOARD) $(OPTIONS)

verilog: $(STAMP) ## Write the Verilog of one core (PRESET=tiny, zu3eg or zcu104) to build/verilog
	@$(BIN)/pyralis generate --preset $(PRESET) --output build/verilog/$(PRESET)

doctor: $(STAMP) ## Say what this machine has, lacks, and how to get it
	@$(BIN)/pyralis doctor

wheel: $(STAMP) ## Build the source archive and the wheel into dist
	@mkdir -p build && rm -rf dist
	@$(FAIL) $(BIN)/python -m build --no-isolation --outdir dist . > build/wheel.log 2>&1 || fail \
		"The wheel could not be built: `tail -n 1 build/wheel.log`" "read build/wheel.log"
	@ls dist/*

# The wheel replaces the editable install; everything else comes from VENV through one .pth line.
wheel-test: wheel ## Run the tests against the installed wheel
	@rm -rf build/wheel-venv && $(BIN)/python -m venv --without-pip build/wheel-venv
	@$(BIN)/python -c 'import pathlib, sysconfig; packages = sysconfig.get_path("purelib"); \
		pathlib.Path("build/wheel-venv", *pathlib.Path(packages).parts[-3:], "locked.pth").write_text(packages + "\n")'
	@$(BIN)/python -m pip --python build/wheel-venv/bin/python install --quiet --no-deps --no-index dist/*.whl
	@$(FAIL) build/wheel-venv/bin/python -P -m pytest -n $(JOBS) --dist worksteal -m "not slow" $(TEST) || fail \
		"Some tests failed with the installed wheel." "compare with make test: a difference is a file that pyproject.toml does not list"

# torch loses its local version (+cpu, +cu130), so that every index has it; CUDA packages stay out.
lock: $(STAMP) ## Resolve requirements.lock again after a change in pyproject.toml (needs the network)
	@mkdir -p build && sed '/^#/d; s/ *#.*//' requirements.lock > build/lock.txt
	@$(FAIL) $(BIN)/pip-compile --quiet --all-extras --allow-unsafe --strip-extras --no-build-isolation --no-header --no-config \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --annotation-style line \
		--output-file build/lock.txt pyproject.toml || fail "No set of versions fits." "read the lines above; widen a range in pyproject.toml"
	@{ sed -n '/^#/p' requirements.lock; \
	   sed -n -E '/^(nvidia-|cuda-|triton|pip==|pyralis)/d; s/^(torch==[0-9.]+)\+[a-z0-9]+/\1/; s/ \(pyproject\.toml\)//g; s/pyralis, pyralis/pyralis/; s/^([^ #]+) +#/\1  #/p' \
	   build/lock.txt | sort; } > build/requirements.lock && mv build/requirements.lock requirements.lock
	@grep -c == requirements.lock | sed 's/$$/ packages locked/'

clean: ## Remove everything that was built (.venv stays)
	@rm -rf build dist *.egg-info .ruff_cache .mypy_cache .pytest_cache .hypothesis
	@find hw gen sim boards tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## Remove .venv as well
	@rm -rf $(VENV)

# --- What the targets above stand on ---

$(STAMP): requirements.lock pyproject.toml | tools
	@$(FAIL) test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || fail "No virtual environment could be made in $(VENV)." \
		"remove it; on Debian and Ubuntu: apt install python3-venv"
	@mkdir -p build && echo "Installing the packages of requirements.lock into $(VENV): some minutes, log in build/install.log"
	@$(FAIL) $(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.lock > build/install.log 2>&1 && \
	 $(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable . >> build/install.log 2>&1 \
		|| { tail -n 5 build/install.log >&2; \
		fail "The packages could not be installed: see above and build/install.log." "check the network and PIP_INDEX_URL, then make install"; }
	@echo '$(CURDIR)' > $@

# Order-only: a missing tool is named before anything runs.
tools:
	@$(FAIL) command -v $(PYTHON) > /dev/null || fail "There is no $(PYTHON) on PATH." "install Python 3.11 or newer, or give one: make PYTHON=/path/to/python3.12"
	@$(FAIL) $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
		"$(PYTHON) is `$(PYTHON) --version 2>&1`; Pyralis needs 3.11 or newer." "install one and name it: make PYTHON=python3.12"
	@$(FAIL) $(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || fail \
		"$(PYTHON) cannot make virtual environments." "on Debian and Ubuntu: apt install python3-venv"
	@$(FAIL) for tool in g++ perl; do command -v $$tool > /dev/null || fail "There is no $$tool on PATH; Verilator needs it to build a simulation." \
		"on Debian and Ubuntu: apt install g++ make perl"; done

# Links that give a type checker the import names pyralis.hw and so on.
view:
	@mkdir -p build/view/pyralis && for folder in hw gen sim boards; do ln -sfn ../../../$$folder build/view/pyralis/$$folder; done
