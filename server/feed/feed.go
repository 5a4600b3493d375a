package feed

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"unicode/utf8"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/privacy"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// OpenMax bounds the feeds that are open in a realm: each posts by itself, and a district has a handful of systems.
	OpenMax = 32
	// urlBytesMax bounds an address.
	urlBytesMax = 500
)

// Feed is a system outside that is sent what a user of the realm may read.
type Feed struct {
	ID   syncengine.ID
	Name string
	User syncengine.ID
	// Kinds are those that are sent; none for all.
	Kinds []syncengine.KindNumber
	// Sharing is the number of the entry of the sharing register that allows sealed fields; 0 for a feed without them.
	Sharing uint64
	// Purpose is what the records are used for.
	Purpose string
	// URL is where pages are posted to; empty for a feed that is read.
	URL string
	// Secret counts how often the secret was drawn anew.
	Secret uint32
	Made   syncengine.UnixMilli
	// Closed is 0 while the feed is open.
	Closed syncengine.UnixMilli
}

// Put writes a feed down. A new one has a zero ID in old; name, user and the time of making stay those of old otherwise.
func Put(w store.Writer, f Feed, now syncengine.UnixMilli) error {
	if err := f.check(w, now); err != nil {
		return err
	}
	all, err := List(w)
	if err != nil {
		return err
	}
	open := 1
	for i := range all {
		if all[i].ID == f.ID || all[i].Closed != 0 {
			continue
		}
		if open++; all[i].Name == f.Name {
			return fmt.Errorf("%q: %w", f.Name, ErrTaken)
		}
	}
	if open > OpenMax && f.Closed == 0 {
		return fmt.Errorf("%w: %d feeds are open, as many as a realm may have: close one", ErrInvalid, OpenMax)
	}
	return put(w, exchange.BucketFeeds, f.ID[:], f.stored())
}

// check refuses what a feed may not be.
func (f *Feed) check(r store.Reader, now syncengine.UnixMilli) error {
	if n := utf8.RuneCountInString(f.Name); n == 0 || n > identity.NameCharsMax || !utf8.ValidString(f.Name) {
		return fmt.Errorf("%w: a name of %d characters, 1 to %d are needed", ErrInvalid, n, identity.NameCharsMax)
	}
	if n := utf8.RuneCountInString(f.Purpose); n == 0 || n > accessledger.ReasonCharsMax || !utf8.ValidString(f.Purpose) {
		return fmt.Errorf("%w: say in 1 to %d characters what the records are used for", ErrInvalid, accessledger.ReasonCharsMax)
	}
	// What the ledger would refuse with every page is refused here, once.
	entry := accessledger.Entry{At: now, Action: accessledger.Feed, Reason: f.Purpose, Place: f.Name}
	if err := entry.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := checkURL(f.URL); err != nil {
		return err
	}
	if err := f.checkUser(r); err != nil {
		return err
	}
	return f.allowed(r, now)
}

// checkUser wants an active user with a role that reads records by itself.
func (f *Feed) checkUser(r store.Reader) error {
	u, err := identity.GetUser(r, f.User)
	if err != nil {
		return err
	}
	if u.State != identity.UserActive {
		return fmt.Errorf("%s: %w", u.Name, identity.ErrUserClosed)
	}
	if f.readsNothing(u.Role) {
		return fmt.Errorf("%w: role %s reads none of the feed's kinds: choose a user whose role does", ErrInvalid, domain.Role(u.Role))
	}
	return nil
}

func (f *Feed) readsNothing(role identity.Role) bool {
	access, roles := schema.Load().Access, schema.RolesOf(role)
	return !slices.ContainsFunc(schema.Load().Kinds, func(k *schema.Kind) bool {
		return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, k.Number)) && access.ReadClasses(k.Number, roles) != 0
	})
}

// allowed holds a feed with sealed fields against the sharing register: the entry has to stand and to be in force.
func (f *Feed) allowed(r store.Reader, now syncengine.UnixMilli) error {
	if f.Sharing == 0 {
		return nil
	}
	e, err := privacy.Sharing(r, f.Sharing)
	switch {
	case errors.Is(err, privacy.ErrUnknown):
		return fmt.Errorf("%w: entry %d does not stand in the sharing register", ErrSharing, f.Sharing)
	case err != nil:
		return err
	case e.Since > now:
		return fmt.Errorf("%w: entry %d has not begun", ErrSharing, f.Sharing)
	case e.Until != 0 && e.Until <= now:
		return fmt.Errorf("%w: entry %d is over", ErrSharing, f.Sharing)
	}
	return nil
}

// checkURL wants https, or http where the line does not leave this machine.
func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > urlBytesMax || u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%w: the url is not one: give https://HOST/PATH of at most %d bytes, without a name, a password or a #", ErrInvalid, urlBytesMax)
	case u.Scheme == "https" || u.Scheme == "http" && onThisMachine(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: records are posted over https alone, or over http to this machine", ErrInvalid)
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Get reads a feed, or gives [ErrUnknown].
func Get(r store.Reader, id syncengine.ID) (Feed, error) {
	m := &storedv1.Feed{}
	ok, err := read(r, exchange.BucketFeeds, id[:], m)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	return feedOf(id, m), err
}

// List gives all feeds, closed ones too, in the order they were made.
func List(r store.Reader) (out []Feed, err error) {
	err = walk(r, exchange.BucketFeeds, func(id syncengine.ID, value []byte) error {
		m := &storedv1.Feed{}
		if err := decode(value, m); err != nil {
			return err
		}
		out = append(out, feedOf(id, m))
		return nil
	})
	slices.SortFunc(out, func(a, b Feed) int { return cmp.Or(cmp.Compare(a.Made, b.Made), bytes.Compare(a.ID[:], b.ID[:])) })
	return out, err
}

func (f *Feed) stored() *storedv1.Feed {
	m := &storedv1.Feed{
		Name: f.Name, UserId: wire.BytesOf(f.User), Sharing: f.Sharing, Purpose: f.Purpose, Url: f.URL, Secret: f.Secret,
		MadeMs: int64(f.Made), ClosedMs: int64(f.Closed),
	}
	for _, k := range f.Kinds {
		m.Kinds = append(m.Kinds, uint32(k))
	}
	return m
}

func feedOf(id syncengine.ID, m *storedv1.Feed) Feed {
	f := Feed{
		ID: id, Name: m.GetName(), Sharing: m.GetSharing(), Purpose: m.GetPurpose(), URL: m.GetUrl(), Secret: m.GetSecret(),
		Made: syncengine.UnixMilli(m.GetMadeMs()), Closed: syncengine.UnixMilli(m.GetClosedMs()),
	}
	f.User, _ = syncengine.IDFromBytes(m.GetUserId())
	for _, k := range m.GetKinds() {
		f.Kinds = append(f.Kinds, syncengine.KindNumber(k))
	}
	return f
}

// subscription is what the write path cuts the feed's pages by. Its id names what is sent too: after a change of that no
// cursor from before is good, and the feed begins from the start.
func (f *Feed) subscription() exchange.Subscription {
	kinds := slices.Clone(f.Kinds)
	slices.Sort(kinds)
	h := sha256.New()
	h.Write([]byte("onedoor subscription 1"))
	h.Write(f.ID[:])
	fmt.Fprintln(h, f.Sharing != 0, kinds)
	return exchange.Subscription{
		ID: syncengine.ID(h.Sum(nil)[:16]), User: f.User, Kinds: f.Kinds, Sealed: f.Sharing != 0, Recipient: f.Name, Purpose: f.Purpose,
	}
}
