package pgstore

// PoolReaders bounds the connections that read of all realms which share a pool: two realms can use all that one may hold
// ([ReadersDefault]) at the same time, and a third still gets its turn as soon as one of their pages is cut.
const PoolReaders = 2 * ReadersDefault

// Pool holds the connections by which several realms of one database are read, so that a server of many realms has not eight
// for each. A realm holds no more of them at a time than it would have of its own, and each keeps its one connection that
// writes. All stores that share it have the same URL, but for the realm.
type Pool struct {
	// idle holds the connections that are not in use; nil is the right to open one.
	idle chan *session
}

// NewPool makes a pool without connections.
func NewPool() *Pool {
	p := &Pool{idle: make(chan *session, PoolReaders)}
	for range PoolReaders {
		p.idle <- nil
	}
	return p
}

// Close closes the connections, once the stores that share the pool are closed.
func (p *Pool) Close() {
	for range PoolReaders {
		(<-p.idle).close()
	}
}
