package sim

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"time"
)

// trace tells a run, line by line: when, who, what, and what came of it. Its hash names the history.
type trace struct {
	hash hash.Hash
	// out takes the lines for a person; nil for nobody.
	out   io.Writer
	began instant
	lines int
}

func newTrace(out io.Writer, began instant) *trace {
	return &trace{hash: sha256.New(), out: out, began: began}
}

// tell adds a line.
func (t *trace) tell(at instant, who, format string, args ...any) {
	line := fmt.Sprintf("%s  %-9s %s\n", sinceBegan(at-t.began), who, fmt.Sprintf(format, args...))
	t.lines++
	t.hash.Write([]byte(line))
	if t.out != nil {
		// A timeline that cannot be shown is no reason to end the run that it tells of.
		_, _ = io.WriteString(t.out, line)
	}
}

// sum is the hash of all lines so far.
func (t *trace) sum() [sha256.Size]byte { return [sha256.Size]byte(t.hash.Sum(nil)) }

// sinceBegan writes a time as days, hours, minutes, seconds and milliseconds since the run began.
func sinceBegan(d instant) string {
	t := time.Duration(d) * time.Millisecond
	days := int(t / (24 * time.Hour))
	t -= time.Duration(days) * 24 * time.Hour
	return fmt.Sprintf("%d+%02d:%02d:%06.3f", days, int(t.Hours()), int(t.Minutes())%60, (t % time.Minute).Seconds())
}
