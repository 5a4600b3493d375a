package crash

import (
	"context"
	"net"
)

// A server of a realm in a database has its marks on the lines to it: AtWrite is before a question or a statement leaves, AtSync
// before it is asked for what came of it, with everything said and nothing known, AtSynced when an answer has come, so that what
// was committed is durable, and still nobody has been told. A slow database is one whose answers come late.

// markedLine is a connection to the database that passes the marks.
type markedLine struct{ net.Conn }

// dialMarked opens one.
func dialMarked(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return markedLine{c}, nil
}

// Write sends what the store says.
func (l markedLine) Write(b []byte) (int, error) {
	passing.pass(AtWrite)
	n, err := l.Conn.Write(b)
	passing.pass(AtSync)
	return n, err
}

// Read brings what the database answers.
func (l markedLine) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	passing.stand(answerStandsOneOf)
	passing.pass(AtSynced)
	return n, err
}
