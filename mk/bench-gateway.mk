# What the gateway costs, beside an Envoy that only passes calls on, in the same run.

.PHONY: bench-gateway
bench-gateway: build $(ENVOY) $(RATELIMIT) ## Measure the gateway (3 minutes)
	@scripts/system.sh postgres
	go run ./bench/gateway
