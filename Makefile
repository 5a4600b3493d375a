# Two commands do all set-up on a machine with Go and make: `make demo` and `make test`. `make` alone lists the rest.
# It reads the same under GNU make 3.81 (macOS) and 4 (Debian).

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help

GO_VERSION := $(shell go env GOVERSION 2>/dev/null)
ifeq ($(GO_VERSION),)
$(error Go 1.26 or newer is needed and no `go` is on PATH: see https://go.dev/doc/install)
endif

# onedoor is built and tested without a C compiler; only the race detector on Linux needs one.
export CGO_ENABLED := 0
RACE_ENV := $(if $(filter Linux,$(shell uname -s)),CGO_ENABLED=1)

# Packages with concurrency of their own. Those that run SQLite are left out: its translated C is many times slower
# under the race detector. `make check` runs them too.
RACE_PKGS := ./client-sdk/internal/syncloop/... ./server/exchange/... ./server/store/memstore/...
# Packages a phone app links, and the phones they must compile for without cgo.
PHONE_PKGS := ./client-sdk/...
PHONE_TARGETS := android/arm64 darwin/arm64
# Packages whose rules are walked in every order of a few phones' changes.
WORLD_PKGS := ./syncengine ./server/exchange
# They run in one goroutine and for long, so they are run once, by `make worlds`, without the race detector.
SMALL_WORLDS_TESTS := '^TestSmallWorlds'
# Cycles of killed processes in `make test`, some three seconds each, and in `make check`.
CRASH_TESTS := '^TestRun_WhatWasAcknowledged'
CRASH_CYCLES ?= 4
CRASH_CYCLES_LONG ?= 40
# Seeds of the simulated district in `make test`, and in `make check`, which begins behind them.
SIM_SEEDS ?= 300
SIM_BASE ?= 1
SIM_SEEDS_LONG ?= 5000
# What has a target of its own.
TARGET_TESTS := '^TestSmallWorlds|^TestRun_WhatWasAcknowledged'
# The folders that `./...` leaves out because of their name.
DATA_PKGS := ./testdata/notes

# Extra flags for `go test` (.ci/run passes -count=1) and for `onedoor demo`.
GOTEST_FLAGS ?=
# How long the tests of one package may take: it ends a run that stands still, and nothing else. Go's own ten minutes are less than
# the pages in a browser take on a machine a few times slower than most.
TEST_TIME := -timeout=60m
DEMO_FLAGS ?=
# How long `make check` fuzzes each target, and how many cases each property gets.
FUZZ_TIME ?= 30s
RAPID_CHECKS ?= 5000
# What `make breaking` compares the proto files with: the committed image of all that phones and stores may hold, or any
# other input of buf, such as AGAINST='.git#ref=HEAD~1'.
AGAINST ?= proto/image.binpb

TOOLS := .bin/built-by-$(GO_VERSION)

.PHONY: help demo test check generate lint deploylint gosec vuln generated rules phones race worlds sim sabotage crash unit build tools breaking image image-complete cc clean

help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: build ## Generate the seed street and play a working day on 40 phones; then the server stays up.
	@bin/onedoor demo $(DEMO_FLAGS)

test: generated lint deploylint gosec breaking rules phones race worlds sim crash unit ## Everything a change must pass.

check: test ## `test`, then the long versions: race everywhere, fuzzing, many property cases, tidy modules.
	@$(MAKE) image-complete
	@echo "== check: the race detector on all packages"
	$(MAKE) cc
	$(RACE_ENV) go test $(TEST_TIME) -race -shuffle=on -skip $(TARGET_TESTS) ./...
	@SMALL_WORLDS=all $(MAKE) worlds GOTEST_FLAGS=-count=1
	@$(MAKE) sim SIM_SEEDS=$(SIM_SEEDS_LONG) SIM_BASE=$$(($(SIM_BASE) + $(SIM_SEEDS)))
	@$(MAKE) sabotage
	@$(MAKE) crash CRASH_CYCLES=$(CRASH_CYCLES_LONG) GOTEST_FLAGS=-count=1
	@echo "== check: fuzz targets for $(FUZZ_TIME) each, properties with $(RAPID_CHECKS) cases"
	tools/long-tests $(FUZZ_TIME) $(RAPID_CHECKS)
	@$(MAKE) vuln
	@echo "== check: each go.mod names what is used, and nothing else"
	go mod tidy -diff
	go -C tools mod tidy -diff
	go -C tools/deploylint mod tidy -diff

generate: tools ## Write proto/gen, docs/access.md, docs/errors.md and the description of calls over HTTP from the proto files.
	.bin/buf generate
	cp proto/gen/http/onedoor.swagger.json server/gateway/openapi.json
	go test ./internal/schema -run TestAccessPage -update
	go test ./server -run TestErrorsPage -update
	go test ./domain/casework ./domain/metrics -run TestPage -update

generated: tools ## Fail if proto/gen is not what the proto files give.
	@echo "== generated code is fresh"
	rm -rf .bin/fresh
	.bin/buf generate --output .bin/fresh
	diff -rq proto/gen .bin/fresh/proto/gen || { echo "proto/gen is stale: run make generate" >&2; exit 1; }
	cmp proto/gen/http/onedoor.swagger.json server/gateway/openapi.json || { echo "server/gateway/openapi.json is stale: run make generate" >&2; exit 1; }

lint: tools ## buf lint, gofmt, vet, staticcheck.
	@echo "== lint"
	.bin/buf lint
	@files=$$(find . -name '*.go' -not -path './.*' -not -path './proto/gen/*' -exec gofmt -l {} +) || exit 1; \
		if [ -n "$$files" ]; then echo "run gofmt -w on:" $$files >&2; exit 1; fi
	go vet ./... $(DATA_PKGS)
	.bin/staticcheck ./... $(DATA_PKGS)

deploylint: tools ## Files of deploy/, read by the code of the programs they are for; minutes the first time.
	@echo "== deploy/ as Kubernetes, Compose, BuildKit, Prometheus and Grafana read it"
	cd tools/deploylint && ../../.bin/staticcheck ./...
	go -C tools/deploylint test -vet=all $(TEST_TIME) $(GOTEST_FLAGS) ./...
	go -C tools/deploylint run . ../../deploy

# Left out, with the reason: G103, unsafe stands in the one file that speaks with SQLite's C memory; G104, what is not looked
# at is a second error while a first one is told; G113, mended in Go 1.17; G204 and G304, the commands run and read what
# their own user names. The simulated world and the demo draw from seeds on purpose (G404); a test's PostgreSQL stands in folders
# that its own user passes through.
GOSEC_OUT := G103,G104,G113,G204,G304
GOSEC_DIRS := internal/sim internal/demo internal/pgtest internal/tidy/testdata proto/gen

gosec: tools ## Patterns of insecure code.
	@echo "== gosec"
	.bin/gosec -quiet -exclude=$(GOSEC_OUT) $(addprefix -exclude-dir=,$(GOSEC_DIRS)) ./...

vuln: tools ## Known vulnerabilities in what is used; says "not checked" where the database does not answer.
	@tools/vuln

rules: ## The plan of the house: which package may import which.
	@echo "== import rules"
	go test $(TEST_TIME) $(GOTEST_FLAGS) ./internal/tidy

phones: ## The SDK compiles for phones without cgo.
	@echo "== the SDK compiles for $(PHONE_TARGETS): $(PHONE_PKGS)"
	@set -e; for target in $(PHONE_TARGETS); do \
		echo "go build for $$target"; \
		GOOS=$${target%/*} GOARCH=$${target#*/} go build $(PHONE_PKGS); \
	done

race: cc ## The race detector on the packages with concurrency.
	@echo "== race: $(RACE_PKGS)"
	$(RACE_ENV) go test -race -skip $(SMALL_WORLDS_TESTS) $(TEST_TIME) $(GOTEST_FLAGS) $(RACE_PKGS)

worlds: ## Small worlds in every order, and how many that were: SMALL_WORLDS=all walks all of them.
	@echo "== small worlds"
	@set -o pipefail; go test $(TEST_TIME) $(GOTEST_FLAGS) -v -run $(SMALL_WORLDS_TESTS) $(WORLD_PKGS) | grep -vE '^ *(=== |--- PASS.*/)'

sim: ## Seeds of the simulated district, and what they met: SIM_SEEDS of them from SIM_BASE on.
	@echo "== simulator: $(SIM_SEEDS) seeds"
	go run ./cmd/onedoor-sim run --seeds $(SIM_SEEDS) --seed-base $(SIM_BASE)

sabotage: ## Known bugs, one at a time: within how many seeds the simulator notices each.
	@echo "== saboteurs"
	go run ./cmd/onedoor-sim sabotage

crash: ## Real servers and phones, killed: CRASH_CYCLES cycles of it, and what was found after each.
	@echo "== crash: $(CRASH_CYCLES) cycles"
	@set -o pipefail; go test $(TEST_TIME) $(GOTEST_FLAGS) -v -run $(CRASH_TESTS) ./internal/sim/crash -cycles $(CRASH_CYCLES) | grep -vE '^=== '

unit: ## All other tests, those of pages in a real browser, those of the store on a real PostgreSQL.
	@tools/ensure-browser
	@tools/ensure-postgres
	@echo "== tests"
	go test $(TEST_TIME) $(GOTEST_FLAGS) -skip $(TARGET_TESTS) ./... $(DATA_PKGS)

# Its words go to standard error: what `demo` prints may be read by a script.
build: ## The commands, into bin/.
	@echo "== building the commands into bin/: minutes the first time" >&2
	@go build -trimpath -o bin/ ./cmd/...

tools: $(TOOLS) ## The pinned tools of tools/go.mod, into .bin/: minutes the first time, then nothing.

# A tool built by an older Go may not read newer code, so the stamp names the Go that built it.
$(TOOLS): tools/go.mod tools/go.sum
	@echo "== building buf, its plugins and staticcheck into .bin/ (once)"
	go -C tools build -trimpath -buildvcs=false -ldflags='-s -w' -o ../.bin/ tool
	@rm -f .bin/built-by-* && touch $@

breaking: tools ## Fail if a proto file breaks what phones in the field speak or what is stored.
	@echo "== proto files against $(AGAINST)"
	.bin/buf breaking --exclude-imports --against '$(AGAINST)'

image: tools ## Add new messages and fields to proto/image.binpb, which only ever grows.
	.bin/buf breaking --exclude-imports --against proto/image.binpb
	.bin/buf build --exclude-source-info --output proto/image.binpb

image-complete: tools
	@echo "== proto/image.binpb holds every message and field"
	.bin/buf build --exclude-source-info --output .bin/image.binpb
	cmp proto/image.binpb .bin/image.binpb || { echo "proto/image.binpb lacks additions: run make image" >&2; exit 1; }

cc:
	@tools/ensure-cc

clean: ## Remove bin/ and .bin/.
	rm -rf bin .bin
