# How Weftly comes to Google Cloud, step by step. Included by the Makefile; docs/deploying.md says what each does.
# Steps that speak to Google need gcloud, terraform and any Python 3.9, and nothing that make installs.
.PHONY: bundle scan deploy plan approval approve apply smoke traffic rollback
# A folder with terraform in it, where it is not on the path.
export PATH := $(if $(TERRAFORM),$(TERRAFORM):)$(PATH)
ENV ?= dev
REGION ?= us-central1
STEP = $(if $(PROJECT),,$(error Name the project: make $@ PROJECT=my-project))python3 -m deploy.google $@ \
	--project "$(PROJECT)" --env "$(ENV)" --region "$(REGION)" --bundle "$(BUNDLE)" --plan "$(PLAN)"

bundle: $(VENV)/.stamp ## pack all functions into .dist/bundle-HASH.zip
	@$(BIN)/python -m deploy.bundle
deploy: bundle ## all steps below, asked before anything changes: PROJECT=my-project [ENV=dev]
	@$(MAKE) --no-print-directory plan
	@printf 'Apply this plan to $(PROJECT)? [yes] ' && read answer && test "$$answer" = yes
	@$(MAKE) --no-print-directory apply smoke traffic
plan: ## upload the bundle, say what Terraform would change
	@$(STEP)
approval: ## wait until somebody approved that plan
	@$(STEP)
approve: ## approve it: PLAN=as approval says
	@$(STEP)
apply: ## change it; what is new gets no traffic yet
	@$(STEP)
smoke: ## ask what is new
	@$(STEP)
traffic: ## everybody to what is new
	@$(STEP)
rollback: ## everybody back to what was before
	@$(STEP)
scan: ## what checkov finds in terraform/ (needs the network once)
	@test -x .venv-checkov/bin/checkov || { $(PYTHON) -m venv .venv-checkov && .venv-checkov/bin/pip install --quiet --requirement deploy/requirements-checkov.txt; }
	@cd terraform && ../.venv-checkov/bin/checkov --directory .
