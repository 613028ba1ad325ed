// Package pipeline measures the generation pipeline on real PostgreSQL, Redis, Kafka and Envoy: see `make
// bench-pipeline`. It is a module of its own, because it measures River beside it.
package pipeline

import "time"

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
