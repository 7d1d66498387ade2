# What a developer types. CI runs the same (.ci/run).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# How many things happen at once while building and testing.
JOBS ?= 2

.PHONY: help setup run code test bench fmt lint deny advisories

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

setup: ## install what building and testing need (Debian, Ubuntu)
	deploy/setup.sh test

run: ## build, then start the provider with demo members and the example portal
	deploy/setup.sh
	cargo build --profile quick --locked --bin sekisho --example portal
	exec deploy/try.sh

code: ## the code that the demo administrator's app shows now (while `make run` runs)
	@$${CARGO_TARGET_DIR:-target}/quick/sekisho demo --code

test: setup ## every test: rules, HTTP, both databases, browser journeys, the example
	cargo test --locked --jobs $(JOBS) --lib --bins --tests --examples -- --test-threads $(JOBS)

bench: ## operations per CPU-second, on both databases, next to npm oidc-provider (Node 20 or newer must be there)
	npm ci --prefix benches/peer --no-audit --no-fund --ignore-scripts
	cargo bench --locked --bench load -- --peer
	cargo bench --locked --bench load -- --peer --postgres

fmt: ## format the sources
	cargo fmt

lint: ## formatting and Clippy, as CI wants them
	cargo fmt --check
	cargo clippy --locked --jobs $(JOBS) --all-targets -- -D warnings

deny: ## licences, sources and kinds of dependencies
	@command -v cargo-deny >/dev/null || nice -n 19 cargo install --locked --jobs $(JOBS) cargo-deny
	cargo fetch --locked --quiet
	cargo deny --offline check bans licenses sources

advisories: ## known vulnerabilities of dependencies (fetches the RustSec database; skipped where it can't be had)
	@command -v cargo-deny >/dev/null || nice -n 19 cargo install --locked --jobs $(JOBS) cargo-deny
	@if timeout 120 cargo deny fetch db; then cargo deny check --disable-fetch advisories; \
	else echo "skipped: the RustSec database can't be fetched here, so known vulnerabilities were NOT looked for"; fi
