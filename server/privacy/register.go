package privacy

import (
	"encoding/binary"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// KeepDays is how long an entry of a register is kept at least: three years for assessments and the record of what was done
// (articles 55 and 56), and the same for the others, so that an audit finds them.
const KeepDays = 3 * 365

// Register says which register an entry stands in; its numbers are those of the admin protocol.
type Register = adminv1.PrivacyRegisterKind

const sharing = adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING

// Entry is one entry of a register.
type Entry struct {
	Number   uint64
	Register Register
	At       syncengine.UnixMilli
	By       syncengine.ID
	// What it is about, Recipient with whom data were shared, Purpose what for and on what ground.
	What, Recipient, Purpose string
	Records                  []syncengine.ID
	// Since and Until bound an incident or a sharing; 0 for none.
	Since, Until syncengine.UnixMilli
	// KeepUntil is how long the entry itself is kept at least.
	KeepUntil syncengine.UnixMilli
	// Device or User is what an incident is about.
	Device, User syncengine.ID
}

// File writes an entry down.
func File(w store.Writer, e Entry) (Entry, error) {
	switch {
	case e.Register == adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_UNSPECIFIED:
		return e, fmt.Errorf("%w: an entry of no register", ErrRefused)
	case e.What == "":
		return e, fmt.Errorf("%w: say what it is about", ErrRefused)
	case e.Register == adminv1.PrivacyRegisterKind_PRIVACY_REGISTER_KIND_SHARING && (e.Recipient == "" || e.Purpose == ""):
		return e, fmt.Errorf("%w: say with whom data were shared and what for (article 23)", ErrRefused)
	}
	for what, text := range map[string]string{"text": e.What, "recipient": e.Recipient, "purpose": e.Purpose} {
		if err := check(what, text); err != nil {
			return e, err
		}
	}
	var err error
	if e.Number, err = next(w, bucketRegister); err != nil {
		return e, err
	}
	e.KeepUntil = e.At + KeepDays*dayMs
	return e, put(w, bucketRegister, key(e.Number), &storedv1.PrivacyRegister{
		Kind: uint32(e.Register), AtMs: int64(e.At), By: wire.BytesOf(e.By), What: e.What, Recipient: e.Recipient, Purpose: e.Purpose,
		RecordIds: wire.BytesOfAll(e.Records), SinceMs: int64(e.Since), UntilMs: int64(e.Until), KeepUntilMs: int64(e.KeepUntil),
		DeviceId: wire.BytesOf(e.Device), UserId: wire.BytesOf(e.User),
	})
}

// Entries lists a register in the order its entries were made.
func Entries(r store.Reader, of Register) (out []Entry, err error) {
	var failed error
	err = r.Documents(bucketRegister, nil, nil, func(d store.Document) bool {
		m := &storedv1.PrivacyRegister{}
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			return false
		}
		if Register(m.GetKind()) == of {
			out = append(out, entryOf(binary.BigEndian.Uint64(d.Key), m))
		}
		return true
	})
	return out, errors.Join(err, failed)
}

// Sharing gives an entry of the sharing register, or [ErrUnknown].
func Sharing(r store.Reader, number uint64) (Entry, error) {
	m := &storedv1.PrivacyRegister{}
	value, ok, err := r.Document(bucketRegister, key(number))
	if err = errors.Join(err, proto.Unmarshal(value, m)); err != nil {
		return Entry{}, err
	}
	if !ok || Register(m.GetKind()) != sharing {
		return Entry{}, fmt.Errorf("sharing %d: %w", number, ErrUnknown)
	}
	return entryOf(number, m), nil
}

func entryOf(number uint64, m *storedv1.PrivacyRegister) Entry {
	e := Entry{
		Number: number, Register: Register(m.GetKind()), At: syncengine.UnixMilli(m.GetAtMs()), What: m.GetWhat(), Recipient: m.GetRecipient(),
		Purpose: m.GetPurpose(), Records: wire.IDsOf(m.GetRecordIds()), Since: syncengine.UnixMilli(m.GetSinceMs()),
		Until: syncengine.UnixMilli(m.GetUntilMs()), KeepUntil: syncengine.UnixMilli(m.GetKeepUntilMs()),
	}
	e.By, _ = syncengine.IDFromBytes(m.GetBy())
	e.Device, _ = syncengine.IDFromBytes(m.GetDeviceId())
	e.User, _ = syncengine.IDFromBytes(m.GetUserId())
	return e
}
