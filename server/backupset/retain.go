package backupset

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

const (
	// KeepLeast is how many backups are kept whatever is asked for: phones keep what they have handed in until two have it.
	KeepLeast = 2
	// cutOffAfter is how old a backup without a manifest must be to count as cut off, not as one under way.
	cutOffAfter = 24 * time.Hour
)

// Policy says which backups are kept: the newest ones, and those that are not old.
type Policy struct {
	// Newest is how many are kept whatever their age; KeepLeast at least.
	Newest int
	// For is how long every one is kept; 0 for no longer than Newest says.
	For time.Duration
}

// Retain takes away what a policy does not keep of a realm's backups, and what was cut off, and names it.
func (s *Set) Retain(ctx context.Context, realm uint32, p Policy, now time.Time) (gone []string, err error) {
	list, err := s.List(ctx, realm)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		if i < max(p.Newest, KeepLeast) || now.Sub(e.Made) < p.For {
			continue
		}
		if err := s.remove(ctx, e.Name+manifestSuffix, e.Name); err != nil {
			return gone, err
		}
		gone = append(gone, e.Name)
	}
	cut, err := s.cutOff(ctx, realm, now)
	if err != nil {
		return gone, err
	}
	for _, name := range cut {
		if err := s.remove(ctx, name); err != nil {
			return gone, err
		}
		gone = append(gone, name)
	}
	return gone, nil
}

// cutOff lists objects of a realm that have no manifest and are no longer under way.
func (s *Set) cutOff(ctx context.Context, realm uint32, now time.Time) (list []string, err error) {
	manifests, objects := map[string]bool{}, map[string]time.Time{}
	err = s.each(ctx, fmt.Sprintf("%s%06d-", namePrefix, realm), func(object *blob.ListObject) error {
		if name, is := strings.CutSuffix(object.Key, manifestSuffix); is {
			manifests[name] = true
		} else {
			objects[object.Key] = object.ModTime
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, at := range objects {
		if !manifests[name] && now.Sub(at) > cutOffAfter {
			list = append(list, name)
		}
	}
	return list, nil
}

// remove takes objects away; one that is gone already is no error.
func (s *Set) remove(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := s.bucket.Delete(ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("take away %s: %w", name, err)
		}
	}
	return nil
}
