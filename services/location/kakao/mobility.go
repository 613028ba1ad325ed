package kakao

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const (
	// maxDestinations and maxReach (metres) bound a question of the ways to many destinations.
	maxDestinations = 30
	maxReach        = 10_000
)

type point struct {
	Key string  `json:"key,omitempty"`
	X   float64 `json:"x"`
	Y   float64 `json:"y"`
}

type routes struct {
	TransID string `json:"trans_id"`
	Routes  *[]struct {
		Key        string `json:"key"`
		ResultCode *int   `json:"result_code"`
		Summary    *struct {
			Distance int `json:"distance"`
			Duration int `json:"duration"`
		} `json:"summary"`
	} `json:"routes"`
}

// Matrix gives the ways by car between up to 31 points, a request for each. Ways that Kakao does not know (too far, no
// street) are estimated.
func (c *Client) Matrix(ctx context.Context, points []location.Point, mode location.Mode) (location.Matrix, error) {
	if mode != location.Car || len(points) > maxDestinations+1 {
		return location.Matrix{}, resilience.Permanent(fmt.Errorf("routes of kakao: only by car, between up to %d points", maxDestinations+1))
	}
	n := len(points)
	m := location.Matrix{Ways: make([]location.Estimate, n*n), Source: location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Attribution: "Kakao Mobility"}}
	for i, from := range points {
		destinations := make([]point, 0, n)
		for j, to := range points {
			m.Ways[i*n+j] = location.EstimateTravel(from, to, mode)
			if i != j {
				destinations = append(destinations, point{Key: strconv.Itoa(j), X: to.Lng, Y: to.Lat})
			}
		}
		if len(destinations) == 0 {
			continue
		}
		got, err := c.directions(ctx, from, destinations)
		if err != nil {
			return location.Matrix{}, fmt.Errorf("routes of kakao: %w", err)
		}
		m.Source.Simulated = got.TransID == "simulated"
		for _, route := range *got.Routes {
			j, err := strconv.Atoi(route.Key)
			if err != nil || j < 0 || j >= n || route.ResultCode == nil || *route.ResultCode == 0 && route.Summary == nil {
				return location.Matrix{}, fmt.Errorf("routes of kakao: %w", upstream.ErrShape)
			}
			if *route.ResultCode == 0 {
				m.Ways[i*n+j] = location.Estimate{Minutes: (route.Summary.Duration + 59) / 60, Metres: route.Summary.Distance}
			}
		}
	}
	return m, nil
}

func (c *Client) directions(ctx context.Context, from location.Point, to []point) (routes, error) {
	body, err := json.Marshal(map[string]any{"origin": point{X: from.Lng, Y: from.Lat}, "destinations": to, "radius": maxReach, "priority": "TIME"})
	if err != nil {
		return routes{}, err
	}
	header := c.header.Clone()
	header.Set("Content-Type", "application/json")
	var got routes
	if err := upstream.PostJSON(ctx, c.http, c.mobility+"/v1/destinations/directions", header, bytes.NewReader(body), &got); err != nil {
		return routes{}, err
	}
	if got.Routes == nil {
		return routes{}, upstream.ErrShape
	}
	return got, nil
}
