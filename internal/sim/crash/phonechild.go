package crash

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"

	"onedoor/internal/sim/child"
	"onedoor/internal/sim/tapdisk"
	"onedoor/syncengine"
)

// Kinds of edits.
const (
	// editDoor makes a door whose address is the marker.
	editDoor = "door"
	// editVisit makes a visit whose note is the marker.
	editVisit = "visit"
	// editChange writes the marker into a field of a door that all phones write to.
	editChange = "change"
	// editGroup makes a visit for each marker, all or none.
	editGroup = "group"
)

// edit is one thing that a worker does. Its markers are texts that occur nowhere else.
type edit struct {
	Kind    string   `json:"kind"`
	Markers []string `json:"markers"`
	// Door says which of the doors it is about, by a number that wraps around.
	Door int `json:"door"`
}

// edited is what a phone says of an edit when it has returned.
type edited struct {
	Markers []string `json:"markers"`
	// Refused is why it was not made; empty when it is durable.
	Refused string `json:"refused,omitempty"`
}

// phoneCommand is what a phone is asked to do.
type phoneCommand struct {
	Op     string `json:"op"`
	Dir    string `json:"dir,omitempty"`
	Number int    `json:"number,omitempty"`
	Server string `json:"server,omitempty"`
	Code   string `json:"code,omitempty"`
	Edits  []edit `json:"edits,omitempty"`
	Arm    Arm    `json:"arm,omitzero"`
	// Room is how many bytes it can write while it edits; 0 for no limit.
	Room int64 `json:"room,omitempty"`
}

// phoneAnswer is what it says.
type phoneAnswer struct {
	Facts *facts `json:"facts,omitempty"`
}

// phonePart is one real phone in a process of its own.
type phonePart struct {
	ctx     context.Context
	disk    *tapdisk.Disk
	replica *client.Replica
}

func (p *phonePart) handle(c phoneCommand, say child.Say) (a phoneAnswer, err error) {
	passing.set(c.Arm)
	switch c.Op {
	case "open":
		return a, p.open(c)
	case "enrol":
		return a, p.replica.Enrol(p.ctx, c.Server, c.Code)
	case "edit":
		return a, p.edit(c, say)
	case "sync":
		_, err = p.replica.Sync(p.ctx)
		return a, err
	case "tell":
		a.Facts, err = p.tell()
		return a, err
	}
	return a, fmt.Errorf("a phone cannot %q", c.Op)
}

// tries is how often a phone tries an exchange before its user does.
const tries = 2

// waitMax bounds the pause between them: what is tested is what happens, not how long a phone waits.
const waitMax = 20 * time.Millisecond

func (p *phonePart) open(c phoneCommand) (err error) {
	key := bytes.Repeat([]byte{byte(c.Number + 1)}, client.KeyBytes)
	p.replica, err = client.Open(c.Dir, key, client.Options{Disk: p.disk, Tries: tries, Wait: waitAtMost(waitMax)})
	return err
}

// waitAtMost gives a wait that ends early.
func waitAtMost(bound time.Duration) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error { return child.Wait(ctx, min(d, bound)) }
}

func (p *phonePart) close() error {
	if p.replica == nil {
		return nil
	}
	return p.replica.Close()
}

// edit makes edits one after the other and says of each what became of it, as soon as that is so.
func (p *phonePart) edit(c phoneCommand, say child.Say) error {
	passing.limit(c.Room)
	defer passing.limit(0)
	doors, err := p.doors()
	if err != nil {
		return err
	}
	for _, e := range c.Edits {
		said := edited{Markers: e.Markers}
		if err := p.make(e, doors); errors.Is(err, client.ErrFull) {
			said.Refused = err.Error()
		} else if err != nil {
			return fmt.Errorf("%s %q: %w", e.Kind, e.Markers, err)
		}
		if err := say(said); err != nil {
			return err
		}
	}
	return nil
}

func (p *phonePart) make(e edit, doors []*client.Record) error {
	if e.Kind == editDoor {
		grid, err := p.grid()
		if err != nil {
			return err
		}
		_, err = p.replica.Add(&recordv1.Premises{Address: &e.Markers[0], Territory: grid[:]})
		return err
	}
	if len(doors) == 0 {
		return errors.New("the phone has no door")
	}
	door := doors[e.Door%len(doors)].ID
	switch e.Kind {
	case editVisit:
		_, err := p.replica.Add(visit(door, e.Markers[0]))
		return err
	case editChange:
		return p.replica.Edit(door, &recordv1.Premises{Compound: &e.Markers[0]})
	case editGroup:
		return p.replica.Group(func(g *client.Group) error {
			for _, marker := range e.Markers {
				if _, err := g.Add(visit(door, marker)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return fmt.Errorf("no edit is called %q", e.Kind)
}

func visit(door syncengine.ID, marker string) *recordv1.Visit {
	return &recordv1.Visit{
		PremisesIds: [][]byte{door[:]}, Note: &marker, OccurredAt: proto.Int64(time.Now().UnixMilli()),
		Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
	}
}

// doors lists the doors in the order of their ids, which is the same on every phone that knows the same ones.
func (p *phonePart) doors() ([]*client.Record, error) {
	doors, err := p.replica.List(client.Query{Kind: "premises"})
	slices.SortFunc(doors, func(a, b *client.Record) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	return doors, err
}

// grid finds the phone's grid among the territories that it was sent.
func (p *phonePart) grid() (syncengine.ID, error) {
	places, err := p.replica.List(client.Query{Kind: "territory"})
	if err != nil {
		return syncengine.ID{}, err
	}
	for _, place := range places {
		t := &recordv1.Territory{}
		if err := place.Read(t); err != nil {
			return syncengine.ID{}, err
		}
		if t.GetLevel() == recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID {
			return place.ID, nil
		}
	}
	return syncengine.ID{}, errors.New("the phone knows no grid")
}
