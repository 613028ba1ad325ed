# The log-in pages and a shared itinerary in Debian's Chromium: axe-core's rules, by keyboard alone, without JavaScript,
# in both languages. The pictures go into .cache/pages/.

PAGES := test/pages/node_modules/.package-lock.json

.PHONY: check-pages
check-pages: $(KAFKA) $(ENVOY) $(RATELIMIT) $(FONTS) $(PAGES) ## Look at the pages in a real browser (3 minutes)
	@scripts/system.sh postgres redis java chromium
	@go build -o $(BIN)/testenv ./internal/testenv/run
	@$(BIN)/testenv -kafka-libs $(CACHE)/kafka/libs -- env TRIPGEN_TEST_PAGES=1 TRIPGEN_TEST_BROWSER=$$(command -v chromium) \
	 TRIPGEN_TEST_ENVOY=$(BIN)/envoy TRIPGEN_EXPORT_FONTS=$(CACHE)/fonts \
	 go test -count=1 -timeout 8m -v ./test/pages

$(PAGES): test/pages/package-lock.json
	@scripts/node.sh
	@npm --prefix test/pages ci --silent --no-audit --no-fund
	@touch $@
