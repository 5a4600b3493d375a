// Package retention destroys what the realm may no longer keep: by class of field, with the periods of a versioned setting,
// except for records under a legal hold. It decides what is due from the records alone, at a time that is handed in, and has
// exchange erase it, so that an expiry is an erasure like any other: a barrier that phones apply too. Figures do not change:
// what is counted is spared by the classes.
//
// It never reads a clock or a value, and merges nothing. A run may be cut off anywhere: what was erased is not due any more,
// and what was not is due again.
//
// Read settings.go first, then due.go, which says when a field's time has ended, and run.go.
package retention

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The periods that hold until others are set, in days. Article 19 of the Personal Information Protection Law asks for the
// shortest that the purpose needs.
const (
	VisitNoteDays   = 2 * 365
	ContactDays     = 365
	CaseContactDays = 183
	CaseFileDays    = 3 * 365
	LedgerDays      = 3 * 365
	BackupDays      = 90
)

// DaysMax bounds a period: a file of a lifetime; more is a slip of the pen.
const DaysMax = 36_500

const dayMs = 24 * 60 * 60 * 1000

const (
	bucketSettings = "retention.settings"
	bucketRun      = "retention.run"
)

// Settings are how long what is kept.
type Settings struct {
	// Version numbers the settings; 0 while none were ever set.
	Version uint64
	// Days are the periods by class; every class has one.
	VisitNote, Contact, CaseContact, CaseFile, Ledger, Backup uint32
	At                                                        syncengine.UnixMilli
	By                                                        syncengine.ID
}

// Load gives the settings in force.
func Load(r store.Reader) (Settings, error) {
	d, ok, err := r.LastDocument(bucketSettings, versionKey(1<<63))
	if err != nil || !ok {
		return Settings{}.filled(), err
	}
	m := &storedv1.RetentionSettings{}
	if err := proto.Unmarshal(d.Value, m); err != nil {
		return Settings{}, fmt.Errorf("retention settings: %w: %w", store.ErrDamaged, err)
	}
	s := Settings{
		Version: binary.BigEndian.Uint64(d.Key), VisitNote: m.GetVisitNoteDays(), Contact: m.GetContactDays(),
		CaseContact: m.GetCaseContactDays(), CaseFile: m.GetCaseFileDays(), Ledger: m.GetLedgerDays(), Backup: m.GetBackupDays(),
		At: syncengine.UnixMilli(m.GetAtMs()),
	}
	s.By, _ = syncengine.IDFromBytes(m.GetBy())
	return s.filled(), nil
}

// filled has the default where nothing was set.
func (s Settings) filled() Settings {
	for _, p := range s.periods() {
		if *p.days == 0 {
			*p.days = p.usual
		}
	}
	return s
}

type period struct {
	days  *uint32
	usual uint32
}

func (s *Settings) periods() []period {
	return []period{
		{&s.VisitNote, VisitNoteDays}, {&s.Contact, ContactDays}, {&s.CaseContact, CaseContactDays},
		{&s.CaseFile, CaseFileDays}, {&s.Ledger, LedgerDays}, {&s.Backup, BackupDays},
	}
}

// Put writes the next version; a period of 0 is the default. Earlier versions stay.
func Put(w store.Writer, s Settings) (Settings, error) {
	for _, p := range s.periods() {
		if *p.days > DaysMax {
			return s, fmt.Errorf("%w: %d days, %d are allowed", exchange.ErrBadRequest, *p.days, DaysMax)
		}
	}
	last, err := Load(w)
	if err != nil {
		return s, err
	}
	s = s.filled()
	s.Version = last.Version + 1
	m := &storedv1.RetentionSettings{
		VisitNoteDays: s.VisitNote, ContactDays: s.Contact, CaseContactDays: s.CaseContact, CaseFileDays: s.CaseFile,
		LedgerDays: s.Ledger, BackupDays: s.Backup, AtMs: int64(s.At),
	}
	if !s.By.IsZero() {
		m.By = s.By[:]
	}
	return s, put(w, bucketSettings, versionKey(s.Version), m)
}

func versionKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func put(w store.Writer, bucket string, key []byte, m proto.Message) error {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err
	}
	return w.PutDocument(bucket, key, b)
}
