package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/services/location"
)

// queries are asked in each round.
const queries = 4000

var center = location.Point{Lat: 37.5665, Lng: 126.978}

// city makes places as they lie in a large city: half of them within a few kilometres, names of common words.
func city(n int) []location.Place {
	random := rand.New(rand.NewPCG(uint64(n), 11))
	categories := []location.Category{
		location.Food, location.Food, location.Food, location.Food, location.Cafe, location.Cafe, location.Shopping, "sight", "museum", "park",
		location.Parking, location.Bar, location.Laundry, "temple",
	}
	words := []string{"Seoul", "Garden", "House", "Han River", "Old Town", "Café", "Kitchen", "Palace", "Market", "Corner", "Blue", "Lucky"}
	korean := []string{"서울", "정원", "한강", "시장", "궁", "카페", "식당", "골목", "언덕", "별빛"}
	places := make([]location.Place, n)
	for i := range places {
		rating, count := 3+2*random.Float64(), random.IntN(4000)
		places[i] = location.Place{
			ID: fmt.Sprintf("osm:node-%d", i),
			Name: location.Name{
				En: fmt.Sprintf("%s %s %d", words[random.IntN(len(words))], words[random.IntN(len(words))], i),
				Ko: fmt.Sprintf("%s %s %d", korean[random.IntN(len(korean))], korean[random.IntN(len(korean))], i),
			},
			Point: location.Point{
				Lat: center.Lat + 0.06*random.NormFloat64(), Lng: center.Lng + 0.08*random.NormFloat64(),
			},
			Category: categories[random.IntN(len(categories))],
			Details:  &location.Details{Rating: &rating, RatingCount: &count},
		}
	}
	return places
}

// questions are of all modes, times, groups and orders; one in five has a word.
func questions() []location.Nearby {
	random := rand.New(rand.NewPCG(5, 5))
	words := []string{"garden", "시장", "lucky cafe", "궁", "12", "market 9"}
	all := make([]location.Nearby, queries)
	for i := range all {
		all[i] = location.Nearby{
			From: location.Point{Lat: center.Lat + 0.05*random.NormFloat64(), Lng: center.Lng + 0.06*random.NormFloat64()},
			Mode: location.Mode(random.IntN(3)), Minutes: []int{10, 30, 60}[random.IntN(3)], Group: location.Group(random.IntN(4)),
			Order: location.Order(random.IntN(4)), Limit: 20,
		}
		if i%5 == 0 {
			all[i].Keyword = words[random.IntN(len(words))]
		}
	}
	return all
}

// nearby measures searches at three sizes: each question once on a fresh index (cold), again (warm), and by as many
// callers as there are processors (throughput).
func nearby(r *report.Report) {
	r.Add("## Nearby search\n")
	r.Add("%d different questions a round, over all modes, times, groups and orders; a fifth of them with a word. A page has 20 places.\n", queries)
	r.Add("| places | index built in | cold p50 | cold p99 | warm p50 | warm p99 | warm longest | queries a second |")
	r.Add("|---|---|---|---|---|---|---|---|")
	asked := questions()
	for _, n := range []int{1000, 10_000, 100_000} {
		places := city(n)
		began := time.Now()
		catalog := location.NewCatalog(nil, places)
		built := time.Since(began)
		runtime.GC()
		cold, warm := round(catalog, asked), round(catalog, asked)
		perSecond := throughput(catalog, asked)
		r.Add("| %d | %.2f s | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.0f |", n, built.Seconds(), ms(quantile(cold, 0.5)),
			ms(quantile(cold, 0.99)), ms(quantile(warm, 0.5)), ms(quantile(warm, 0.99)), ms(quantile(warm, 1)), perSecond)
		if n == 100_000 {
			r.Goal("nearby search at 100k places, cold p50, ms", ms(quantile(cold, 0.5)), "<=", 1)
			r.Goal("nearby search at 100k places, cold p99, ms", ms(quantile(cold, 0.99)), "<=", 9)
			r.Goal("nearby search at 100k places, warm p99, ms", ms(quantile(warm, 0.99)), "<=", 9)
		}
	}
	r.Add("")
}

func round(catalog *location.Catalog, asked []location.Nearby) []time.Duration {
	took := make([]time.Duration, len(asked))
	for i, q := range asked {
		began := time.Now()
		catalog.FindNearby(q)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took
}

func throughput(catalog *location.Catalog, asked []location.Nearby) float64 {
	callers := runtime.GOMAXPROCS(0)
	began := time.Now()
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := caller; i < len(asked); i += callers {
				catalog.FindNearby(asked[i])
			}
		})
	}
	all.Wait()
	return float64(len(asked)) / time.Since(began).Seconds()
}

// quantile of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
