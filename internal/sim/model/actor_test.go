package model_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// actor is a phone of the story with its line and its own clock error.
type actor struct {
	*client.Replica
	s     *stage
	id    model.PhoneID
	dir   string
	user  syncengine.ID
	skew  time.Duration
	page  int
	batch int
	// app is what the phone's software knows; nil is all.
	app    *schema.Schema
	random *rand.ChaCha8
	// granted is what it was granted when it was enrolled.
	granted *syncv1.Grants
	// told counts the rows that the model knows of.
	told int
	// open is the call whose reply is not known to be taken yet.
	open *openCall
	// pass lets the next replies through, lose loses those after them; once cut is set no call reaches the server.
	pass, lose int
	cut        bool
	// twist changes what reaches the phone, which the model is not told of: it stands
	// for a phone that handles a reply wrongly.
	twist func(*syncv1.ExchangeResponse)
	// caughtUp tells of each reply that it took whether it had caught up by it.
	caughtUp []bool
	// sent is the last request that the phone made.
	sent *syncv1.ExchangeRequest
	// alter changes the next replies on their way from the server to model and phone.
	alter func(*syncv1.ExchangeResponse)
}

type openCall struct {
	id    model.CallID
	reply *syncv1.ExchangeResponse
}

var errLine = errors.New("the line was cut")

// phone enrols a new user's phone.
func (s *stage) phone(name string, role recordv1.Role, territory string) *actor {
	s.t.Helper()
	return s.phoneOf(s.user(name, role, territory))
}

// phoneOf enrols a phone for a user.
func (s *stage) phoneOf(user syncengine.ID) *actor {
	s.t.Helper()
	id := model.PhoneID(len(s.phones) + 1)
	p := &actor{s: s, id: id, dir: filepath.Join(s.t.TempDir(), "replica"), user: user, random: rand.NewChaCha8([32]byte{byte(id)})}
	p.start()
	var code string
	s.must(s.service.Update(s.ctx, func(tx store.Writer) error {
		c, _, err := identity.NewCode(tx, user, syncengine.UnixMilli(s.now.UnixMilli()), s.random)
		code = string(c)
		return err
	}))
	s.must(p.Enrol(s.ctx, "plain", code))
	s.model.Enrolled(id, p.incarnation(), user, p.granted)
	s.phones[id] = p
	s.t.Cleanup(func() { s.must(p.Close()) })
	return p
}

// copyAside copies a phone's files under a name.
func (p *actor) copyAside(name string) (files string) {
	p.s.t.Helper()
	p.s.must(p.Close())
	files = filepath.Join(p.s.t.TempDir(), name)
	p.s.must(os.CopyFS(files, os.DirFS(p.dir)))
	p.s.model.Saved(p.id, name)
	p.start()
	return files
}

// clone runs another phone on files that were copied aside of this one, which has written nothing since.
func (p *actor) clone(name, files string) *actor {
	p.s.t.Helper()
	id := model.PhoneID(len(p.s.phones) + 1)
	c := &actor{s: p.s, id: id, dir: files, user: p.user, told: p.told, random: rand.NewChaCha8([32]byte{byte(id)})}
	p.s.model.PutBack(id, name)
	p.s.phones[id] = c
	c.start()
	p.s.t.Cleanup(func() { p.s.must(c.Close()) })
	return c
}

func (p *actor) start() {
	p.s.t.Helper()
	r, err := client.Open(p.dir, make([]byte, client.KeyBytes), client.Options{
		Transport: line{p}, Random: p.random, Tries: 1, PageBytesMax: p.page, BatchChangesMax: p.batch, Schema: p.app, Go: func(f func()) { f() },
		Now:  func() time.Time { return p.s.now.Add(p.skew) },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	p.s.must(err)
	p.Replica = r
}

func (p *actor) incarnation() syncengine.ID {
	p.s.t.Helper()
	written := syncengine.ID{}
	_, err := decodeHex(written[:], p.Self().Incarnation)
	p.s.must(err)
	return written
}

// pages has the phone ask for pages of another size from now on.
func (p *actor) pages(bytes int) {
	p.s.must(p.Close())
	p.page = bytes
	p.start()
}

// oneAtATime has the phone send one change at a time from now on.
func (p *actor) oneAtATime() {
	p.s.must(p.Close())
	p.batch = 1
	p.start()
}

// knows has the phone run software from now on that knows a schema.
func (p *actor) knows(sc *schema.Schema) {
	p.s.must(p.Close())
	p.app = sc
	p.s.model.PhoneSchema(p.id, sc)
	p.start()
}

// do edits and tells the model what rows came of it.
func (p *actor) do(edit func() error) {
	p.s.t.Helper()
	p.s.must(edit())
	p.tell()
}

func (p *actor) tell() {
	p.s.t.Helper()
	written, err := p.Written(int64(p.told + 1))
	p.s.must(err)
	var rows []model.Row
	for _, w := range written {
		rows = append(rows, model.Row{DeviceSeq: syncengine.DeviceSeq(w.DeviceSeq), Body: w.Body, Salt: w.Salt})
	}
	p.told += len(rows)
	p.s.model.Wrote(p.id, rows, nil)
}

func (p *actor) add(m proto.Message) (id syncengine.ID) {
	p.s.t.Helper()
	p.do(func() (err error) { id, err = p.Add(m); return err })
	return id
}

func (p *actor) edit(id syncengine.ID, m proto.Message, cleared ...string) {
	p.s.t.Helper()
	p.do(func() error { return p.Edit(id, m, cleared...) })
}

// sync syncs once; a line that is cut ends it.
func (p *actor) sync() {
	p.s.t.Helper()
	if err := p.trySync(); err != nil && !errors.Is(err, errLine) {
		p.s.t.Fatal(err)
	}
}

func (p *actor) trySync() error {
	_, err := p.Sync(p.s.ctx)
	if err == nil {
		p.taken()
	}
	p.open = nil
	return err
}

// taken tells the model that the phone took the last reply, as its next call or
// the end of its sync shows.
func (p *actor) taken() {
	if p.open != nil {
		p.caughtUp = append(p.caughtUp, p.s.model.Took(p.id, p.open.id, p.open.reply))
		p.open = nil
	}
}
