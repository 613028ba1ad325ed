# Every target sets up what it needs by itself and does nothing twice. Tools
# and downloads live in .cache/, state of a running TripGen in .tripgen/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

CACHE := $(CURDIR)/.cache
BIN   := $(CACHE)/bin
export PATH := $(BIN):$(PATH)

# --- Pinned tools: name -> Go package@version ------------------------------

TOOL_buf                   := github.com/bufbuild/buf/cmd/buf@v1.75.0
TOOL_protoc-gen-go         := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
TOOL_protoc-gen-connect-go := connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.21.1

PROTOVALIDATE := github.com/bufbuild/protovalidate@v1.2.2

# A stamp that carries the version makes a changed pin install anew.
stamp = $(BIN)/.$(1)-$(lastword $(subst @, ,$(TOOL_$(1))))

PROTO_TOOLS := $(foreach t,buf protoc-gen-go protoc-gen-connect-go,$(call stamp,$(t)))

define tool_rule
$(call stamp,$(1)):
	@echo "installing $(1)"
	@mkdir -p $(BIN) && rm -f $(BIN)/.$(1)-v*
	@GOBIN=$(BIN) GOFLAGS= go install $(TOOL_$(1))
	@touch $$@
endef
$(foreach t,$(patsubst TOOL_%,%,$(filter TOOL_%,$(.VARIABLES))),$(eval $(call tool_rule,$(t))))

# --- Help ------------------------------------------------------------------

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

# --- Contract --------------------------------------------------------------

PROTO_DEPS := proto_deps/.$(lastword $(subst @, ,$(PROTOVALIDATE)))

# Third-party protos come from the Go module proxy, not from a schema registry.
$(PROTO_DEPS):
	@rm -rf proto_deps && mkdir -p proto_deps
	@dir=$$(go -C / mod download -json $(PROTOVALIDATE) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p'); \
	 cp -r "$$dir/proto/protovalidate/." proto_deps/ && chmod -R u+w proto_deps
	@printf 'version: v1\nlint:\n  ignore:\n    - buf/validate\n' >proto_deps/buf.yaml
	@touch $@

.PHONY: proto-deps proto proto-check
proto-deps: $(PROTO_DEPS) ## Fetch the third-party protos that ours import

proto: $(PROTO_TOOLS) $(PROTO_DEPS) ## Generate code from proto/
	@buf generate proto --clean

proto-check: $(PROTO_TOOLS) $(PROTO_DEPS) ## Check the contract: lint, breaking changes, fresh generated code
	@scripts/proto-check.sh
