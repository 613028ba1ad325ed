package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/seal"
)

// dataKeysEvery is how often a process looks at its key file: far more often than the time that promotion waits.
const dataKeysEvery = 10 * time.Second

// followDataKeys is the part that takes a changed key file into the process.
func followDataKeys(p *process) app.Part {
	return app.Part{Name: "data keys", Run: func(ctx context.Context) error {
		return p.Seal.Follow(ctx, p.Config.Seal.KeyFile, dataKeysEvery, p.Log)
	}}
}

// keysDataCmd manages the keys that seal personal data.
type keysDataCmd struct {
	List    keysDataListCmd    `cmd:"" help:"List the data keys."`
	Add     keysDataAddCmd     `cmd:"" help:"Make a key that opens, and does not seal yet."`
	Promote keysDataPromoteCmd `cmd:"" help:"Seal with the newest key from now on."`
	Reseal  keysDataResealCmd  `cmd:"" help:"Seal all that older keys have sealed with the primary key."`
	Disable keysDataDisableCmd `cmd:"" help:"End a key: what it sealed opens no more."`
	Drop    keysDataDropCmd    `cmd:"" help:"Take a disabled key out of the file."`
}

// Help is the long help.
func (keysDataCmd) Help() string {
	return `The keys are in the file that seal.key_file names. Running processes take a change of it within 10 seconds, so nothing is restarted:
  tripgen keys data add
  (copy the file to where other machines read it, and let every process have it)
  tripgen keys data promote
  (copy it again, and let every process have it)
  tripgen keys data reseal
  tripgen keys data disable ID
  tripgen keys data drop ID`
}

// dataKeyFile is the key file that the configuration names.
func dataKeyFile(c *commands) (string, error) {
	settings, err := c.settings()
	if err != nil {
		return "", err
	}
	if settings.Seal.KeyFile == "" {
		return "", errors.New("seal.key_file has to be set")
	}
	return settings.Seal.KeyFile, nil
}

// keysDataListCmd lists keys.
type keysDataListCmd struct{}

// Run is the command.
func (keysDataListCmd) Run(c *commands) error {
	path, err := dataKeyFile(c)
	if err != nil {
		return err
	}
	keys, err := seal.Read(path)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.stdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tADDED\tSTATE") // Flush gives the error
	for _, key := range keys.List() {
		made, state := "unknown", "opens"
		if !key.Made.IsZero() {
			made = key.Made.Format(time.RFC3339)
		}
		switch {
		case key.Primary:
			state = "primary: seals and opens"
		case !key.Enabled:
			state = "disabled"
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\n", key.ID, made, state)
	}
	return table.Flush()
}

// keysDataAddCmd adds a key.
type keysDataAddCmd struct{}

// Run is the command.
func (keysDataAddCmd) Run(c *commands) error {
	return editDataKeys(c, "added %d\n", func(keys *seal.Keys) (uint32, error) { return keys.Add(clock.System{}.Now()) })
}

// keysDataPromoteCmd makes the newest key the primary one.
type keysDataPromoteCmd struct {
	Settled time.Duration `help:"How long the key has to have been in the file, so that every process has it." default:"10m"`
	Now     bool          `help:"Do not wait: only when every process is known to have the key, or none runs."`
}

// Run is the command.
func (k *keysDataPromoteCmd) Run(c *commands) error {
	settled := k.Settled
	if k.Now {
		settled = 0
	} else if settled <= dataKeysEvery {
		return fmt.Errorf("--settled has to be more than %s, in which processes read the file", dataKeysEvery)
	}
	return editDataKeys(c, "%d seals\n", func(keys *seal.Keys) (uint32, error) {
		return keys.Promote(clock.System{}.Now(), settled)
	})
}

// keysDataDisableCmd disables a key.
type keysDataDisableCmd struct {
	ID        uint32 `arg:"" name:"keyid" help:"Id from the list."`
	Unchecked bool   `help:"Do not look into the databases for what the key has sealed: it may be lost."`
}

// Help is the long help.
func (keysDataDisableCmd) Help() string {
	return `What the key has sealed opens no more. It is refused while one of the databases that the configuration names has such values: tripgen keys data reseal seals them with another key. The key stays in the file, as DISABLED, until it is dropped.`
}

// Run is the command.
func (k *keysDataDisableCmd) Run(ctx context.Context, c *commands) error {
	if !k.Unchecked {
		if err := checkUnused(ctx, c, k.ID); err != nil {
			return err
		}
	}
	return editDataKeys(c, "disabled %d\n", func(keys *seal.Keys) (uint32, error) { return k.ID, keys.Disable(k.ID) })
}

// keysDataDropCmd drops a key.
type keysDataDropCmd struct {
	ID uint32 `arg:"" name:"keyid" help:"Id of a disabled key from the list."`
}

// Run is the command.
func (k *keysDataDropCmd) Run(c *commands) error {
	return editDataKeys(c, "dropped %d\n", func(keys *seal.Keys) (uint32, error) { return k.ID, keys.Drop(k.ID) })
}

// editDataKeys changes the key file and tells of the key.
func editDataKeys(c *commands, told string, change func(*seal.Keys) (uint32, error)) error {
	path, err := dataKeyFile(c)
	if err != nil {
		return err
	}
	var id uint32
	err = seal.Edit(path, func(keys *seal.Keys) (err error) {
		id, err = change(keys)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout(), told, id)
	return err
}
