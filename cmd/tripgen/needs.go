package main

import (
	"context"

	"github.com/tripgen/tripgen/internal/cache"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
)

// The needs that a role can have; each opens its part once and adds it to the role's readiness.

func needDatabase(ctx context.Context, r *role) error {
	url := databaseURL(r.Config, r.Role)
	if err := migrate(ctx, r.Config.Postgres, url, r.migrations); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: r.Config.Postgres.MaxConns})
	if err != nil {
		return err
	}
	r.Pool = pool
	r.Add(postgres.Part("postgres of "+string(r.Role), pool))
	r.Ready.Need("postgres", postgres.Check(pool))
	return nil
}

func needRedis(ctx context.Context, r *role) error {
	if r.Redis == nil {
		client, err := cache.Open(ctx, r.Config.Redis.URL.Reveal())
		if err != nil {
			return err
		}
		cache.Guard(client, r.Guards.Guard(cache.GuardPolicy()))
		r.Redis = client
		r.Add(cache.Part(client))
	}
	// Losing Redis costs speed, never data: it is told, and does not decide.
	r.Ready.Show("redis", cache.Check(r.Redis))
	return nil
}

func needKafka(ctx context.Context, r *role) error {
	if r.Kafka.Brokers == nil {
		c := r.Config.Kafka
		settings := kafka.Config{
			Brokers: c.Brokers, Partitions: c.Partitions, Replication: c.Replication,
			SessionTimeout: c.SessionTimeout, Log: r.process.Log,
		}
		ctx, cancel := context.WithTimeout(ctx, topicsTimeout)
		defer cancel()
		if err := kafka.CreateTopics(ctx, settings); err != nil {
			return err
		}
		r.Kafka = settings
	}
	r.Ready.Need("kafka", kafka.Check(r.Kafka.Brokers))
	return nil
}

func needSeal(_ context.Context, r *role) error {
	if r.Seal != nil {
		return nil
	}
	load := seal.Load
	if r.Config.Seal.Create {
		load = seal.LoadOrCreate
	}
	sealer, err := load(r.Config.Seal.KeyFile)
	if err != nil {
		return err
	}
	pages, err := page.NewTokens(sealer.Derive("page-tokens"))
	if err != nil {
		return err
	}
	r.Seal, r.Pages = sealer, pages
	r.Add(followDataKeys(r.process))
	return nil
}
