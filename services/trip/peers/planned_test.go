package peers_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/peers"
)

// [T9] Whether a place is open is told of visits, not of rests near it.
func TestRestsHaveNoPlaceToBeOpen(t *testing.T) {
	t.Parallel()
	stop := func(kind typev1.StopKind) *typev1.Stop {
		return &typev1.Stop{Kind: kind, PlaceId: "builtin:museum", Setting: typev1.Setting_SETTING_OUTDOOR}
	}
	document, err := proto.Marshal(&typev1.Itinerary{Days: []*typev1.Day{{
		Stops: []*typev1.Stop{stop(typev1.StopKind_STOP_KIND_VISIT), stop(typev1.StopKind_STOP_KIND_REST)},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	days, err := peers.Documents{}.Planned(document)
	if err != nil {
		t.Fatal(err)
	}
	visit, rest := days[0].Stops[0], days[0].Stops[1]
	if visit.Place != "builtin:museum" || !visit.Outdoor {
		t.Errorf("the visit is %+v", visit)
	}
	if rest.Place != "" || rest.Outdoor {
		t.Errorf("the rest is %+v", rest)
	}
}
