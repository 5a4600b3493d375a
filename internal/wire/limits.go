package wire

// Limits of the protocol. Each is enforced where an edit is made, so that
// nothing is accepted on a phone that can never be sent:
// ChangeBytesMax <= GroupBytesMax <= BatchBytesMax <= MessageBytesMax.
const (
	// ChangeBytesMax is the size of the largest change: the largest text of every
	// field of a dispute with twenty parties and a thumbnail stay well below.
	ChangeBytesMax = 64 << 10
	// GroupBytesMax is the size of the largest group: a visit to a whole building
	// with the hazards found on it.
	GroupBytesMax = 256 << 10
	// BatchBytesMax is where a batch is cut: on a 1 Mbit/s radio link it takes
	// about two seconds after compression, so a cut line loses little.
	BatchBytesMax = 512 << 10
	// BatchChangesMax bounds the changes of a batch, and so the time it keeps others waiting.
	BatchChangesMax = 2000
	// MessageBytesMax is the largest message either side accepts.
	MessageBytesMax = 4 << 20
	// WindowBytes is how much either side of a line may send ahead of what the other has read: a compressed batch or
	// page, which so travels in one piece. With gRPC's own 64 KB to begin with it waits for the other side several times.
	WindowBytes = 1 << 20
	// PageBytesMax is where a page is cut, before compression.
	PageBytesMax = 512 << 10
	// PushPageBytesMax is where the page of a reply to a push is cut: on a slow line
	// the acknowledgement must not wait behind half a megabyte of others' work. A
	// usual day's page is smaller, so one round trip stays one.
	PushPageBytesMax = 32 << 10
	// ElementsMax bounds the elements, keys and clears a single patch names.
	ElementsMax = 2000
	// ResolvesMax bounds the conflicts a single change closes.
	ResolvesMax = 200
	// DepthMax bounds nested messages in a field.
	DepthMax = 8
	// SaltBytes is the length of a change's salt.
	SaltBytes = 16
	// PastCheckpointsMax bounds the places a phone names when the epoch changed: the newest few and then
	// ever fewer, a kilobyte once after a restore.
	PastCheckpointsMax = 64
	// BarriersMax bounds the erasures of one reply or request: some 25 KB, as much as a usual page.
	BarriersMax = 200
	// EpochForksMax bounds the epochs that a request or a reply tells of: a realm restored every month for five years, in a kilobyte.
	EpochForksMax = 64
	// DigestsMax bounds the digests of one request.
	DigestsMax = 20_000
)
