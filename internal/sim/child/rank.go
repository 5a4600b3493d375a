package child

// Rank says who has the processor first. Parts of a measurement share a machine; ranks stand for the machines of their own that
// they have where they are used.
type Rank int

const (
	// Behind is for what makes load: it takes what of the processor everybody else leaves.
	Behind Rank = iota - 1
	// Usual is for what has a rank like any program.
	Usual
	// First goes before every program of a usual rank, and Foremost before those: the kernel's real-time class, which takes turns
	// within a rank only.
	First
	Foremost
)
