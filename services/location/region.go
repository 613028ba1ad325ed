package location

// Region is which providers know a point best.
type Region int

// The regions.
const (
	// Elsewhere is land and coastal water outside South Korea.
	Elsewhere Region = iota
	// Korea is South Korea with its islands and waters.
	Korea
	// HighSeas belong to nobody.
	HighSeas
)

// String is the region's name for logs.
func (r Region) String() string {
	return [...]string{"elsewhere", "korea", "high seas"}[r]
}
