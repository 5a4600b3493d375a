package replay

import (
	"context"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	"onedoor/syncengine"
)

// Author writes the records of one group.
type Author interface {
	// Add makes a record.
	Add(m proto.Message) (syncengine.ID, error)
	// AddWithID makes a record that another phone gave the id of.
	AddWithID(id syncengine.ID, m proto.Message) error
	// Edit writes the fields that the message has.
	Edit(id syncengine.ID, m proto.Message, cleared ...string) error
}

// Phone is what the replay asks of a phone. The one of the SDK stands in
// replica.go; tests put others around it to see that the auditor notices.
type Phone interface {
	// Enrol makes it the phone of a user.
	Enrol(ctx context.Context, server, code string) error
	// Group commits what f writes, offline.
	Group(f func(Author) error) error
	// Sync hands in what was written and brings what others did.
	Sync(ctx context.Context) (Traffic, error)
	// Records calls f for every record of an audited kind that the phone shows.
	Records(f func(id syncengine.ID, m proto.Message) error) error
	// Open lists the cells that wait for a person: the record, and the field with
	// its map key or set element as the phone shows them.
	Open() ([]OpenCell, error)
	// Digest is the phone's own sum over its base.
	Digest() (string, error)
	// Close closes the database.
	Close() error
}

// OpenCell is a cell that a phone lists as open.
type OpenCell struct {
	Record syncengine.ID
	Field  string
	// Key is the map key or set element; empty for a whole field.
	Key string
	// Others are the distinct values that a person may choose instead of the shown
	// one, in the phone's own spelling.
	Others map[string]bool
}

// Traffic is what syncs cost.
type Traffic struct {
	Pushed, Pulled, RoundTrips int
	// BytesUp and BytesDown are as they travelled, compressed.
	BytesUp, BytesDown int64
}

func (t *Traffic) add(o Traffic) {
	t.Pushed, t.Pulled, t.RoundTrips = t.Pushed+o.Pushed, t.Pulled+o.Pulled, t.RoundTrips+o.RoundTrips
	t.BytesUp, t.BytesDown = t.BytesUp+o.BytesUp, t.BytesDown+o.BytesDown
}

// PhoneOptions are what a phone is made with.
type PhoneOptions struct {
	// Dir is its own folder, Key the key of its database.
	Dir string
	Key []byte
	// Name stands in the operator's list of devices.
	Name string
	// PageBytesMax asks the server for smaller pages; 0 leaves it to the server.
	PageBytesMax int
	// Now is its clock, which may be wrong, Random its chance.
	Now    func() time.Time
	Random io.Reader
}

// OpenPhone makes a phone.
type OpenPhone func(PhoneOptions) (Phone, error)
