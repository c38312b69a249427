# Needs Go, git and make. Everything else is fetched into .tools/ or, PostgreSQL and a browser, found or installed by the tests.
SHELL := /bin/sh
.DEFAULT_GOAL := help

GO       ?= go
TOOLS    := $(CURDIR)/.tools/bin
LINT     := $(TOOLS)/golangci-lint
# Pinned: another version finds other things.
LINT_VERSION := v2.15.0

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COVERAGE := coverage.out
# Arguments of demo, the packages of test, lint and fuzz, and the time of each fuzz test.
ARGS     ?=
PKG      ?= ./...
FUZZTIME ?= 20s

# Code that a tool wrote says nothing about our tests.
GENERATED := ^recado/graph/(generated/|gqlmodel/generated.go)

.PHONY: help demo test cover lint lint-fix generate generate-check build bench fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run the whole product on this machine, with a simulated Meta (ARGS=--once ends after the story)
	@CGO_ENABLED=0 $(GO) run . demo $(ARGS)

# The tests of inbox take longest: they begin first, so that no core waits for them in the end.
FIRST    := $(if $(filter ./...,$(PKG)),./inbox)

# SQLite's code is C that was translated: watched for races it is four times slower, and nothing of ours is found in it.
UNRACED  := -gcflags=modernc.org/sqlite/lib=-race=false

# The race detector needs a C compiler. Nothing else does, so a machine without one still gets every test.
test: ## run all tests on SQLite and PostgreSQL with the race detector, and print the coverage (PKG=./inbox/...)
	@race="-race $(UNRACED)"; cgo=1; \
	cc=$$($(GO) env CC); \
	if ! command -v "$${cc%% *}" >/dev/null 2>&1; then \
		race=; cgo=0; \
		echo "make test: no C compiler ($$cc): running WITHOUT the race detector. Install gcc to have it."; \
	fi; \
	CGO_ENABLED=0 $(GO) run ./testkit/withpostgres -- \
		env CGO_ENABLED=$$cgo $(GO) test $$race -coverpkg=./... -coverprofile=$(COVERAGE) -timeout 30m $(FIRST) $(PKG)
	@$(MAKE) --no-print-directory cover

cover: ## print the coverage of the last test run
	@grep -Ev '$(GENERATED)' $(COVERAGE) > $(COVERAGE).own && mv $(COVERAGE).own $(COVERAGE)
	@$(GO) tool cover -func=$(COVERAGE) | awk '/^total:/ { print "coverage without generated code: " $$NF }'

$(LINT): Makefile
	@if ! "$(LINT)" version 2>/dev/null | grep -q "version v\{0,1\}$(LINT_VERSION:v%=%) "; then \
		echo "installing golangci-lint $(LINT_VERSION) into .tools/bin (some minutes, once)"; \
		GOBIN="$(TOOLS)" CGO_ENABLED=0 $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION); \
	fi
	@touch "$(LINT)"

lint: $(LINT) ## check style, mistakes and the directions of imports
	@CGO_ENABLED=0 "$(LINT)" run $(PKG)

lint-fix: $(LINT) ## mend what the linters can mend, and format
	@CGO_ENABLED=0 "$(LINT)" run --fix $(PKG)

generate: ## write the generated code anew (GraphQL)
	@CGO_ENABLED=0 $(GO) generate ./...

generate-check: ## fail if the generated code is older than what it is made from
	@before=$$(mktemp); after=$$(mktemp); trap 'rm -f "$$before" "$$after"' EXIT; \
	state() { git status --porcelain --untracked-files=all; git diff HEAD | git hash-object --stdin; \
		git ls-files --others --exclude-standard -z | xargs -0 -r git hash-object --; }; \
	state > "$$before"; $(MAKE) --no-print-directory generate || exit 1; state > "$$after"; \
	if ! cmp -s "$$before" "$$after"; then \
		echo "The generated code is stale: run 'make generate' and commit what it changes."; \
		git status --short; exit 1; \
	fi

build: ## build the static binary ./recado
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o recado .

bench: ## list the benchmarks; each is one command (see bench/README.md)
	@CGO_ENABLED=0 $(GO) run ./bench $(ARGS)

fuzz: ## run every fuzz test for a short while (FUZZTIME=20s)
	@set -e; for package in $$($(GO) list $(PKG)); do \
		for name in $$(CGO_ENABLED=0 $(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$name"; \
			CGO_ENABLED=0 $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

clean: ## remove what the other targets made, but no tools and no data
	@rm -f recado $(COVERAGE) $(COVERAGE).own
