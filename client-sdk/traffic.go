package client

// traffic is bytes of messages.
type traffic struct{ up, down int64 }

func (t traffic) minus(o traffic) traffic { return traffic{t.up - o.up, t.down - o.down} }

// count adds to all that was ever sent and received.
func (p *position) count(t traffic) {
	p.BytesUp, p.BytesDown = p.BytesUp+t.up, p.BytesDown+t.down
}

// traffic gives the bytes of the run so far: as they travelled where the transport
// counts them, else the sizes of the messages of the calls that were answered.
func (u *run) traffic() traffic {
	m, ok := u.transport.(Meter)
	if !ok {
		return u.measured
	}
	var now traffic
	now.up, now.down = m.WireBytes()
	return now.minus(u.begun)
}
