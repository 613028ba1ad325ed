package kakao

import (
	"encoding/json"
	"net/http"

	"github.com/tripgen/tripgen/internal/simulator/world"
)

const (
	maxDestinations = 30
	maxBody         = 1 << 20
	// detour and speed (metres a second) of the simulated streets.
	detour = 1.4
	speed  = 7
)

type point struct {
	Key string  `json:"key,omitempty"`
	X   float64 `json:"x"`
	Y   float64 `json:"y"`
}

// directions answers the ways from one origin to up to thirty destinations.
func directions(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Origin       point   `json:"origin"`
		Destinations []point `json:"destinations"`
		Radius       int     `json:"radius"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&asked); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidArgument", "the body is not JSON")
		return
	}
	if n := len(asked.Destinations); n == 0 || n > maxDestinations || asked.Radius < 1 || asked.Radius > 10_000 {
		refuse(w, http.StatusBadRequest, "InvalidArgument", "1 to 30 destinations, radius up to 10000")
		return
	}
	routes := make([]map[string]any, 0, len(asked.Destinations))
	for _, to := range asked.Destinations {
		straight := world.Metres(asked.Origin.Y, asked.Origin.X, to.Y, to.X)
		route := map[string]any{"key": to.Key, "result_code": 0, "result_msg": "길찾기 성공"}
		if straight > float64(asked.Radius) {
			route["result_code"], route["result_msg"] = 304, "출발지와 도착지가 너무 멉니다"
		} else {
			route["summary"] = map[string]any{"distance": int(straight * detour), "duration": int(straight * detour / speed)}
		}
		routes = append(routes, route)
	}
	write(w, http.StatusOK, map[string]any{"trans_id": "simulated", "routes": routes})
}
