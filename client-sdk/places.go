package client

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/syncengine"
)

const (
	kindTerritory = syncengine.KindNumber(recordv1.Kind_KIND_TERRITORY)
	kindStaff     = syncengine.KindNumber(recordv1.Kind_KIND_STAFF)
)

// places is what the phone knows of territories. It is built from their records
// when it is first needed and thrown away when one of them changes.
type places struct {
	codes    map[syncengine.ID]string
	names    map[syncengine.ID]string
	ids      map[string]syncengine.ID
	children map[syncengine.ID][]syncengine.ID
}

// TerritoryCode gives the code of a territory.
func (p *places) TerritoryCode(id syncengine.ID) (string, bool) {
	code, ok := p.codes[id]
	return code, ok
}

// TerritoryID gives the territory that has a code.
func (p *places) TerritoryID(code string) (syncengine.ID, bool) {
	id, ok := p.ids[code]
	return id, ok
}

// below lists a territory and all within it.
func (p *places) below(id syncengine.ID) []syncengine.ID {
	out := []syncengine.ID{id}
	for i := 0; i < len(out); i++ {
		out = append(out, p.children[out[i]]...)
	}
	return out
}

// placesIn gives what the phone knows of territories. The caller holds r.mu.
func (r *Replica) placesIn(tx *localdb.Tx) (*places, error) {
	if r.places != nil {
		return r.places, nil
	}
	p := &places{
		codes: map[syncengine.ID]string{}, names: map[syncengine.ID]string{}, ids: map[string]syncengine.ID{},
		children: map[syncengine.ID][]syncengine.ID{},
	}
	for row, err := range tx.List(localdb.Query{Kind: kindTerritory}) {
		if err != nil {
			return nil, err
		}
		t := &recordv1.Territory{}
		if err := r.readMessage(&row, t); err != nil {
			return nil, err
		}
		p.add(row.ID, t)
	}
	r.places = p
	return p, nil
}

func (p *places) add(id syncengine.ID, t *recordv1.Territory) {
	p.codes[id], p.names[id] = t.GetCode(), t.GetName()
	// Of two places with one code the one in force is meant.
	if _, taken := p.ids[t.GetCode()]; !taken || t.ValidUntil == nil {
		p.ids[t.GetCode()] = id
	}
	if parent, ok := syncengine.IDFromBytes(t.GetParentId()); ok {
		p.children[parent] = append(p.children[parent], id)
	}
}

// readMessage reads the message of a row as it is shown.
func (r *Replica) readMessage(row *localdb.Record, m proto.Message) error {
	rec, _, err := r.decodeShown(row)
	if err != nil {
		return err
	}
	return proto.Unmarshal(rec.Fields(), m)
}

// people names the authors of values.
type people struct {
	r     *Replica
	tx    *localdb.Tx
	names map[syncengine.ID]string
}

func (r *Replica) peopleIn(tx *localdb.Tx, s *state) *people {
	return &people{r: r, tx: tx, names: map[syncengine.ID]string{s.self.User: s.self.UserName}}
}

// author gives the user behind a write and the name a screen shows: the id where
// the phone has no name for it, the server for what no user wrote.
func (p *people) author(w *pagerecord.Write) (user syncengine.ID, name string, err error) {
	a, err := p.tx.Author(localdb.AuthorID(w.Author))
	if err != nil {
		return user, "", err
	}
	name, err = p.name(a.User)
	return a.User, name, err
}

// serverName is who wrote what no user wrote, as every command names it; nobody is its id.
const serverName = "server"

var nobody = syncengine.ID{}.String()

func (p *people) name(user syncengine.ID) (string, error) {
	if user.IsZero() {
		return serverName, nil
	}
	if name, ok := p.names[user]; ok && name != "" {
		return name, nil
	}
	row, ok, err := p.tx.Record(user)
	if err != nil {
		return "", err
	}
	name := user.String()
	if ok && row.Kind == kindStaff {
		m := &recordv1.Staff{}
		if err := p.r.readMessage(&row, m); err != nil {
			return "", err
		}
		name = m.GetName()
	}
	p.names[user] = name
	return name, nil
}
