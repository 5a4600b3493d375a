package server_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/wire"
	"onedoor/syncengine"
	"onedoor/testdata/notes"
)

// filledCallsMax is more calls than any of these tests needs to fill a phone.
const filledCallsMax = 200

// worked has a worker of a community make visits at one door there, whose notes begin with a word, and sync them.
func (w *world) worked(seed byte, community, word string, visits int) {
	w.t.Helper()
	p := w.replica(seed, w.workerIn(community))
	w.sync(p)
	text, err := p.AddJSON("premises", fmt.Sprintf(`{"address":"民主路3号","territory":%q}`, community))
	w.must(err)
	door, err := wire.ParseID(text)
	w.must(err)
	lines := notes.Lines()
	for i := range visits {
		_, err := p.Add(&recordv1.Visit{
			PremisesIds: [][]byte{door[:]}, Note: proto.String(fmt.Sprint(word, i, "号:", lines[i%len(lines)])),
			Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
			OccurredAt: proto.Int64(w.now().UnixMilli() - int64(i)),
			Checklist:  map[string]recordv1.Answer{"FIRE_EQ": recordv1.Answer_ANSWER_GOOD, "ELEC": recordv1.Answer_ANSWER_POOR},
		})
		w.must(err)
	}
	w.sync(p)
}

// fetching is a phone that fetches everything and keeps nothing but where it is.
type fetching struct {
	device
	community     string
	conn          *grpc.ClientConn
	nonce, cursor []byte
	// pageBytes is how large it wants a page; 0 for as large as the server makes it.
	pageBytes uint32
}

// fetches enrols the numbered phone of a community's worker, on a line of its own.
func (w *world) fetches(number byte, community string, pageBytes uint32) *fetching {
	w.t.Helper()
	w.must(w.redeemAs(w.workerIn(community), number))
	d := device{incarnation: syncengine.ID{2, number}, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{number}, ed25519.SeedSize))}
	return &fetching{device: d, community: community, conn: w.dial(insecure.NewCredentials()), pageBytes: pageBytes}
}

// request is the next call's.
func (f *fetching) request() (*syncv1.ExchangeRequest, error) {
	body, err := proto.Marshal(&syncv1.ExchangeBody{
		Realm: oldTown, Incarnation: f.incarnation[:], Nonce: f.nonce, Cursor: f.cursor, ClockMs: clock().UnixMilli(), PageBytesMax: f.pageBytes,
	})
	return &syncv1.ExchangeRequest{Body: body, Signature: ed25519.Sign(f.key, wire.ExchangeMessage(body))}, err
}

// fill fetches from the start to the end: what is shown of each record, but for its places in a page's tables.
func (f *fetching) fill(ctx context.Context) (map[string]string, error) {
	f.cursor = nil
	got := map[string]string{}
	for range filledCallsMax {
		req, err := f.request()
		if err != nil {
			return nil, err
		}
		resp, err := syncv1.NewSyncServiceClient(f.conn).Exchange(ctx, req, grpc.UseCompressor(grpczstd.Name))
		if err != nil {
			return nil, err
		}
		f.nonce = resp.GetNonce()
		if len(resp.GetCursor()) > 0 {
			f.cursor = resp.GetCursor()
		}
		for _, rec := range resp.GetPage().GetRecords() {
			rec.Keys = nil
			for _, write := range rec.GetWrites() {
				write.Author = 0
			}
			shown, err := proto.MarshalOptions{Deterministic: true}.Marshal(rec)
			if err != nil {
				return nil, err
			}
			got[string(rec.GetId())] = string(shown)
		}
		if resp.GetCaughtUp() {
			return got, nil
		}
	}
	return nil, fmt.Errorf("not filled after %d calls, with %d records", filledCallsMax, len(got))
}

// notesOf counts the records that hold a word.
func notesOf(records map[string]string, word string) (n int) {
	for _, text := range records {
		if strings.Contains(text, word) {
			n++
		}
	}
	return n
}

// The memory of pages and of rows serves one phone after the other: here many at once, of two communities, in pages of many sizes.
func TestFill_PhonesThatAreFilledAtOnceAreSentTheirOwnAndNothingOfOthers(t *testing.T) {
	const (
		visits = 400
		times  = 4
	)
	communities := map[string]string{"530702001001": "甲甲甲", "530702001002": "乙乙乙"}
	w := serving(t)
	var phones []*fetching
	number := byte(10) // Below it are the seeds of the realm itself.
	for community, word := range communities {
		number++
		w.worked(number, community, word, visits)
		for _, size := range []uint32{0, 3_000, 20_000, 70_000} {
			number++
			phones = append(phones, w.fetches(number, community, size))
		}
	}
	var all sync.WaitGroup
	alone := make([]map[string]string, len(phones))
	for i, p := range phones {
		var err error
		if alone[i], err = p.fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		for community, word := range communities {
			want := 0
			if community == p.community {
				want = visits
			}
			if got := notesOf(alone[i], word); got != want {
				t.Fatalf("phone %d of %s is sent %d notes of %s, want %d", i, p.community, got, community, want)
			}
		}
	}
	for i, p := range phones {
		all.Go(func() {
			for range times {
				got, err := p.fill(t.Context())
				if err != nil || len(got) != len(alone[i]) {
					t.Errorf("phone %d among others is sent %d records, %v; alone %d", i, len(got), err, len(alone[i]))
				}
				for id, text := range got {
					if text != alone[i][id] {
						t.Errorf("phone %d among others is sent %q where it was sent %q alone", i, text, alone[i][id])
						return
					}
				}
			}
		})
	}
	all.Wait()
}
