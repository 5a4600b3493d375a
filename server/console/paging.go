package console

import (
	"encoding/base64"
	"net/url"
)

// Long lists come in pages: the address of a page carries where it begins, as the call told it with the page before. There is no
// number of pages, since nobody counts a million lines; the browser goes back by itself.

// pager links from one page of a list to others.
type pager struct {
	// First leads to the first page, Older to the next one; empty where there is none.
	First, Older string
}

// pageToken reads where the page begins; nothing for the first page and for what no page told.
func (v *visit) pageToken() []byte {
	token, err := base64.RawURLEncoding.DecodeString(v.query("after"))
	if err != nil {
		return nil
	}
	return token
}

// pagerTo makes the links of a page, with the filters as they are.
func (v *visit) pagerTo(next []byte) (p pager) {
	if v.query("after") != "" {
		p.First = v.with("after", "")
	}
	if len(next) > 0 {
		p.Older = v.with("after", base64.RawURLEncoding.EncodeToString(next))
	}
	return p
}

// with gives this page's address with another value of one field.
func (v *visit) with(name, value string) string {
	q := v.r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return v.r.URL.Path
	}
	return (&url.URL{Path: v.r.URL.Path, RawQuery: q.Encode()}).String()
}
