package compatible_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"onedoor/server"
)

// write names a new set to make. See the package's comment.
var write = flag.String("write", "", "make a set of this name in testdata, such as v0002")

// The parts of a set.
const (
	realmPart, ledgerPart, phonePart, wirePart = "realm", "ledger", "phone", "wire"
	listingFile, keyFile, backupFile           = "listing.txt", "phone.key", "realm.backup"
	contactKeyFile                             = "contact.key"
)

// setBytesMax bounds a set: all of them lie in every clone of the repository.
const setBytesMax = 1 << 20

// sets lists the committed sets.
func sets(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/v[0-9]*")
	if err != nil || len(found) == 0 {
		t.Fatalf("no set in testdata: %v", err)
	}
	return found
}

func TestWrite_ANewSetStandsBesideTheOldOnes(t *testing.T) {
	s := tell(t)
	dir := filepath.Join(t.TempDir(), "set")
	if *write != "" {
		dir = filepath.Join("testdata", *write)
	}
	// Mkdir fails where a set of that name stands: none is ever altered.
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.writeTo(dir)
	if n := bytesIn(t, dir); n > setBytesMax {
		t.Errorf("the set has %d bytes, %d are allowed", n, setBytesMax)
	}
	readSet(t, dir)
}

// writeTo writes a set from the end of the story.
func (s *story) writeTo(dir string) {
	s.t.Helper()
	listing := s.listing() + s.ann.listing()
	for i, m := range s.kept() {
		name := fmt.Sprintf("%02d-%s", i+1, m.name)
		listing += messageListing(s.t, name, m.body)
		b, err := proto.Marshal(m.body)
		s.must(err)
		s.put(b, dir, wirePart, name+".binpb")
	}
	for _, p := range []*phone{s.ann, s.bai, s.chen} {
		p.close()
	}
	s.close()
	for _, name := range []string{server.DatabaseFile, server.SecretsFile} {
		s.copyTo(filepath.Join(s.dir, name), dir, realmPart, name)
	}
	for part, from := range map[string]string{phonePart: s.ann.dir, ledgerPart: s.side} {
		files, err := os.ReadDir(from)
		s.must(err)
		for _, f := range files {
			s.copyTo(filepath.Join(from, f.Name()), dir, part, f.Name())
		}
	}
	s.copyTo(s.last, dir, backupFile)
	s.copyTo(s.dir+server.ContactKeySuffix, dir, contactKeyFile)
	s.put(fmt.Appendf(nil, "%x\n", s.ann.key), dir, keyFile)
	s.put([]byte(listing), dir, listingFile)
}

func (s *story) copyTo(from string, to ...string) {
	s.t.Helper()
	b, err := os.ReadFile(from)
	s.must(err)
	s.put(b, to...)
}

func (s *story) put(b []byte, to ...string) {
	s.t.Helper()
	path := filepath.Join(to...)
	s.must(os.MkdirAll(filepath.Dir(path), 0o755))
	s.must(os.WriteFile(path, b, 0o644))
}

func bytesIn(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.Walk(dir, func(_ string, f os.FileInfo, err error) error {
		if err == nil && !f.IsDir() {
			n += f.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
