package console

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"onedoor/syncengine"
)

const (
	// streamsMax bounds the streams of a server: one an open tab.
	streamsMax = 2000
	// streamFor is how long a stream stays open; the browser opens the next one by itself, with the session as it stands then.
	streamFor = 5 * time.Minute
	// hintEvery is how often a page is told of news at most: on a busy morning the log grows many times a second.
	hintEvery = 2 * time.Second
)

// streams counts those that are open.
type streams struct {
	// mu guards open.
	mu   sync.Mutex
	open int
}

func newStreams() *streams { return &streams{} }

func (s *streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open >= streamsMax {
		return false
	}
	s.open++
	return true
}

func (s *streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
}

// events tells a page how far the log has grown, as server-sent events, at once and whenever it has grown more. It carries a number
// and no record: a page that stands at another asks again as who is signed in.
func (v *visit) events() error {
	if !v.c.streams.enter() {
		return &problem{status: http.StatusServiceUnavailable, ZH: "打开的页面太多。", EN: "Too many pages are open."}
	}
	defer v.c.streams.leave()
	l := v.c.o.Hub.Listen()
	defer l.Close()
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	// The server's limit on answers is for pages.
	if err := out.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	end := time.NewTimer(streamFor)
	defer end.Stop()
	for send := v.hint(out, l.Reached()); send == nil; send = v.hint(out, l.Reached()) {
		select {
		case <-l.Wake():
		case <-end.C:
			return nil
		case <-v.c.o.Stopping:
			return nil
		case <-v.r.Context().Done():
			return nil
		}
		select {
		case <-time.After(hintEvery):
		case <-v.r.Context().Done():
			return nil
		case <-v.c.o.Stopping:
			return nil
		}
	}
	return nil // The browser has gone.
}

// hint sends one event.
func (v *visit) hint(out *http.ResponseController, seq syncengine.Seq) error {
	if _, err := fmt.Fprintf(v.w, "event: grown\ndata: %d\n\n", seq); err != nil {
		return err
	}
	return out.Flush()
}
