package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// Domain strings keep a signature made for one purpose from serving another.
const (
	exchangeDomain  = "onedoor exchange 1\x00"
	aheadDomain     = "onedoor ahead 1\x00"
	enrolDomain     = "onedoor enrol 1\x00"
	lookUpDomain    = "onedoor look up 1\x00"
	watchDomain     = "onedoor watch 1\x00"
	receiptDomain   = "onedoor receipt 1\x00"
	enrolmentDomain = "onedoor device 1\x00"
	grantsDomain    = "onedoor grants 1\x00"
	barrierDomain   = "onedoor barrier 1\x00"
	leaseDomain     = "onedoor grants 2\x00"
	wipeDomain      = "onedoor wipe 1\x00"
	wipedDomain     = "onedoor wiped 1\x00"
)

// ExchangeMessage is what the device key signs of an exchange.
func ExchangeMessage(body []byte) []byte { return append([]byte(exchangeDomain), body...) }

// AheadHash names changes that are sent ahead of their exchange.
func AheadHash(changes []byte) [sha256.Size]byte { return sha256.Sum256(changes) }

// AheadMessage is what the device key signs of changes sent ahead; hash is that of the changes.
func AheadMessage(r *syncv1.SendAheadRequest, hash [sha256.Size]byte) []byte {
	return frame(aheadDomain, number(uint64(r.GetRealm())), r.GetIncarnation(), number(r.GetFirstDeviceSeq()), hash[:])
}

// LookUpMessage is what the device key signs of a look-up.
func LookUpMessage(body []byte) []byte { return append([]byte(lookUpDomain), body...) }

// EnrolMessage is what the device key signs of an enrolment.
func EnrolMessage(r *syncv1.EnrolRequest) []byte {
	return frame(enrolDomain, []byte(r.GetCode()), r.GetIncarnation(), r.GetPublicKey())
}

// WatchMessage is what the device key signs of a watch.
func WatchMessage(r *syncv1.WatchRequest) []byte {
	return frame(watchDomain, number(uint64(r.GetRealm())), r.GetIncarnation(), number(uint64(r.GetTimeMs())))
}

// ReceiptMessage is what the realm's receipt key signs.
func ReceiptMessage(r *syncv1.Receipt) []byte {
	return frame(receiptDomain, r.GetIncarnation(), number(r.GetDeviceSeq()), r.GetChain(),
		number(uint64(r.GetCoordinate().GetEpoch())), number(r.GetCoordinate().GetSeq()), number(uint64(r.GetTimeMs())))
}

// VerifyReceipt checks a receipt against the realm's receipt key.
func VerifyReceipt(key ed25519.PublicKey, r *syncv1.Receipt) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, ReceiptMessage(r), r.GetSignature())
}

// EnrolmentMessage is what the realm signs of a device.
func EnrolmentMessage(e *syncv1.Enrolment) []byte {
	return frame(enrolmentDomain, e.GetIncarnation(), e.GetPublicKey(), e.GetUserId(), []byte(e.GetUserName()), number(uint64(e.GetRole())),
		[]byte(e.GetDeviceName()), number(uint64(e.GetEnrolledAtMs())), e.GetParent(), number(e.GetLastCommon()), e.GetChain())
}

// VerifyEnrolment checks a device's enrolment against the realm's receipt key.
func VerifyEnrolment(key ed25519.PublicKey, e *syncv1.Enrolment) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, EnrolmentMessage(e), e.GetSignature())
}

// GrantsMessage is what the realm signs of a user's grants. Those of older software, which have no lease, keep the message
// that they were signed by.
func GrantsMessage(user []byte, g *syncv1.Grants) []byte {
	if g.GetLeaseUntilMs() != 0 {
		return leaseMessage(user, g)
	}
	parts := [][]byte{user, number(g.GetVersion())}
	for _, one := range g.GetGrants() {
		parts = append(parts, number(uint64(one.GetRole())), one.GetTerritoryId(), number(uint64(len(one.GetRecordIds()))))
		parts = append(parts, one.GetRecordIds()...)
	}
	return frame(grantsDomain, parts...)
}

func leaseMessage(user []byte, g *syncv1.Grants) []byte {
	parts := [][]byte{
		user, number(g.GetVersion()), number(uint64(g.GetIssuedMs())), number(uint64(g.GetLeaseUntilMs())),
		number(uint64(g.GetSealing().GetNumber())), g.GetSealing().GetKey(), number(uint64(len(g.GetGrants()))),
	}
	for _, one := range g.GetGrants() {
		parts = append(parts, number(uint64(one.GetRole())), one.GetTerritoryId(), number(uint64(one.GetUntilMs())), number(uint64(len(one.GetRecordIds()))))
		parts = append(parts, one.GetRecordIds()...)
	}
	return frame(leaseDomain, parts...)
}

// VerifyGrants checks a user's grants against the realm's receipt key.
func VerifyGrants(key ed25519.PublicKey, user []byte, g *syncv1.Grants) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, GrantsMessage(user, g), g.GetSignature())
}

// BarrierMessage is what the realm signs of an erasure.
func BarrierMessage(b *syncv1.Barrier) []byte {
	return frame(barrierDomain, b.GetRecordId(), number(uint64(b.GetField())), b.GetKey(),
		number(uint64(b.GetCoordinate().GetEpoch())), number(b.GetCoordinate().GetSeq()))
}

// VerifyBarrier checks an erasure against the realm's receipt key.
func VerifyBarrier(key ed25519.PublicKey, b *syncv1.Barrier) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, BarrierMessage(b), b.GetSignature())
}

// WipeMessage is what the realm signs of an order to wipe.
func WipeMessage(incarnation []byte, w *syncv1.Wipe) []byte {
	return frame(wipeDomain, incarnation, number(uint64(w.GetOrderedMs())))
}

// VerifyWipe checks an order to wipe against the realm's receipt key.
func VerifyWipe(key ed25519.PublicKey, incarnation []byte, w *syncv1.Wipe) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, WipeMessage(incarnation, w), w.GetSignature())
}

// WipedMessage is what the device key signs of a wipe that was carried out.
func WipedMessage(incarnation []byte, r *syncv1.WipeReceipt) []byte {
	return frame(wipedDomain, incarnation, number(uint64(r.GetOrderedMs())), number(uint64(r.GetWipedMs())), number(r.GetRecords()),
		number(r.GetHandedIn()), number(r.GetMade()))
}

// VerifyWiped checks the receipt of a wipe against the device's key.
func VerifyWiped(key ed25519.PublicKey, incarnation []byte, r *syncv1.WipeReceipt) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, WipedMessage(incarnation, r), r.GetSignature())
}

// frame writes a domain and parts with their lengths, so that no two inputs share a frame.
func frame(domain string, parts ...[]byte) []byte {
	out := []byte(domain)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
