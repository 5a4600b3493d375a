package exchange

import (
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
// and lost with the process, after which the stored one counts until the device calls again.
type checkpoints struct {
	// mu guards last.
	mu   sync.Mutex
	last map[syncengine.ID]Reached
}

// note takes what a call says.
func (c *checkpoints) note(incarnation syncengine.ID, now identity.Contact) {
	if now.Checkpoint.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[syncengine.ID]Reached{}
	}
	if c.last[incarnation].At != now.Checkpoint {
		c.last[incarnation] = Reached{Device: incarnation, At: now.Checkpoint, When: now.LastContact}
	}
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
		if !told {
			contact, err := identity.GetContact(r, d.Incarnation)
			if err != nil {
				return nil, err
			}
			reached = Reached{Device: d.Incarnation, At: contact.Checkpoint, When: contact.LastContact}
		}
		if !reached.At.IsZero() {
			out = append(out, reached)
		}
	}
	return out, nil
}
