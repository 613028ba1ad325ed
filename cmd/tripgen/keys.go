package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/services/user/oauth"
)

// keysCmd manages the keys that sign tokens, and those that seal data.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the signing keys."`
	Rotate keysRotateCmd `cmd:"" help:"Make the next signing key."`
	Revoke keysRevokeCmd `cmd:"" help:"Withdraw a signing key at once."`
	Data   keysDataCmd   `cmd:"" help:"Manage the keys that seal personal data."`
}

// keysListCmd lists keys.
type keysListCmd struct{}

// Run is the command.
func (keysListCmd) Run(ctx context.Context, c *commands) error {
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	keys, err := tools.store.SigningKeys(ctx, tools.clock.Now())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.stdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tMADE\tSIGNS FROM\tPUBLISHED UNTIL") // Flush gives the error
	for _, key := range keys {
		ends := "the next one signs"
		if !key.Ends.IsZero() {
			ends = key.Ends.Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", key.ID, key.Created.Format(time.RFC3339), key.Signs.Format(time.RFC3339), ends)
	}
	return table.Flush()
}

// openSigningKeys opens the keys that sign tokens, for one command.
func openSigningKeys(ctx context.Context, c *commands) (keys *oauth.Keys, closeTools func(), err error) {
	tools, settings, err := openUserTools(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if keys, err = oauth.OpenKeys(ctx, tools.store, tools.clock, keyTimes(settings.User)); err != nil {
		tools.close()
		return nil, nil, err
	}
	return keys, tools.close, nil
}

// keysRotateCmd makes the next key.
type keysRotateCmd struct{}

// Help is the long help.
func (keysRotateCmd) Help() string {
	return `The new key is published at once and starts to sign half an hour later, when everybody who caches keys has it; the key before it stays published until the last token that it signed has expired. No token ever fails for it. The user service finds the new key by itself.`
}

// Run is the command.
func (keysRotateCmd) Run(ctx context.Context, c *commands) error {
	keys, closeTools, err := openSigningKeys(ctx, c)
	if err != nil {
		return err
	}
	defer closeTools()
	id, signs, err := keys.Rotate(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout(), "%s signs from %s\n", id, signs.Format(time.RFC3339))
	return err
}

// keysRevokeCmd withdraws a key.
type keysRevokeCmd struct {
	ID string `arg:"" help:"The key's id (kid); see tripgen keys list."`
}

// Help is the long help.
func (keysRevokeCmd) Help() string {
	return `For a key that others may have got hold of; otherwise rotate. All tokens that it has signed stop working within a second, at gateways and at services, also those that a gateway has checked before: apps renew theirs with their refresh tokens, which are not signed with it. Where it is the key that signs, a new one takes over at once, and gateways fetch it.

That holds while services and gateways reach the user service. One that does not hears of it when it does again.`
}

// Run is the command.
func (k keysRevokeCmd) Run(ctx context.Context, c *commands) error {
	keys, closeTools, err := openSigningKeys(ctx, c)
	if err != nil {
		return err
	}
	defer closeTools()
	successor, err := keys.Revoke(ctx, k.ID)
	if err != nil {
		return err
	}
	instead := ""
	if successor != "" {
		instead = "; " + successor + " was made in its place"
	}
	_, err = fmt.Fprintf(c.stdout(), "%s is revoked: what it has signed is refused within a second%s\n", k.ID, instead)
	return err
}
