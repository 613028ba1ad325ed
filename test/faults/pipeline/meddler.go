package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/kafka"
)

// meddler sends messages of the pipeline once more, later and out of order.
type meddler struct {
	reader   *kafkago.Reader
	writer   *kafkago.Writer
	repeated int
	done     chan struct{}
}

const (
	meddled     = "meddled"
	meddleBatch = 5
	meddleEvery = 3 * time.Second
)

func startMeddler(ctx context.Context, c kafka.Config) *meddler {
	m := &meddler{
		reader: kafka.NewReader(c, "meddler", kafka.GenerationExpress, kafka.GenerationStandard, kafka.GenerationBulk,
			kafka.GenerationRetry, kafka.GenerationFinished),
		writer: kafka.NewWriter(c), done: make(chan struct{}),
	}
	go func() {
		defer close(m.done)
		m.run(ctx)
	}()
	return m
}

// run ends with ctx. What Kafka's restarts do to its own reading and writing is no matter: it is there to disturb.
func (m *meddler) run(ctx context.Context) {
	var held []kafkago.Message
	for ctx.Err() == nil {
		fetching, cancel := context.WithTimeout(ctx, meddleEvery)
		message, err := kafka.Fetch(fetching, m.reader)
		cancel()
		if err == nil && !isMeddled(message) {
			held = append(held, message)
		}
		if err == nil {
			_ = m.reader.CommitMessages(ctx, message)
		}
		if len(held) < meddleBatch && err == nil || len(held) == 0 {
			continue
		}
		rand.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		for _, h := range held {
			again := kafkago.Message{Topic: h.Topic, Key: h.Key, Value: h.Value, Headers: append(h.Headers, kafkago.Header{Key: meddled, Value: []byte("1")})}
			if err := m.writer.WriteMessages(ctx, again); err == nil {
				m.repeated++
			}
		}
		held = nil
	}
}

func isMeddled(m kafkago.Message) bool {
	for _, h := range m.Headers {
		if h.Key == meddled {
			return true
		}
	}
	return false
}

// wait ends it, after its context ended.
func (m *meddler) wait() error {
	<-m.done
	if err := errors.Join(m.reader.Close(), m.writer.Close()); err != nil {
		return fmt.Errorf("close the meddler: %w", err)
	}
	return nil
}
