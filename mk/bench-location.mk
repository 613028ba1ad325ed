# The location service: search over an index of 100,000 places, the cache before the providers, and every provider's
# faults. Both run against real servers that are started and stopped here.

.PHONY: bench-location faults-location
bench-location: $(KAFKA) ## Measure nearby search and the cache (a minute)
	@scripts/system.sh redis
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@go build -o $(BIN)/bench-location ./bench/location
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- $(BIN)/bench-location

faults-location: $(KAFKA) ## Make each provider of places, routes and weather fail in turn (three minutes)
	@scripts/system.sh redis
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@go build -o $(BIN)/faults-location ./test/faults/location
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- $(BIN)/faults-location
