package triptest

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Replan applies an edit and lays the stops of the touched days one after the other. It checks no rules.
func (a *AI) Replan(_ context.Context, r *aiv1.ReplanRequest) (*aiv1.ReplanResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.there(); err != nil {
		return nil, err
	}
	p := replan{it: proto.CloneOf(r.GetItinerary()), touched: map[int32]bool{}}
	switch e := r.GetEdit().GetEdit().(type) {
	case *aiv1.ItineraryEdit_Move:
		s := p.take(e.Move.GetStopId())
		p.put(s, e.Move.GetToDay(), int(e.Move.GetPosition()))
	case *aiv1.ItineraryEdit_Add:
		if e.Add.GetPlaceId() == "builtin:gone" {
			return nil, errs.NotFound(errs.ReasonPlaceGone, "없는 장소입니다.", "There is no such place.")
		}
		s := &typev1.Stop{
			Id: e.Add.GetStopId(), Kind: typev1.StopKind_STOP_KIND_VISIT, PlaceId: e.Add.GetPlaceId(), Arrive: at(0),
			Leave: at(max(30, int(e.Add.GetStayMinutes()))),
		}
		p.put(s, e.Add.GetDay(), int(e.Add.GetPosition()))
	case *aiv1.ItineraryEdit_Remove:
		p.take(e.Remove.GetStopId())
	case *aiv1.ItineraryEdit_Replace:
		s := p.stop(e.Replace.GetStopId())
		s.PlaceId, s.Setting, s.Alternatives = e.Replace.GetPlaceId(), typev1.Setting_SETTING_INDOOR, nil
	case *aiv1.ItineraryEdit_Lock:
		p.stop(e.Lock.GetStopId()).Locked = e.Lock.GetLocked()
	case *aiv1.ItineraryEdit_SetStay:
		s := p.stop(e.SetStay.GetStopId())
		s.Leave = at(int(s.GetArrive().GetMinutes() + e.SetStay.GetStayMinutes()))
	}
	res := &aiv1.ReplanResponse{Itinerary: p.it}
	for day := range p.touched {
		res.DaysChanged = append(res.DaysChanged, day)
	}
	slices.Sort(res.DaysChanged)
	p.retime()
	return res, nil
}

type replan struct {
	it      *typev1.Itinerary
	touched map[int32]bool
}

func (p replan) stop(id string) *typev1.Stop {
	for _, d := range p.it.GetDays() {
		for _, s := range d.GetStops() {
			if s.GetId() == id {
				p.touched[d.GetNumber()] = true
				return s
			}
		}
	}
	return new(typev1.Stop)
}

func (p replan) take(id string) *typev1.Stop {
	s := p.stop(id)
	for _, d := range p.it.GetDays() {
		d.Stops = slices.DeleteFunc(d.GetStops(), func(other *typev1.Stop) bool { return other == s })
	}
	return s
}

// put counts positions after the day's first stop, the lodging.
func (p replan) put(s *typev1.Stop, day int32, position int) {
	for _, d := range p.it.GetDays() {
		if d.GetNumber() == day {
			p.touched[day] = true
			d.Stops = slices.Insert(d.GetStops(), min(position+1, len(d.GetStops())-1), s)
		}
	}
}

func (p replan) retime() {
	for _, d := range p.it.GetDays() {
		if !p.touched[d.GetNumber()] {
			continue
		}
		clock := d.GetStops()[0].GetArrive().GetMinutes()
		for _, s := range d.GetStops() {
			stay := s.GetLeave().GetMinutes() - s.GetArrive().GetMinutes()
			s.Arrive, s.Leave = at(int(clock)), at(int(clock+stay))
			clock += stay + 15
		}
	}
}
