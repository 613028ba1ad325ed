# The token endpoint and the log-in are asked for ten times what they can do.

.PHONY: faults-tokens
faults-tokens: $(ENVOY) $(KAFKA) ## Ask for ten times the tokens and log-ins that can be had (2 minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/faults-tokens ./test/faults/tokens
	@TRIPGEN_TEST_ENVOY=$(BIN)/envoy $(BIN)/faults-tokens -kafka-libs $(CACHE)/kafka/libs
