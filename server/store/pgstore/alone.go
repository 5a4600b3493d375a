package pgstore

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// A primary that is to wait for a standby writes a commit to its own disk first, and waits then. What ends that wait before its time
// (an operator who cancels the statement or ends the session, the cancelling of one whose answer took too long, a crash) leaves the
// commit standing on the primary, for everybody to read, while no standby may have it; a fail-over then loses it. So a commit that is
// found there is no answer yet: one behind it must come back from the standby first. That the wait was cancelled the engine tells
// beside a COMMIT that succeeds, as a warning.

// standbyWait is the routine of the engine that waits for the standby. Its warning has no code of its own, and a text in any language.
const standbyWait = "SyncRepWaitForLSN"

// errAlone: a commit happened, and the engine gave up waiting for the standby to have it.
var errAlone = errors.New("the engine ended its wait for the synchronous standby, which may lack the commit")

// notice hears what the engine tells beside its answers.
func (s *session) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	s.alone = s.alone || n.Routine == standbyWait
}
