# The planner against best-known values, peers and the rules. TOPTW_DIR is a folder with bestknown.csv and instances/;
# FULL=1 measures all cells instead of a sample of 40 (about half an hour).

TOPTW_DIR   ?= ../shared/toptw
BENCH_PEERS := .cache/bench-planner
PYVRP       := 0.14.1
ORTOOLS     := 9.15.6755

.PHONY: bench-planner
bench-planner: $(BENCH_PEERS)/.pyvrp-$(PYVRP)-ortools-$(ORTOOLS) ## Measure the planner (bounded by 10 minutes)
	go build -o $(BENCH_PEERS)/planner ./bench/planner
	$(BENCH_PEERS)/planner -toptw '$(TOPTW_DIR)' -python $(BENCH_PEERS)/venv/bin/python $(if $(FULL),-full)

$(BENCH_PEERS)/.pyvrp-$(PYVRP)-ortools-$(ORTOOLS):
	rm -rf $(BENCH_PEERS)/venv
	python3 -m venv $(BENCH_PEERS)/venv
	$(BENCH_PEERS)/venv/bin/pip install --quiet pyvrp==$(PYVRP) ortools==$(ORTOOLS)
	touch $@
