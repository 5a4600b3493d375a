package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// FuzzVerifyReceipt holds that of all receipts only those that say what was
// signed are genuine: a signature is carried over from one to another in vain.
func FuzzVerifyReceipt(f *testing.F) {
	genuine := &syncv1.Receipt{
		Incarnation: id(1), DeviceSeq: 7, Chain: bytes.Repeat([]byte{3}, 32), Coordinate: &syncv1.Coordinate{Epoch: 1, Seq: 9}, TimeMs: 1_780_000_000_000,
	}
	for _, r := range []*syncv1.Receipt{genuine, {}, {Incarnation: id(1)}, {Incarnation: append(id(1), 0, 0, 0, 0, 0, 0, 0, 7), Chain: genuine.Chain}} {
		f.Add(encode(f, r))
	}
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := private.Public().(ed25519.PublicKey)
	signature := ed25519.Sign(private, wire.ReceiptMessage(genuine))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &syncv1.Receipt{}
		if proto.Unmarshal(body, r) != nil {
			return
		}
		if wire.VerifyReceipt(body, r) && !bytes.Equal(body, public) {
			t.Fatal("a receipt is genuine by itself")
		}
		r.Signature = signature
		if wire.VerifyReceipt(public, r) != sameReceipt(r, genuine) {
			t.Fatalf("the signature of\n%v\nis taken for one of\n%v", genuine, r)
		}
		r.Signature = ed25519.Sign(private, wire.ReceiptMessage(r))
		if !wire.VerifyReceipt(public, r) {
			t.Fatalf("a signed receipt is not genuine: %v", r)
		}
	})
}

// sameReceipt compares what receipts say, absent parts read as empty.
func sameReceipt(a, b *syncv1.Receipt) bool {
	return bytes.Equal(a.GetIncarnation(), b.GetIncarnation()) && a.GetDeviceSeq() == b.GetDeviceSeq() && bytes.Equal(a.GetChain(), b.GetChain()) &&
		a.GetCoordinate().GetEpoch() == b.GetCoordinate().GetEpoch() && a.GetCoordinate().GetSeq() == b.GetCoordinate().GetSeq() &&
		a.GetTimeMs() == b.GetTimeMs()
}
