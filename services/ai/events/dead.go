package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
)

// LetterID is where a dead letter is in its topic: "PARTITION-OFFSET".
type LetterID struct {
	Partition int
	Offset    int64
}

// String is the id as ops write it.
func (l LetterID) String() string { return fmt.Sprintf("%d-%d", l.Partition, l.Offset) }

// ErrLetterID refuses what is no id of a dead letter.
var ErrLetterID = errors.New("a dead letter's id is PARTITION-OFFSET, such as 0-17")

// ParseLetterID reads an id.
func ParseLetterID(s string) (LetterID, error) {
	partitionText, offsetText, _ := strings.Cut(s, "-")
	partition, err := strconv.Atoi(partitionText)
	offset, err2 := strconv.ParseInt(offsetText, 10, 64)
	if err != nil || err2 != nil || partition < 0 || offset < 0 {
		return LetterID{}, fmt.Errorf("%w: %q", ErrLetterID, s)
	}
	return LetterID{partition, offset}, nil
}

// Letter is a dead letter.
type Letter struct {
	ID LetterID
	*eventsv1.DeadLetter
	// Broken says why the letter itself cannot be read; the rest is empty then.
	Broken error
	// Outcome is what was done about it: "replayed", "dropped" or nothing.
	Outcome string
}

// Handling is where it is noted what was done about dead letters.
type Handling interface {
	// Handled gives what was done, by letter.
	Handled(ctx context.Context) (map[LetterID]string, error)
	// Handle notes what is done; false if something was done already.
	Handle(ctx context.Context, letter LetterID, outcome string) (bool, error)
}

// What is done about dead letters.
const (
	Replayed = "replayed"
	Dropped  = "dropped"
)

// Letters is the dead letters' topic, for ops.
type Letters struct {
	Kafka    kafka.Config
	Writer   Writer
	Handling Handling
}

// Errors of what ops do.
var (
	ErrNoLetter = errors.New("there is no such dead letter")
	ErrHandled  = errors.New("something was done about this dead letter already")
)

// List gives the dead letters, oldest first by partition; those that something was done about only with all.
func (l *Letters) List(ctx context.Context, all bool) ([]Letter, error) {
	handled, err := l.Handling.Handled(ctx)
	if err != nil {
		return nil, err
	}
	client := &kafkago.Client{Addr: kafkago.TCP(l.Kafka.Brokers...)}
	partitions, err := l.bounds(ctx, client)
	if err != nil {
		return nil, err
	}
	var letters []Letter
	for _, p := range partitions {
		found, err := l.read(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, letter := range found {
			if letter.Outcome = handled[letter.ID]; letter.Outcome == "" || all {
				letters = append(letters, letter)
			}
		}
	}
	return letters, nil
}

// bounds are the partitions with their first and last offsets.
func (l *Letters) bounds(ctx context.Context, client *kafkago.Client) ([]kafkago.PartitionOffsets, error) {
	topic := string(kafka.GenerationDead)
	metadata, err := client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("partitions of %s: %w", topic, err)
	}
	var asked []kafkago.OffsetRequest
	for _, t := range metadata.Topics {
		for _, p := range t.Partitions {
			asked = append(asked, kafkago.FirstOffsetOf(p.ID), kafkago.LastOffsetOf(p.ID))
		}
	}
	offsets, err := client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{topic: asked}})
	if err != nil {
		return nil, fmt.Errorf("offsets of %s: %w", topic, err)
	}
	found := offsets.Topics[topic]
	slices.SortFunc(found, func(a, b kafkago.PartitionOffsets) int { return a.Partition - b.Partition })
	return found, nil
}

// read reads one partition from its beginning to its present end.
func (l *Letters) read(ctx context.Context, p kafkago.PartitionOffsets) ([]Letter, error) {
	if p.FirstOffset >= p.LastOffset {
		return nil, nil
	}
	reader := kafkago.NewReader(kafkago.ReaderConfig{
		Brokers: l.Kafka.Brokers, Topic: string(kafka.GenerationDead), Partition: p.Partition, MinBytes: 1, MaxBytes: 10 << 20,
		MaxWait: 50 * time.Millisecond,
	})
	defer func() { _ = reader.Close() }()
	if err := reader.SetOffset(p.FirstOffset); err != nil {
		return nil, fmt.Errorf("read %s: %w", kafka.GenerationDead, err)
	}
	var letters []Letter
	for {
		m, err := reader.ReadMessage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", kafka.GenerationDead, err)
		}
		letter := Letter{ID: LetterID{m.Partition, m.Offset}, DeadLetter: &eventsv1.DeadLetter{}}
		letter.Broken = proto.Unmarshal(m.Value, letter.DeadLetter)
		letters = append(letters, letter)
		if m.Offset >= p.LastOffset-1 {
			return letters, nil
		}
	}
}

// Get gives one letter.
func (l *Letters) Get(ctx context.Context, letterID LetterID) (Letter, error) {
	all, err := l.List(ctx, true)
	if err != nil {
		return Letter{}, err
	}
	for _, letter := range all {
		if letter.ID == letterID {
			return letter, nil
		}
	}
	return Letter{}, fmt.Errorf("%w: %s", ErrNoLetter, letterID)
}

// Replay puts the original back into its topic, as it was. It is noted first: a crash in between leaves it to be done
// again by hand rather than done twice.
func (l *Letters) Replay(ctx context.Context, letterID LetterID) error {
	letter, err := l.Get(ctx, letterID)
	if err != nil {
		return err
	}
	if letter.Broken != nil {
		return fmt.Errorf("dead letter %s: %w", letterID, letter.Broken)
	}
	if err := l.handle(ctx, letterID, Replayed); err != nil {
		return err
	}
	m := kafkago.Message{Topic: letter.GetTopic(), Key: letter.GetKey(), Value: letter.GetValue()}
	for _, h := range letter.GetHeaders() {
		m.Headers = append(m.Headers, kafkago.Header{Key: h.GetKey(), Value: h.GetValue()})
	}
	if err := l.Writer.WriteMessages(ctx, m); err != nil {
		return fmt.Errorf("replay %s into %s: %w", letterID, letter.GetTopic(), err)
	}
	return nil
}

// Drop notes that nothing more is to be done about a letter.
func (l *Letters) Drop(ctx context.Context, letterID LetterID) error {
	if _, err := l.Get(ctx, letterID); err != nil {
		return err
	}
	return l.handle(ctx, letterID, Dropped)
}

func (l *Letters) handle(ctx context.Context, letterID LetterID, outcome string) error {
	fresh, err := l.Handling.Handle(ctx, letterID, outcome)
	if err == nil && !fresh {
		err = fmt.Errorf("%w: %s", ErrHandled, letterID)
	}
	return err
}
