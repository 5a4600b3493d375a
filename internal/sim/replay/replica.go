package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// errLine means that a call on loopback failed. The replay's clocks stand still
// while phones sync, so waiting for another try would never end.
var errLine = errors.New("a call to the server of this machine failed")

// replica is the SDK's phone.
type replica struct{ *client.Replica }

// OpenReplica makes a phone of the SDK.
func OpenReplica(o PhoneOptions) (Phone, error) {
	r, err := client.Open(o.Dir, o.Key, client.Options{
		DeviceName: o.Name, PageBytesMax: o.PageBytesMax, Now: o.Now, Random: o.Random,
		Wait: func(context.Context, time.Duration) error { return errLine },
	})
	if err != nil {
		return nil, err
	}
	return &replica{r}, nil
}

// Group commits what f writes.
func (r *replica) Group(f func(Author) error) error {
	return r.Replica.Group(func(g *client.Group) error { return f(g) })
}

// Sync runs to the end, or tells why it could not.
func (r *replica) Sync(ctx context.Context) (Traffic, error) {
	report, err := r.Replica.Sync(ctx)
	if err == nil && (!report.CaughtUp || report.Quarantined > 0) {
		err = fmt.Errorf("the sync ended with caught_up %v and %d changes in quarantine", report.CaughtUp, report.Quarantined)
	}
	return Traffic{
		Pushed: report.Pushed, Pulled: report.Pulled, RoundTrips: report.RoundTrips, BytesUp: report.BytesUp, BytesDown: report.BytesDown,
	}, err
}

// Records gives what the phone's lists show.
func (r *replica) Records(f func(syncengine.ID, proto.Message) error) error {
	for _, kind := range audited {
		list, err := r.List(client.Query{Kind: strings.ToLower(strings.TrimPrefix(kind.String(), "KIND_"))})
		if err != nil {
			return err
		}
		for _, record := range list {
			m, err := record.Message()
			if err != nil {
				return err
			}
			if err := f(record.ID, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// Open gives what the phone's list of conflicts shows.
func (r *replica) Open() ([]OpenCell, error) {
	list, err := r.Conflicts()
	if err != nil {
		return nil, err
	}
	var out []OpenCell
	for _, c := range list {
		id, err := wire.ParseID(c.RecordID)
		if err != nil {
			return nil, fmt.Errorf("conflict %s: %w", c.ID, err)
		}
		open := OpenCell{Record: id, Others: map[string]bool{}}
		open.Field, open.Key, _ = strings.Cut(c.Field, ".")
		for _, other := range c.Others {
			open.Others[string(other.JSON)] = true
		}
		out = append(out, open)
	}
	return out, nil
}

// Digest gives the sum that the phone's status shows.
func (r *replica) Digest() (string, error) {
	status, err := r.Status()
	if err != nil {
		return "", err
	}
	return status.Digest, nil
}
