# All sagas, their processes killed (SIGKILL) at the borders of every step: none lost, none doubled. The numbers of kills
# are multiples of the points: 16 of generations, 52 of deletions and exports.

SAGA_TALLY := $(CACHE)/saga-faults.txt

.PHONY: faults-trip
faults-trip: $(KAFKA) ## Kill the processes of all sagas at every step (seven minutes)
	@scripts/system.sh postgres redis java
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@rm -f $(SAGA_TALLY)
	@TRIPGEN_FAULT_TALLY=$(SAGA_TALLY) $(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- sh -c ' \
	 TRIPGEN_FAULT_KILLS=64 go test -count=1 -timeout 5m -run SurviveKills ./services/trip/saga/; \
	 TRIPGEN_FAULT_KILLS=156 go test -count=1 -timeout 6m -run SurviveKills ./test/faults/trip/'
	@go run ./test/faults/trip/tally -in $(SAGA_TALLY)
