package peers

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Documents implements trip.Documents.
type Documents struct{}

// ReplaceDays puts other days into an itinerary.
func (Documents) ReplaceDays(d trip.Document, days map[int][]byte) (trip.Document, error) {
	m := new(typev1.Itinerary)
	if err := proto.Unmarshal(d, m); err != nil {
		return nil, fmt.Errorf("read the itinerary: %w", err)
	}
	for i, own := range m.GetDays() {
		better, ok := days[int(own.GetNumber())]
		if !ok {
			continue
		}
		m.Days[i] = new(typev1.Day)
		if err := proto.Unmarshal(better, m.GetDays()[i]); err != nil {
			return nil, fmt.Errorf("read a better day: %w", err)
		}
	}
	return proto.Marshal(m)
}
