package model

import (
	"bytes"

	"onedoor/syncengine"
)

// valueBytesMin is the length from which a value is told apart from chance in a
// file's bytes.
const valueBytesMin = 12

// checkFiles looks for values of records that a phone does not hold any more and
// did not write, in the decrypted bytes of its files.
func (m *Model) checkFiles(p PhoneID, plain []byte) {
	ph := m.phones[p]
	held := m.heldBy(ph)
	allowed := func(data []byte) bool {
		for _, h := range held {
			for _, w := range m.shownOf(h) {
				if bytes.Contains(w.data, data) {
					return true
				}
			}
		}
		for _, r := range ph.rows {
			if bytes.Contains(r.body, data) {
				return true
			}
		}
		return false
	}
	for id := range m.now.records {
		if held[id] != nil {
			continue
		}
		for _, c := range m.now.record(id).cells {
			for _, v := range c.merged {
				text := valueOf(v.data)
				if len(text) < valueBytesMin || allowed(text) {
					continue
				}
				m.at(p, id).want(!bytes.Contains(plain, text), I11, "a value of field %d is still in its files, though the record has left it", c.key.Field)
			}
		}
	}
	m.at(p, syncengine.ID{}).want(true, I11, "")
}
