package server_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// redeemAs enrols the numbered device with a code.
func (w *world) redeemAs(code string, number byte) error {
	incarnation, key := syncengine.ID{2, number}, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{number}, ed25519.SeedSize))
	req := &syncv1.EnrolRequest{Code: code, Incarnation: incarnation[:], PublicKey: key.Public().(ed25519.PublicKey)}
	req.Signature = ed25519.Sign(key, wire.EnrolMessage(req))
	_, err := syncv1.NewSyncServiceClient(w.conn).Enrol(w.t.Context(), req)
	return err
}

func TestServer_APhoneThatGuessesCodesHasToWaitAndOthersDoNot(t *testing.T) {
	w := serving(t)
	good := w.code("和丽")
	const unknown = "0000-0000-0000"
	guesses := 0
	for ; guesses < 100 && status.Code(w.redeemAs(unknown, 1)) == codes.NotFound; guesses++ {
	}
	if guesses != 10 {
		t.Errorf("%d guesses of one phone were looked at", guesses)
	}
	err := w.redeemAs(good, 1)
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "try again in") {
		t.Errorf("the right code after them: %v", err)
	}
	var retry *errdetails.RetryInfo
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			retry = info
		}
	}
	if retry.GetRetryDelay().AsDuration() <= 0 {
		t.Errorf("no delay is told: %v", err)
	}
	w.must(w.redeemAs(good, 2))
	if err := w.redeemAs(w.code("木易"), 2); status.Code(err) != codes.AlreadyExists {
		t.Errorf("the same phone for another user: %v", err)
	}
	w.later.Store(60_000)
	if err := w.redeemAs(good, 1); status.Code(err) != codes.AlreadyExists {
		t.Errorf("a minute later its try is looked at again: %v", err)
	}
}

func TestServer_OneUserDoesNotEnrolPhonesWithoutEnd(t *testing.T) {
	w := serving(t)
	user := w.worker("和丽")
	enrolled := 0
	for n := range byte(40) {
		if w.redeemAs(w.codeOf(user), 10+n) == nil {
			enrolled++
		}
	}
	if enrolled != 20 {
		t.Errorf("%d phones of one user in one hour", enrolled)
	}
	w.must(w.redeemAs(w.code("木易"), 1))
}
