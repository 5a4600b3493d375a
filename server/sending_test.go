package server_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server"
	"onedoor/server/turns"
)

// sentTo keeps what was sent.
type sentTo struct {
	grpc.ServerStream
	sent []any
}

// SendMsg keeps a message.
func (s *sentTo) SendMsg(m any) error {
	s.sent = append(s.sent, m)
	return nil
}

func TestSend_APageWaitsForItsTurnAndOtherAnswersDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		realm := turns.New(1, 1, time.Now).Join()
		page := &syncv1.ExchangeResponse{Page: &syncv1.Page{}}
		to := &sentTo{}
		if err := server.Send(t.Context(), realm, to, page); err != nil || len(to.sent) != 1 || to.sent[0] != any(page) {
			t.Errorf("a page that keeps nobody waiting: %v, %v", to.sent, err)
		}
		for range 2 {
			if _, err := realm.Take(t.Context(), turns.Judge); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		to = &sentTo{}
		if err := server.Send(ctx, realm, to, page); !errors.Is(err, context.DeadlineExceeded) || len(to.sent) > 0 {
			t.Errorf("a page is sent while all permits are out: %v, %v", to.sent, err)
		}
		for _, other := range []any{&syncv1.ExchangeResponse{}, &syncv1.LookUpResponse{}} {
			to := &sentTo{}
			if err := server.Send(ctx, realm, to, other); err != nil || len(to.sent) != 1 || to.sent[0] != other {
				t.Errorf("an answer without a page: %v, %v", to.sent, err)
			}
		}
	})
}
