package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// App is what the commands of one run share: where they write, and how.
type App struct {
	Stdio
	// AsJSON asks for one JSON object instead of text.
	AsJSON bool
}

// JSONFlag gives a command and all below it the flag that sets AsJSON.
func (a *App) JSONFlag(root *cobra.Command, usage string) {
	root.PersistentFlags().BoolVar(&a.AsJSON, "json", false, usage)
}

// Print writes a result: as JSON on one line, or as text for people.
func (a *App) Print(result any, text func(w io.Writer)) error {
	if a.AsJSON {
		return a.PrintJSON(result)
	}
	var b strings.Builder
	text(&b)
	return written(io.WriteString(a.Out, b.String()))
}

// Text gives a JSON argument; "-" is standard input. One byte too many is enough
// for the reader of the text to refuse it.
func (a *App) Text(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	b, err := io.ReadAll(io.LimitReader(a.In, recordjson.TextBytesMax+1))
	if err != nil {
		return "", fmt.Errorf("read the JSON from standard input: %w", err)
	}
	return string(b), nil
}

// PrintJSON writes a result as JSON on one line.
func (a *App) PrintJSON(result any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(result); err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	return written(io.WriteString(a.Out, b.String()))
}

// written says where a result could not go.
func written(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("write the result to standard output: %w", err)
	}
	return nil
}

// Printable replaces what would steer a terminal: names and notes come from
// phones, and nobody's note may move an operator's cursor.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// TimeJSON is a time for scripts: RFC 3339, null for none.
func TimeJSON(ms int64) json.RawMessage { return recordjson.Time(syncengine.UnixMilli(ms)) }

// TimeText is a time for people, in the same zone as the JSON form's; "-" for none.
func TimeText(ms int64) string { return Clock(TimeJSON(ms)) }

// Clock shows a time of the JSON form to people, in the zone it is written in;
// "-" for none.
func Clock(raw json.RawMessage) string {
	var at time.Time
	if err := json.Unmarshal(raw, &at); err != nil || at.IsZero() {
		return "-"
	}
	return at.Format(time.DateTime)
}

// Count tells people how many there are of something that is called by one word with an s for several.
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
