package main

import (
	"context"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

// talkToUser keeps the process's verifier told of logged-out sessions and revoked tokens, and tells what clients have used,
// as the first of its roles that has credentials. A process without any hears nothing: it refuses such tokens only once
// they have expired; and what is used of it is not counted.
func (p *process) talkToUser(roles []app.Role) error {
	for _, name := range roles {
		if credentials(p.Config, name).Secret == "" {
			continue
		}
		options, err := rpc.ClientOptions()
		if err != nil {
			return err
		}
		as := &role{process: p, Role: name}
		revocations := userv1connect.NewRevocationServiceClient(as.Client(), p.Config.Services.User, options...)
		usage := userv1connect.NewUsageServiceClient(as.Client(), p.Config.Services.User, options...)
		log := p.Log.With("role", string(name))
		p.Add(app.Part{Name: "revocations", Run: func(ctx context.Context) error {
			return p.Revoked.Follow(ctx, revocations, p.Clock, log)
		}}, app.Part{Name: "usage", Run: func(ctx context.Context) error {
			return p.Meter.Run(ctx, usage, log)
		}})
		return nil
	}
	p.Log.Warn("no role of this process has a client secret: revocations are not heard, and usage is not counted")
	return nil
}
