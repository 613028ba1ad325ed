"""Solves TOPTW cells with a peer solver, one thread, and prints routes as JSON lines.

usage: peers.py SOLVER < cells.jsonl; SOLVER is pyvrp or ortools. Each input line has
name, routes, seconds, travel (rows of tenths), service, profit, open, close; node 0 is
the depot. Each output line has name, routes count, seconds, wall and the answer.
"""

import json
import sys
import time

SCALE = 10_000  # prizes dominate distances


def solve_pyvrp(cell):
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    m = Model()
    n = len(cell["profit"])
    points = [m.add_location(x=0, y=0) for _ in range(n)]
    depot = m.add_depot(points[0], tw_early=cell["open"][0], tw_late=cell["close"][0])
    for u in range(1, n):
        m.add_client(points[u], service_duration=cell["service"][u], tw_early=cell["open"][u],
                     tw_late=cell["close"][u], prize=SCALE * cell["profit"][u], required=False)
    m.add_vehicle_type(num_available=cell["routes"], start_depot=depot, end_depot=depot,
                       tw_early=cell["open"][0], tw_late=cell["close"][0])
    for a in range(n):
        for b in range(n):
            if a != b:
                d = cell["travel"][a][b]
                m.add_edge(points[a], points[b], distance=d, duration=d)
    began = time.perf_counter()
    result = m.solve(MaxRuntime(cell["seconds"]), seed=1, display=False)
    wall = time.perf_counter() - began
    best = result.best.routes() if result.is_feasible() else []
    routes = [[stop.idx + 1 for stop in route if stop.is_client()] for route in best]
    return routes, wall


def solve_ortools(cell):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    n = len(cell["profit"])
    manager = pywrapcp.RoutingIndexManager(n, cell["routes"], 0)
    routing = pywrapcp.RoutingModel(manager)
    travel, service = cell["travel"], cell["service"]
    way = routing.RegisterTransitMatrix(travel)
    busy = routing.RegisterTransitMatrix([[travel[a][b] + service[a] for b in range(n)] for a in range(n)])
    routing.SetArcCostEvaluatorOfAllVehicles(way)
    horizon = cell["close"][0]
    routing.AddDimension(busy, horizon, horizon, False, "time")
    clock = routing.GetDimensionOrDie("time")
    for u in range(1, n):
        index = manager.NodeToIndex(u)
        clock.CumulVar(index).SetRange(cell["open"][u], cell["close"][u])
        routing.AddDisjunction([index], SCALE * cell["profit"][u])
    params = pywrapcp.DefaultRoutingSearchParameters()
    params.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    params.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.TABU_SEARCH
    params.time_limit.FromMilliseconds(int(cell["seconds"] * 1000))
    began = time.perf_counter()
    answer = routing.SolveWithParameters(params)
    wall = time.perf_counter() - began
    routes = []
    for v in range(cell["routes"] if answer else 0):
        route, index = [], routing.Start(v)
        while not routing.IsEnd(index):
            if u := manager.IndexToNode(index):
                route.append(u)
            index = answer.Value(routing.NextVar(index))
        routes.append(route)
    return routes, wall


def main():
    solve = {"pyvrp": solve_pyvrp, "ortools": solve_ortools}[sys.argv[1]]
    for line in sys.stdin:
        cell = json.loads(line)
        routes, wall = solve(cell)
        print(json.dumps({"seconds": cell["seconds"], "wall": wall, "answer": routes}), flush=True)


main()
