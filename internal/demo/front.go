package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/internal/demo/phones"
)

// browserPhonesFolder holds the phones of the browser within the demo's folder.
const browserPhonesFolder = "browser-phones"

// front stands before the console's pages: the phones, and sitting down at a desk. Both come once the day is over.
type front struct {
	console http.Handler
	demo    *Demo
	stage   atomic.Pointer[phones.Stage]
}

// inFront gives what puts the demo in front of the console.
func (d *Demo) inFront(console http.Handler) http.Handler {
	d.front = &front{console: console, demo: d}
	return d.front
}

// ServeHTTP answers a browser.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stage := f.stage.Load()
	switch {
	case stage != nil && (r.URL.Path == "/phones" || strings.HasPrefix(r.URL.Path, "/phones/")):
		stage.ServeHTTP(w, r)
	case stage != nil && r.URL.Path == "/demo" && r.Method == http.MethodPost:
		http.NewCrossOriginProtection().Handler(http.HandlerFunc(f.sitDown)).ServeHTTP(w, r)
	default:
		f.console.ServeHTTP(w, r)
	}
}

// formBytesMax bounds the form with a role.
const formBytesMax = 1 << 10

// sitDown signs somebody in at the console as they would themselves, with the code that the desk's authenticator shows.
func (f *front) sitDown(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formBytesMax)
	role := r.PostFormValue("role")
	for _, desk := range f.demo.desks {
		if fmt.Sprint(int(desk.Role)) != role && desk.Role.String() != role {
			continue
		}
		code, err := desk.nextCode(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		form := url.Values{"name": {desk.Name}, "password": {desk.Password}, "code": {code}, "next": {"/"}}.Encode()
		signIn := r.Clone(r.Context())
		signIn.URL.Path, signIn.RequestURI, signIn.Form, signIn.PostForm = "/signin", "/signin", nil, nil
		signIn.Body, signIn.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
		f.console.ServeHTTP(w, signIn)
		return
	}
	http.NotFound(w, r)
}

// nextCode gives a code that was not used yet, and waits for it where the last one is still shown.
func (d *Desk) nextCode(ctx context.Context) (string, error) {
	for {
		code, wait, err := d.Code(time.Now())
		if err != nil || wait == 0 {
			return code, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// openBrowserPhones gives two colleagues of one grid a phone each that stands in the browser.
func (d *Demo) openBrowserPhones(ctx context.Context) error {
	if d.front == nil {
		return nil
	}
	var out []*phones.Phone
	for i, user := range d.neighbours() {
		p, err := d.openBrowserPhone(ctx, i+1, user)
		if err != nil {
			return fmt.Errorf("phone %d of the browser: %w", i+1, err)
		}
		out = append(out, p)
	}
	var desks []phones.Desk
	for _, desk := range d.desks {
		desks = append(desks, phones.Desk{Role: desk.Role, User: desk.User})
	}
	stage, err := phones.New(out, desks)
	d.front.stage.Store(stage)
	return err
}

// neighbours are a grid worker in whose grid there is much to decide, and the officer of the same team.
func (d *Demo) neighbours() []UserIndex {
	busiest, _ := d.busiestWorker()
	worker := d.cast.Phones[busiest].User
	for _, team := range d.cast.Teams {
		if team.Worker == worker {
			return []UserIndex{worker, team.Officer}
		}
	}
	return []UserIndex{worker}
}

// openBrowserPhone makes a phone with a file of its own and fills it.
func (d *Demo) openBrowserPhone(ctx context.Context, number int, user UserIndex) (*phones.Phone, error) {
	l, err := openLine(d.realm.address())
	if err != nil {
		return nil, err
	}
	l.SetOnline(true)
	key := make([]byte, client.KeyBytes)
	if _, err := io.ReadFull(d.realm.chance, key); err != nil {
		return nil, err
	}
	folder := filepath.Join(d.options.Dir, browserPhonesFolder, fmt.Sprint(number))
	replica, err := client.Open(folder, key, client.Options{DeviceName: fmt.Sprintf("browser %d", number), AppVersion: "demo"})
	if err != nil {
		return nil, err
	}
	d.browser = append(d.browser, replica, l)
	code, err := d.joinCode(ctx, user)
	if err != nil {
		return nil, err
	}
	if err := replica.Enrol(ctx, l.Address(), code); err != nil {
		return nil, err
	}
	if _, err := replica.Sync(ctx); err != nil {
		return nil, err
	}
	role, err := domain.ParseRole(string(d.cast.Users[user].Role))
	return &phones.Phone{Name: d.cast.Users[user].Name, Role: role, Replica: replica, Line: l}, err
}
