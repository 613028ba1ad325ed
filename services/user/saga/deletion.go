package saga

import (
	"context"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/tripgen/tripgen/services/user"
)

// delete is the workflow of a deletion. It gives the state in which the deletion ended.
func (r *Runner) delete(ctx dbos.Context, id string) (string, error) {
	for _, name := range services() {
		held, err := step(ctx, r, "hold "+name, func(ctx context.Context) (bool, error) { return r.steps.HoldData(ctx, id, name) })
		if err != nil {
			return "", err
		}
		if !held {
			return r.undo(ctx, id)
		}
	}
	decided, err := step(ctx, r, "decide", func(ctx context.Context) (bool, error) { return r.steps.DecideDeletion(ctx, id) })
	if err != nil {
		return "", err
	}
	if !decided {
		return r.undo(ctx, id)
	}
	for _, name := range services() {
		_, err := step(ctx, r, "forget "+name, func(ctx context.Context) (user.Forgotten, error) {
			return r.steps.ForgetData(ctx, id, name)
		})
		if err != nil {
			return "", err
		}
	}
	if _, err := step(ctx, r, "forget user", func(ctx context.Context) (user.Forgotten, error) {
		return r.steps.ForgetAccount(ctx, id)
	}); err != nil {
		return "", err
	}
	if err := act(ctx, r, "announce", func(ctx context.Context) error { return r.steps.AnnounceDeletion(ctx, id) }); err != nil {
		return "", err
	}
	err = act(ctx, r, "finish", func(ctx context.Context) error { return r.steps.FinishDeletion(ctx, id) })
	return string(user.Deleted), err
}

// undo is the compensation: all services take new things again, and the account is unlocked.
func (r *Runner) undo(ctx dbos.Context, id string) (string, error) {
	for _, name := range services() {
		err := act(ctx, r, "release "+name, func(ctx context.Context) error { return r.steps.ReleaseData(ctx, id, name) })
		if err != nil {
			return "", err
		}
	}
	err := act(ctx, r, "unlock", func(ctx context.Context) error { return r.steps.UndoDeletion(ctx, id) })
	return string(user.Undone), err
}
