# Two commands do everything: `make demo` and `make test`. A fresh machine needs Python 3.11 or newer, git and make.

VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
DATA_DIR ?= var
CASES ?= 100000
export PORT DATA_DIR

# The first Python that is new enough and can make a virtual environment; PYTHON= overrides. Newer ones are faster, but
# libtorrent has no wheel for 3.14.
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3
PYTHON ?= $(firstword $(foreach p,$(CANDIDATES),$(shell $(p) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

# uv makes ten seconds of installing one. It must not bring a Python of its own, and it trusts what this machine trusts.
# It compiles what it installs, or each start of a process would take twice as long where nothing may be written later.
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
UV := $(VENV)/bin/uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# Tests start many processes. Without bytecode each of them would compile the project again.
unexport PYTHONDONTWRITEBYTECODE

# What the pages load, built from web/, and built again only if it changed.
BUILT := api/site/static/site/built
MAP := $(BUILT)/.done
# The linter and the type check of the scripts, and axe-core. A build does not need them.
WEB_TOOLS := web/node_modules/.bin/tsc
LOCALE := api/site/locale
LANGUAGES := $(LOCALE)/.done

.PHONY: help install demo serve test verify fuzz calendar chaos endure attack effect notify check format bench lock openapi web messages pictures clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/dev.installed $(WEB_TOOLS) ## install everything, for work on the project too

demo: $(VENV)/runtime.installed $(VENV)/demo.installed $(MAP) $(LANGUAGES) ## the whole stack with invented agencies, history and a live stream
	@exec $(PY) -m config.serve --demo

serve: $(VENV)/runtime.installed $(MAP) $(LANGUAGES) ## the same stack without invented numbers
	@exec $(PY) -m config.serve

test: $(VENV)/dev.installed $(MAP) $(LANGUAGES) ## the tests for every change, about five minutes; ARGS= goes to pytest
	@$(PY) -m pytest -n auto -m "not verify" $(ARGS)

verify: $(VENV)/dev.installed $(WEB_TOOLS) $(MAP) $(LANGUAGES) ## the long tests: browser, faults, killed processes, many random examples; ARGS= goes to pytest
	@$(PY) -m pytest -n auto -m "verify or hypothesis" --hypothesis-profile=many $(ARGS)

chaos: $(VENV)/dev.installed ## faults at random under load; then check that no report is lost or doubled. SEED= for one, SEEDS=20, SECONDS=45
	@exec $(PY) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SECONDS),--seconds $(SECONDS))

notify: $(VENV)/dev.installed ## send messages while workers, a mail server and a receiver die; is each there once or marked? SEED=, SEEDS=20, SECONDS=25
	@exec $(PY) -m tests.chaos.notify $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SECONDS),--seconds $(SECONDS))

endure: $(VENV)/dev.installed $(MAP) $(LANGUAGES) ## kill one process after the other; what does the public notice?
	@exec $(PY) -m tests.chaos.endure

attack: $(VENV)/dev.installed ## attack the protection of the numbers; what do readers and agencies find out?
	@exec $(PY) -m tests.attack

effect: $(VENV)/dev.installed ## judge the estimator of effects in invented worlds; WORLDS= how many of each case (1000)
	@exec $(PY) -m tests.effect --worlds $(or $(WORLDS),1000)

fuzz: $(VENV)/dev.installed ## inputs that are almost right, many of them; CASES= how many (100000), SEED= which
	@$(PY) -m tests.fuzz --cases $(CASES) --seed $(or $(SEED),1)
	@FUZZ_EXAMPLES=100 FUZZ_REQUESTS=$(shell expr $(CASES) / 50) $(PY) -m pytest -q -n 2 \
		tests/contract/test_schemathesis.py tests/contract/test_odd_requests.py

calendar: $(VENV)/dev.installed $(MAP) $(LANGUAGES) ## the tests without browsers on special days; DAYS= which, ARGS= to pytest
	@exec $(PY) -m tests.calendar $(ARGS) $(if $(DAYS),--days $(DAYS))

check: $(VENV)/dev.installed $(WEB_TOOLS) ## format, lint, types, import contracts, migrations, OpenAPI
	@$(PY) -m ruff format --check --quiet . || { echo "Fix it with: make format"; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy --no-error-summary
	@web/node.sh npm run --silent check
	@$(VENV)/bin/lint-imports --no-logo 2>&1 | tee $(VENV)/imports.txt | grep -q '0 broken' || { cat $(VENV)/imports.txt; exit 1; }
	@$(PY) manage.py makemigrations --check --dry-run --verbosity 1
	@$(PY) manage.py spectacular --validate --fail-on-warn --file $(VENV)/openapi.yaml
	@diff -u docs/reference/openapi.yaml $(VENV)/openapi.yaml || { echo "The API changed: look at the difference, then run make openapi"; exit 1; }
	@echo "make check: all is well"

format: $(VENV)/dev.installed ## put the code in the one format
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --quiet --fix .

openapi: $(VENV)/dev.installed ## rewrite docs/reference/openapi.yaml
	@$(PY) manage.py spectacular --validate --fail-on-warn --file docs/reference/openapi.yaml

web: $(MAP) $(LANGUAGES) ## build the map and the languages of the pages

messages: $(VENV)/runtime.installed ## bring the catalogues of all languages up to date with the texts of the pages
	@$(PY) manage.py messages

pictures: $(VENV)/dev.installed $(MAP) $(LANGUAGES) ## make the pictures of the guides and of the cards again
	@exec $(PY) -m tests.pictures

bench: $(VENV)/dev.installed ## the measurements of docs/benchmarks.md; SCALE= for the full size
	@exec $(PY) -m bench

lock: $(UV) ## choose newest versions within pyproject.toml and lock them with hashes
	@$(LOCK) --upgrade pyproject.toml -o requirements.txt
	@$(LOCK) --upgrade pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(LOCK) --upgrade --group demo -c requirements.txt -o requirements-demo.txt
	@$(LOCK) --upgrade --group lock -o requirements-uv.txt
	@$(LOCK) --upgrade --group node -o requirements-node.txt

clean: ## remove what was installed and built; data in DATA_DIR stays
	rm -rf $(VENV) web/node_modules $(BUILT) $(LANGUAGES) $(LOCALE)/*/LC_MESSAGES/*.mo

# --- installing ------------------------------------------------------------------------------------------------------

$(PY):
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv was found. Install one (Debian: python3 and python3-venv), or say PYTHON=/path/to/python3."; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@printf '%s\n' "$(CURDIR)" "$(CURDIR)/agency/src" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/police2peer.pth"

$(UV): requirements-uv.txt | $(PY)
	@$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements-uv.txt && touch -c $@

$(VENV)/%.installed: | $(PY)
	@echo "Installing $<"
	@$(MAKE) --no-print-directory --silent $(UV) 2>/dev/null || echo "uv is not available; pip is used, which is slower"
	@{ test -x $(UV) && $(UV) pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r $<; } \
		|| $(PY) -m pip install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/runtime.installed: requirements.txt
$(VENV)/dev.installed: requirements-dev.txt
$(VENV)/demo.installed: requirements-demo.txt
$(VENV)/node.installed: requirements-node.txt

# --- the map ---------------------------------------------------------------------------------------------------------

web/node_modules/.package-lock.json: web/package-lock.json | $(PY)
	@echo "Installing what the map is built with"
	@web/node.sh npm ci --omit=dev --loglevel=error >/dev/null
	@touch $@

$(WEB_TOOLS): web/package-lock.json | $(PY)
	@echo "Installing what the scripts of the pages are built and checked with"
	@web/node.sh npm ci --loglevel=error >/dev/null
	@touch $@

$(MAP): web/node_modules/.package-lock.json web/build.js $(wildcard web/src/*.* web/geometry/*.*) api/site/static/site/site.css api/site/static/site/trend.css api/site/static/site/method.css api/site/static/site/effects.css agency/src/p2p_core/data/countries.csv | $(PY)
	@echo "Building the map"
	@web/node.sh build.js
	@touch $@

# --- the languages ---------------------------------------------------------------------------------------------------

$(LANGUAGES): $(wildcard $(LOCALE)/*/LC_MESSAGES/*.po) | $(VENV)/runtime.installed
	@$(VENV)/bin/pybabel --quiet compile --directory $(LOCALE) --domain django
	@touch $@
