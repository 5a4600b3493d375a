package sealedfile

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"

	"onedoor/internal/privatefile"
)

// newSuffix ends the name of a file that is being written.
const newSuffix = ".new"

// Writer writes a file beside the one that stands, which stays until Keep.
type Writer struct {
	path  string
	file  *os.File
	seal  *chunks
	chunk []byte
	out   []byte
}

// Create begins a file of a name, to be opened by a key. What an earlier Create has left unfinished is written over.
func Create(path string, name [NameBytes]byte, key []byte) (*Writer, error) {
	header := append([]byte(magic), name[:]...)
	seal, err := newChunks(key, header)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, privatefile.Mode)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, file: f, seal: seal, chunk: make([]byte, 0, chunkBytes)}
	if _, err := f.Write(header); err != nil {
		return nil, errors.Join(err, w.Discard())
	}
	return w, nil
}

// Write takes in what the file is to hold.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(w.chunk) == chunkBytes {
			if err := w.flush(false); err != nil {
				return 0, err
			}
		}
		take := min(len(p), chunkBytes-len(w.chunk))
		w.chunk, p = append(w.chunk, p[:take]...), p[take:]
	}
	return n, nil
}

func (w *Writer) flush(last bool) error {
	w.out = w.seal.aead.Seal(append(w.out[:0], 0, 0, 0, 0), w.seal.nonce(last), w.chunk, w.seal.header)
	binary.BigEndian.PutUint32(w.out, uint32(len(w.out)-4))
	w.chunk = w.chunk[:0]
	_, err := w.file.Write(w.out)
	return err
}

// Finish ends what the file holds and waits for the disk; nothing may be written after it.
func (w *Writer) Finish() error {
	return errors.Join(w.flush(true), w.file.Sync())
}

// Keep puts a finished file in the place of the one that stands.
func (w *Writer) Keep() error {
	if err := errors.Join(w.file.Close(), os.Rename(w.path+newSuffix, w.path)); err != nil {
		return err
	}
	return privatefile.SyncFolder(filepath.Dir(w.path))
}

// Discard drops what was written.
func (w *Writer) Discard() error {
	return errors.Join(w.file.Close(), os.Remove(w.path+newSuffix))
}
