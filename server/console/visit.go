package console

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// visit is one request of somebody who is signed in.
type visit struct {
	c    *Console
	w    http.ResponseWriter
	r    *http.Request
	lang language
	// ctx carries the session's token to the calls.
	ctx context.Context
	me  *adminv1.GetMeResponse
	// names and places are looked up when they are first asked for.
	known *directory
	// reached is how far the log was known to have grown before anything was read.
	reached syncengine.Seq
}

// visit answers a request with a page, for who is signed in; others are asked to sign in.
func (c *Console) visit(w http.ResponseWriter, r *http.Request, f func(*visit) error) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, bodyMax(r))
	}
	cookie, err := r.Cookie(sessionCookie(r))
	if err != nil {
		c.askSignIn(w, r, false)
		return
	}
	v := &visit{c: c, w: w, r: r, lang: languageOf(r), ctx: c.calling(r, cookie.Value), reached: c.o.Hub.Reached()}
	if v.me, err = call(v, c.o.Admin.GetMe, &adminv1.GetMeRequest{}); err == nil {
		err = f(v)
	}
	if err == nil {
		return
	}
	if p := problemOf(err); p.signedOut {
		c.askSignIn(w, r, true)
	} else {
		v.fail(p)
	}
}

// calling gives the context of a call: the token, and where the request came from.
func (c *Console) calling(r *http.Request, token string) context.Context {
	md := metadata.MD{}
	if token != "" {
		md.Set("authorization", "Bearer "+token)
	}
	if from := r.Header.Values("X-Forwarded-For"); c.o.BehindGateway && len(from) > 0 {
		md.Set("x-forwarded-for", from...)
	}
	ctx := metadata.NewIncomingContext(r.Context(), md)
	if addr, err := net.ResolveTCPAddr("tcp", r.RemoteAddr); err == nil {
		ctx = peer.NewContext(ctx, &peer.Peer{Addr: addr})
	}
	return ctx
}

// call makes one call of the services as who is signed in.
func call[Q proto.Message, R any](v *visit, f func(context.Context, Q) (R, error), req Q) (R, error) {
	return f(named(v.ctx, req), req)
}

// named tells the log of the called service which call it is.
func named(ctx context.Context, req proto.Message) context.Context {
	name := strings.TrimSuffix(string(req.ProtoReflect().Descriptor().Name()), "Request")
	return grpc.NewContextWithServerTransportStream(ctx, methodName(name))
}

// methodName stands in for the transport of a call that never crossed one; the calls ask it for its name alone.
type methodName string

func (m methodName) Method() string               { return "console " + string(m) }
func (m methodName) SetHeader(metadata.MD) error  { return nil }
func (m methodName) SendHeader(metadata.MD) error { return nil }
func (m methodName) SetTrailer(metadata.MD) error { return nil }

// may reports that the role of who is signed in may make a call.
func (v *visit) may(calls ...string) bool {
	return slices.ContainsFunc(calls, func(name string) bool { return slices.Contains(v.me.GetMay(), name) })
}

// role is the role of who is signed in.
func (v *visit) role() recordv1.Role { return v.me.GetUser().GetRole() }

// seeOther sends the browser to a page, after a write.
func (v *visit) seeOther(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// form gives a field of the form, without blanks around it.
func (v *visit) form(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// query gives a field of the address.
func (v *visit) query(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// home sends somebody to the page that their work begins at.
func (v *visit) home() error {
	switch v.role() {
	case recordv1.Role_ROLE_MEDIATOR, recordv1.Role_ROLE_PSYCHOLOGIST, recordv1.Role_ROLE_LAWYER:
		return v.seeOther("/cases?inbox=mine")
	case recordv1.Role_ROLE_DEPARTMENT:
		// What a department may read is what was routed to it.
		return v.seeOther("/cases")
	case recordv1.Role_ROLE_DISPATCHER:
		return v.seeOther("/cases?inbox=dispatch")
	case recordv1.Role_ROLE_RECEPTION:
		return v.seeOther("/cases?inbox=desk")
	case recordv1.Role_ROLE_AUDITOR:
		return v.seeOther("/ledger")
	case recordv1.Role_ROLE_OPERATOR:
		return v.seeOther("/health")
	}
	return v.seeOther("/overview")
}
