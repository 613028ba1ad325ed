# Instances die and restart behind the gateway while people call.

.PHONY: faults-gateway
faults-gateway: build $(ENVOY) $(KAFKA) ## Kill and restart services behind the gateway (2 minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- go run ./test/faults/gateway
