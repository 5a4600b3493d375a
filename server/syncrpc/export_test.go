package syncrpc

import "context"

// StatusOf is what the answer to a call tells of an error.
func (s *Service) StatusOf(ctx context.Context, err error) error { return s.status(ctx, err) }

// Serves reports that an app is new enough.
func (m Minimum) Serves(app string) bool { return m.serves(app) }
