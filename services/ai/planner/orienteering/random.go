package orienteering

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// random is a small deterministic source for the inner loop.
type random struct{ *rand.PCG }

func newRandom(seed uint64) *random { return &random{rand.NewPCG(seed, 0x9e3779b97f4a7c15)} }

// below returns a number in [0, n).
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

// unit returns a number in (0, 1].
func (r *random) unit() float64 { return float64(r.Uint64()>>11+1) / (1 << 53) }

// chance is true once in a hundred.
func (r *random) chance() bool { return r.Uint64() < math.MaxUint64/100 }
