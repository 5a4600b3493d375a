package syncrpc

import "context"

// StatusOf is what the answer to a call tells of an error.
func (s *Service) StatusOf(ctx context.Context, err error) error { return s.status(ctx, err) }
