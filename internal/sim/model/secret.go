package model

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// Secret tells of words that stand in one record and nowhere else, by their meaning in none: a reply to a phone that
// may not read the record holds them nowhere, in whatever field they would be.
func (m *Model) Secret(record syncengine.ID, words string) {
	if m.secrets == nil {
		m.secrets = map[syncengine.ID][]string{}
	}
	m.secrets[record] = append(m.secrets[record], words)
}

// wantNoSecret searches a reply's bytes for the words of records that its phone may not read.
func (m *Model) wantNoSecret(c *call, reply *syncv1.ExchangeResponse) {
	if len(m.secrets) == 0 {
		return
	}
	raw, err := proto.Marshal(reply)
	m.at(0, syncengine.ID{}).want(err == nil, I10, "a reply cannot be encoded: %v", err)
	for id, words := range m.secrets {
		rec := m.now.record(id)
		if rec == nil || m.schema.Access.ReadClasses(rec.kind.Number, m.overNow(&c.view, rec)) != 0 {
			continue
		}
		for _, w := range words {
			m.at(0, id).want(!bytes.Contains(raw, []byte(w)), I10, "a reply to %s, who may not read it, holds its words", c.incarnation())
		}
	}
}
