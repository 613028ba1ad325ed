# The generation pipeline on real PostgreSQL, Redis, Kafka and Envoy, with a simulated Claude, beside River. ONLY=abcdef
# chooses parts: (a) the promise, (b) throughput, (c) a burst, (d) asked to started, (e) events to clients,
# (f) cancelling.

ONLY ?= abcdef

.PHONY: bench-pipeline
bench-pipeline: $(ENVOY) $(KAFKA) ## Measure the generation pipeline (bounded by 10 minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@mkdir -p $(CACHE)/bench-pipeline
	@cd bench/pipeline && go test -mod=mod -c -o $(CACHE)/bench-pipeline/pipeline.test .
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- $(CACHE)/bench-pipeline/pipeline.test -test.run TestPipeline -test.timeout 10m -only $(ONLY)
