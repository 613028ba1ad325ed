package sky_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/openmeteo"
	"github.com/tripgen/tripgen/internal/simulator/openweather"
	"github.com/tripgen/tripgen/internal/simulator/sky"
)

func call(t *testing.T, h http.Handler, method, url, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body)))
	return w
}

func TestTheSkyChangesAtAllProviders(t *testing.T) {
	t.Parallel()
	s := new(sky.Sky)
	meteo := openmeteo.Handler(s)
	weather := openweather.Handler(func() time.Time { return time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC) }, s)
	type told struct {
		code, chance, id int
		high, pm25       float64
		warnings         int
	}
	look := func() (l told) {
		t.Helper()
		var m struct {
			Daily struct {
				Code   []int     `json:"weather_code"`
				Max    []float64 `json:"temperature_2m_max"`
				Chance []int     `json:"precipitation_probability_max"`
			}
		}
		var a struct {
			Hourly struct {
				PM25 []float64 `json:"pm2_5"`
			}
		}
		var w struct {
			Daily  []struct{ Weather []struct{ ID int } }
			Alerts []any
		}
		const at = "?latitude=48&longitude=11&start_date=2027-06-01&end_date=2027-06-01"
		for url, into := range map[string]any{"/v1/forecast" + at + "&daily=weather_code": &m, "/v1/air-quality" + at + "&hourly=pm2_5": &a} {
			if err := json.Unmarshal(call(t, meteo, http.MethodGet, url, "").Body.Bytes(), into); err != nil {
				t.Fatal(err)
			}
		}
		if err := json.Unmarshal(call(t, weather, http.MethodGet, "/data/3.0/onecall?lat=48&lon=11&appid=x", "").Body.Bytes(), &w); err != nil {
			t.Fatal(err)
		}
		return told{m.Daily.Code[0], m.Daily.Chance[0], w.Daily[0].Weather[0].ID, m.Daily.Max[0], a.Hourly.PM25[0], len(w.Alerts)}
	}
	before := look()
	for _, bad := range []string{`{"kind":"frogs"}`, `{"warmer":100}`, `{"pm25":-1}`, `{"near":{"lat":91}}`, `{"x":1}`, `no`} {
		if got := call(t, s.Admin(), http.MethodPut, "/", bad); got.Code != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, got.Code)
		}
	}
	if got := call(t, s.Admin(), http.MethodPut, "/", `{"kind":"snow","warmer":12,"pm25":80,"warning":"대설경보"}`); got.Code != http.StatusNoContent {
		t.Fatalf("status %d: %s", got.Code, got.Body)
	}
	if got, want := look(), (told{73, 90, 600, before.high + 12, 80, 1}); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
	call(t, s.Admin(), http.MethodPut, "/", `{"near":{"lat":38,"lng":11},"kind":"snow","pm25":80,"warning":"대설경보"}`)
	if got := look(); got != before {
		t.Errorf("elsewhere it is %+v", got)
	}
	call(t, s.Admin(), http.MethodPut, "/", `{"near":{"lat":48.5,"lng":10.5},"kind":"storm"}`)
	if got := look(); got.code != 95 {
		t.Errorf("near it is %+v", got)
	}
	call(t, s.Admin(), http.MethodDelete, "/", "")
	if got := look(); got != before {
		t.Errorf("told %+v, want %+v", got, before)
	}
}
