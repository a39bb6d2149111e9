# All tasks are run with `make TARGET`. `make` alone lists the targets.
# Settings are environment variables: RINGSIDE_ADDR=0.0.0.0:8080 make run

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run dev build test setup lint advisories rust-tests wasm-tests api-fuzz size-budget browser-tests engine-tests prove soak bench screenshots clean

# cargo-leptos takes wasm-bindgen and wasm-opt from PATH; these are the pinned ones.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/end2end/node_modules/.bin:$(PATH)

# Features are unified over the crates of one cargo command, and the frontend's `hydrate` would
# break the server's `ssr`.
NATIVE := --workspace --exclude frontend
BROWSER := -p frontend -p app --features app/hydrate --target wasm32-unknown-unknown

# Panic messages in the browser code contain source paths. Without these flags the build would
# depend on the folders of the machine. (Flags are separated by spaces, so a path with a space is
# not mapped.)
space := $(subst ,, )
remap = $(if $(findstring $(space),$(1)),,--remap-path-prefix=$(1)=$(2))
cargo_home := $(or $(CARGO_HOME),$(HOME)/.cargo)
sources := $(wildcard $(cargo_home)/registry/src/*/)
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS := $(strip $(call remap,$(CURDIR),ringside) $(call remap,$(cargo_home),cargo) $(foreach folder,$(sources),$(call remap,$(folder:/=),crates)))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build in release and serve on http://127.0.0.1:3000, with SQLite in data/
	target/release/ringside serve

dev: ## Build, serve, and rebuild after every change
	@scripts/setup rust tools node
	@# Not --locked, because adding a dependency changes Cargo.lock.
	.tools/bin/cargo-leptos watch --split

build: ## Build the release: target/release/ringside, which contains the browser code
	@scripts/setup rust tools node
	.tools/bin/cargo-leptos build --release --split --cargo-locked --frontend-only
	scripts/optimize-wasm
	scripts/name-by-content
	scripts/name-by-content --check
	cargo build --locked --release -p server --features embed

# The tests need a release, but not its speed: with this level it compiles in less time. The browser
# code has a level of its own.
test: export CARGO_PROFILE_RELEASE_OPT_LEVEL := 1
test: ## Run every check and every test
	@scripts/phases setup lint rust-tests wasm-tests build size-budget api-fuzz prove browser-tests engine-tests

setup: ## Install what the other targets need (each of them also installs it)
	@scripts/setup rust tools deny node browser chromedriver engines postgres nginx python

lint: ## Check formatting, lints, types, import rules and dependencies; a warning is an error
	@scripts/setup rust deny node
	cargo fmt --all --check
	scripts/import-rules
	scripts/import-cycles
	scripts/prose
	.tools/bin/cargo-deny --locked check bans licenses sources
	cargo clippy --locked $(NATIVE) --all-targets -- -D warnings
	cargo clippy --locked $(BROWSER) --all-targets -- -D warnings
	end2end/node_modules/.bin/tsc --project end2end
	node --test scripts/name-by-content.test.js scripts/import-cycles.test.js

advisories: ## Look up known vulnerabilities of the dependencies; fetches the RustSec database
	@scripts/setup rust deny
	.tools/bin/cargo-deny --locked check advisories

rust-tests: ## Run the Rust tests
	@scripts/setup rust postgres nginx
	cargo test --locked --doc $(NATIVE)
	scripts/with-postgres cargo $(if $(shell command -v cargo-nextest),nextest run --test-threads 3,test --tests) --locked $(NATIVE)

wasm-tests: ## Run the Rust tests of the browser code, in Chromium
	@scripts/setup rust tools browser chromedriver
	WASM_BINDGEN_TEST_TIMEOUT=300 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(CURDIR)/.tools/bin/wasm-bindgen-test-runner \
		CHROMEDRIVER="$$(scripts/chromedriver)" cargo test --locked -p app --features hydrate --target wasm32-unknown-unknown --lib

api-fuzz: ## Send requests generated from the OpenAPI document to the last build; ARGS="CASES SEED"
	@scripts/setup python
	scripts/api-fuzz $(ARGS)

size-budget: ## Check the size of the code that a reader's page loads, in the last build
	@scripts/size-budget

browser-tests: ## Run the end-to-end tests on the last build; ARGS="-g login" selects some
	@scripts/setup node browser postgres
	cd end2end && RINGSIDE_CHROMIUM="$$(../scripts/browser)" ../scripts/with-postgres node_modules/.bin/playwright test $(ARGS)

engine-tests: ## Run a part of the browser tests in Firefox and WebKit, on the last build; ARGS="--project webkit" selects some
	@scripts/setup node browser engines
	cd end2end && RINGSIDE_CHROMIUM="$$(../scripts/browser)" node_modules/.bin/playwright test --config engines.config.ts $(ARGS)

prove: ## Run the chaos tests on the last build: clients converge, and no acknowledged text is lost
	@scripts/setup rust postgres
	cargo build --locked --release -p bench
	$(foreach database,sqlite postgres,$(call prove,$(database),--seconds 20,,,--seconds 10,--seconds 10))

soak: build ## Run the chaos tests for longer, and every browser test on both databases: an hour
	@scripts/setup rust postgres
	cargo build --locked --release -p bench
	$(foreach database,sqlite postgres,$(call prove,$(database),--seconds 600 --time-scale 1,--posts 20000,--seconds 60,--seconds 300))
	@scripts/setup python
	scripts/api-fuzz 2000 $$RANDOM
	RINGSIDE_EVERY_TEST=1 $(MAKE) --no-print-directory browser-tests

# DATABASE, OPTIONS for convergence, for nothing-lost, for edits, for the audience, and for likes.
# Each has its own PostgreSQL server. With PostgreSQL, the audience uses two servers of Ringside.
define prove
scripts/with-postgres target/release/bench chaos convergence --database $(1) $(2)
scripts/with-postgres target/release/bench chaos nothing-lost --database $(1) $(3)
scripts/with-postgres target/release/bench chaos edits --database $(1) $(4)
scripts/with-postgres target/release/bench chaos audience --database $(1) $(if $(filter postgres,$(1)),--nodes 2) --sse 40 --polling 30 --websocket 15 --events 45 $(5)
scripts/with-postgres target/release/bench chaos likes --database $(1) $(6)

endef

bench: build ## Measure the README's figures, and list what got worse since docs/figures.json
	@scripts/setup node browser nginx
	@rm -f target/bench/figures.jsonl
	@scripts/size-budget
	cargo build --locked --release -p bench
	target/release/bench
	cd end2end && RINGSIDE_CHROMIUM="$$(../scripts/browser)" node_modules/.bin/playwright test --config bench.config.ts
	@scripts/compare-figures

screenshots: build ## Take the README's screenshots, and one of every page at every size
	@scripts/setup node browser
	cd end2end && RINGSIDE_CHROMIUM="$$(../scripts/browser)" node_modules/.bin/playwright test --config screenshots.config.ts

clean: ## Remove build output (but not data/ or the tools in .tools/)
	cargo clean
	rm -rf end2end/test-results
