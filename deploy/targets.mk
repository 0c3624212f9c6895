# How Weftly comes to Google Cloud, step by step. Included by the Makefile; README.md beside this says what each does.
.PHONY: bundle

bundle: $(VENV)/.stamp ## pack all functions into .dist/bundle-HASH.zip
	@$(BIN)/python -m deploy.bundle
