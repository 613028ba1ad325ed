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

// keysRotateCmd makes the next key.
type keysRotateCmd struct{}

// Help is the long help.
func (keysRotateCmd) Help() string {
	return `The new key is published at once and starts to sign half an hour later, when everybody who caches keys has it; the key before it stays published until the last token that it signed has expired. No token ever fails for it. The user service finds the new key by itself.`
}

// Run is the command.
func (keysRotateCmd) Run(ctx context.Context, c *commands) error {
	tools, settings, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	keys, err := oauth.OpenKeys(ctx, tools.store, tools.clock, keyTimes(settings.User))
	if err != nil {
		return err
	}
	id, signs, err := keys.Rotate(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout(), "%s signs from %s\n", id, signs.Format(time.RFC3339))
	return err
}
