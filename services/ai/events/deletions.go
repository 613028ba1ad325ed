package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
)

// DeletionGroup is the consumer group that hears of deleted accounts.
const DeletionGroup = "tripgen-ai.account-deleted"

const deletionPause = time.Second

// Deletions removes, for each account that was deleted, all that it had here; each until it is done.
func Deletions(reader *kafkago.Reader, remove func(ctx context.Context, userID string) error, graves *dead.Letters) app.Part {
	log := graves.Log
	return app.Part{Name: "deleted accounts", Close: func(context.Context) error { return reader.Close() }, Run: func(ctx context.Context) error {
		for {
			m, err := kafka.Fetch(ctx, reader)
			switch {
			case ctx.Err() != nil || errors.Is(err, io.EOF):
				return nil
			case err != nil:
				log.WarnContext(ctx, "deleted accounts cannot be read; trying again", "error", err)
				wait(ctx)
				continue
			}
			if !removeOne(ctx, m, remove, graves) {
				return nil
			}
			if err := reader.CommitMessages(ctx, m); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "a deletion is not committed; it comes again", "error", err)
			}
		}
	}}
}

// removeOne tries until it is done; false if ctx ended first.
func removeOne(ctx context.Context, m kafkago.Message, remove func(context.Context, string) error, graves *dead.Letters) bool {
	var event eventsv1.AccountDeleted
	err := kafka.Decode(m, &event)
	if err == nil && !id.Valid(id.User, event.GetUserId()) {
		err = fmt.Errorf("%w: no user's id", kafka.ErrGarbage)
	}
	if err != nil {
		return graves.Bury(ctx, DeletionGroup, m, err)
	}
	for {
		err := remove(kafka.Context(ctx, m), event.GetUserId())
		if err == nil {
			return true
		}
		graves.Log.WarnContext(ctx, "an account's generations are not removed; trying again", "error", err)
		if !wait(ctx) {
			return false
		}
	}
}

func wait(ctx context.Context) bool {
	timer := time.NewTimer(deletionPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
