package syncrpc_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"onedoor/server/exchange"
	"onedoor/server/notify"
	"onedoor/server/store"
	"onedoor/server/syncrpc"
)

func TestStatus_AFaultTellsANumberOnTheWireAndItsTextInTheLogAlone(t *testing.T) {
	var log bytes.Buffer
	s := syncrpc.New(nil, notify.New(), syncrpc.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, fault := range []error{
		errors.New("no column for 和丽 13987654321"),
		fmt.Errorf("%w: index out of range in 和丽 13987654321", exchange.ErrFault),
	} {
		log.Reset()
		st := status.Convert(s.StatusOf(t.Context(), fault))
		number, ok := strings.CutPrefix(st.Message(), "internal fault ")
		if st.Code() != codes.Internal || !ok || len(number) != 8 || strings.Contains(fmt.Sprint(st.Proto()), "13987654321") {
			t.Errorf("%v is answered with %v", fault, st.Proto())
		}
		if !strings.Contains(log.String(), "fault="+number) || !strings.Contains(log.String(), "13987654321") {
			t.Errorf("the log does not tell it under %s: %s", number, log.String())
		}
	}
}

func TestStatus_WhatTheTableNamesIsTold(t *testing.T) {
	var log bytes.Buffer
	s := syncrpc.New(nil, notify.New(), syncrpc.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	st := status.Convert(s.StatusOf(t.Context(), fmt.Errorf("commit: %w", store.ErrFull)))
	if st.Code() != codes.ResourceExhausted || st.Message() != "commit: store is full" || log.Len() > 0 {
		t.Errorf("%v, log %s", st, log.String())
	}
	if s.StatusOf(t.Context(), nil) != nil {
		t.Error("no error has a status")
	}
}

func TestMinimum_GoesByTheNumbersAtTheEndOfAnAppsName(t *testing.T) {
	m := syncrpc.Minimum{Version: "1.4"}
	for app, want := range map[string]bool{
		"onedoor-phone 1.4.0": true, "onedoor-phone 1.10": true, "2": true, "网格通 1.4": true,
		"onedoor-phone 1.3.9": false, "onedoor-phone 0.9": false, "onedoor-phone": false, "": false, "onedoor-phone 1.x": false,
	} {
		if got := m.Serves(app); got != want {
			t.Errorf("%q is served: %v", app, got)
		}
	}
	for version, want := range map[string]bool{"": true, "1.4.0": true, "1.x": false, "newest": false} {
		if err := (syncrpc.Minimum{Version: version}).Check(); (err == nil) != want {
			t.Errorf("%q: error %v", version, err)
		}
	}
}
