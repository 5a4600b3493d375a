package adminrpc

import (
	"bytes"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/importer"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ImportPremises reads a file of doors.
func (s *Service) ImportPremises(stream grpc.ClientStreamingServer[adminv1.ImportPremisesRequest, adminv1.ImportPremisesResponse]) error {
	return upload(s, stream, (*adminv1.ImportPremisesRequest).GetChunk,
		func(c *caller, first *adminv1.ImportPremisesRequest, file []byte) (*adminv1.ImportPremisesResponse, error) {
			return s.importPremises(c, first.GetOptions(), file)
		})
}

func (s *Service) importPremises(c *caller, o *adminv1.ImportPremisesOptions, file []byte) (*adminv1.ImportPremisesResponse, error) {
	options, err := s.importerOptions(c.ctx, o.GetOptions(), o.GetMapYaml())
	if err != nil {
		return nil, err
	}
	options.ShortNames = premisesNames()
	rows, err := importer.ReadPremises(bytes.NewReader(file), options)
	if problems, err := problemsOf(err); problems != nil || err != nil {
		return &adminv1.ImportPremisesResponse{Problems: problems}, err
	}
	out := &adminv1.ImportPremisesResponse{}
	err = s.alone(func() error {
		p, err := s.takePremises(c, premisesFile{service: s, rows: rows, origin: options.File, register: o.GetRegister()}, o.GetOptions().GetDryRun())
		if err != nil {
			out.Problems, err = problemsOf(err)
			return err
		}
		out = &p.out
		return nil
	})
	return out, err
}

// eachRecord decodes the doors and tasks of the realm.
func (s *Service) eachRecord(r store.Reader, f func(*syncengine.Record) error) error {
	var failed error
	err := r.Records(func(row store.Record) bool {
		if row.Kind != kindPremises && row.Kind != kindTask {
			return true
		}
		var rec *syncengine.Record
		if rec, failed = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); failed == nil {
			failed = f(rec)
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// premisesFile is a file of doors as it was read.
type premisesFile struct {
	service  *Service
	rows     []importer.Premises
	origin   string
	register bool
}

// premisesImport is the state of one import of doors.
type premisesImport struct {
	premisesFile
	// seen is the state that it is planned from.
	seen    exchange.Seen
	near    *neighbourhood
	changes []exchange.ServerChange
	moved   []identity.Door
	out     adminv1.ImportPremisesResponse
}

// plan finds what each row means and the changes that follow.
func (p *premisesImport) plan(r store.Reader) (err error) {
	if p.seen, err = exchange.SeenIn(r); err != nil {
		return err
	}
	refs := map[string]bool{}
	for _, row := range p.rows {
		if row.ExternalRef != "" {
			refs[row.ExternalRef] = true
		}
	}
	if p.near, err = p.service.neighbourhood(r, refs); err != nil {
		return err
	}
	standing := make([]importer.Standing, len(p.near.doors))
	for i, d := range p.near.doors {
		standing[i] = d.standing(p.near.tree)
	}
	match := importer.Match
	if p.register {
		match = importer.Register
	}
	matching, err := match(p.origin, standing, p.rows)
	if err != nil {
		return err
	}
	p.out.Rows = uint32(len(p.rows))
	for i, row := range p.rows {
		if same := matching.Same[i]; same >= 0 {
			p.update(p.near.doors[same], row)
		} else {
			p.create(row)
		}
	}
	if p.register {
		p.propose(matching.Missing)
	}
	return nil
}

func (p *premisesImport) create(row importer.Premises) {
	m := rowDoor(p.near.tree, row)
	m.Status = recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum()
	m.Origin = &p.origin
	p.changes = append(p.changes, exchange.ServerChange{RecordID: p.service.realm.NewID(), Kind: kindPremises, Create: true, Fields: m})
	p.out.Added++
}

// update takes from a row what the door lacks and what an earlier import or the
// server wrote otherwise. What somebody wrote on a phone stands, and so does a
// finer territory than the file knows.
func (p *premisesImport) update(d door, row importer.Premises) {
	if !d.active() {
		p.out.Unchanged++
		p.out.KeptValues++
		return
	}
	want := rowDoor(p.near.tree, row)
	territory, _ := syncengine.IDFromBytes(want.GetTerritory())
	if p.near.tree.Covers(territory, d.territory()) {
		want.Territory = nil
	}
	change := wire.Lacking(want.ProtoReflect(), d.ProtoReflect())
	p.keep(d, change)
	patch := change.Interface()
	if proto.Size(patch) == 0 {
		p.out.Unchanged++
		return
	}
	if m, ok := patch.(*recordv1.Premises); ok && len(m.GetTerritory()) > 0 {
		p.moved = append(p.moved, identity.Door{ID: d.id, Territory: territory})
	}
	p.changes = append(p.changes, exchange.ServerChange{RecordID: d.id, Kind: kindPremises, Fields: patch})
	p.out.Changed++
}

// keep takes out of a patch what a person wrote on a phone. A finer territory
// inside the one that stands is no contradiction.
func (p *premisesImport) keep(d door, patch protoreflect.Message) {
	patch.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !slices.Contains(d.byPhone, syncengine.FieldNumber(f.Number())) {
			return true
		}
		if f.Name() == "territory" {
			if id, ok := syncengine.IDFromBytes(v.Bytes()); ok && p.near.tree.Covers(d.territory(), id) {
				return true
			}
		}
		patch.Clear(f)
		p.out.KeptValues++
		return true
	})
}
