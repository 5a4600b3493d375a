package sim

import (
	"fmt"

	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// eraseIn are the kinds of records of which something is erased, with the fields that residents ask for.
var eraseIn = []struct {
	kind   string
	fields []syncengine.FieldNumber
}{
	{"visit", []syncengine.FieldNumber{5}}, {"premises", []syncengine.FieldNumber{8, 1}}, {"hazard", []syncengine.FieldNumber{7}},
	{"dispute", []syncengine.FieldNumber{5, 15}},
}

// erase has the privacy desk destroy cells of a record, and look whether they are gone.
func (w *world) erase(d dice) {
	in := eraseIn[d.IntN(len(eraseIn))]
	ids := w.known.byKind[in.kind]
	if len(ids) == 0 {
		return
	}
	id := pick(d, ids)
	cells := []syncengine.Cells{{Field: pick(d, in.fields)}}
	if d.IntN(4) == 0 {
		cells = []syncengine.Cells{syncengine.EveryCell}
	}
	w.strike(Erased)
	w.operate(fmt.Sprintf("erases field %d of %s", cells[0].Field, w.known.of(id)), func() error {
		err := w.server.act(model.Act{Erase: []syncengine.ID{id}}, func() error {
			_, err := w.server.service.Erase(w.server.ctx, syncengine.ID{}, "", []exchange.Erasing{{RecordID: id, Cells: cells}})
			return err
		})
		if err != nil || w.server.down {
			return err
		}
		if err := w.server.service.Scrub(w.server.ctx); err != nil {
			return err
		}
		w.searchServerErased()
		return nil
	})
}

// searchServerErased has the auditor look for what was erased in all that the server's disk holds.
func (w *world) searchServerErased() {
	if !w.server.down {
		w.note(w.model.CheckErased(0, w.server.bytes()))
	}
}

// bytes gives all that the server keeps of records: the files' own bytes, where it has files.
func (s *server) bytes() (out []byte) {
	if s.disk != nil {
		for _, name := range []string{dataFile, dataFile + "-wal"} {
			if there, _ := s.disk.Exists(name); there {
				content, err := s.disk.Read(name)
				s.w.must(err, "read the server's files")
				out = append(out, content...)
			}
		}
		return out
	}
	s.view(func(r store.Reader) error {
		if err := r.Records(func(rec store.Record) bool { out = append(out, rec.Body...); return true }); err != nil {
			return err
		}
		return r.Entries(0, func(e store.Entry) bool {
			out = append(append(append(out, e.Salt...), e.Body...), e.Extra...)
			return true
		})
	})
	return out
}

// searchErased has the auditor look for what was erased in a phone's files at rest. Who is trusted no more is told of nothing.
func (w *world) searchErased(p *phone) {
	if plain, ok := w.plain(p); ok {
		w.note(w.model.CheckErased(p.id, plain))
	}
}
