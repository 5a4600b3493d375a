package client

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/outbox"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/syncengine"
)

// Names of the values this package keeps in the database.
const (
	metaSelf     = localdb.MetaKey("self")
	metaPosition = localdb.MetaKey("position")
	metaGrants   = localdb.MetaKey("grants")
	metaView     = localdb.MetaKey("view")
	// metaEnrolment is the realm's signed word that this phone belongs to its user.
	metaEnrolment = localdb.MetaKey("enrolment")
	// metaForks is where epochs branched off, as far as the realm told this phone.
	metaForks = localdb.MetaKey("forks")
)

// self is who this phone is. It is written at enrolment and at a fork.
type self struct {
	// Server is the address given at enrolment.
	Server string
	// Realm is the district's code; 0 until the server has answered.
	Realm       uint32
	Incarnation syncengine.ID
	User        syncengine.ID
	UserName    string
	// Seed is the device's private key; it never leaves the encrypted database.
	Seed []byte
	// ReceiptKey verifies the realm's receipts.
	ReceiptKey []byte
	// private is the key that Seed gives, once it was asked for.
	private ed25519.PrivateKey
}

// key gives the device's key. Whoever calls holds the state.
func (s *self) key() ed25519.PrivateKey {
	if s.private == nil {
		s.private = ed25519.NewKeyFromSeed(s.Seed)
	}
	return s.private
}

// position is where this phone stands between its own sequence and the realm's log.
type position struct {
	// Cursor and Nonce are the last reply's, unread.
	Cursor, Nonce []byte
	// Stood is the cursor that was let go last, StoodAs the name it was given to; none once there is another one.
	Stood   []byte        `json:",omitempty"`
	StoodAs syncengine.ID `json:",omitzero"`
	// Checkpoint is what base reflects, Tag the mark of the commit there.
	Checkpoint syncengine.Coordinate
	Tag        []byte
	// Epoch is the history of the log that the last answer was of; 0 before the first one.
	Epoch syncengine.Epoch
	// Mark is the last acknowledged change, Settled the last one that base holds or
	// that is quarantined: between them stand acknowledged changes above the checkpoint.
	Mark, Settled syncengine.DeviceSeq
	// Rewinding is set while base reflects own changes that the server does not have,
	// as after a restore; Rewound is the last one that it was found to have. Renewed
	// is set while base is of an older epoch. All end when base moves.
	Rewinding, Renewed bool
	// Proving is set until the server was told at which places of earlier epochs base has stood.
	Proving bool
	Rewound syncengine.DeviceSeq
	// Supplied is the last change that was ever acknowledged before a restore; above it none has been.
	Supplied syncengine.DeviceSeq
	// Shared is the last change that was made under another name, before a fork.
	Shared syncengine.DeviceSeq
	// Cleared is the last change dropped from the journal, ClearedChain the chain after it.
	Cleared      syncengine.DeviceSeq
	ClearedChain syncengine.Chain
	// GrantSwitch is the last change made under the grant version before this one.
	GrantSwitch syncengine.DeviceSeq
	// Switches are where the phone switched to other grants, as far back as the journal goes.
	Switches []grantSwitch
	// Pulling is set while staging holds a part of a pull; NewView, while it began
	// with other keys; NewPlaces, while it holds territories.
	Pulling, NewView, NewPlaces bool
	// Gone lists the records with own changes that left the phone's area in the pull under way.
	Gone []syncengine.ID
	// Barred is set once the phone was told of an erasure: with a page, or with outcomes alone. BarrierAt is how far the
	// erasures that the realm told of with pages are applied. Handing is set while those that the phone
	// carries are handed back, after the epoch changed; Handed is the number of the last one.
	Barred    bool `json:",omitzero"`
	BarrierAt syncengine.Coordinate
	Handing   bool
	Handed    int64
	// BackedUp is the newest verified backup the server told of, BackedUpBefore the one before it.
	BackedUp, BackedUpBefore syncengine.Coordinate
	// LastSync is when the phone last caught up, by its own clock; SyncedAt the same by
	// the server's, or when it was enrolled, if it never did.
	LastSync, SyncedAt syncengine.UnixMilli
	// ClockOffset is what the server's clock was ahead of the phone's, ClockMost the
	// greatest time seen since the last exchange, by the server's clock.
	ClockOffset, ClockMost syncengine.UnixMilli
	// Destroyed is set while the phone holds nothing but what was written on it, sealed.
	Destroyed bool
	// Destructions counts how often that happened: an answer to what was asked before is not for the base of after it.
	Destructions uint32
	// WipeOrdered is when the phone was ordered to destroy what it holds; 0 for never. Wiped is what it then says.
	WipeOrdered syncengine.UnixMilli
	Wiped       *wiped
	// SealedTo is the last change that is sealed; 0 for none.
	SealedTo syncengine.DeviceSeq
	// DigestsAt is when digests were last compared.
	DigestsAt syncengine.UnixMilli
	// BytesUp and BytesDown count all that was ever sent and received.
	BytesUp, BytesDown int64
	// TakesAhead tells that the server which answered changes last takes them before their exchange.
	TakesAhead bool
	// VersionSent is the version of the app that the server was told last.
	VersionSent string
	// Enrolment is set while the phone has the realm's signed word that it is its user's.
	Enrolment bool
	// Refilled counts how often the phone asked to be filled anew, since it could not tell where own records stand.
	Refilled int
	// Prepared counts records that Prepare brought and no report has told yet.
	Prepared int
	// Revoked is set when the server gives this device nothing any more.
	Revoked bool
}

// state is what a replica knows without asking the database. A transaction works
// on a copy and the copy replaces it after the commit.
type state struct {
	self   self
	pos    position
	grants *syncv1.Grants
	view   *syncv1.View
	rights rights
	// author is the phone's own number in the dictionary of authors.
	author pagerecord.AuthorNumber
	// end is the end of the phone's own sequence.
	end outbox.End
	// showing has a request show the enrolment: the server did not know the phone.
	showing bool
}

func (s *state) enrolled() bool { return s.self.Realm != 0 }

// loadState reads the state from the database.
func loadState(tx *localdb.Tx) (s state, err error) {
	if err := getJSON(tx, metaSelf, &s.self); err != nil {
		return s, err
	}
	if err := getJSON(tx, metaPosition, &s.pos); err != nil {
		return s, err
	}
	if s.pos.Epoch == 0 {
		s.pos.Epoch = s.pos.Checkpoint.Epoch
	}
	s.grants, s.view = &syncv1.Grants{}, &syncv1.View{}
	if err := getProto(tx, metaGrants, s.grants); err != nil {
		return s, err
	}
	if err := getProto(tx, metaView, s.view); err != nil {
		return s, err
	}
	s.end = outbox.End{Seq: s.pos.Cleared, Chain: s.pos.ClearedChain}
	last, ok, err := tx.LastChange()
	if err != nil {
		return s, err
	}
	if ok {
		s.end = outbox.End{Seq: last.DeviceSeq, Chain: last.Chain}
	}
	return s, nil
}

// savePosition writes the position as it is now.
func (s *state) savePosition(tx *localdb.Tx) error { return setJSON(tx, metaPosition, &s.pos) }

func getJSON(tx *localdb.Tx, key localdb.MetaKey, v any) error {
	b, err := tx.Meta(key)
	if err != nil || b == nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: value %s: %w", ErrDamaged, key, err)
	}
	return nil
}

func setJSON(tx *localdb.Tx, key localdb.MetaKey, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.SetMeta(key, b)
}

func getProto(tx *localdb.Tx, key localdb.MetaKey, m proto.Message) error {
	b, err := tx.Meta(key)
	if err != nil || b == nil {
		return err
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fmt.Errorf("%w: value %s: %w", ErrDamaged, key, err)
	}
	return nil
}

func setProto(tx *localdb.Tx, key localdb.MetaKey, m proto.Message) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return tx.SetMeta(key, b)
}
