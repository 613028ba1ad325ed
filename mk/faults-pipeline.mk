# Generations while everything breaks, on real PostgreSQL, Redis, Kafka and Envoy, with a simulated Claude.

.PHONY: faults-pipeline
faults-pipeline: $(ENVOY) $(KAFKA) ## Break everything under 500 generations (four minutes, bounded by ten)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/faults-pipeline ./test/faults/pipeline
	@TRIPGEN_TEST_ENVOY=$(BIN)/envoy $(BIN)/faults-pipeline -kafka-libs $(CACHE)/kafka/libs
