package refine

import (
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/tripgen/tripgen/services/ai"
)

// price is in US dollars per million tokens.
type price struct {
	prefix                               string
	input, cacheWrite, cacheRead, output float64
}

// prices by the beginning of a model's name, as published for the generations known when this was written. A model that
// is not here is counted at the dearest of them, so that a budget errs on the safe side.
var prices = []price{
	{"claude-haiku-4-5", 1, 1.25, 0.10, 5},
	{"claude-sonnet-4", 3, 3.75, 0.30, 15},
	{"claude-opus-4", 5, 6.25, 0.50, 25},
}

func priceOf(model string) price {
	for _, p := range prices {
		if strings.HasPrefix(model, p.prefix) {
			return p
		}
	}
	return prices[len(prices)-1]
}

// costOf counts a call. Dollars per million tokens are millionths of a dollar per token.
func costOf(model string, u anthropic.Usage) ai.Cost {
	p := priceOf(model)
	micros := float64(u.InputTokens)*p.input + float64(u.CacheCreationInputTokens)*p.cacheWrite +
		float64(u.CacheReadInputTokens)*p.cacheRead + float64(u.OutputTokens)*p.output
	return ai.Cost{
		InputTokens: u.InputTokens, CachedInputTokens: u.CacheReadInputTokens, CacheWriteTokens: u.CacheCreationInputTokens,
		OutputTokens: u.OutputTokens, MicroUSD: int64(micros + 0.5), Calls: 1,
	}
}
