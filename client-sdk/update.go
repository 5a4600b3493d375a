package client

import (
	"fmt"
	"time"

	"onedoor/client-sdk/internal/remote"
)

// Update is the version of the app that the server asks for, and until when older ones are served.
type Update = remote.Update

// Updater is a transport that knows whether the server asks for a newer app.
type Updater interface {
	Update() (Update, bool)
}

// UpdateWanted says whether the newest answer of this run asked for a newer app; an app shows it to its user. When the day
// is past, exchanges fail with a [Fault] of reason APP_OLD, and what was not sent waits on the phone for the newer app.
func (r *Replica) UpdateWanted() (Update, bool) {
	r.mu.Lock()
	t, ok := r.transport.(Updater)
	r.mu.Unlock()
	if !ok {
		return Update{}, false
	}
	return t.Update()
}

// ExplainUpdate is what a person reads of it.
func ExplainUpdate(u Update, lang Language) string {
	last := time.UnixMilli(u.ByMs).Add(-time.Millisecond).In(time.FixedZone("", shanghaiSeconds)).Format(time.DateOnly)
	return Sentence{
		ZH: fmt.Sprintf("请把应用升级到%s或更新的版本：旧版本只用到%s。", u.To, last),
		EN: fmt.Sprintf("update the app to %s or newer: older ones are served until %s", u.To, last),
	}.In(lang)
}

// shanghaiSeconds is how far the district's clocks stand before UTC.
const shanghaiSeconds = 8 * 60 * 60
