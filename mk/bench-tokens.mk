# The token endpoint with Postgres, beside node's oidc-provider in memory, in the same run.

TOKENS_PEER := bench/tokens/peer/node_modules/.package-lock.json

.PHONY: bench-tokens
bench-tokens: build $(ENVOY) $(TOKENS_PEER) ## Measure the token endpoint (2 minutes)
	@scripts/system.sh postgres
	go run ./bench/tokens

$(TOKENS_PEER): bench/tokens/peer/package-lock.json
	@scripts/node.sh
	@npm --prefix bench/tokens/peer ci --silent --no-audit --no-fund
	@touch $@
