# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
LAB := python tests/lab/lab.py
QUICK_GATES := reuse changelog workflows docs site build importer install execution-environment
# Of ansible-test's gates the oldest and the newest core's and the oldest Python's; those between: make gates.
ESSENTIAL_GATES := units-3.6 integration sanity-2.16 sanity-2.21
SCENARIOS := default trixie bullseye redhat sysvinit openrc packages catalogue
COVERAGE := python -m pytest -q -n auto --cov --cov-report=term:skip-covered tests/unit
SHELL_SCRIPTS := tests/setup tests/scenario tests/lock tests/release .ci/run $(wildcard tests/lab/*.sh tests/lab/image/*.sh tests/selinux/*.sh tests/controllers/*.sh)

.NOTPARALLEL:
.PHONY: help setup fix diagnose check lint unit browser pictures pages coverage oracle gates docs guides molecule test full safety controllers selinux bench matrix lock dist release clean

help:                ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:               ## install what the tests and the lab need
	@tests/setup test

ifdef INVENTORY
fix:                 ## cure the hosts of INVENTORY=path, or a lab of broken hosts
	@tests/setup run
	ansible-playbook fix_502.yml -i $(INVENTORY) $(ARGS)

diagnose:
	@tests/setup run
	ansible-playbook playbooks/diagnose_502.yml -i $(INVENTORY) $(ARGS)
else
fix: setup
	$(LAB) up --fresh fix
	$(LAB) break
	@echo "What the sites answer now:"
	$(LAB) status
	ansible-playbook fix_502.yml -i $$($(LAB) inventory) $(ARGS)
	@echo "What the sites answer now:"
	$(LAB) status

diagnose: setup      ## name the causes on INVENTORY=path, or on a lab of broken hosts; change nothing
	$(LAB) up --fresh fix
	$(LAB) break
	ansible-playbook playbooks/diagnose_502.yml -i $$($(LAB) inventory) $(ARGS)
endif

lint: setup          ## style of YAML, Python and shell; types; which room imports which
	yamllint --strict .
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=.ansible/collections lint-imports --no-cache --no-logo
	shellcheck $(SHELL_SCRIPTS)
	ansible-lint --offline --profile production

unit: setup          ## unit tests
	python -m pytest -q -n auto tests/unit

check: lint unit     ## the everyday loop, without hosts: a minute

coverage: setup      ## unit tests with branches counted; fails below the line in pyproject.toml
	$(COVERAGE)

browser: setup       ## the report in Chromium: accessible, on a phone, with 500 hosts, under attack
	timeout 600 python -m pytest -q tests/browser

pictures: setup      ## pictures of the report into .cache/pictures: light, dark, on a phone, of few hosts and of 500; the README's picture
	PYTHONPATH=.ansible/collections python tests/browser/pictures.py .cache/pictures

pages: setup         ## docs/causes/: a page for each cause, made from its file
	PYTHONPATH=.ansible/collections python tests/cause_pages.py

oracle: setup        ## our reading of nginx's language beside crossplane's, over the configurations below CORPUS="folder ..."
	PYTHONPATH=.ansible/collections python tests/oracle/nginx_corpus.py $(CORPUS)

mutation: setup      ## break the judge, the planner and the sizing in one place at a time: which tests notice; a quarter of an hour
	python tests/gates/mutation.py

gates: setup         ## what a release passes: ansible-test, galaxy-importer, antsibull; GATES="name ..." for some
	python tests/gates/gates.py $(GATES)

molecule: setup      ## break lab hosts, fix them, see them fixed; SCENARIO=name for one
	$(LAB) images
	tests/scenario $(or $(SCENARIO),$(SCENARIOS))

test: lint browser   ## what CI runs: lint, the report in a browser, most gates, the everyday scenario, units; the unit tests' count closes the output
	python tests/gates/gates.py $(QUICK_GATES) $(ESSENTIAL_GATES)
	$(LAB) images bookworm
	tests/scenario default
	$(COVERAGE)

full: lint coverage browser gates molecule guides ## every gate, every scenario, the guides

matrix: setup        ## break and fix hosts of each platform (SCENARIO=name: of one); what was seen of each cause into docs/platforms.md
	tests/scenario $(or $(SCENARIO),$(SCENARIOS))
	PYTHONPATH=.ansible/collections python -m ansible_collections.webops.bad_gateway.tests.matrix $(or $(SCENARIO),$(SCENARIOS))

safety: setup        ## try to hurt lab hosts (hours); figures into docs/safety.md; SAFETY="killed lost back home lasts respect bounded leaks hostile doors alone firewalls" for some
	$(LAB) images bookworm
	python tests/safety/safety.py $(SAFETY)

controllers: setup   ## each ansible-core with each way to root, each Python, on lab hosts (an hour); into docs/platforms.md; WAYS="2.16 sudo" for some
	$(LAB) images bookworm
	python tests/controllers/controllers.py $(WAYS)

selinux: setup       ## the faults of SELinux on an emulated host (an hour)
	@tests/setup selinux
	python tests/selinux/selinux.py $(FAULT)

docs: setup          ## the docs site into .cache/site/html: guides, causes, modules, roles
	python tests/gates/gates.py site

guides: setup        ## run each command of the guides on lab hosts; WRITE=1 puts what they show into the guides and README.md; GUIDES="name ..." for some
	@tests/setup guides
	$(LAB) images bookworm
	python tests/guides/guides.py $(if $(WRITE),--write) $(GUIDES)

bench: setup         ## speed of looks and cures beside gathered facts and stock modules, large hosts, large fleets; into docs/performance.md; BENCH="plays profile far doors fleet alike host judging" for some, BENCH_ROUNDS=1 for once
	PYTHONPATH=.ansible/collections python tests/bench/what_to_ask.py
	$(LAB) images bookworm
	PYTHONPATH=.ansible/collections python tests/bench/bench.py $(BENCH)

lock:                ## pin the tests' packages anew
	@tests/lock

dist: setup          ## the tarball of the present version into dist/, looked at and through galaxy-importer
	@tests/release dist $(VERSION)

release: setup       ## VERSION=x.y.z: version, changelog, tarball
	@tests/release release $(VERSION)

clean:               ## remove the lab's hosts
	-$(LAB) down
