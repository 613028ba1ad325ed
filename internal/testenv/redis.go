package testenv

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

func startRedis(ctx context.Context, dir string, port int) (*process.Process, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("no Redis is installed: on Debian and Ubuntu run `sudo apt-get install redis-server`: %w", err)
	}
	server, err := process.Start(process.Command{
		Name: "Redis",
		Path: path,
		Args: []string{
			"--bind", local.Loopback, "--port", strconv.Itoa(port), "--dir", dir,
			"--save", "", "--appendonly", "no", "--databases", "64",
		},
		LogFile: filepath.Join(dir, "redis.log"),
	})
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: local.Address(port), MaxRetries: -1})
	defer client.Close()
	if err := server.Await(ctx, func(ctx context.Context) error { return client.Ping(ctx).Err() }); err != nil {
		return nil, errors.Join(err, server.Close(context.WithoutCancel(ctx)))
	}
	return server, nil
}
