package server_test

import (
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
)

// glimpse is what a phone that makes no memory for an answer reads of it: see sync.v1.ExchangeResponse and Page.
type glimpse struct {
	nonce, cursor []byte
	caughtUp      bool
	records       int
}

func (g *glimpse) read(b []byte) error {
	return eachField(b, func(n protowire.Number, v uint64, b []byte) error {
		switch n {
		case 4:
			return eachField(b, func(n protowire.Number, _ uint64, _ []byte) error {
				if n == 3 {
					g.records++
				}
				return nil
			})
		case 5:
			g.cursor = append([]byte(nil), b...)
		case 8:
			g.caughtUp = v != 0
		case 13:
			g.nonce = append([]byte(nil), b...)
		}
		return nil
	})
}

// eachField calls f for each field of a message, with its number or its bytes.
func eachField(b []byte, f func(n protowire.Number, v uint64, b []byte) error) error {
	for len(b) > 0 {
		n, typ, tag := protowire.ConsumeTag(b)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		size := protowire.ConsumeFieldValue(n, typ, b[tag:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		v, _ := protowire.ConsumeVarint(b[tag:])
		var value []byte
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(b[tag:])
		}
		if err := f(n, v, value); err != nil {
			return err
		}
		b = b[tag+size:]
	}
	return nil
}

// glimpsing reads answers as glimpses.
type glimpsing struct{}

// Name is that of the usual codec.
func (glimpsing) Name() string { return "proto" }

// Marshal encodes a request.
func (glimpsing) Marshal(v any) (mem.BufferSlice, error) {
	b, err := proto.Marshal(v.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(b)}, err
}

// Unmarshal reads an answer.
func (glimpsing) Unmarshal(data mem.BufferSlice, v any) error {
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	return v.(*glimpse).read(whole.ReadOnlyData())
}

// glances fetches everything and keeps nothing; it counts records.
func (w *world) glances(f *fetching) (records int) {
	w.t.Helper()
	f.cursor = nil
	for range filledCallsMax {
		req, err := f.request()
		w.must(err)
		var got glimpse
		w.must(f.conn.Invoke(w.t.Context(), syncv1.SyncService_Exchange_FullMethodName, req, &got, grpc.ForceCodecV2(glimpsing{}), grpc.UseCompressor(grpczstd.Name)))
		if f.nonce = got.nonce; len(got.cursor) > 0 {
			f.cursor = got.cursor
		}
		if records += got.records; got.caughtUp {
			return records
		}
	}
	w.t.Fatalf("not filled after %d calls, with %d records", filledCallsMax, records)
	return 0
}

// allocated is how many bytes this process has asked for since it began.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// filledBytesMost is how many bytes server and test may allocate for each record that a phone is filled with. Of a record itself
// nothing is to be allocated: its stored form is read into memory that serves the next one, it is written into memory that serves
// the next page, and so is what gRPC encodes and compresses it in. That leaves some 100 to 150 bytes of rows and calls; one copy of
// a record's fields, wherever it is made, is 250 more.
const filledBytesMost = 300

// The collector is called by what is allocated, and while it works a quiet neighbour's call waits.
func TestFill_AllocatesNextToNothingForARecord(t *testing.T) {
	const (
		visits = 4_000
		times  = 15
	)
	w := serving(t)
	w.worked(11, "530702001001", "甲社区", visits)
	p := w.fetches(12, "530702001001", 0)
	w.glances(p) // Memory that serves one page after the other is there then.
	before, records := allocated(), 0
	for range times {
		records += w.glances(p)
	}
	if records < times*visits {
		t.Fatalf("%d records in %d fills of %d visits", records, times, visits)
	}
	each := (allocated() - before) / uint64(records)
	t.Logf("%d bytes a record", each)
	if each > filledBytesMost && !raced {
		t.Errorf("%d bytes are allocated for each record that a phone is filled with, want %d at the most", each, filledBytesMost)
	}
}
