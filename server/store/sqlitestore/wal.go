package sqlitestore

import "time"

const (
	walSuffix = "-wal"
	// checkpointPages is the length of the write-ahead log from which each
	// commit copies it into the database as far as no reader is in the way: 16
	// MiB, so that pages written again and again are copied once.
	checkpointPages = 2000
	// walBytesMax is the length the write-ahead log is cut back to. Above it the
	// writer waits for readers to finish once, since with some View always
	// running the log would never start over.
	walBytesMax = 64 << 20
	// walWaitMax bounds that wait. A longer View, such as a verify of a big
	// realm, makes the log grow by another walBytesMax before the next try.
	walWaitMax = time.Second
)

// boundWAL makes the write-ahead log start over when it has grown past the
// alarm. The commit stands whatever happens here; an error means only that the
// log goes on growing, and that a disk that fills up says so itself.
func (s *Store) boundWAL(sess *session) {
	if s.walSize() <= s.walAlarm {
		return
	}
	sess.conn.SetBusyTimeout(s.walWait)
	err := run(sess.conn, "PRAGMA wal_checkpoint(TRUNCATE)")
	sess.conn.SetBusyTimeout(busyWait)
	length := s.walSize()
	if err != nil || length > walBytesMax {
		s.walAlarm = length + walBytesMax
		return
	}
	s.walAlarm = walBytesMax
}
