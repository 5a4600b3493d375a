package tenure

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// rosterBucket lists the servers that have the realm open, by name.
const rosterBucket = "servers"

// Roster is a server's side of the list of servers that have a realm open, with the newest record schema that each knows. A
// server that is killed stays in it until another one, or whoever calls the roll, has seen it stand still for as long as a holder
// of a post may be silent. Servers depend on it for nothing but when to do a thing that is right at any time.
type Roster struct {
	server syncengine.ID
	schema uint32
	silent time.Duration
	// mu guards what follows.
	mu sync.Mutex
	// renewed counts how often this server has said that it is there.
	renewed uint64
	// seen is what the others said last, since when they say so by this server's clock.
	seen map[syncengine.ID]sighting
}

// sighting is what a server said, and since when it has said nothing else.
type sighting struct {
	said  *storedv1.Present
	since time.Time
}

// NewRoster makes a server's side of the list; every is how often it is renewed.
func NewRoster(server syncengine.ID, schema uint32, every time.Duration) *Roster {
	return &Roster{server: server, schema: schema, silent: silentFor(every), seen: map[syncengine.ID]sighting{}}
}

// Renew says that this server is there, strikes off who has been silent for too long, and gives the oldest of the record schemas
// that those in the list know.
func (r *Roster) Renew(ctx context.Context, realm Realm, now time.Time) (oldest uint32, err error) {
	err = realm.Put(ctx, func(w store.Writer) error {
		all, err := listed(w)
		if err != nil {
			return err
		}
		oldest = r.schema
		for id, m := range all {
			switch {
			case id == r.server:
			case r.gone(id, m, now):
				if err := w.DeleteDocument(rosterBucket, id[:]); err != nil {
					return err
				}
			default:
				oldest = min(oldest, m.GetSchemaVersion())
			}
		}
		return r.put(w)
	})
	return oldest, err
}

// gone reports that a server has said nothing new for too long.
func (r *Roster) gone(id syncengine.ID, m *storedv1.Present, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was, known := r.seen[id]
	if !known || !proto.Equal(was.said, m) {
		r.seen[id] = sighting{m, now}
		return false
	}
	return now.Sub(was.since) >= r.silent
}

// put says that this server is there. It never says the same twice: one that was struck off while it slept is noticed again.
func (r *Roster) put(w store.Writer) error {
	r.mu.Lock()
	r.renewed++
	renewed := r.renewed
	r.mu.Unlock()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&storedv1.Present{SchemaVersion: r.schema, Renewed: renewed})
	if err != nil {
		return err
	}
	return w.PutDocument(rosterBucket, r.server[:], b)
}

// Leave takes this server off the list.
func (r *Roster) Leave(ctx context.Context, realm Realm) error {
	if r == nil {
		return nil
	}
	return realm.Put(ctx, func(w store.Writer) error { return w.DeleteDocument(rosterBucket, r.server[:]) })
}

// Oldest gives the oldest of the record schemas that the servers in the list know, none where it is empty. Some of them may be
// gone.
func Oldest(r store.Reader) (schema uint32, any bool, err error) {
	all, err := listed(r)
	for _, m := range all {
		if !any || m.GetSchemaVersion() < schema {
			schema, any = m.GetSchemaVersion(), true
		}
	}
	return schema, any, err
}

// listed reads the list.
func listed(r store.Reader) (map[syncengine.ID]*storedv1.Present, error) {
	out := map[syncengine.ID]*storedv1.Present{}
	var failed error
	err := r.Documents(rosterBucket, nil, nil, func(d store.Document) bool {
		m := &storedv1.Present{}
		id, ok := syncengine.IDFromBytes(d.Key)
		if err := proto.Unmarshal(d.Value, m); err != nil || !ok {
			failed = fmt.Errorf("the list of servers: %w: %w", store.ErrDamaged, err)
			return false
		}
		out[id] = m
		return true
	})
	if err == nil {
		err = failed
	}
	return out, err
}
