package grpczstd_test

import (
	"bytes"
	"io"
	"testing"

	"google.golang.org/grpc/encoding"

	"onedoor/internal/grpczstd"
)

// mostRead is where gRPC stops reading a message, here as in a server.
const mostRead = 4 << 20

// FuzzDecompress holds that any message packs and unfolds to itself, and that
// any bytes are refused, or unfold to a message that does.
func FuzzDecompress(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte("福慧路1号"), bytes.Repeat([]byte("ab"), 5000)} {
		f.Add(seed)
		f.Add(pack(f, seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		comesBack(t, data)
		r, err := encoding.GetCompressor(grpczstd.Name).Decompress(bytes.NewReader(data))
		if err != nil {
			return
		}
		if message, err := io.ReadAll(io.LimitReader(r, mostRead)); err == nil && len(message) < mostRead {
			comesBack(t, message)
		}
	})
}

func comesBack(t *testing.T, message []byte) {
	t.Helper()
	if back, err := unpack(pack(t, message)); err != nil || !bytes.Equal(back, message) {
		t.Fatalf("%d bytes come back as %d, %v", len(message), len(back), err)
	}
}
