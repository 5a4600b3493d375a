package story_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/pgtest"
	"onedoor/internal/wire"
	"onedoor/server"
)

func TestServers_CountWrongCodesTogether(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	at := time.Now()
	stands := func() *running { // What grows back of a burst grows back with time.
		return d.serveWith(server.Config{Now: func() time.Time { return at }})
	}
	servers := []*running{stands(), stands(), stands()}
	const burst = 10 // of one phone
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	req := &syncv1.EnrolRequest{Code: "0000-0000-0000", Incarnation: bytes.Repeat([]byte{7}, 16), PublicKey: key.Public().(ed25519.PublicKey)}
	req.Signature = ed25519.Sign(key, wire.EnrolMessage(req))
	guesses, refused := 0, 0
	for i := range 3 * burst {
		_, err := syncv1.NewSyncServiceClient(servers[i%3].conn).Enrol(t.Context(), req)
		switch status.Code(err) {
		case codes.ResourceExhausted:
			refused++
		case codes.NotFound:
			guesses++
		default:
			t.Fatalf("a code that nobody gave out: %v", err)
		}
	}
	if guesses != burst || refused != 2*burst {
		t.Errorf("three servers looked at %d guesses and refused %d, one looks at %d", guesses, refused, burst)
	}
}
