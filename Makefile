# Every command of the project; `make help` lists them. .venv is made when it is missing.
PYTHON ?= python3
BIN := .venv/bin
SUBMISSIONS ?=
OUT ?= gradebook
FORMAT ?=
IDS ?=
FILE ?=
BY ?=
HOST ?=
PORT ?=
ONLY ?=
ALL ?=
BARE ?=
SEEDS ?=
SEED ?=
EPOCHS ?=
VARIANTS ?=
SCHEDULER ?=
BASE ?=
CONTAINERS ?=
TIMEOUT ?=
BUDGET ?=
FROM ?=
IN ?=
N ?=
PART ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help doctor data student autograder grade review marks-export marks-import image otter-grade test test-all mutations bench baselines replicate zoo endurance lint docs locks wheels clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv, where it is, else the pip of .venv. What a lock file names is all that is installed, with the hash it had.
INSTALL = $(if $(shell command -v uv),uv pip install --quiet --python $(BIN)/python,\
	$(BIN)/pip install --quiet --disable-pip-version-check) --no-deps

# What grading and the handout need; what all else needs, too.
.venv/installed: requirements/grading.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes -r $<
	$(INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/developing: requirements/developing.txt .venv/installed
	$(INSTALL) --require-hashes -r $<
	@touch $@

# The versions are those of requirements.txt; uv adds hashes, and what other systems need. `git diff` shows what has changed.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --constraints requirements.txt --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

locks:  ## both lock files anew, from pyproject.toml and requirements.txt: needs uv
	$(LOCK) --overrides requirements/left-out.txt --output-file requirements/grading.txt
	$(LOCK) --extra dev --output-file requirements/developing.txt

wheels:  ## does every package of the lock files have a wheel on each system? needs uv
	requirements/wheels.sh

doctor: .venv/installed  ## what this machine has of what grading needs, and what to do about the rest
	$(BIN)/python -m autograder doctor

data: .venv/installed  ## CIFAR-10 and ResNet50's weights, by Keras: make data [FROM=file, folder or mirror]
	$(BIN)/python -m autograder data$(if $(FROM), --from "$(FROM)")

student: .venv/installed  ## the handout: dist/student/ and dist/student.zip
	$(BIN)/python -m autograder build student

autograder: .venv/installed  ## what Otter and Gradescope take: dist/autograder.zip
	$(BIN)/python -m autograder build autograder

# Put together here, since a recipe shows the line breaks that it holds.
grade: OPTIONS = $(if $(SUBMISSIONS), --submissions "$(SUBMISSIONS)") --out "$(OUT)"$(if $(FORMAT),\
	--format "$(FORMAT)")$(if $(IDS),\
	--ids "$(IDS)")$(if $(BRIEF),\
	--brief)$(if $(SCHEDULER),\
	--scheduler "$(SCHEDULER)")$(if $(ARGS), $(ARGS))
grade: $(if $(IN),,.venv/installed)  ## grade a folder: make grade SUBMISSIONS=dir OUT=dir [FORMAT=moodle] [IDS=file.csv] [BRIEF=1] [SCHEDULER=tcp://...] [IN=docker] [ARGS="--only ann"]
	$(if $(IN),$(PYTHON) autograder/docker/contained.py,$(BIN)/python -m autograder grade)$(OPTIONS)

review: OPTIONS = --out "$(OUT)"$(if $(HOST), --host "$(HOST)")$(if $(PORT), --port $(PORT))$(if $(ARGS), $(ARGS))
review: $(if $(IN),,.venv/installed)  ## the marking desk, in a browser: make review OUT=dir [HOST=address] [PORT=n] [IN=docker]
	$(if $(IN),$(PYTHON) autograder/docker/contained.py review,$(BIN)/python -m autograder review) $(OPTIONS)

marks-export: .venv/installed  ## the marks of written answers as a table: make marks-export OUT=dir [FILE=marks.csv]
	$(BIN)/python -m autograder marks-export --out "$(OUT)"$(if $(FILE), --file "$(FILE)")

marks-import: OPTIONS = --out "$(OUT)" --file "$(FILE)"$(if $(BY), --by "$(BY)")
marks-import: .venv/installed  ## take over marks from a table, or from another gradebook: make marks-import OUT=dir FILE=marks.csv [BY=name]
	$(BIN)/python -m autograder marks-import $(OPTIONS)

image: .venv/installed  ## the image for `otter grade`, unless it is there: make image [BASE=debian:bookworm-slim]
	$(BIN)/python -m autograder.docker $(if $(BASE),--base "$(BASE)") build

otter-grade: OPTIONS = $(if $(SUBMISSIONS), --submissions "$(SUBMISSIONS)") --out "$(OUT)"$(if $(CONTAINERS),\
	--containers $(CONTAINERS))$(if $(TIMEOUT),\
	--timeout $(TIMEOUT))
otter-grade: .venv/installed  ## `otter grade` in containers: make otter-grade SUBMISSIONS=dir OUT=dir [CONTAINERS=n] [TIMEOUT=1800]
	$(BIN)/python -m autograder.docker$(if $(BASE), --base "$(BASE)") grade$(OPTIONS)

test: .venv/developing  ## the tests of every day; sooner where the last run's observations serve
	$(BIN)/python -m pytest -n auto -m "not slow" --from-kept --durations=20

test-all: .venv/developing  ## the rest, as far as it fits: make test-all [BUDGET=seconds]; together with `make test` every test
	$(BIN)/python -m pytest -n auto -m "slow or deferred or hypothesis" --hypothesis-profile=full \
		--durations=20 $(if $(BUDGET),--budget $(BUDGET))

lint: .venv/developing  ## ruff and strict mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mutations: .venv/developing  ## test the tests: does `make test` fail if a check or a probe is changed? make mutations [N=10] [SEED=0]
	$(BIN)/python tests/mutation.py $(if $(N),--n $(N)) $(if $(SEED),--seed $(SEED))

bench: .venv/developing  ## the benchmarks, into docs/benchmarks.md
	$(BIN)/python benchmarks/run.py

zoo: .venv/developing  ## grade the grader, into docs/grader-accuracy.md: make zoo [ALL=1] [ONLY=text] [GROUP=hostile] [BARE=1]
	PYTHONPATH=.:assignment:autograder/handed_out:tests $(BIN)/python -m zoo$(if $(ALL), --all)$(if $(ONLY), --only "$(ONLY)")$(if $(GROUP), --group $(GROUP))$(if $(BARE), --bare)

endurance: .venv/developing  ## a large class in one run, and in runs that are killed: make endurance [N=1000] [PART=whole|killed|desk]
	PYTHONPATH=.:assignment:autograder/handed_out:tests $(BIN)/python -m zoo.endurance $(if $(N),--n $(N)) $(if $(PART),--part $(PART))

baselines: OPTIONS = $(if $(SEEDS), --seeds $(SEEDS))$(if $(EPOCHS), --epochs $(EPOCHS))$(if $(VARIANTS),\
	--variants $(VARIANTS))$(if $(SCHEDULER),\
	--scheduler "$(SCHEDULER)")
baselines: .venv/developing  ## train the reference, hours on a laptop: make baselines [SEEDS=10] [EPOCHS=100] [VARIANTS="..."] [SCHEDULER=...]
	$(BIN)/python -m solutions.train_baselines$(OPTIONS)

replicate: .venv/developing  ## train each variant once more without the trainer, beside the baselines: hours on a laptop
	$(BIN)/python -m solutions.replicate

docs: .venv/developing  ## what follows from master notebook and checks: reference.py, marking-scheme.md, given_cells.json
	$(BIN)/python -m autograder build docs

clean:  ## remove what the commands above made, except .venv and gradebooks
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
