# The global rate limiter is a program like Envoy: its dependencies are older than ours, so it is built by its own.

RATELIMIT_VERSION := v1.4.1-0.20260122083618-3fb702589d36
RATELIMIT := $(BIN)/.ratelimit-$(RATELIMIT_VERSION)

demo up test: $(RATELIMIT)

.PHONY: ratelimit
ratelimit: $(RATELIMIT) ## Install the global rate limiter into .cache/

$(RATELIMIT):
	@scripts/system.sh go
	@echo "installing ratelimit"
	@mkdir -p $(BIN) && rm -f $(BIN)/.ratelimit-*
	@GOBIN=$(CACHE)/ratelimit GOFLAGS= go install github.com/envoyproxy/ratelimit/src/service_cmd@$(RATELIMIT_VERSION)
	@mv $(CACHE)/ratelimit/service_cmd $(BIN)/ratelimit
	@touch $@
