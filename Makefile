# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
LAB := python tests/lab/lab.py

.PHONY: help setup fix diagnose check lint unit lab-images molecule test bench clean

help:                ## tell what there is
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:               ## install what the tests and the lab need
	@tests/setup test

ifdef INVENTORY
fix:                 ## cure the hosts of INVENTORY=path, or a lab of broken hosts
	@tests/setup run
	ansible-playbook fix_502.yml -i $(INVENTORY) $(ARGS)
else
fix: setup
	$(LAB) up fix
	$(LAB) break
	@echo "What the sites answer now:"
	$(LAB) status
	ansible-playbook fix_502.yml -i $$($(LAB) inventory) $(ARGS)
	@echo "What the sites answer now:"
	$(LAB) status
endif

lint: setup          ## style of YAML, Python and shell
	yamllint --strict .
	ruff check .
	mypy plugins/module_utils plugins/plugin_utils
	shellcheck tests/setup .ci/run
	ansible-lint --offline --profile production

unit: setup          ## unit tests
	python -m pytest -q tests/unit

check: lint unit     ## the everyday loop, without hosts

molecule: setup      ## break lab hosts, fix them, see them fixed
	$(LAB) images
	molecule test --all

test: check molecule ## all tests; the unit tests come again last, so that their count closes the output
	python -m pytest -q tests/unit

bench: setup         ## speed beside plays that gather facts or use stock modules
	python tests/bench/bench.py

clean:               ## remove the lab's hosts
	-$(LAB) down
