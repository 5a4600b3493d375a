package client

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/pagerecord"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// databaseFile is the database's name in its folder.
const databaseFile = "replica.db"

// KeyBytes is the length of the key that opens a replica.
const KeyBytes = 32

// Replica is one phone's copy of what its user may read, with everything its
// user wrote. Its methods may be called from many goroutines; local ones take
// turns and never wait for the network.
type Replica struct {
	db     *localdb.DB
	schema *schema.Schema
	o      Options

	// mu guards the fields below and lets transactions take turns.
	mu    sync.Mutex
	state state
	// places is what the phone knows of territories; nil when it must be read again.
	places *places
	// rules are those that cases are worked by; nil when they must be read again.
	rules     *Rules
	transport Transport
	// own is the transport this replica dialled and has to close; nil for one handed in.
	own io.Closer
	// keys is the app's key store; nil where the database holds the signing key.
	keys Keys
	// gone is set once the phone was wiped.
	gone bool
	// closed is set by Close; resting counts what it waits for.
	closed  bool
	resting sync.WaitGroup

	// syncing is held by the one sync under way.
	syncing sync.Mutex
	// watchers are told after every commit.
	watchers watchers
	// random guards the source of randomness.
	random sync.Mutex
}

// Open opens the replica in a folder, and makes it when the folder is empty. The
// key has 32 bytes, comes from the app's key store and is never written anywhere.
func Open(dir string, key []byte, o Options) (*Replica, error) {
	o.defaults()
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("open %s: key of %d bytes, %d are needed: %w", dir, len(key), KeyBytes, ErrKey)
	}
	if err := o.Disk.MakeFolder(dir); err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", dir, ErrNotWritable, err)
	}
	if err := sweepWiped(o.Disk, dir); err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	db, err := localdb.Open(filepath.Join(dir, databaseFile), [KeyBytes]byte(key), o.Disk)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	r := &Replica{db: db, schema: o.Schema, o: o, transport: o.Transport}
	db.OnLeave(r.keepCount)
	if err := db.Update(r.load); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", dir, err), db.Close())
	}
	if db.Unclean() {
		r.rest() // What an earlier run took out and did not overwrite may lie here for weeks before somebody syncs.
	}
	return r, nil
}

// load fills the state from the database.
func (r *Replica) load(tx *localdb.Tx) (err error) {
	if r.state, err = loadState(tx); err != nil {
		return err
	}
	r.state.rights = rightsOf(r.state.grants, r.state.view)
	return r.state.internAuthor(tx)
}

// internAuthor finds the phone's own number among the authors.
func (s *state) internAuthor(tx *localdb.Tx) error {
	if !s.enrolled() {
		return nil
	}
	n, err := tx.InternAuthor(localdb.Author{Incarnation: s.self.Incarnation, User: s.self.User})
	s.author = pagerecord.AuthorNumber(n)
	return err
}

// Close waits for what is under way locally and closes the database.
func (r *Replica) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.resting.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var closed error
	if r.own != nil {
		closed, r.own = r.own.Close(), nil
	}
	return errors.Join(closed, r.db.Close())
}

// update runs f in a transaction on a copy of the state, which becomes the
// state when the transaction is durable.
func (r *Replica) update(f func(tx *localdb.Tx, s *state) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return ErrWiped
	}
	r.keepTime()
	next := r.state
	if err := r.db.Update(func(tx *localdb.Tx) error { return f(tx, &next) }); err != nil {
		return err
	}
	r.state = next
	return nil
}

// view runs f in a transaction that only reads.
func (r *Replica) view(f func(tx *localdb.Tx, s *state) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return ErrWiped
	}
	r.keepTime()
	return r.db.View(func(tx *localdb.Tx) error { return f(tx, &r.state) })
}

// viewEnrolled is reading for a phone that has a user.
func (r *Replica) viewEnrolled(f func(tx *localdb.Tx, s *state) error) error {
	return r.reading(func(tx *localdb.Tx, s *state) error {
		if !s.enrolled() {
			return ErrNotEnrolled
		}
		return f(tx, s)
	})
}

func (r *Replica) now() syncengine.UnixMilli { return syncengine.UnixMilli(r.o.Now().UnixMilli()) }

// draw fills b with randomness; a source that fails is no state to go on in.
func (r *Replica) draw(b []byte) {
	r.random.Lock()
	defer r.random.Unlock()
	if _, err := io.ReadFull(r.o.Random, b); err != nil {
		panic("client: randomness: " + err.Error())
	}
}

func (r *Replica) newID(at syncengine.UnixMilli) syncengine.ID {
	var b [10]byte
	r.draw(b[:])
	return wire.NewRecordID(at, b)
}

func (r *Replica) newSalt() (salt [wire.SaltBytes]byte) {
	r.draw(salt[:])
	return salt
}

// Self says who this phone is.
type Self struct {
	// Realm is the six-digit code of the district; 0 before enrolment.
	Realm int
	// Server is the address given at enrolment.
	Server string
	// UserID is the user's id as UUID text, UserName the name for the greeting.
	UserID, UserName string
	// Incarnation is the id of this database as UUID text.
	Incarnation string
}

// Self says who this phone is; its fields are empty before enrolment.
func (r *Replica) Self() *Self {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state.self
	if !r.state.enrolled() {
		return &Self{}
	}
	return &Self{
		Realm: int(s.Realm), Server: s.Server, UserID: s.User.String(), UserName: s.UserName, Incarnation: s.Incarnation.String(),
	}
}

// Exists reports whether a folder holds a replica.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, databaseFile))
	return err == nil
}
