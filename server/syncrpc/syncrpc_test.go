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
