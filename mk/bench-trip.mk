# Listing, reading, editing and watching trips through the gateway, on real PostgreSQL, Redis and Kafka, with 100,000
# trips beside the same with 1,000, and the plans of the statements.

.PHONY: bench-trip
bench-trip: build $(ENVOY) $(KAFKA) $(RATELIMIT) ## Measure trips: list, get, edit, watch (3 minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@go build -o $(BIN)/bench-trip ./bench/trip
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- $(BIN)/bench-trip
