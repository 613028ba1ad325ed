package borders_test

import (
	"testing"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/borders"
)

// [L3] By real borders, islands and border towns included.
func TestRegionsFollowRealBorders(t *testing.T) {
	t.Parallel()
	finder := borders.New()
	for name, tc := range map[string]struct {
		lat, lng float64
		want     location.Region
	}{
		"Seoul":                          {37.5665, 126.9780, location.Korea},
		"Busan":                          {35.1796, 129.0756, location.Korea},
		"Jeju":                           {33.4996, 126.5312, location.Korea},
		"Seogwipo":                       {33.2541, 126.5601, location.Korea},
		"Marado, the southern end":       {33.1170, 126.2670, location.Korea},
		"Udo":                            {33.5050, 126.9540, location.Korea},
		"Ulleungdo":                      {37.4845, 130.9057, location.Korea},
		"Dokdo":                          {37.2417, 131.8650, location.Korea},
		"Baengnyeong":                    {37.9690, 124.7160, location.Korea},
		"Daecheong":                      {37.8250, 124.7170, location.Korea},
		"Yeonpyeong":                     {37.6660, 125.7000, location.Korea},
		"Ganghwa":                        {37.7470, 126.4880, location.Korea},
		"Gyodong, across from the north": {37.7890, 126.2870, location.Korea},
		"Heuksando":                      {34.6840, 125.4350, location.Korea},
		"Hongdo":                         {34.6830, 125.1930, location.Korea},
		"Geoje":                          {34.8806, 128.6211, location.Korea},
		"Goseong at the DMZ":             {38.5860, 128.3750, location.Korea},
		"Cheorwon":                       {38.2090, 127.2180, location.Korea},
		"Imjingak":                       {37.8890, 126.7400, location.Korea},
		"Daeseong-dong in the DMZ":       {37.9410, 126.6770, location.Korea},
		"Panmunjom, the southern side":   {37.9548, 126.6776, location.Korea},
		"Kijong-dong in the DMZ":         {37.9455, 126.6560, location.Elsewhere},
		"Kaesong":                        {37.9710, 126.5540, location.Elsewhere},
		"Pyongyang":                      {39.0392, 125.7625, location.Elsewhere},
		"Sinuiju":                        {40.1000, 124.4000, location.Elsewhere},
		"Dandong":                        {40.1290, 124.3950, location.Elsewhere},
		"Tsushima (Japan)":               {34.2040, 129.2890, location.Elsewhere},
		"Tsushima, northern end":         {34.6900, 129.4480, location.Elsewhere},
		"Fukuoka":                        {33.5902, 130.4017, location.Elsewhere},
		"Iki":                            {33.7500, 129.6900, location.Elsewhere},
		"Oki":                            {36.2030, 133.3180, location.Elsewhere},
		"Goto":                           {32.6950, 128.8410, location.Elsewhere},
		"Vladivostok":                    {43.1155, 131.8855, location.Elsewhere},
		"Qingdao":                        {36.0671, 120.3826, location.Elsewhere},
		"Taipei":                         {25.0330, 121.5654, location.Elsewhere},
		"Munich":                         {48.1374, 11.5755, location.Elsewhere},
		"New York":                       {40.7128, -74.0060, location.Elsewhere},
		"the East Sea":                   {39.5000, 133.5000, location.HighSeas},
		"the Yellow Sea":                 {35.5000, 123.5000, location.HighSeas},
		"the Pacific":                    {0.0000, -150.0000, location.HighSeas},
		"the Atlantic at zero":           {0.0000, 0.0000, location.HighSeas},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := location.Point{Lat: tc.lat, Lng: tc.lng}
			if got := finder.RegionAt(at); got != tc.want {
				t.Errorf("%v is in %v (zone %q), want %v", at, got, finder.ZoneAt(at), tc.want)
			}
		})
	}
}
