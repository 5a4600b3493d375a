package server

import (
	"context"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// face is a service as callers see it. Which realm's service answers is told by the caller's token, before the message is
// looked at, or for some methods by the message.
type face struct {
	desc *grpc.ServiceDesc
	// of gives a realm's service.
	of func(*hosted) any
	// front answers the methods whose message tells the realm; it brings the call to the service of the realm that its visit
	// reached. named lists them.
	front any
	named []string
	// inTurn are those of them whose answers are sent in the realm's turn.
	inTurn []string
}

// faces are all services that belong to realms.
func (s *Server) faces() []face {
	return []face{
		{desc: &syncv1.SyncService_ServiceDesc, of: func(h *hosted) any { return h.phones }, front: phonesFront{}, named: []string{"Enrol", "Exchange", "SendAhead", "LookUp", "Watch"}, inTurn: []string{"Exchange"}},
		{desc: &adminv1.AdminService_ServiceDesc, of: func(h *hosted) any { return h.admin }, front: adminFront{server: s}, named: []string{"GetSignIn", "SignIn", "BeginSetUp", "FinishSetUp"}},
		{desc: &adminv1.PrivacyService_ServiceDesc, of: func(h *hosted) any { return h.admin }},
		{desc: &reportv1.ReportService_ServiceDesc, of: func(h *hosted) any { return h.figures }},
		{desc: &feedv1.FeedService_ServiceDesc, of: func(h *hosted) any { return h.systems }},
	}
}

// phonesFront brings phones' calls to the realm that they name.
type phonesFront struct {
	syncv1.UnimplementedSyncServiceServer
}

// Enrol is that of the realm that made the code.
func (phonesFront) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return visitOf(ctx).realm.phones.Enrol(ctx, req)
}

// Exchange is that of the realm in the signed body.
func (phonesFront) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	return visitOf(ctx).realm.phones.Exchange(ctx, req)
}

// SendAhead is that of the realm in the message.
func (phonesFront) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) (*syncv1.SendAheadResponse, error) {
	return visitOf(ctx).realm.phones.SendAhead(ctx, req)
}

// LookUp is that of the realm in the message.
func (phonesFront) LookUp(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error) {
	return visitOf(ctx).realm.phones.LookUp(ctx, req)
}

// Watch is that of the realm in the message.
func (phonesFront) Watch(req *syncv1.WatchRequest, stream grpc.ServerStreamingServer[syncv1.WatchResponse]) error {
	h := visitOf(stream.Context()).realm
	if err := h.room.watch(); err != nil {
		return err
	}
	defer h.room.unwatch()
	return h.phones.Watch(req, stream)
}

// adminFront brings the calls of those who have no token yet to the realm that they name.
type adminFront struct {
	adminv1.UnimplementedAdminServiceServer
	server *Server
}

// GetSignIn is that of the realm in the message; where several are served and none is named, it lists them.
func (f adminFront) GetSignIn(ctx context.Context, req *adminv1.GetSignInRequest) (*adminv1.GetSignInResponse, error) {
	out := &adminv1.GetSignInResponse{}
	if h := visitOf(ctx).realm; h != nil {
		var err error
		if out, err = h.admin.GetSignIn(ctx, req); err != nil {
			return nil, err
		}
	}
	if f.server.realms.only() == nil {
		out.Realms = f.server.servedRealms()
	}
	return out, nil
}

// SignIn is that of the realm in the message.
func (adminFront) SignIn(ctx context.Context, req *adminv1.SignInRequest) (*adminv1.SignInResponse, error) {
	return visitOf(ctx).realm.admin.SignIn(ctx, req)
}

// BeginSetUp is that of the realm that made the code.
func (adminFront) BeginSetUp(ctx context.Context, req *adminv1.BeginSetUpRequest) (*adminv1.BeginSetUpResponse, error) {
	return visitOf(ctx).realm.admin.BeginSetUp(ctx, req)
}

// FinishSetUp is that of the realm that made the code.
func (adminFront) FinishSetUp(ctx context.Context, req *adminv1.FinishSetUpRequest) (*adminv1.FinishSetUpResponse, error) {
	return visitOf(ctx).realm.admin.FinishSetUp(ctx, req)
}
