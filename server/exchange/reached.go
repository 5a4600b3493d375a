package exchange

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Reached is how far a device says that it has the log.
type Reached struct {
	// Device is its incarnation.
	Device syncengine.ID
	// At is its last confirmed checkpoint: what its grants show of the log up to there stands on it.
	At syncengine.Coordinate
	// When is the server's time at which it said so.
	When syncengine.UnixMilli
}

// checkpoints remembers what each device said last. A contact is stored at most once a minute; this is as young as the last call,
// and lost with the process, after which the stored one counts until the device calls again. Where several servers hear from
// phones, each stores what it has heard, for the others.
type checkpoints struct {
	// mu guards what follows.
	mu   sync.Mutex
	last map[syncengine.ID]Reached
	// fresh names the devices whose last word is not known to be stored.
	fresh map[syncengine.ID]bool
}

// note takes what a call says.
func (c *checkpoints) note(incarnation syncengine.ID, now identity.Contact) {
	if now.Checkpoint.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last, c.fresh = map[syncengine.ID]Reached{}, map[syncengine.ID]bool{}
	}
	if c.last[incarnation].At != now.Checkpoint {
		c.last[incarnation] = Reached{Device: incarnation, At: now.Checkpoint, When: now.LastContact}
		c.fresh[incarnation] = true
	}
}

// unstored gives what is not known to be stored, in the order of devices.
func (c *checkpoints) unstored() (out []Reached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for incarnation := range c.fresh {
		out = append(out, c.last[incarnation])
	}
	slices.SortFunc(out, func(a, b Reached) int { return bytes.Compare(a.Device[:], b.Device[:]) })
	return out
}

// stored notes that what was said is stored, unless more was said since.
func (c *checkpoints) stored(list []Reached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range list {
		if c.last[r.Device] == r {
			delete(c.fresh, r.Device)
		}
	}
}

// StoreReached stores how far devices have said that they have the log, for the other servers of the realm.
func (s *Service) StoreReached(ctx context.Context) error {
	list := s.checkpoints.unstored()
	if len(list) == 0 {
		return nil
	}
	err := s.inGroup(ctx, func(k *work) error {
		for _, r := range list {
			standing, err := identity.GetContact(k.w, r.Device)
			if err != nil {
				return err
			}
			if standing.Checkpoint == r.At || standing.LastContact > r.When {
				continue // Stored with the call, or another server has heard more.
			}
			standing.Checkpoint, standing.LastContact = r.At, r.When
			if err := identity.PutContact(k.w, r.Device, standing); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.checkpoints.stored(list)
	}
	return err
}

func (c *checkpoints) of(incarnation syncengine.ID) (Reached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.last[incarnation]
	return r, ok
}

// ReachedBy tells how far each active device of a user has the log.
func (s *Service) ReachedBy(r store.Reader, user syncengine.ID) (out []Reached, err error) {
	devices, err := identity.DevicesOfUser(r, user)
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		if d.State != identity.DeviceActive {
			continue
		}
		reached, told := s.checkpoints.of(d.Incarnation)
		if !told || s.shared {
			contact, err := identity.GetContact(r, d.Incarnation)
			if err != nil {
				return nil, err
			}
			if !told || contact.LastContact > reached.When {
				reached = Reached{Device: d.Incarnation, At: contact.Checkpoint, When: contact.LastContact}
			}
		}
		if !reached.At.IsZero() {
			out = append(out, reached)
		}
	}
	return out, nil
}
