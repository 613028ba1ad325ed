package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai/events"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
)

// dlqCmd is what ops do about messages that could not be processed.
type dlqCmd struct {
	List   dlqListCmd   `cmd:"" help:"List dead letters."`
	Show   dlqShowCmd   `cmd:"" help:"Show one with its attempts and its original."`
	Replay dlqReplayCmd `cmd:"" help:"Put originals back into their topics."`
	Drop   dlqDropCmd   `cmd:"" help:"Note that nothing is to be done about letters."`
}

// Help is the long help.
func (dlqCmd) Help() string {
	return `Messages of any topic that their consumer cannot process (garbage, schema versions of the future, generations that failed again and again) wait as dead letters in ` + string(kafka.GenerationDead) + `, with the consumer group, the reason, the attempts and the original. A letter is named PARTITION-OFFSET.

A generation that was given up has failed, and its traveller was told; replaying its message does not bring it back. Replay what failed for a reason that is gone: messages of a newer build after the consumers were updated. The other consumer groups of its topic get it once more, which does no harm.`
}

type dlqListCmd struct {
	All bool `help:"Also those that something was done about."`
}

// Run is the command.
func (d *dlqListCmd) Run(ctx context.Context, c *commands) error {
	return withLetters(ctx, c, func(letters *events.Letters) error {
		found, err := letters.List(ctx, d.All)
		if err != nil {
			return err
		}
		return listLetters(c.stdout(), found)
	})
}

func listLetters(out io.Writer, letters []events.Letter) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "LETTER\tTIME\tFROM\tGROUP\tKEY\tATTEMPTS\tDONE\tREASON") // kept until Flush
	for _, l := range letters {
		reason := l.GetReason()
		if l.Broken != nil {
			reason = "the letter itself cannot be read: " + l.Broken.Error()
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s/%d/%d\t%s\t%s\t%d\t%s\t%s\n", l.ID, l.GetTime().AsTime().Format(time.RFC3339), l.GetTopic(),
			l.GetPartition(), l.GetOffset(), orDash(l.GetGroup()), printable(l.GetKey()), len(l.GetAttempts()), orDash(l.Outcome), firstLine(reason))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(letters) == 0 {
		_, err := fmt.Fprintln(out, "no dead letters")
		return err
	}
	return nil
}

type dlqShowCmd struct {
	Letter string `arg:"" help:"Which one." placeholder:"PARTITION-OFFSET"`
}

// Run is the command.
func (d *dlqShowCmd) Run(ctx context.Context, c *commands) error {
	letterID, err := events.ParseLetterID(d.Letter)
	if err != nil {
		return err
	}
	return withLetters(ctx, c, func(letters *events.Letters) error {
		l, err := letters.Get(ctx, letterID)
		if err != nil {
			return err
		}
		return showLetter(c.stdout(), l)
	})
}

func showLetter(out io.Writer, l events.Letter) error {
	var b strings.Builder
	fmt.Fprintf(&b, "letter    %s\ndone      %s\n", l.ID, orDash(l.Outcome))
	if l.Broken != nil {
		fmt.Fprintf(&b, "broken    %v\n", l.Broken)
	}
	fmt.Fprintf(&b, "time      %s\nfrom      %s, partition %d, offset %d\ngroup     %s\nkey       %s\nreason    %s\n",
		l.GetTime().AsTime().Format(time.RFC3339), l.GetTopic(), l.GetPartition(), l.GetOffset(), orDash(l.GetGroup()), printable(l.GetKey()), l.GetReason())
	for i, a := range l.GetAttempts() {
		fmt.Fprintf(&b, "attempt %d %s  %s\n", i+1, a.GetTime().AsTime().Format(time.RFC3339Nano), a.GetError())
	}
	for _, h := range l.GetHeaders() {
		fmt.Fprintf(&b, "header    %s: %s\n", h.GetKey(), printable(h.GetValue()))
	}
	fmt.Fprintf(&b, "value     %d bytes: %x\n", len(l.GetValue()), l.GetValue())
	_, err := io.WriteString(out, b.String())
	return err
}

type dlqReplayCmd struct {
	Letters []string `arg:"" help:"Which ones." placeholder:"PARTITION-OFFSET"`
}

// Run is the command.
func (d *dlqReplayCmd) Run(ctx context.Context, c *commands) error {
	return eachLetter(ctx, c, d.Letters, "replayed", (*events.Letters).Replay)
}

type dlqDropCmd struct {
	Letters []string `arg:"" help:"Which ones." placeholder:"PARTITION-OFFSET"`
}

// Run is the command.
func (d *dlqDropCmd) Run(ctx context.Context, c *commands) error {
	return eachLetter(ctx, c, d.Letters, "dropped", (*events.Letters).Drop)
}

// eachLetter does something about letters, one by one; what went wrong with one does not keep it from the others.
func eachLetter(ctx context.Context, c *commands, names []string, done string, do func(*events.Letters, context.Context, events.LetterID) error) error {
	var ids []events.LetterID
	for _, name := range names {
		letterID, err := events.ParseLetterID(name)
		if err != nil {
			return err
		}
		ids = append(ids, letterID)
	}
	return withLetters(ctx, c, func(letters *events.Letters) error {
		var failed []error
		for _, letterID := range ids {
			if err := do(letters, ctx, letterID); err != nil {
				failed = append(failed, err)
				continue
			}
			_, _ = fmt.Fprintf(c.stdout(), "%s %s\n", done, letterID) // what was done is done
		}
		return errors.Join(failed...)
	})
}

// withLetters opens what the commands need: Kafka and the database of ai.
func withLetters(ctx context.Context, c *commands, do func(*events.Letters) error) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	if settings.Postgres.AI == "" {
		return errors.New("postgres.ai is missing")
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: databaseURL(settings, app.AI), MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	brokers := kafkaConfig(settings)
	writer := kafka.NewWriter(brokers)
	defer func() { _ = writer.Close() }()
	return do(&events.Letters{Kafka: brokers, Writer: writer, Handling: aipostgres.New(aipostgres.Deps{Pool: pool})})
}

func kafkaConfig(c config.Config) kafka.Config {
	return kafka.Config{Brokers: c.Kafka.Brokers, Partitions: c.Kafka.Partitions, Replication: c.Kafka.Replication}
}

// printable shows text as it is and anything else in hexadecimal.
func printable(b []byte) string {
	if utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' }) {
		return string(b)
	}
	return fmt.Sprintf("%x", b)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
