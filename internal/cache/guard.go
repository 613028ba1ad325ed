package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/resilience"
)

// GuardPolicy is how Redis is called: while it cannot be reached, calls fail at once and their callers do without.
func GuardPolicy() resilience.Policy {
	return resilience.Policy{Name: "redis", Failures: 3, Cooldown: time.Second}
}

// Guard puts a breaker before a client. Replies of the server, and deadlines of callers, are not held against it.
func Guard(client *redis.Client, guard *resilience.Guard) { client.AddHook(hook{guard}) }

type hook struct{ guard *resilience.Guard }

func (hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := h.do(ctx, func(ctx context.Context) error { return next(ctx, cmd) })
		if errors.Is(err, resilience.ErrOpen) {
			cmd.SetErr(err)
		}
		return err
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := h.do(ctx, func(ctx context.Context) error { return next(ctx, cmds) })
		if errors.Is(err, resilience.ErrOpen) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

func (h hook) do(ctx context.Context, call func(context.Context) error) error {
	var answer error
	err := h.guard.Do(ctx, func(ctx context.Context) error {
		answer = call(ctx)
		if unreachable(ctx, answer) {
			return answer
		}
		return resilience.Permanent(answer)
	})
	if errors.Is(err, resilience.ErrOpen) {
		return err
	}
	return answer // as the client gives it: callers compare it
}

func unreachable(ctx context.Context, err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network && ctx.Err() == nil
}
