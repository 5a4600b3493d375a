package feed

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/recordjson"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// PageBytes is how large a page is about where its reader does not say: few trips, and little to post again.
const PageBytes = 256 << 10

// Page cuts the page of a feed behind a cursor, and has it in the access ledger before it is given.
func (s *Service) Page(ctx context.Context, f *Feed, cursor string, bytesMax int) (*feedv1.FeedPage, error) {
	page, _, err := s.page(ctx, f, cursor, bytesMax)
	return page, err
}

// page is Page, with the place up to which everything is told by it.
func (s *Service) page(ctx context.Context, f *Feed, cursor string, bytesMax int) (out *feedv1.FeedPage, told syncengine.Coordinate, err error) {
	if f.Closed != 0 {
		return nil, told, fmt.Errorf("%s: %w", f.Name, ErrClosed)
	}
	at, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		at = nil // No cursor of this realm: the feed begins from the start, as after a restore.
	}
	if bytesMax <= 0 {
		bytesMax = PageBytes
	}
	if err := s.realm.View(ctx, func(r store.Reader) error { return f.check(r, s.now()) }); err != nil {
		return nil, told, err
	}
	pulled, err := s.realm.Pull(ctx, f.subscription(), at, bytesMax)
	if err != nil {
		return nil, told, err
	}
	out = &feedv1.FeedPage{
		Cursor: base64.RawURLEncoding.EncodeToString(pulled.Cursor), Restart: pulled.Restart, CaughtUp: pulled.CaughtUp,
	}
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		out.Events, err = s.events(r, pulled.Page)
		return err
	})
	return out, pulled.Told, err
}

// events tells a page's records as people and scripts read them.
func (s *Service) events(r store.Reader, page *syncv1.Page) (out []*feedv1.Event, err error) {
	places := Places(r)
	for _, rec := range page.GetRecords() {
		id, _ := syncengine.IDFromBytes(rec.GetId())
		kind, ok := s.realm.Schema().Kind(syncengine.KindNumber(rec.GetKind()))
		if !ok {
			continue // Cut by this schema, so it is known.
		}
		e := &feedv1.Event{Type: feedv1.EventType_EVENT_TYPE_DELETED, RecordId: id.String(), Kind: kind.Name, Seq: rec.GetSeq()}
		if !rec.GetDead() {
			e.Type = feedv1.EventType_EVENT_TYPE_CHANGED
			shown, err := recordjson.EncodeFields(kind, rec.GetFields(), places)
			if err != nil {
				return nil, err
			}
			if e.Record, err = structOf(shown); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	for _, gone := range page.GetGone() {
		id, _ := syncengine.IDFromBytes(gone)
		out = append(out, &feedv1.Event{Type: feedv1.EventType_EVENT_TYPE_GONE, RecordId: id.String()})
	}
	return out, nil
}

// structOf gives the JSON of a record as the message that stands for JSON.
func structOf(o recordjson.Object) (*structpb.Struct, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	m := &structpb.Struct{}
	return m, m.UnmarshalJSON(text)
}

// Places gives codes and ids of territories by what a transaction reads; codes are read once each.
func Places(r store.Reader) recordjson.Resolver {
	return &places{r: r, codes: map[syncengine.ID]string{}}
}

type places struct {
	r     store.Reader
	codes map[syncengine.ID]string
}

// TerritoryID gives the territory that has a code.
func (p *places) TerritoryID(code string) (syncengine.ID, bool) {
	t, err := identity.TerritoryByCode(p.r, code)
	return t.ID, err == nil
}

// TerritoryCode gives the code of a territory.
func (p *places) TerritoryCode(id syncengine.ID) (string, bool) {
	if code, ok := p.codes[id]; ok {
		return code, code != ""
	}
	t, err := identity.GetTerritory(p.r, id)
	if err != nil {
		t.Code = ""
	}
	p.codes[id] = t.Code
	return t.Code, t.Code != ""
}
