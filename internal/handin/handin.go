// Package handin hands a file to one of the calls that import: territories, doors, users. A call takes options, then the file in
// pieces, and answers once with what the file brought or with what is wrong in it.
//
// It knows no format and opens no file; it is for those who call a server, and a server does not import it.
package handin

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// PieceBytes is how much of a file goes into one message; the server takes up to twice that.
const PieceBytes = 32 << 10

// Send sends options and then a file, each piece as the message that part makes of it, and gives the server's verdict. A server
// that has heard enough ends the stream: what it then says is what counts.
func Send[Req, Resp any](stream grpc.ClientStreamingClient[Req, Resp], options *Req, file io.Reader, part func(piece []byte) *Req) (*Resp, error) {
	err := stream.Send(options)
	for err == nil {
		piece := make([]byte, PieceBytes) // Each has its own: a message that was sent may be read later.
		n, ended := io.ReadFull(file, piece)
		if n > 0 {
			err = stream.Send(part(piece[:n]))
		}
		if errors.Is(ended, io.EOF) || errors.Is(ended, io.ErrUnexpectedEOF) {
			break
		}
		if ended != nil {
			return nil, fmt.Errorf("read the file: %w", ended)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return stream.CloseAndRecv()
}

// Refusal is what is wrong with a file as an error, for callers that have nobody to show each line to; nil where nothing is.
func Refusal(p *adminv1.ImportProblems) error {
	if p.GetTotal() == 0 {
		return nil
	}
	first := p.GetProblems()[0]
	return fmt.Errorf("%d problems, the first in line %d, column %s: %s", p.GetTotal(), first.GetLine(), first.GetColumn(), first.GetWhy())
}
