package mail

import (
	"context"
	"log/slog"
	"time"
)

const (
	sendLease = time.Minute
	sendBatch = 10
	// sendSweep finds mails whose kick was lost with another process.
	sendSweep = 5 * time.Second
	// sendAttempts is after how many failures a mail is given up: about two days.
	sendAttempts = 75
)

// Sender sends what is queued, each mail once or, after a crash at the wrong moment, twice.
type Sender struct {
	deliver Deliverer
	log     *slog.Logger
	kick    chan struct{}
}

// NewSender makes a sender.
func NewSender(d Deliverer, log *slog.Logger) *Sender {
	return &Sender{deliver: d, log: log, kick: make(chan struct{}, 1)}
}

// Kick makes the sender look at the queue now. It never blocks.
func (s *Sender) Kick() {
	select {
	case s.kick <- struct{}{}:
	default: // it is about to look
	}
}

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context, q Queue) error {
	sweep := time.NewTicker(sendSweep)
	defer sweep.Stop()
	for {
		if err := s.send(ctx, q); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "send mails", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.kick:
		case <-sweep.C:
		}
	}
}

func (s *Sender) send(ctx context.Context, q Queue) error {
	for {
		batch, err := q.Claim(ctx, sendBatch, sendLease)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, m := range batch {
			if err := s.sendOne(ctx, q, m); err != nil {
				return err
			}
		}
	}
}

func (s *Sender) sendOne(ctx context.Context, q Queue, m Queued) error {
	words, err := Words(m.Message)
	if err == nil {
		err = s.deliver.Deliver(ctx, words)
	}
	switch {
	case err == nil:
	case m.Attempt < sendAttempts:
		s.log.WarnContext(ctx, "deliver mail", "mail", m.ID, "kind", m.Kind, "attempt", m.Attempt, "error", err)
		return nil
	default:
		s.log.ErrorContext(ctx, "give up mail", "mail", m.ID, "kind", m.Kind, "error", err)
	}
	return q.Done(ctx, m.ID)
}
