package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/personal"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
)

// Collector gives all that the AI service has of a person, as messages of the contract in JSON:
//
//	generations/GENERATION/generation.json       a Generation
//	generations/GENERATION/request.json          a StartGenerationRequest: what was asked for, in the traveller's words
//	generations/GENERATION/itinerary.json        an Itinerary: what was made
//	generations/GENERATION/improvement-N.json    a Day that was made better later
type Collector struct {
	Reader interface {
		ai.Reader
		// Request gives the body of a generation's request, nil where it is kept no longer.
		Request(ctx context.Context, generationID string) ([]byte, error)
	}
}

const collectPage = 100

// Collect gives all data of an owner.
func (c Collector) Collect(ctx context.Context, owner string, add func(string, []byte) error) error {
	for q := (ai.Query{Owner: owner, Limit: collectPage}); ; {
		found, err := c.Reader.List(ctx, q)
		if err != nil {
			return err
		}
		for _, g := range found {
			if err := c.generation(ctx, g, add); err != nil {
				return err
			}
			q.Before = g.ID
		}
		if len(found) < collectPage {
			return nil
		}
	}
}

func (c Collector) generation(ctx context.Context, g ai.Generation, add func(string, []byte) error) error {
	put := func(name string, m proto.Message) error {
		return personal.Adder(add).Message("generations/"+g.ID+"/"+name, m)
	}
	if err := put("generation", contract.Generation(g)); err != nil {
		return err
	}
	request, err := c.Reader.Request(ctx, g.ID)
	if err != nil {
		return err
	}
	if request != nil {
		if err := putStored(put, "request", request, new(aiv1.StartGenerationRequest)); err != nil {
			return err
		}
	}
	itinerary, improvements, err := c.Reader.Result(ctx, g.ID)
	if errors.Is(err, ai.ErrNoResult) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := putStored(put, "itinerary", itinerary, new(typev1.Itinerary)); err != nil {
		return err
	}
	for i, better := range improvements {
		if err := putStored(put, fmt.Sprintf("improvement-%d", i+1), better, new(typev1.Day)); err != nil {
			return err
		}
	}
	return nil
}

func putStored(put func(string, proto.Message) error, name string, stored []byte, m proto.Message) error {
	if err := proto.Unmarshal(stored, m); err != nil {
		return fmt.Errorf("stored %s: %w", name, err)
	}
	return put(name, m)
}
