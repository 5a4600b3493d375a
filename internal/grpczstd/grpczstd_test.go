package grpczstd_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/encoding"

	"onedoor/internal/grpczstd"
)

func pack(t testing.TB, message []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := encoding.GetCompressor(grpczstd.Name).Compress(&out)
	if err != nil {
		t.Fatal(err)
	}
	// gRPC hands a message over in parts.
	for part := range slices.Chunk(message, 1000) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	r, err := encoding.GetCompressor(grpczstd.Name).Decompress(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestCompressor_GivesBackWhatItWasGiven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 100, 70_000, 3 << 20} {
		message := make([]byte, size)
		for i := range message {
			message[i] = byte(rng.IntN(6))
		}
		packed := pack(t, message)
		got, err := unpack(packed)
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d bytes: %d come back, %v", size, len(got), err)
		}
		if size >= 70_000 && len(packed) > size/2 {
			t.Errorf("%d bytes of six letters take %d", size, len(packed))
		}
	}
}

func TestCompressor_AddsFewBytesToASmallMessage(t *testing.T) {
	message := make([]byte, 150)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range message {
		message[i] = byte(rng.Uint32())
	}
	if packed := pack(t, message); len(packed) > len(message)+12 {
		t.Errorf("%d random bytes take %d", len(message), len(packed))
	}
}

func TestCompressor_RefusesWhatIsNoFrame(t *testing.T) {
	if got, err := unpack([]byte("this is no frame at all")); err == nil {
		t.Errorf("read %q from what is no frame", got)
	}
	packed := pack(t, bytes.Repeat([]byte("onedoor"), 1000))
	if _, err := unpack(packed[:len(packed)-3]); err == nil {
		t.Error("a frame cut short was read without an error")
	}
	if got, err := unpack(packed); err != nil || len(got) != 7000 {
		t.Errorf("after broken frames: %d bytes, %v", len(got), err)
	}
}

func TestCompressor_ServesManyCallsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 16 {
		message := bytes.Repeat([]byte{byte(i), 'x', 'y'}, 10_000+i)
		wg.Go(func() {
			for range 20 {
				got, err := unpack(pack(t, message))
				if err != nil || !bytes.Equal(got, message) {
					t.Errorf("call %d: %d bytes, %v", i, len(got), err)
				}
			}
		})
	}
	wg.Wait()
}
