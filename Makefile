# Everything starts here: `make help` lists the targets. Needs Python 3.11 or newer, nothing else.
PYTHON ?= python3
VENV := var/venv/bin

.DEFAULT_GOAL := help
.PHONY: help run preview test demo bench lint format setup clean

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

run: setup ## set up what is missing and serve the portal (PORT=8000); Ctrl-C stops everything
	@$(VENV)/python -m portal.serve

preview: setup ## show the course's pages as you save them (PORT=8080); Ctrl-C ends it
	@$(VENV)/python manage.py labs preview --port $(or $(PORT),8080)

test: ## set up and run every test, the browser's too
	@$(PYTHON) -P portal/bootstrap.py --test
	@$(VENV)/python -m tests.run

demo: setup ## walk a student's path over HTTP and print it (LAB=paralelismo or spark-sql)
	@$(VENV)/python -m portal.demo

bench: setup ## measure the figures on every sandbox driver here and print them as a table
	@$(VENV)/python -m tests.bench

lint: setup ## ruff, mypy and the check for missing migrations
	@$(VENV)/python -m tests.run --lint

format: setup ## let ruff rewrite the Python files
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

setup:
	@$(PYTHON) -P portal/bootstrap.py

clean: ## remove what was built (not the database, the students' work or the secrets)
	rm -rf var/venv var/*.stamp var/environments var/wheelhouse node_modules static/build .mypy_cache .ruff_cache .pytest_cache
