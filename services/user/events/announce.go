// Package events tells other services over Kafka what happened to accounts.
package events

import (
	"context"
	"strings"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/user"
)

// Writer is Kafka.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafkago.Message) error
}

// Announcer tells of deleted accounts.
type Announcer struct{ Writer Writer }

var _ user.Announcer = Announcer{}

// AccountDeleted tells of one. The event's id is made of the deletion's, so that it is the same one when told again.
func (a Announcer) AccountDeleted(ctx context.Context, d user.Deletion) error {
	value, err := proto.Marshal(&eventsv1.AccountDeleted{
		UserId: d.AccountID, DeletionId: d.ID, Time: timestamppb.New(d.Requested),
	})
	if err != nil {
		return err
	}
	event := kafka.Event{
		Topic: kafka.AccountDeleted, ID: string(id.Event) + strings.TrimPrefix(d.ID, string(id.Deletion)), Key: d.AccountID, Value: value,
	}
	return a.Writer.WriteMessages(ctx, event.Message(ctx))
}
