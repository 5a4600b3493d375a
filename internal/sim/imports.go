package sim

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/model"
	"onedoor/internal/wire"
	"onedoor/server/adminrpc"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A register of doors lies elsewhere and is handed in now and then: beside what phones write at the same doors, again after a
// restore that has lost the time before, and as a complete one that asks about each door that it lacks.

const (
	// inRegister is how many doors the register has before anybody walks: with so many, a complete one may lack one.
	inRegister = 22
	// rowsTouched is how many rows of the register change between two imports at most.
	rowsTouched = 4
)

// outerRegister is the register, and the operator's token with which it is handed in.
type outerRegister struct {
	rows    []model.ImportRow
	token   string
	imports int
	// due is an import that begins when the next call has come and waits for its group; nil for none.
	due func()
}

// keepsRegister reports a weather in which registers are handed in.
func (w *world) keepsRegister() bool { return w.weather.often[Imported] > 0 }

// writeRegister makes the register, which has the doors that the district began with, and hands it in.
func (w *world) writeRegister() error {
	if !w.keepsRegister() {
		return nil
	}
	d := diceFor(w.c.Seed, "outer register", 0)
	w.outer = &outerRegister{}
	err := w.server.service.Update(w.server.ctx, func(tx store.Writer) (err error) {
		w.outer.token, _, err = identity.MintToken(tx, syncengine.ID{}, w.unix(), stream(w.c.Seed, "token", 0))
		return err
	})
	if err != nil {
		return err
	}
	for _, door := range w.standingDoors() {
		w.outer.rows = append(w.outer.rows, rowOf(door))
	}
	for len(w.outer.rows) < inRegister {
		w.outer.rows = append(w.outer.rows, model.ImportRow{Address: fmt.Sprintf("东大街%d号", len(w.outer.rows)), Territory: pick(d, w.places.grids).id})
	}
	for i := range w.outer.rows {
		w.outer.rows[i].Ref = fmt.Sprintf("R%d", i+1)
	}
	if err := w.importDoors(model.Import{Origin: "register.csv", Rows: slices.Clone(w.outer.rows)}); err != nil {
		return fmt.Errorf("hand in the register: %w", err)
	}
	w.nameDoors()
	return nil
}

// standingDoors reads the doors that stand at the server, in the order of their ids.
func (w *world) standingDoors() (out []*recordv1.Premises) {
	w.server.view(func(r store.Reader) error {
		var failed error
		err := r.Records(func(row store.Record) bool {
			if row.Kind != syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
				return true
			}
			var rec *syncengine.Record
			if rec, failed = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); failed != nil {
				return false
			}
			door := &recordv1.Premises{}
			failed = wire.ReadShown(rec, door, nil)
			void := door.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_VOID
			if !rec.Dead() && !void && door.GetAddress() != "" && len(door.GetTerritory()) > 0 {
				out = append(out, door)
			}
			return failed == nil
		})
		return errors.Join(err, failed)
	})
	return out
}

// rowOf writes a door into a file as it stands.
func rowOf(p *recordv1.Premises) model.ImportRow {
	return model.ImportRow{
		Ref: p.GetExternalRef(), Address: p.GetAddress(), Territory: syncengine.ID(p.GetTerritory()), Building: p.GetBuilding(), Door: p.GetDoor(),
	}
}

// handIn has the register change, and the operator hand it in.
func (w *world) handIn(d dice) {
	o := w.outer
	for range 1 + d.IntN(rowsTouched) {
		w.touchRow(d, &o.rows[d.IntN(len(o.rows))])
	}
	if d.oneIn(4) {
		o.rows = append(o.rows, model.ImportRow{
			Ref: fmt.Sprintf("R%d", len(o.rows)+1), Address: fmt.Sprintf("东大街%d号", len(o.rows)), Territory: pick(d, w.places.grids).id,
		})
	}
	o.imports++
	file := model.Import{Origin: fmt.Sprintf("register%d.csv", o.imports), Rows: slices.Clone(o.rows), Complete: d.oneIn(2)}
	if file.Complete {
		w.complete(d, &file)
	}
	o.due = func() {
		w.strike(Imported)
		what := fmt.Sprintf("imports %s, %d rows, complete %v", file.Origin, len(file.Rows), file.Complete)
		w.operate(what, func() error { return w.importDoors(file) })
		w.nameDoors()
	}
	if w.weather.often[Together] == 0 || d.oneIn(2) {
		w.importDue()
	}
}

// importDue begins the import that is due.
func (w *world) importDue() {
	if w.outer == nil || w.outer.due == nil || w.healed {
		return
	}
	due := w.outer.due
	w.outer.due = nil
	due()
}

// touchRow has the register tell something else about a door.
func (w *world) touchRow(d dice, row *model.ImportRow) {
	switch d.IntN(5) {
	case 0, 1:
		row.Rooms = proto.Uint32(uint32(d.IntN(6)))
	case 2:
		row.Grade = *some[recordv1.Grade](d, 4)
	case 3:
		row.Contact = pick(d, []string{"王五", "赵六", "钱七"})
	default:
		row.Territory = pick(d, slices.Concat(w.places.grids, w.places.communities)).id
	}
}

// complete adds the doors that others have told of since, and leaves one door out that is gone.
func (w *world) complete(d dice, file *model.Import) {
	for _, door := range w.standingDoors() {
		if door.GetExternalRef() == "" {
			file.Rows = append(file.Rows, rowOf(door))
		}
	}
	if d.IntN(3) > 0 {
		gone := d.IntN(len(file.Rows))
		file.Rows = slices.Delete(file.Rows, gone, gone+1)
	}
}

// errProblems says that a file was not taken, for what stands in it or in the realm.
var errProblems = errors.New("the file has problems")

// importDoors hands a file in, while groups of calls may be answered between its reading and its writing.
func (w *world) importDoors(file model.Import) error {
	s := w.server
	return s.act(model.Act{Import: &file}, func() error {
		admin := adminrpc.New(s.service, adminrpc.Options{Now: func() time.Time { return time.UnixMilli(int64(w.now)) }, Random: s.random})
		s.store.meanwhile = s.answerBehind(readsOfImport)
		defer func() { s.store.meanwhile = nil }()
		ctx := metadata.NewIncomingContext(s.ctx, metadata.Pairs("authorization", "Bearer "+w.outer.token))
		u := &upload{ctx: ctx, file: bytes.NewReader(w.csvOf(&file)), first: &adminv1.ImportPremisesOptions{
			Options: &adminv1.ImportOptions{FileName: file.Origin}, Register: file.Complete,
		}}
		err := admin.ImportPremises(u)
		switch {
		case err == nil && u.out.GetProblems() != nil:
			return errProblems
		case status.Code(err) == codes.InvalidArgument:
			return fmt.Errorf("%w: %s", errProblems, status.Convert(err).Message())
		case err != nil:
			return errors.New(status.Code(err).String()) // What stands beside it is drawn for people to ask by.
		}
		return nil
	})
}

// readsOfImport is how often an import reads the store until it has made its plan: who calls, the territories, the doors.
const readsOfImport = 3

// answerBehind answers the calls that wait once the store was read so often.
func (s *server) answerBehind(reads int) func() {
	return func() {
		if reads--; reads == 0 {
			s.commit()
		}
	}
}

// csvOf writes a file as an office has it.
func (w *world) csvOf(file *model.Import) []byte {
	var out bytes.Buffer
	table := csv.NewWriter(&out)
	w.must(table.Write(strings.Split("external_ref,address,territory,building,door,rooms,grade,contact_name", ",")), "write a file")
	for _, row := range file.Rows {
		in, _ := w.places.placeOf(row.Territory)
		rooms, grade := "", ""
		if row.Rooms != nil {
			rooms = strconv.FormatUint(uint64(*row.Rooms), 10)
		}
		if row.Grade != 0 {
			grade = strings.TrimPrefix(row.Grade.String(), "GRADE_")
		}
		w.must(table.Write([]string{row.Ref, row.Address, in.code, row.Building, row.Door, rooms, grade, row.Contact}), "write a row")
	}
	table.Flush()
	return out.Bytes()
}

// nameDoors names the doors that imports have made.
func (w *world) nameDoors() {
	if w.server.down {
		return
	}
	w.server.view(func(r store.Reader) error {
		return r.Records(func(row store.Record) bool {
			if row.Kind == syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) {
				w.known.made("premises", row.ID)
			}
			return true
		})
	})
}

// upload stands in for the stream of a call that takes a file.
type upload struct {
	grpc.ServerStream
	ctx   context.Context
	first *adminv1.ImportPremisesOptions
	file  io.Reader
	out   *adminv1.ImportPremisesResponse
}

// Context is that of the call.
func (u *upload) Context() context.Context { return u.ctx }

// Recv gives the options first, then the file in parts.
func (u *upload) Recv() (*adminv1.ImportPremisesRequest, error) {
	if o := u.first; o != nil {
		u.first = nil
		return &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Options{Options: o}}, nil
	}
	part := make([]byte, adminrpc.ImportChunkBytesMax)
	n, err := u.file.Read(part)
	if n > 0 {
		return &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: part[:n]}}, nil
	}
	return nil, err
}

// SendAndClose takes the answer.
func (u *upload) SendAndClose(m *adminv1.ImportPremisesResponse) error {
	u.out = m
	return nil
}
