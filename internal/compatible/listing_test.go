package compatible_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A listing says in text what a set holds, in terms that no later software
// changes: fields as JSON, numbers of entries, names of states. A line that is
// new to a listing would break every old set, so what is added to the story is
// listed by functions of its own.

// jsonOf writes a message as JSON of one line.
func jsonOf(t *testing.T, m proto.Message) string {
	t.Helper()
	spaced, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	// protojson varies its white space on purpose.
	if err := json.Compact(&out, spaced); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// listing lists what a realm holds.
func (r *realm) listing() string {
	r.t.Helper()
	var b strings.Builder
	r.must(r.service.View(r.t.Context(), func(tx store.Reader) error {
		fmt.Fprintf(&b, "realm %d %s, epoch %d, seq %d\n", r.service.Realm().Code, r.service.Realm().Name, tx.Head().Epoch, tx.Head().Seq)
		for _, list := range []func(*strings.Builder, store.Reader) error{r.listEpochs, r.listUsers, r.listLog, r.listRecords, r.listQuarantine} {
			if err := list(&b, tx); err != nil {
				return err
			}
		}
		return nil
	}))
	return b.String()
}

func (r *realm) listEpochs(b *strings.Builder, tx store.Reader) error {
	begun, err := exchange.Epochs(tx)
	for _, e := range begun {
		fmt.Fprintf(b, "epoch %d began at seq %d of epoch %d, time %d\n", e.Epoch, e.At, e.Parent, e.Time)
	}
	return err
}

func (r *realm) listUsers(b *strings.Builder, tx store.Reader) error {
	users, err := identity.Users(tx)
	if err != nil {
		return err
	}
	for _, u := range users {
		fmt.Fprintf(b, "user %s %s role %d territory %s state %d\n", u.ID, u.Name, u.Role, u.TerritoryID, u.State)
	}
	return nil
}

func (r *realm) listLog(b *strings.Builder, tx store.Reader) error {
	return tx.Entries(0, func(e store.Entry) bool {
		fmt.Fprintf(b, "entry %d type %d of %s/%d record %s kind %d prev %d ref %d stamp %d suspect %v reason %d rank %d, %d bytes\n",
			e.Seq, e.Type, e.Incarnation, e.DeviceSeq, e.RecordID, e.Kind, e.Prev, e.Ref, e.Stamp, e.Suspect, e.Reason, e.Rank, len(e.Body))
		return true
	})
}

func (r *realm) listRecords(b *strings.Builder, tx store.Reader) error {
	world, err := r.service.World(tx)
	if err != nil {
		return err
	}
	var ids []syncengine.ID
	if err := tx.Records(func(rec store.Record) bool { ids = append(ids, rec.ID); return true }); err != nil {
		return err
	}
	for _, id := range ids {
		rec, err := r.service.Record(tx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "record %s %s seq %d dead %v %s\n", id, kindName(rec.Kind), rec.Seq, rec.Dead(), r.shown(rec))
		for i := range rec.Cells {
			listCell(b, world, rec, &rec.Cells[i])
		}
	}
	return nil
}

func kindName(n syncengine.KindNumber) string {
	kind, ok := schema.Load().Kind(n)
	if !ok {
		return fmt.Sprint("kind ", n)
	}
	return kind.Name
}

// shown gives the fields that a record shows.
func (r *realm) shown(rec *syncengine.Record) string {
	kind, ok := schema.Load().Kind(rec.Kind)
	if !ok {
		return "unknown"
	}
	m := kind.Type.New().Interface()
	var fields []byte
	for i := range rec.Cells {
		if c := &rec.Cells[i]; c.Key.Field != syncengine.LifeField {
			fields = append(fields, c.Shown().Data...)
		}
	}
	r.must(proto.Unmarshal(fields, m))
	return jsonOf(r.t, m)
}

// listCell lists a cell that says more than one value.
func listCell(b *strings.Builder, world syncengine.World, rec *syncengine.Record, c *syncengine.Cell) {
	conflict := world.ConflictAt(schema.Load().Engine.Kinds[rec.Kind], rec, c)
	if len(c.Values) == 1 && len(c.Kept) == 0 && conflict == syncengine.NoConflict {
		return
	}
	fmt.Fprintf(b, "  cell %d %x conflict %d\n", c.Key.Field, c.Key.Key, conflict)
	for _, v := range c.Values {
		fmt.Fprintf(b, "    value %x cleared %v %s\n", v.Data, v.Cleared, writeText(v.Write))
	}
	for _, k := range c.Kept {
		fmt.Fprintf(b, "    kept %x cleared %v %s, covered at %s\n", k.Value.Data, k.Value.Cleared, writeText(k.Value.Write), k.At)
	}
}

func writeText(w *syncengine.Write) string {
	return fmt.Sprintf("by %s/%d bases %v at %v stamp %d suspect %v rank %d", w.Dot.Incarnation, w.Dot.Seq, w.Bases, w.Coordinates, w.Stamp, w.Suspect, w.Rank)
}

func (r *realm) listQuarantine(b *strings.Builder, tx store.Reader) error {
	return r.service.ListQuarantine(tx, 0, func(q exchange.Quarantined) bool {
		fmt.Fprintf(b, "waits at %d: a %s, reason %d\n", q.Seq, kindName(q.Kind), q.Reason)
		return true
	})
}

// listing lists what a phone shows and keeps.
func (p *phone) listing() string {
	p.t.Helper()
	var b strings.Builder
	s, err := p.Status()
	p.must(err)
	fmt.Fprintf(&b, "phone of %s: pending %d quarantined %d conflicts %d checkpoint %d/%d records %d drafts %d revoked %v\ndigest %s\n",
		p.Self().UserName, s.Pending, s.Quarantined, s.Conflicts, s.Epoch, s.Seq, s.Records, s.Drafts, s.Revoked, s.Digest)
	p.listRecords(&b)
	p.listConflicts(&b)
	p.listKept(&b)
	return b.String()
}

func (p *phone) listRecords(b *strings.Builder) {
	p.t.Helper()
	for _, kind := range schema.Load().Kinds {
		records, err := p.List(client.Query{Kind: kind.Name, Deleted: true})
		p.must(err)
		slices.SortFunc(records, func(a, b *client.Record) int { return strings.Compare(a.ID.String(), b.ID.String()) })
		for _, rec := range records {
			m, err := rec.Message()
			p.must(err)
			fmt.Fprintf(b, "shows %s %s %s deleted %v conflicts %d %s\n", rec.Kind, rec.ID, rec.State, rec.Deleted, rec.Conflicts, jsonOf(p.t, m))
		}
	}
}

func (p *phone) listConflicts(b *strings.Builder) {
	p.t.Helper()
	open, err := p.Conflicts()
	p.must(err)
	for _, c := range open {
		// A set is never written anew, so its listing keeps the form of an id that it was written with.
		fmt.Fprintf(b, "conflict %s with %d other values\n", strings.ReplaceAll(c.ID, "-", ""), len(c.Others))
	}
	waiting, err := p.Quarantined()
	p.must(err)
	for _, q := range waiting {
		fmt.Fprintf(b, "set aside: change %d to a %s, %s, %s %s\n", q.DeviceSeq, q.Kind, q.Reason, q.State, q.Note)
	}
}

func (p *phone) listKept(b *strings.Builder) {
	p.t.Helper()
	written, err := p.Written(1)
	p.must(err)
	for _, w := range written {
		fmt.Fprintf(b, "wrote %d group %d %s %s create %v %s %s seq %d, %d bytes, salt %d\n",
			w.DeviceSeq, w.Group, w.Kind, w.RecordID, w.Create, w.State, w.Reason, w.Seq, len(w.Body), len(w.Salt))
	}
	receipts, err := p.Receipts()
	p.must(err)
	for _, r := range receipts {
		fmt.Fprintf(b, "receipt of %d at %d/%d chain %x\n", r.DeviceSeq, r.Epoch, r.Seq, r.Chain)
	}
	drafts, err := p.Drafts()
	p.must(err)
	for _, d := range drafts {
		fmt.Fprintf(b, "draft of a %s: %s\n", d.Kind, d.Text)
	}
}
