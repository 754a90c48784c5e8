PYTHON ?= python3.11
BIN := .venv/bin
# The browser tests drive this program; without one they are left out, and `make test` says so.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM

.DEFAULT_GOAL := help
.PHONY: help venv dev setup run demo test test-browser test-postgres lint format types layers bench catalogue-plot lock train model-card

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

venv:
	@$(PYTHON) scripts/bootstrap.py

dev:
	@$(PYTHON) scripts/bootstrap.py --dev

setup: venv ## Install everything, write .env, prepare database, catalogue and static files
	@$(BIN)/python -m scripts.environment
	@$(BIN)/python -m scripts.prepare

run: setup ## Set up and start the site; PORT=8010 chooses another port
	@$(BIN)/python -m scripts.serve || [ $$? -eq 130 ] # Ctrl-C is how one stops it, and no error

demo: setup ## Make a demo user with a sample history
	@$(BIN)/python manage.py demo

test: dev ## Run the tests that need nothing but what is installed
ifeq ($(CHROMIUM),)
	@echo "No Chromium found (install Debian's chromium, or set CHROMIUM): the browser tests are left out."
	$(BIN)/pytest -m "not postgres and not browser"
else
	$(BIN)/pytest -m "not postgres"
endif

test-browser: dev ## Run the browser tests alone
	$(BIN)/pytest -m browser

test-postgres: dev ## Run the tests on the PostgreSQL that DATABASE_URL names
	@case "$(DATABASE_URL)" in postgres*) ;; *) echo "Set DATABASE_URL=postgres://user:password@host/name"; exit 1;; esac
	$(BIN)/pytest -m "not browser"

lint: dev ## Check format and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: dev ## Format the code and put right what can be put right safely
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: dev ## Check types
	$(BIN)/mypy

layers: dev ## Check that each layer imports only from those below it
	$(BIN)/lint-imports

bench: dev ## Measure sets at 100,000 tracks, simulate what learning gains, time the vision code on DATA
	$(BIN)/python -m bench.ranking
	$(BIN)/python -m bench.learning
	$(BIN)/python -m bench.privacy
	$(BIN)/python -m bench.training_beside
	@if [ -n "$(DATA)" ]; then $(BIN)/python -m ml bench --data "$(DATA)"; \
	else echo "The vision code is timed on faces of FER2013: make bench DATA=path/to/fer2013"; fi

catalogue-plot: venv ## Draw how the catalogue covers the plane, and print what it holds; FILE=tracks.csv for another
	@$(BIN)/python -m scripts.catalogue_plot $(if $(FILE),--file "$(FILE)")

COMPILE := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links
lock: dev ## Write the locks anew; UPGRADE=--upgrade takes the newest versions that fit
	$(COMPILE) $(UPGRADE) requirements.in --output-file requirements.txt
	$(COMPILE) $(UPGRADE) requirements-dev.in --output-file requirements-dev.txt

train: venv ## Train the expression network on DATA, a folder or file in FER2013's format
	@test -n "$(DATA)" || { echo "Say where the data are: make train DATA=path/to/fer2013"; exit 1; }
	$(BIN)/python -m ml train --data "$(DATA)"

model-card: dev ## Write docs/model-card.md and its pictures from the figures that lie beside the network
	$(BIN)/python -m ml card --figures docs/images > docs/model-card.md.part
	mv docs/model-card.md.part docs/model-card.md
