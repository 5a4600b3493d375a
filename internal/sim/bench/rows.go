package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Row is one record as bytes: what the log keeps of the change that made it, what
// the server's record keeps, and what the phone keeps.
type Row struct {
	ID                   [16]byte
	Log, Record, OnPhone []byte
}

// stored is what W1 left on the server.
type stored struct {
	// visits are the rows that were uploaded, pulled all that a fresh phone fetched:
	// the visits, their doors, and the territories and colleagues.
	visits, pulled []Row
	// messages are the plain record messages of the visits, for the floor.
	messages []byte
}

// storedRows reads it.
func storedRows(ctx context.Context, dir string) (out stored, err error) {
	st, err := server.OpenReader(ctx, server.Config{Dir: dir})
	if err != nil {
		return out, err
	}
	defer st.Close()
	seen := map[syncengine.ID]bool{}
	err = st.View(ctx, func(r store.Reader) error {
		var failed error
		err := r.Entries(0, func(e store.Entry) bool {
			if !seen[e.RecordID] {
				seen[e.RecordID] = true
				failed = out.add(r, &e)
			}
			return failed == nil
		})
		return errors.Join(err, failed)
	})
	if err == nil && len(out.visits) == 0 {
		err = fmt.Errorf("the server holds no visit")
	}
	return out, err
}

// add reads the row of the record that an entry made.
func (s *stored) add(r store.Reader, e *store.Entry) error {
	kind, known := schema.Load().Kind(e.Kind)
	if !known {
		return fmt.Errorf("the log has a record of kind %d", e.Kind)
	}
	row, _, err := r.Record(e.RecordID)
	if err != nil {
		return err
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return err
	}
	phone, fields, err := onPhone(kind, rec)
	if err != nil {
		return err
	}
	made := Row{ID: e.RecordID, Log: slices.Concat(e.Body, e.Salt), Record: slices.Clone(row.Body), OnPhone: phone}
	s.pulled = append(s.pulled, made)
	if kind.Number == syncengine.KindNumber(recordv1.Kind_KIND_VISIT) {
		s.visits = append(s.visits, made)
		s.messages = append(append(s.messages, fields...), e.RecordID[:]...)
	}
	return nil
}

// onPhone gives a record as a phone keeps it: what a page says of it, without what
// stands beside it in the row.
func onPhone(kind *schema.Kind, rec *syncengine.Record) (kept, fields []byte, err error) {
	b := wire.NewPageBuilder(syncengine.World{}, func(syncengine.ID) syncengine.ID { return syncengine.ID{} })
	b.Add(kind, rec, rec.CurrentKeys(), schema.Classes(1<<syncengine.ClassMax-1))
	m := b.Page().GetRecords()[0]
	m.Id, m.Kind, m.Seq, m.Keys = nil, 0, 0, nil
	for _, cell := range m.GetCells() {
		cell.ConflictId = nil
	}
	kept, err = proto.Marshal(m)
	return kept, m.GetFields(), err
}
