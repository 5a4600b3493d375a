package adminrpc

import (
	"errors"
	"fmt"
	"io"
	"path"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/csvfile"
)

const (
	// ImportFileBytesMax bounds a file: a register of every rental room of a
	// street has some 6 MiB, five times that is a district's.
	ImportFileBytesMax = 32 << 20
	// ImportChunkBytesMax bounds a chunk, well below what a message may have.
	ImportChunkBytesMax = 64 << 10
	// importProblemsBytesMax bounds the problems that are listed, so that the reply
	// stays below what a message may have; their total is always told.
	importProblemsBytesMax = 2 << 20
	// fileNameCharsMax bounds a file's name in problems and in a door's origin.
	fileNameCharsMax = 60
)

// upload answers a call whose first message holds options and whose others hold
// the chunks of a file.
func upload[Q, R any](s *Service, stream grpc.ClientStreamingServer[Q, R], chunk func(*Q) []byte, f func(c *caller, first *Q, file []byte) (*R, error)) error {
	out, err := answer(stream.Context(), s, operators, func(c *caller) (*R, error) {
		first, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("an upload without a message: %w", errInvalid)
		}
		if err != nil {
			return nil, err
		}
		file, err := receiveFile(stream, chunk)
		if err != nil {
			return nil, err
		}
		return f(c, first, file)
	})
	if err != nil {
		return err
	}
	return stream.SendAndClose(out)
}

// receiveFile reads chunks up to the end of the stream.
func receiveFile[Q, R any](stream grpc.ClientStreamingServer[Q, R], chunk func(*Q) []byte) ([]byte, error) {
	var file []byte
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		b := chunk(m)
		if len(b) == 0 || len(b) > ImportChunkBytesMax {
			return nil, fmt.Errorf("a chunk of %d bytes, 1 to %d are allowed: %w", len(b), ImportChunkBytesMax, errInvalid)
		}
		if len(file)+len(b) > ImportFileBytesMax {
			return nil, fmt.Errorf("more than %d bytes: %w", ImportFileBytesMax, errFileTooLarge)
		}
		file = append(file, b...)
	}
}

// checkOptions wants the options of an upload's first message.
func checkOptions(o *adminv1.ImportOptions) error {
	if o == nil {
		return fmt.Errorf("the first message holds the options: %w", errInvalid)
	}
	if n := utf8.RuneCountInString(o.GetFileName()); n > fileNameCharsMax {
		return fmt.Errorf("file name of %d characters, at most %d: %w", n, fileNameCharsMax, errInvalid)
	}
	return nil
}

// baseName is the file's name without folders of the client's machine.
func baseName(o *adminv1.ImportOptions) string {
	if o.GetFileName() == "" {
		return "import"
	}
	return path.Base(o.GetFileName())
}

// problemsOf gives the problems of single rows as a part of the reply; any other
// error stays one.
func problemsOf(err error) (*adminv1.ImportProblems, error) {
	list, ok := errors.AsType[csvfile.Problems](err)
	if !ok {
		return nil, err
	}
	out := &adminv1.ImportProblems{Total: uint32(len(list))}
	bytes := 0
	for _, p := range list {
		m := &adminv1.ImportProblem{Line: uint32(p.Line), Column: p.Column, Why: p.Why}
		if bytes += proto.Size(m); bytes > importProblemsBytesMax {
			break
		}
		out.Problems = append(out.Problems, m)
	}
	return out, nil
}

// alone runs an import, one at a time.
func (s *Service) alone(f func() error) error {
	if !s.importing.TryLock() {
		return errImportRunning
	}
	defer s.importing.Unlock()
	return f()
}
