# How Weftly comes to Google Cloud, step by step. Included by the Makefile; README.md beside this says what each does.
.PHONY: bundle scan

bundle: $(VENV)/.stamp ## pack all functions into .dist/bundle-HASH.zip
	@$(BIN)/python -m deploy.bundle
scan: ## what checkov finds in terraform/ (needs the network once)
	@test -x .venv-checkov/bin/checkov || { $(PYTHON) -m venv .venv-checkov && .venv-checkov/bin/pip install --quiet --requirement deploy/requirements-checkov.txt; }
	@cd terraform && ../.venv-checkov/bin/checkov --directory .
