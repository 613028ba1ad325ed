package aitest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/services/ai/aitest"
	"github.com/tripgen/tripgen/services/ai/events"
)

// [A6] Garbage of the largest size that a topic takes holds up its partition no more than any other.
func TestTheLargestGarbageIsADeadLetterToo(t *testing.T) {
	s := aitest.Start(t, aitest.Options{Real: true, NoModel: true})
	key := id.Random{}.New(id.Generation)
	garbage := bytes.Repeat([]byte{0xff}, 1<<20-176)
	s.Put(t, kafkago.Message{Topic: string(kafka.GenerationExpress), Key: []byte(key), Value: garbage})
	if letter := s.DeadLetters(t, key, 1)[0]; !bytes.Equal(letter.GetValue(), garbage) {
		t.Errorf("%d bytes of it are kept", len(letter.GetValue()))
	}
}

// [A6] Ops list dead letters, see why they are dead, put them back or drop them, each once.
func TestDeadLettersAreListedReplayedAndDropped(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoModel: true})
	letters := &events.Letters{Kafka: s.Kafka, Writer: s.Writer, Handling: s.Store}
	for _, value := range []string{"\xff garbage one", "\xff garbage two"} {
		s.Put(t, kafkago.Message{Topic: string(kafka.GenerationBulk), Key: []byte("k"), Value: []byte(value), Headers: []kafkago.Header{{Key: "h", Value: []byte("v")}}})
	}
	list := func(all bool) []events.Letter {
		t.Helper()
		found, err := letters.List(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	aitest.Await(t, func() bool { return len(list(false)) == 2 })
	first, second := list(false)[0], list(false)[1]
	if string(first.GetValue()) != "\xff garbage one" || first.GetTopic() != string(kafka.GenerationBulk) || first.GetHeaders()[0].GetKey() != "h" || !strings.Contains(first.GetReason(), "cannot be read") {
		t.Errorf("the first is %v", first.DeadLetter)
	}
	if err := letters.Drop(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	if err := letters.Replay(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{letters.Replay(t.Context(), first.ID), letters.Drop(t.Context(), first.ID), letters.Replay(t.Context(), second.ID)} {
		if !errors.Is(err, events.ErrHandled) {
			t.Errorf("handled twice: %v", err)
		}
	}
	if _, err := letters.Get(t.Context(), events.LetterID{Partition: 0, Offset: 999}); !errors.Is(err, events.ErrNoLetter) {
		t.Errorf("a letter that is not there: %v", err)
	}
	// It is still garbage, so it comes back as a new letter.
	aitest.Await(t, func() bool { return len(list(true)) == 3 })
	if left := list(false); len(left) != 1 || string(left[0].GetValue()) != "\xff garbage one" {
		t.Errorf("left are %v", left)
	}
	if got, err := events.ParseLetterID(first.ID.String()); err != nil || got != first.ID {
		t.Errorf("%v is read as %v, %v", first.ID, got, err)
	}
	for _, wrong := range []string{"", "1", "a-b", "-1-2", "1-"} {
		if _, err := events.ParseLetterID(wrong); !errors.Is(err, events.ErrLetterID) {
			t.Errorf("%q is read: %v", wrong, err)
		}
	}
}
