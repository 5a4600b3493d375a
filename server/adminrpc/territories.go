package adminrpc

import (
	"bytes"
	"context"
	"fmt"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/territoryfile"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/directory"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ListTerritories gives the tree or a part of it.
func (s *Service) ListTerritories(ctx context.Context, req *adminv1.ListTerritoriesRequest) (*adminv1.ListTerritoriesResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListTerritoriesResponse, error) {
		out := &adminv1.ListTerritoriesResponse{}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			tree, err := s.realm.Tree(r)
			if err != nil {
				return err
			}
			root, ok := tree.ByCode(req.GetCode())
			if req.GetCode() != "" && !ok {
				return fmt.Errorf("code %q: %w", req.GetCode(), identity.ErrTerritoryUnknown)
			}
			tree.All(func(t identity.Territory) bool {
				if req.GetCode() == "" || tree.Covers(root.ID, t.ID) {
					out.Territories = append(out.Territories, wireTerritory(t))
				}
				return true
			})
			return nil
		})
		return out, err
	})
}

func wireTerritory(t identity.Territory) *adminv1.Territory {
	level, _ := domain.ParseLevel(t.Level)
	return &adminv1.Territory{
		Id: t.ID[:], ParentId: wire.BytesOf(t.Parent), Code: t.Code, Name: t.Name,
		Level:       recordv1.TerritoryLevel(level),
		ValidFromMs: int64(t.ValidFrom), ValidUntilMs: int64(t.ValidUntil),
	}
}

// ImportTerritories reads a territory file.
func (s *Service) ImportTerritories(stream grpc.ClientStreamingServer[adminv1.ImportTerritoriesRequest, adminv1.ImportTerritoriesResponse]) error {
	return upload(s, stream, (*adminv1.ImportTerritoriesRequest).GetChunk,
		func(c *caller, first *adminv1.ImportTerritoriesRequest, file []byte) (*adminv1.ImportTerritoriesResponse, error) {
			return s.importTerritories(c, first.GetOptions(), file)
		})
}

func (s *Service) importTerritories(c *caller, o *adminv1.ImportOptions, file []byte) (*adminv1.ImportTerritoriesResponse, error) {
	if err := checkOptions(o); err != nil {
		return nil, err
	}
	var known []territoryfile.Area
	err := s.realm.View(c.ctx, func(r store.Reader) (err error) {
		known, err = knownAreas(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	areas, err := territoryfile.Read(bytes.NewReader(file), territoryfile.Options{File: baseName(o), Known: known})
	if problems, err := problemsOf(err); problems != nil || err != nil {
		return &adminv1.ImportTerritoriesResponse{Problems: problems}, err
	}
	kept, skipped := territoryfile.Within(areas, s.realmCode())
	var planted Planted
	err = s.alone(func() (err error) {
		planted, err = s.PlantTerritories(c.ctx, c.UserID, kept, o.GetDryRun())
		return err
	})
	return &adminv1.ImportTerritoriesResponse{
		Added: uint32(planted.Added), Changed: uint32(planted.Changed), Unchanged: uint32(planted.Unchanged), Skipped: uint32(skipped),
	}, err
}

// realmCode is the code of the realm's county.
func (s *Service) realmCode() domain.Code {
	return domain.Code(fmt.Sprintf("%06d", s.realm.Realm().Code))
}

// knownAreas gives the territories that stand in the form of a file's rows.
func knownAreas(r store.Reader) ([]territoryfile.Area, error) {
	all, err := identity.Territories(r)
	out := make([]territoryfile.Area, len(all))
	for i, t := range all {
		level, _ := domain.ParseLevel(t.Level)
		out[i] = territoryfile.Area{Code: domain.Code(t.Code), Parent: domain.Code(t.Code).Parent(), Level: level, Name: t.Name}
	}
	return out, err
}

// Planted counts what came of a list of territories.
type Planted struct {
	Added, Changed, Unchanged int
}

// PlantTerritories makes territories of areas that form a tree with what stands,
// parents before children, and the records by which phones know them. A territory
// that stands keeps its id and takes the name given. A dry run changes nothing.
func (s *Service) PlantTerritories(ctx context.Context, by syncengine.ID, areas []territoryfile.Area, dryRun bool) (Planted, error) {
	if dryRun {
		p := &planting{service: s, dry: true, ids: map[domain.Code]syncengine.ID{}}
		err := s.realm.View(ctx, func(r store.Reader) error { return p.all(r, nil, areas) })
		return p.counts, err
	}
	var p *planting
	err := s.realm.UpdateAndWrite(ctx, by, func(w store.Writer) ([]exchange.ServerChange, error) {
		p = &planting{service: s, ids: map[domain.Code]syncengine.ID{}}
		if err := p.all(w, w, areas); err != nil {
			return nil, err
		}
		_, err := accessledger.Append(w, accessledger.Entry{
			At: s.now(), Action: accessledger.TerritoriesImport, Actor: accessledger.Actor{User: by, Operator: true},
			Reason: fmt.Sprintf("%d territories new, %d changed", p.counts.Added, p.counts.Changed),
		})
		if err != nil {
			return nil, err
		}
		return s.toward(w, directory.Territories(p.planted))
	})
	if err != nil {
		return Planted{}, err
	}
	return p.counts, nil
}

// planting is the state of one PlantTerritories.
type planting struct {
	service *Service
	dry     bool
	ids     map[domain.Code]syncengine.ID
	counts  Planted
	planted []identity.Territory
}

func (p *planting) all(r store.Reader, w store.Writer, areas []territoryfile.Area) error {
	known, err := identity.LoadTree(r)
	if err != nil {
		return err
	}
	for _, a := range areas {
		t, standing := known.ByCode(string(a.Code))
		switch {
		case !standing:
			p.counts.Added++
			t = identity.Territory{ID: p.service.realm.NewID(), Code: string(a.Code), Level: a.Level.String()}
			if t.Parent, err = p.parent(known, a); err != nil {
				return err
			}
		case t.Name == a.Name:
			p.counts.Unchanged++
		default:
			p.counts.Changed++
		}
		t.Name = a.Name
		p.ids[a.Code] = t.ID
		p.planted = append(p.planted, t)
		if p.dry {
			continue
		}
		if err := identity.PutTerritory(w, t); err != nil {
			return err
		}
	}
	return nil
}

// parent finds the id of an area's parent, which stands or came before it.
func (p *planting) parent(known *identity.Tree, a territoryfile.Area) (syncengine.ID, error) {
	if a.Parent == "" {
		return syncengine.ID{}, nil
	}
	if id, ok := p.ids[a.Parent]; ok {
		return id, nil
	}
	if t, ok := known.ByCode(string(a.Parent)); ok {
		return t.ID, nil
	}
	return syncengine.ID{}, fmt.Errorf("%s, the parent of %s: %w", a.Parent, a.Code, identity.ErrTerritoryUnknown)
}
