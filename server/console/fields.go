package console

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"onedoor/internal/wire"
)

// fields reads what somebody typed into a form. The first thing that cannot be read is kept as err, in words for who typed it;
// what the values mean is judged by the calls.
type fields struct {
	r    *http.Request
	lang language
	err  error
}

func (v *visit) fields() *fields { return &fields{r: v.r, lang: v.lang} }

func (f *fields) fail(zh, en string, values ...any) {
	if f.err == nil {
		f.err = refused(fmt.Sprintf(zh, values...), fmt.Sprintf(en, values...))
	}
}

// text gives a text; nil where nothing was typed.
func (f *fields) text(name string) *string {
	if t := strings.TrimSpace(f.r.PostFormValue(name)); t != "" {
		t = strings.ReplaceAll(t, "\r\n", "\n")
		return &t
	}
	return nil
}

// checked reports a box that is ticked.
func (f *fields) checked(name string) bool { return f.r.PostFormValue(name) != "" }

// answer gives yes or no; nil where nothing was chosen.
func (f *fields) answer(name string) *bool {
	switch f.r.PostFormValue(name) {
	case "yes":
		yes := true
		return &yes
	case "no":
		no := false
		return &no
	}
	return nil
}

// number gives a whole number; 0 and false where nothing was typed.
func (f *fields) number(name string) (int64, bool) {
	t := f.text(name)
	if t == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(*t, 10, 64)
	if err != nil || n < 0 {
		f.fail("“%s”不是数字，请只填数字。", "%q is no number: give digits only.", *t)
		return 0, false
	}
	return n, true
}

// chosen gives the value of a list; nil where nothing was chosen.
func chosen[E ~int32](f *fields, name string) *E {
	n, ok := f.number(name)
	if !ok || n == 0 {
		return nil
	}
	e := E(n)
	return &e
}

// id gives an id; nil where nothing was chosen.
func (f *fields) id(name string) []byte { return f.oneID(f.r.PostFormValue(name)) }

// ids gives all ids that were chosen under a name.
func (f *fields) ids(name string) (out [][]byte) {
	_ = f.r.PostFormValue(name) // Reads the form.
	for _, text := range f.r.PostForm[name] {
		if id := f.oneID(text); id != nil {
			out = append(out, id)
		}
	}
	return out
}

// texts gives all texts that were chosen under a name.
func (f *fields) texts(name string) (out []string) {
	_ = f.r.PostFormValue(name)
	for _, text := range f.r.PostForm[name] {
		if text = strings.TrimSpace(text); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// idLines gives the ids of a text, one a line or parted by blanks or commas.
func (f *fields) idLines(name string) (out [][]byte) {
	for _, text := range strings.FieldsFunc(f.r.PostFormValue(name), func(r rune) bool { return strings.ContainsRune(" ,，;；\r\n\t", r) }) {
		if id := f.oneID(text); id != nil {
			out = append(out, id)
		}
	}
	return out
}

func (f *fields) oneID(text string) []byte {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	id, err := wire.ParseID(text)
	if err != nil {
		f.fail("“%s”不是编号。", "%q is no id.", text)
		return nil
	}
	return id[:]
}

// day gives the beginning of a day of the calendar; 0 where none was chosen.
func (f *fields) day(name string) int64 { return f.moment(name, time.DateOnly) }

// endOfDay gives the end of a day of the calendar; 0 where none was chosen.
func (f *fields) endOfDay(name string) int64 {
	at := f.day(name)
	if at == 0 {
		return 0
	}
	return at + (24 * time.Hour).Milliseconds()
}

// minute gives a time to the minute.
func (f *fields) minute(name string) int64 { return f.moment(name, "2006-01-02T15:04") }

func (f *fields) moment(name, layout string) int64 {
	t := f.text(name)
	if t == nil {
		return 0
	}
	at, err := time.ParseInLocation(layout, *t, shanghai)
	if err != nil {
		f.fail("“%s”不是日期，请写成2026-05-29。", "%q is no date: write 2026-05-29.", *t)
		return 0
	}
	return at.UnixMilli()
}

// pathID gives the id that an address names.
func (v *visit) pathID(name string) ([]byte, error) {
	id, err := wire.ParseID(v.r.PathValue(name))
	if err != nil {
		return nil, errNoPage
	}
	return id[:], nil
}

// pathHex gives bytes that an address names in hexadecimal.
func (v *visit) pathHex(name string) ([]byte, error) {
	b, err := hex.DecodeString(v.r.PathValue(name))
	if err != nil {
		return nil, errNoPage
	}
	return b, nil
}
