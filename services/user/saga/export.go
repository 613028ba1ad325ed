package saga

import (
	"context"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/tripgen/tripgen/services/user"
)

// export is the workflow of an export. It gives the state in which the export ended.
func (r *Runner) export(ctx dbos.Context, id string) (string, error) {
	parts := map[string]user.Part{}
	for _, name := range append([]string{user.ServiceName}, services()...) {
		part, err := step(ctx, r, "collect "+name, func(ctx context.Context) (*user.Part, error) { return r.steps.CollectData(ctx, id, name) })
		if err != nil {
			return "", err
		}
		if part == nil {
			return r.drop(ctx, id)
		}
		parts[name] = *part
	}
	done, err := step(ctx, r, "finish", func(ctx context.Context) (bool, error) { return r.steps.FinishExport(ctx, id, parts) })
	if err != nil {
		return "", err
	}
	if !done {
		return r.drop(ctx, id)
	}
	return string(user.Exported), nil
}

// drop is the compensation: nothing of the archive stays.
func (r *Runner) drop(ctx dbos.Context, id string) (string, error) {
	err := act(ctx, r, "drop", func(ctx context.Context) error { return r.steps.DropExport(ctx, id) })
	return string(user.ExportFailed), err
}
