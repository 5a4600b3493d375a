package pgstore

import (
	"context"
	"fmt"

	"onedoor/server/store"
)

// tables are those that hold a realm's rows; onedoor_heads comes first, the others stand beside it.
var tables = []string{"onedoor_heads", "onedoor_writers", "onedoor_log", "onedoor_records", "onedoor_scope", "onedoor_documents"}

// Scrub has the engine take away what deletions and overwriting left behind in its tables. It does what SQL can: dead
// rows go from their pages once no transaction sees them any more. Their bytes leave the files when the room is used
// again, and the write-ahead log, the standbys and the backups when those are recycled; docs/storage.md says how an
// operator bounds that time. On an engine that cleans up by itself, or where the user may not, nothing is done.
func (s *Store) Scrub(ctx context.Context) error {
	if s.writer == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrReadOnly, s.name())
	}
	t, err := s.begin(ctx, s.writer)
	if err != nil {
		return err
	}
	defer t.give()
	err = s.trying(ctx, func() error { return t.vacuum(ctx) })
	return s.explain("scrub", err)
}

func (t *turn) vacuum(ctx context.Context) error {
	sess, err := t.session(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		_, err := sess.conn.Exec(ctx, "VACUUM "+table)
		switch codeOf(err) {
		case codeSyntax, codeUnsupported, codePermission, codeUndefined, codeUnknownFunc:
			return nil
		}
		if err != nil {
			return ended(ctx, err)
		}
	}
	return nil
}
