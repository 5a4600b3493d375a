// Package compatible keeps what earlier software wrote and makes sure that this
// software still reads it: a server's realm with its secrets and contact key, a backup of it, its
// side ledger, a phone's database with its key, the messages between them, and a
// listing of what they say.
//
// Each folder of testdata is one set, written once by the software of its time
// and never altered: a phone in a drawer holds last year's database, and log rows
// are kept for ever. The test opens copies. All keys in them were made for these
// tests and open nothing else; the people in them are invented.
//
// A new set is written when stored bytes or messages get a new form, beside the
// old ones:
//
//	go test ./internal/compatible -run Write -write v0002
//
// It refuses a name that is taken. The story that a set tells is in story_test.go;
// it may grow, since each set carries the listing that belongs to it.
//
// It holds tests only. Read story_test.go first, then read_test.go.
package compatible
