package adminrpc_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/adminrpc"
	"onedoor/server/signin"
)

// openCalls need no token.
var openCalls = []string{"GetSignIn", "SignIn", "BeginSetUp", "FinishSetUp"}

// unary lists the calls of both services that have one request and one answer, with a function that makes an empty one.
func unary(w *world) map[string]func(ctx context.Context) error {
	out := map[string]func(context.Context) error{}
	service := reflect.ValueOf(w.admin)
	for _, face := range []reflect.Type{reflect.TypeFor[adminv1.AdminServiceServer](), reflect.TypeFor[adminv1.PrivacyServiceServer]()} {
		for m := range face.Methods() {
			if m.Type.NumIn() != 2 || m.Type.NumOut() != 2 || slices.Contains(openCalls, m.Name) {
				continue
			}
			request := m.Type.In(1).Elem()
			out[m.Name] = func(ctx context.Context) error {
				answers := service.MethodByName(m.Name).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.New(request)})
				err, _ := answers[1].Interface().(error)
				return err
			}
		}
	}
	return out
}

func TestGetMe_TellsExactlyTheCallsThatTheRoleMayMake(t *testing.T) {
	w := newWorld(t)
	w.admin = adminrpc.New(w.realm, adminrpc.Options{
		Now: func() time.Time { return w.now }, Random: w.random, SignIn: signin.New(w.realm, signin.Options{Key: make([]byte, 32), Random: w.random}),
	})
	calls := unary(w)
	for _, role := range domain.Roles() {
		ctx := incoming(w.as(w.user(role.String(), recordv1.Role(role), county)))
		me, err := w.admin.GetMe(ctx, &adminv1.GetMeRequest{})
		w.must(err)
		if me.GetUser().GetRole() != recordv1.Role(role) || me.GetUser().GetTerritoryCode() != county {
			t.Errorf("%s is told to be %v", role, me.GetUser())
		}
		for name, call := range calls {
			if name == "SignOut" || name == "RunRetention" {
				continue // They act at once, and the first takes the token away.
			}
			refused := adminrpc.ReasonOf(call(ctx)) == adminv1.Reason_REASON_NOT_PERMITTED
			if may := slices.Contains(me.GetMay(), name); may && refused && !narrower[name] || !may && !refused {
				t.Errorf("%s: %s is refused %t, told %t", role, name, refused, may)
			}
		}
	}
}

// narrower are calls that a role may make for some records or users only, of which an empty request names none.
var narrower = map[string]bool{"GetGrants": true, "VoidDoor": true, "LookUp": true, "GetOverview": true}

// incoming turns what a client sends into what a server is given.
func incoming(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	return metadata.NewIncomingContext(ctx, md)
}

func TestGetMe_NamesCallsThatThereAre(t *testing.T) {
	w := newWorld(t)
	me, err := w.admin.GetMe(incoming(w.operator), &adminv1.GetMeRequest{})
	w.must(err)
	if me.GetUser() != nil {
		t.Errorf("the operator's own token is a person: %v", me.GetUser())
	}
	for _, name := range me.GetMay() {
		if !reflect.ValueOf(w.admin).MethodByName(name).IsValid() {
			t.Errorf("there is no call %s", name)
		}
	}
}
