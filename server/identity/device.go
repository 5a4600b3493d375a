package identity

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"onedoor/internal/wire"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// DeviceState says whether a device is trusted.
type DeviceState uint8

// The states of a device.
const (
	// DeviceActive signs exchanges.
	DeviceActive DeviceState = DeviceState(storedv1.DeviceState_DEVICE_STATE_ACTIVE)
	// DeviceRevoked is lost, stolen or of a user who left: what it sends is quarantined.
	DeviceRevoked DeviceState = DeviceState(storedv1.DeviceState_DEVICE_STATE_REVOKED)
	// DeviceWiping is revoked, and is to destroy what it holds at its next contact.
	DeviceWiping DeviceState = DeviceState(storedv1.DeviceState_DEVICE_STATE_WIPING)
	// DeviceWiped has given its receipt for that.
	DeviceWiped DeviceState = DeviceState(storedv1.DeviceState_DEVICE_STATE_WIPED)
)

// Device is one incarnation: one local database of one user.
type Device struct {
	Incarnation syncengine.ID
	UserID      syncengine.ID
	// PublicKey verifies what the device signs.
	PublicKey ed25519.PublicKey
	// Name is for the operator's list; empty when the phone gave none.
	Name       string
	State      DeviceState
	EnrolledAt syncengine.UnixMilli
	// Parent is the incarnation whose database was copied; zero for an enrolled device.
	Parent syncengine.ID
	// LastCommon is the last change that both copies share, Chain the chain after
	// it; a chain of zeros in a device of older software.
	LastCommon syncengine.DeviceSeq
	Chain      syncengine.Chain
	// WipeOrdered is when the order to wipe was given; 0 for none. WipeReceipt is the
	// device's signed receipt, as it was sent.
	WipeOrdered syncengine.UnixMilli
	WipeReceipt []byte
	// Loss is what was probably on it when the trust in it ended; nil before.
	Loss *storedv1.DeviceLoss
}

// PutDevice writes a device as it is given.
func PutDevice(w store.Writer, d Device) error {
	if err := checkDevice(d); err != nil {
		return err
	}
	if err := putBranch(w, d); err != nil {
		return err
	}
	return writeDevice(w, d)
}

func writeDevice(w store.Writer, d Device) error {
	if err := checkDevice(d); err != nil {
		return err
	}
	key := join(d.UserID, d.Incarnation)
	if err := wrapAt(w.PutDocument(bucketUserDevices, key, []byte{1}), bucketUserDevices, key); err != nil {
		return err
	}
	return put(w, bucketDevices, d.Incarnation[:], &storedv1.Device{
		UserId:       d.UserID[:],
		PublicKey:    d.PublicKey,
		Name:         d.Name,
		State:        storedv1.DeviceState(d.State),
		EnrolledAtMs: int64(d.EnrolledAt),
		Parent:       wire.BytesOf(d.Parent),
		LastCommon:   uint64(d.LastCommon),

		WipeOrderedMs: int64(d.WipeOrdered),
		WipeReceipt:   d.WipeReceipt,
		Loss:          d.Loss,
	})
}

// EnrolDevice registers a device for an active user. Repeated by the same user
// with the same key it changes nothing and gives what stands, since the reply to
// an enrolment may be lost; with another user or key it is [ErrIncarnationTaken].
func EnrolDevice(w store.Writer, d Device) (Device, error) {
	if _, err := activeUser(w, d.UserID); err != nil {
		return Device{}, err
	}
	standing, err := GetDevice(w, d.Incarnation)
	switch {
	case errors.Is(err, ErrDeviceUnknown):
		return d, PutDevice(w, d)
	case err != nil:
		return Device{}, err
	case standing.UserID != d.UserID || !standing.PublicKey.Equal(d.PublicKey):
		return Device{}, fmt.Errorf("device %s: %w", d.Incarnation, ErrIncarnationTaken)
	}
	return standing, nil
}

// AdoptDevice takes up a device that this realm has signed and a restore has lost,
// with its user where that is lost too: who works without a territory until it is
// given back. A device that stands changes nothing, and one of a closed user comes
// back revoked. The parent of a copied database
// may not be known yet: the realm has vouched for it.
func AdoptDevice(w store.Writer, d Device, user User) error {
	if _, err := GetDevice(w, d.Incarnation); err == nil || !errors.Is(err, ErrDeviceUnknown) {
		return err
	}
	switch standing, err := GetUser(w, d.UserID); {
	case errors.Is(err, ErrUserUnknown):
		if err := PutUser(w, user); err != nil {
			return err
		}
	case err != nil:
		return err
	case standing.State != UserActive:
		// Closing a user revokes the devices: this one was only not known then.
		d.State = DeviceRevoked
	}
	if !d.Parent.IsZero() {
		b := &storedv1.Branch{Parent: d.Parent[:], LastCommon: uint64(d.LastCommon), Chain: d.Chain[:]}
		if err := put(w, bucketBranches, d.Incarnation[:], b); err != nil {
			return err
		}
	}
	return writeDevice(w, d)
}

// RevokeDevice ends the trust in a device; it cannot be given back, because a
// new code makes a new device.
func RevokeDevice(w store.Writer, incarnation syncengine.ID) error {
	d, err := GetDevice(w, incarnation)
	if err != nil {
		return err
	}
	if d.State == DeviceActive {
		d.State = DeviceRevoked
	}
	return PutDevice(w, d)
}

// EndDevice is RevokeDevice with a statement of what was on the device; wipe orders
// it besides to destroy what it holds. The first statement stands, and a device that
// was wiped stays so.
func EndDevice(w store.Writer, incarnation syncengine.ID, wipe bool, loss *storedv1.DeviceLoss) (Device, error) {
	d, err := GetDevice(w, incarnation)
	if err != nil {
		return d, err
	}
	if d.Loss == nil {
		d.Loss = loss
	}
	switch {
	case d.State == DeviceActive && !wipe:
		d.State = DeviceRevoked
	case wipe && (d.State == DeviceActive || d.State == DeviceRevoked):
		d.State, d.WipeOrdered = DeviceWiping, syncengine.UnixMilli(loss.GetAtMs())
	}
	return d, PutDevice(w, d)
}

// NoteWiped stores the receipt of a device that was ordered to wipe at a time. A restore
// may have lost the order, and the end of the trust with it; the device has carried it out.
func NoteWiped(w store.Writer, incarnation syncengine.ID, ordered syncengine.UnixMilli, receipt []byte) error {
	d, err := GetDevice(w, incarnation)
	if err != nil || d.State == DeviceWiped {
		return err
	}
	if d.WipeOrdered == 0 {
		d.WipeOrdered = ordered
	}
	d.State, d.WipeReceipt = DeviceWiped, receipt
	return PutDevice(w, d)
}

// GetDevice reads a device, or [ErrDeviceUnknown].
func GetDevice(r store.Reader, incarnation syncengine.ID) (Device, error) {
	m := &storedv1.Device{}
	ok, err := get(r, bucketDevices, incarnation[:], m)
	if err != nil {
		return Device{}, err
	}
	if !ok {
		return Device{}, fmt.Errorf("device %s: %w", incarnation, ErrDeviceUnknown)
	}
	return deviceOf(incarnation, m)
}

// Devices lists all devices in the order of their incarnations.
func Devices(r store.Reader) ([]Device, error) {
	var out []Device
	err := walk(r, bucketDevices, nil, newOf[storedv1.Device], func(key []byte, m *storedv1.Device) error {
		d, err := deviceOf(syncengine.ID(key), m)
		out = append(out, d)
		return err
	})
	return out, err
}

// WalkDevices calls f for the devices above an incarnation, in their order, until f returns false.
func WalkDevices(r store.Reader, after syncengine.ID, f func(Device) bool) error {
	return walkAfter(r, bucketDevices, after, newOf[storedv1.Device], func(key []byte, m *storedv1.Device) (bool, error) {
		d, err := deviceOf(syncengine.ID(key), m)
		return err == nil && f(d), err
	})
}

// DevicesOfUser lists a user's devices in the order of their incarnations.
func DevicesOfUser(r store.Reader, user syncengine.ID) ([]Device, error) {
	var incarnations []syncengine.ID
	err := walkKeys(r, bucketUserDevices, user[:], func(d store.Document) error {
		incarnations = append(incarnations, syncengine.ID(d.Key[16:]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]Device, 0, len(incarnations))
	for _, i := range incarnations {
		d, err := GetDevice(r, i)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Lineage gives the engine's view of copied databases. It reads the few branches
// there are at once, so the result outlives the transaction; nil when there are none.
func Lineage(r store.Reader) (syncengine.Lineage, error) {
	branches := map[syncengine.ID]*storedv1.Branch{}
	err := walk(r, bucketBranches, nil, newOf[storedv1.Branch], func(key []byte, m *storedv1.Branch) error {
		branches[syncengine.ID(key)] = m
		_, err := idOf(m.GetParent())
		return err
	})
	if err != nil || len(branches) == 0 {
		return nil, err
	}
	return func(incarnation syncengine.ID) (syncengine.ID, syncengine.DeviceSeq, bool) {
		b, ok := branches[incarnation]
		if !ok {
			return syncengine.ID{}, 0, false
		}
		return syncengine.ID(b.GetParent()), syncengine.DeviceSeq(b.GetLastCommon()), true
	}, nil
}

// Branched tells where a copied database left its parent's chain, and the chain
// there; ok is false for one that was enrolled.
func Branched(r store.Reader, incarnation syncengine.ID) (last syncengine.DeviceSeq, chain syncengine.Chain, ok bool, err error) {
	m := &storedv1.Branch{}
	ok, err = get(r, bucketBranches, incarnation[:], m)
	copy(chain[:], m.GetChain())
	return syncengine.DeviceSeq(m.GetLastCommon()), chain, ok && len(m.GetChain()) == len(chain), err
}

// putBranch keeps the lineage free of circles: a parent is there before its
// child and a child's parent never changes.
func putBranch(w store.Writer, d Device) error {
	standing, err := GetDevice(w, d.Incarnation)
	known := err == nil
	if err != nil && !errors.Is(err, ErrDeviceUnknown) {
		return err
	}
	if known && (standing.Parent != d.Parent || standing.LastCommon != d.LastCommon || standing.UserID != d.UserID) {
		return fmt.Errorf("device %s: user and parent never change: %w", d.Incarnation, ErrInvalid)
	}
	if known || d.Parent.IsZero() {
		return nil
	}
	if _, err := GetDevice(w, d.Parent); err != nil {
		return fmt.Errorf("parent of %s: %w", d.Incarnation, err)
	}
	return put(w, bucketBranches, d.Incarnation[:], &storedv1.Branch{Parent: d.Parent[:], LastCommon: uint64(d.LastCommon), Chain: d.Chain[:]})
}

func checkDevice(d Device) error {
	if d.Incarnation.IsZero() || d.UserID.IsZero() {
		return fmt.Errorf("device without incarnation or user: %w", ErrInvalid)
	}
	if len(d.PublicKey) != ed25519.PublicKeySize {
		return fmt.Errorf("device %s: public key of %d bytes, want %d: %w", d.Incarnation, len(d.PublicKey), ed25519.PublicKeySize, ErrInvalid)
	}
	if d.State < DeviceActive || d.State > DeviceWiped {
		return fmt.Errorf("device %s: state %d: %w", d.Incarnation, d.State, ErrInvalid)
	}
	if d.Name == "" {
		return nil
	}
	return checkName("device", d.Name, NameCharsMax)
}

func deviceOf(incarnation syncengine.ID, m *storedv1.Device) (Device, error) {
	user, err := idOf(m.GetUserId())
	parent, parentErr := idOf(m.GetParent())
	return Device{
		Incarnation: incarnation,
		UserID:      user,
		PublicKey:   m.GetPublicKey(),
		Name:        m.GetName(),
		State:       DeviceState(m.GetState()),
		EnrolledAt:  syncengine.UnixMilli(m.GetEnrolledAtMs()),
		Parent:      parent,
		LastCommon:  syncengine.DeviceSeq(m.GetLastCommon()),
		WipeOrdered: syncengine.UnixMilli(m.GetWipeOrderedMs()),
		WipeReceipt: m.GetWipeReceipt(),
		Loss:        m.GetLoss(),
	}, errors.Join(err, parentErr)
}
