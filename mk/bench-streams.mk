# Ten thousand watchers through Envoy on one machine, beside bare streams in the same run.

.PHONY: bench-streams
bench-streams: $(ENVOY) $(KAFKA) ## Measure 10,000 watchers at once (two minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/bench-streams ./bench/streams
	@TRIPGEN_TEST_ENVOY=$(BIN)/envoy $(BIN)/bench-streams -kafka-libs $(CACHE)/kafka/libs
