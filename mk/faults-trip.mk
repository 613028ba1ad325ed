# The sagas of the trip service, killed (SIGKILL) at their step boundaries: none lost, none doubled.

.PHONY: faults-trip
faults-trip: $(KAFKA) $(ENVOY) ## Kill the trip service at every step of its sagas (bounded by 10 minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@TRIPGEN_FAULT_KILLS=240 $(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- \
	 go test -count=1 -timeout 10m -run SurviveKills -v ./services/trip/saga/
