package cryptvfs

import (
	"bytes"
)

// Plain gives the plain form of every page that the bytes of a main file and its log hold and that opens with the key,
// free pages and frames that the engine no longer reads among them. It is for those who look for what must not be there.
func Plain(key [32]byte, main, log []byte) ([]byte, error) {
	s, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	var out []byte
	for offset := 0; offset+pageBytes <= len(main); offset += pageBytes {
		page := bytes.Clone(main[offset : offset+pageBytes])
		if s.open(page, s.mainPlace(int64(offset))) {
			out = append(out, page[:contentBytes]...)
		}
	}
	return append(out, s.plainLog(log)...), nil
}

// plainLog is Plain for a log. A frame of an earlier round was sealed with salts that are gone.
func (s *sealer) plainLog(log []byte) (out []byte) {
	if len(log) < logHeaderBytes {
		return nil
	}
	salts := log[saltsAt : saltsAt+saltsBytes]
	for offset := logHeaderBytes; offset+frameBytes <= len(log); offset += frameBytes {
		frame := bytes.Clone(log[offset : offset+frameBytes])
		page := frame[frameHeaderBytes:]
		if s.open(page, s.logPlace(int64(offset), frame, salts)) {
			out = append(out, page[:contentBytes]...)
		}
	}
	return out
}
