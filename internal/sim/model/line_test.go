package model_test

import (
	"context"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
	"onedoor/syncengine"
)

// line is the connection of an actor: plain calls that the model is told of.
type line struct{ p *actor }

func (l line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	reply, err := l.p.s.service.Enrol(ctx, req)
	l.p.granted = proto.CloneOf(reply.GetGrants())
	if l.p.s.granted != nil {
		l.p.s.granted(l.p.granted)
	}
	return reply, err
}

// Exchange carries one call, telling the model of it.
func (l line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	p := l.p
	p.taken()
	if p.cut {
		return nil, errLine
	}
	p.sent = proto.CloneOf(req)
	reply, call, err := p.s.exchange(ctx, req, p.alter)
	if err != nil {
		return nil, err
	}
	if p.pass > 0 {
		p.pass--
	} else if p.lose > 0 {
		p.lose--
		return nil, errLine
	}
	p.open = &openCall{call, proto.CloneOf(reply)}
	if p.twist != nil {
		p.twist(reply)
	}
	return reply, nil
}

// exchange has the server answer a request.
func (s *stage) exchange(ctx context.Context, req *syncv1.ExchangeRequest, alter func(*syncv1.ExchangeResponse)) (*syncv1.ExchangeResponse, model.CallID, error) {
	body := &syncv1.ExchangeBody{}
	s.must(proto.Unmarshal(req.GetBody(), body))
	if s.body != nil {
		s.body(body)
	}
	call := s.model.Arrived(body, syncengine.UnixMilli(s.now.UnixMilli()))
	reply, err := s.service.Exchange(ctx, proto.CloneOf(req))
	if body.GetGrants() != nil {
		// The phone may have handed back what a restore had lost.
		for _, p := range s.phones {
			s.grantedNow(p.user)
		}
	}
	s.committed()
	if err != nil {
		s.model.Answered(call, nil, err)
		return nil, call, err
	}
	reply = proto.CloneOf(reply)
	if alter != nil {
		alter(reply)
	}
	s.model.Answered(call, proto.CloneOf(reply), nil)
	return reply, call, nil
}

// repeat has the server answer a copy of a phone's last request; nobody gets the reply.
func (s *stage) repeat(p *actor) {
	s.t.Helper()
	_, _, err := s.exchange(s.ctx, p.sent, p.alter)
	s.must(err)
}

// Watch is not used by stories.
func (l line) Watch(context.Context, *syncv1.WatchRequest, func(uint64)) error { return nil }
