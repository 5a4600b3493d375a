package server_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server"
	"onedoor/server/turns"
)

func TestPack_APageWaitsForItsTurnAndOtherAnswersDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		realm := turns.New(1, 1, time.Now).Join()
		for range 2 {
			if _, err := realm.Take(t.Context(), turns.Judge); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		page := &syncv1.ExchangeResponse{Page: &syncv1.Page{}}
		if _, err := server.Pack(ctx, realm, page); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a page is packed while all permits are out: %v", err)
		}
		for _, other := range []any{&syncv1.ExchangeResponse{}, &syncv1.LookUpResponse{}} {
			if reply, err := server.Pack(ctx, realm, other); err != nil || reply != other {
				t.Errorf("an answer without a page: %v, %v", reply, err)
			}
		}
	})
}

func TestPack_APageIsLeftToGRPCWhileNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		realm := turns.New(1, 1, time.Now).Join()
		page := &syncv1.ExchangeResponse{Page: &syncv1.Page{}}
		if reply, err := server.Pack(t.Context(), realm, page); err != nil || reply != any(page) {
			t.Errorf("a page that keeps nobody waiting: %v, %v", reply, err)
		}
	})
}
