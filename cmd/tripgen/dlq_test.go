package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/services/ai/events"
)

// letterCommands are commands on a fresh database of ai and the test servers' Kafka.
func letterCommands(t *testing.T) (*commands, *bytes.Buffer, kafka.Config) {
	t.Helper()
	address := os.Getenv("TRIPGEN_TEST_KAFKA")
	if address == "" {
		t.Skip("needs a Kafka server: set TRIPGEN_TEST_KAFKA")
	}
	settings := filepath.Join(t.TempDir(), "tripgen.yaml")
	content := fmt.Sprintf("postgres: {ai: %q}\nkafka: {brokers: [%q]}\n", postgrestest.NewURL(t), address)
	if err := os.WriteFile(settings, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	out := new(bytes.Buffer)
	c := &commands{Config: settings, out: out}
	if err := (&migrateCmd{Roles: []string{"ai"}}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	brokers := kafka.Config{Brokers: []string{address}, Partitions: 3}
	if err := kafka.CreateTopics(t.Context(), brokers); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	return c, out, brokers
}

// [A6] Ops list dead letters with their reason, see the attempts and the original, and replay or drop each once, by the
// commands and on a real Kafka.
func TestDeadLettersAreListedShownReplayedAndDropped(t *testing.T) {
	t.Parallel()
	c, out, brokers := letterCommands(t)
	ctx := t.Context()
	// A topic of the test's own: what is replayed disturbs nobody.
	origin, key := kafka.Topic(id.Random{}.New("test")), id.Random{}.New("key")
	if err := kafka.CreateTopics(ctx, brokers, origin); err != nil {
		t.Fatal(err)
	}
	bury(t, brokers, kafkago.Message{
		Topic: string(origin), Partition: 2, Offset: 17, Key: []byte(key), Value: []byte("\xff\x01 the original"),
		Headers: []kafkago.Header{{Key: "event-id", Value: []byte("evt_1")}},
	}, "it failed\nagain", "first try", "second try")
	bury(t, brokers, kafkago.Message{Topic: string(origin), Key: []byte(key), Value: []byte("unwanted")}, "garbage")

	listed := lettersOf(t, c, out, key, false)
	if len(listed) != 2 {
		t.Fatalf("listed are %q", listed)
	}
	letter, unwanted := listed[0][0], listed[1][0]
	if want := []string{string(origin) + "/2/17", "a-group", key, "2", "-", "it failed"}; strings.Join(listed[0][2:], " ") != strings.Join(want, " ") {
		t.Errorf("listed as %q, want %q", listed[0][2:], want)
	}
	out.Reset()
	if err := (&dlqShowCmd{Letter: letter}).Run(ctx, c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"letter    " + letter + "\n", "done      -\n", "from      " + string(origin) + ", partition 2, offset 17\n", "group     a-group\n",
		"key       " + key + "\n", "reason    it failed\nagain\n", "  first try\n", "  second try\n", "header    event-id: evt_1\n",
		fmt.Sprintf("value     15 bytes: %x\n", "\xff\x01 the original"),
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	out.Reset()
	if err := (&dlqReplayCmd{Letters: []string{letter}}).Run(ctx, c); err != nil || out.String() != "replayed "+letter+"\n" {
		t.Errorf("replay: %v, printed %q", err, out)
	}
	if m := firstOf(t, brokers, origin); string(m.Key) != key || string(m.Value) != "\xff\x01 the original" || len(m.Headers) != 1 || string(m.Headers[0].Value) != "evt_1" {
		t.Errorf("replayed is %v", m)
	}
	out.Reset()
	if err := (&dlqDropCmd{Letters: []string{unwanted}}).Run(ctx, c); err != nil || out.String() != "dropped "+unwanted+"\n" {
		t.Errorf("drop: %v, printed %q", err, out)
	}
	// Each once; what is wrong with one letter does not keep the command from the others.
	if err := (&dlqReplayCmd{Letters: []string{letter, "0-999999999", unwanted}}).Run(ctx, c); !errors.Is(err, events.ErrHandled) || !errors.Is(err, events.ErrNoLetter) {
		t.Errorf("handled and missing ones: %v", err)
	}
	if err := (&dlqShowCmd{Letter: "nonsense"}).Run(ctx, c); !errors.Is(err, events.ErrLetterID) {
		t.Errorf("nonsense: %v", err)
	}
	if left := lettersOf(t, c, out, key, false); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
	if all := lettersOf(t, c, out, key, true); len(all) != 2 || !slices.Contains(all[0], "replayed") || !slices.Contains(all[1], "dropped") {
		t.Errorf("all are %q", all)
	}
}

func bury(t *testing.T, c kafka.Config, m kafkago.Message, reason string, tries ...string) {
	t.Helper()
	writer := kafka.NewWriter(c)
	defer func() { _ = writer.Close() }()
	graves := &dead.Letters{Writer: writer, IDs: id.Random{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
	var attempts []dead.Attempt
	for _, try := range tries {
		attempts = append(attempts, dead.Attempt{Time: time.Now(), Error: try})
	}
	if !graves.Bury(t.Context(), "a-group", m, errors.New(reason), attempts...) {
		t.Fatal("the letter is not written")
	}
}

// lettersOf lists the letters with a key, a letter a line, as words, in the order of the list.
func lettersOf(t *testing.T, c *commands, out *bytes.Buffer, key string, all bool) (lines [][]string) {
	t.Helper()
	out.Reset()
	if err := (&dlqListCmd{All: all}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if words := strings.Fields(line); slices.Contains(words, key) {
			lines = append(lines, words)
		}
	}
	return lines
}

// firstOf reads the first message of a topic.
func firstOf(t *testing.T, c kafka.Config, topic kafka.Topic) kafkago.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reader := kafka.NewReader(c, id.Random{}.New("group"), topic)
	defer func() { _ = reader.Close() }()
	m, err := kafka.Fetch(ctx, reader)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
