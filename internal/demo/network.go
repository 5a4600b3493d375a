package demo

import (
	"sync"

	"onedoor/internal/line"
)

// handsetLine is the mobile network between one phone and the server: it cuts the connection at the point of an exchange
// that a script names.
type handsetLine struct {
	*line.Line

	mu    sync.Mutex // guards fault
	fault Fault
}

// openLine opens a line to a server, without signal.
func openLine(server string) (*handsetLine, error) {
	l := &handsetLine{}
	var err error
	l.Line, err = line.Open(line.To(server), l.strike)
	return l, err
}

// setFault says what happens to the exchanges from now on.
func (l *handsetLine) setFault(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

// strike decides about a frame.
func (l *handsetLine) strike(up bool, f line.Frame) line.Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case up && l.fault == FaultRequestLost && f.IsHeaders(),
		!up && l.fault == FaultReplyLost && (f.IsHeaders() || f.IsData()):
		return line.Cut
	case !up && l.fault == FaultReplyCut && f.IsData():
		return line.CutInside
	}
	return line.Pass
}
