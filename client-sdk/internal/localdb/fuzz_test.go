package localdb_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onedoor/client-sdk/internal/localdb"
)

// FuzzSearch holds that a record is found by a text exactly when it contains it,
// apart from case, width and white space; and that a text is too short for the
// index only when it has no character that begins a gram.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"覃芊在家，煤气瓶放在阳台", "煤气瓶"}, {"阳光小区 13-2-402室", "２-４０２"}, {"ab\"c*d AND NOT (x)", "\"c*d and"}, {"第一段" + localdb.FieldBreak + "第二段", "段第"},
		{"𠮷野家", "𠮷"}, {"İstanbul", "i̇st"}, {"a\xffbcd", "\xffbcd"}, {"a  b", " a\t b "}, {"abc", ""}, {"ſſſ", "sss"}, {"～～～", "~~~"},
	} {
		f.Add(seed[0], seed[1])
	}
	db := open(f)
	f.Fuzz(func(t *testing.T, text, query string) {
		update(t, db, putText(1, text), indexAll(shownText))
		for _, q := range []string{query, text, middle(text), strings.ToUpper(middle(text))} {
			checkSearch(t, db, text, q)
		}
	})
}

// middle gives the middle half of a text.
func middle(text string) string {
	runes := []rune(text)
	return string(runes[len(runes)/4 : len(runes)-len(runes)/4])
}

func checkSearch(t *testing.T, db *localdb.DB, text, query string) {
	t.Helper()
	var found int
	var err error
	view(t, db, func(tx *localdb.Tx) error {
		for _, e := range tx.Search(query, shownText) {
			if err = e; e == nil {
				found++
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, localdb.ErrQueryShort):
		if found != 0 || slices.ContainsFunc(strings.Split(query, localdb.FieldBreak), func(part string) bool { return len([]rune(strings.TrimSpace(part))) >= 4 }) {
			t.Fatalf("%q is too short to search for", query)
		}
	case err != nil:
		t.Fatal(err)
	case found == 1 != localdb.Contains(text, query):
		t.Fatalf("%q is found %d times by %q", text, found, query)
	}
}
