# What attackers do, and the refusal in its proper form each time. Passed attempts are not listed; V=1 lists all.

.PHONY: attack
attack: build $(ENVOY) $(RATELIMIT) ## Attack a running TripGen in every way we know (2 minutes)
	@scripts/system.sh postgres
	@TRIPGEN_TEST_ATTACK=1 TRIPGEN_TEST_ENVOY=$(BIN)/envoy go test -count=1 -timeout 9m -v ./test/attack | \
	 { grep -vE $(if $(V),'^$$','^[[:space:]]*(=== |--- PASS|time=)') || true; }
