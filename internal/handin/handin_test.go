package handin_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/handin"
)

type (
	request = adminv1.ImportTerritoriesRequest
	answer  = adminv1.ImportTerritoriesResponse
)

// taking is a server's end of a call. It breaks off when it has so many messages; 0 is never.
type taking struct {
	grpc.ClientStream
	got      []*request
	breaksAt int
	breaks   error
	verdict  error
}

func (s *taking) Send(m *request) error {
	if s.breaksAt > 0 && len(s.got) == s.breaksAt {
		return s.breaks
	}
	s.got = append(s.got, m)
	return nil
}

func (s *taking) CloseAndRecv() (*answer, error) { return &answer{}, s.verdict }

func options() *request {
	return &request{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{FileName: "t.csv"}}}
}

func piece(b []byte) *request {
	return &request{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: b}}
}

// content puts the pieces together that came behind the options.
func (s *taking) content(t *testing.T) []byte {
	t.Helper()
	if len(s.got) == 0 || s.got[0].GetOptions().GetFileName() != "t.csv" {
		t.Fatalf("the first message is not the options: %v", s.got)
	}
	var out []byte
	for _, m := range s.got[1:] {
		if n := len(m.GetChunk()); n == 0 || n > handin.PieceBytes {
			t.Errorf("a piece of %d bytes", n)
		}
		out = append(out, m.GetChunk()...)
	}
	return out
}

func TestSend_TheServerHasEveryByteInOrder(t *testing.T) {
	whole := make([]byte, 3*handin.PieceBytes)
	for i := range whole {
		whole[i] = byte(i / 1000)
	}
	for _, n := range []int{0, 1, handin.PieceBytes - 1, handin.PieceBytes, handin.PieceBytes + 1, 3 * handin.PieceBytes} {
		s := &taking{}
		if _, err := handin.Send(s, options(), iotest.OneByteReader(bytes.NewReader(whole[:n])), piece); err != nil {
			t.Fatal(err)
		}
		if got := s.content(t); !bytes.Equal(got, whole[:n]) {
			t.Errorf("of %d bytes %d came, or in another order", n, len(got))
		}
	}
}

func TestSend_WhatAServerSaysThatHasHeardEnoughCounts(t *testing.T) {
	full := errors.New("too large")
	s := &taking{breaksAt: 2, breaks: io.EOF, verdict: full}
	if _, err := handin.Send(s, options(), strings.NewReader(strings.Repeat("x", 5*handin.PieceBytes)), piece); !errors.Is(err, full) {
		t.Errorf("got %v instead of the server's own words", err)
	}
	if len(s.got) != 2 {
		t.Errorf("it went on to send: %d messages", len(s.got))
	}
}

func TestSend_ALineThatBreaksAndAFileThatCannotBeReadAreTold(t *testing.T) {
	broken := errors.New("broken")
	if _, err := handin.Send(&taking{breaksAt: 1, breaks: broken}, options(), strings.NewReader("x"), piece); !errors.Is(err, broken) {
		t.Errorf("a line that breaks: %v", err)
	}
	if _, err := handin.Send(&taking{}, options(), iotest.ErrReader(broken), piece); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func TestRefusal_NamesTheFirstProblem(t *testing.T) {
	if err := handin.Refusal(nil); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	err := handin.Refusal(&adminv1.ImportProblems{Total: 3, Problems: []*adminv1.ImportProblem{{Line: 7, Column: "code", Why: "stands twice"}}})
	for _, part := range []string{"3 problems", "line 7", "code", "stands twice"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
}
