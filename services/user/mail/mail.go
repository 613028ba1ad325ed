// Package mail tells people things by e-mail: the queue's sender, what the mails say, and two ways to deliver them, to an
// SMTP server or, for development, into a folder.
package mail

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
)

// Kind says what a mail is about.
type Kind string

const (
	// ConfirmAddress asks to confirm an e-mail address with a code.
	ConfirmAddress Kind = "confirm_address"
	// AccountDeleted tells that an account was deleted; the code is the deletion's number.
	AccountDeleted Kind = "account_deleted"
	// DeletionUndone tells that a deletion could not be done, and that the account can be used again.
	DeletionUndone Kind = "deletion_undone"
)

// Message is what somebody is to be told. All of it is personal: stores seal it, and logs have none of it.
type Message struct {
	Kind     Kind      `json:"kind"`
	To       string    `json:"to"`
	Name     string    `json:"name"`
	Code     string    `json:"code"`
	Language lang.Lang `json:"language"`
}

// Queued is a message that waits to be sent.
type Queued struct {
	ID int64
	Message
	// Attempt counts from 1.
	Attempt int
}

// Queue is where messages wait, stored in one transaction with what they are about.
type Queue interface {
	// Claim takes messages that are due. One that is not done within the lease (times its attempt) is due again.
	Claim(ctx context.Context, limit int, lease time.Duration) ([]Queued, error)
	// Done forgets a message.
	Done(ctx context.Context, id int64) error
}

// Deliverer hands a mail over; nil means that it is somebody else's now.
type Deliverer interface {
	Deliver(ctx context.Context, m Mail) error
}

// Mail is a message put into words.
type Mail struct {
	To, Subject, Text string
}
