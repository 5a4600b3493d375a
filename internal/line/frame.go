package line

import (
	"encoding/binary"
	"io"
	"slices"
)

// The parts of HTTP/2 that a line knows.
const (
	// prefaceBytes is what a client sends before its first frame.
	prefaceBytes = 24
	// frameHeaderBytes stand before every frame: three of length, type, flags, four of stream.
	frameHeaderBytes = 9

	frameData    = 0
	frameHeaders = 1
	// flagLast is END_STREAM: nothing of this call follows in this direction.
	flagLast = 1
)

// Frame is one frame with its header; its bytes are used again by the next read.
type Frame struct{ bytes []byte }

// read reads the next frame.
func (f *Frame) read(r io.Reader) error {
	f.bytes = slices.Grow(f.bytes[:0], frameHeaderBytes)[:frameHeaderBytes]
	if _, err := io.ReadFull(r, f.bytes); err != nil {
		return err
	}
	length := int(binary.BigEndian.Uint32(f.bytes[:4]) >> 8)
	f.bytes = slices.Grow(f.bytes, length)[:frameHeaderBytes+length]
	_, err := io.ReadFull(r, f.bytes[frameHeaderBytes:])
	return err
}

// half is the frame cut in the middle of what it carries.
func (f Frame) half() []byte {
	return f.bytes[:frameHeaderBytes+(len(f.bytes)-frameHeaderBytes)/2]
}

// IsHeaders reports that the frame begins a request or a reply, or ends a reply with its status.
func (f Frame) IsHeaders() bool { return f.bytes[3] == frameHeaders }

// IsData reports that the frame carries a part of a message.
func (f Frame) IsData() bool { return f.bytes[3] == frameData }

// IsLast reports that the frame is the last of its call in its direction.
func (f Frame) IsLast() bool { return (f.IsHeaders() || f.IsData()) && f.bytes[4]&flagLast != 0 }

// Call is the number of the frame's call on its connection; 0 for the connection itself.
func (f Frame) Call() uint32 { return binary.BigEndian.Uint32(f.bytes[5:9]) &^ (1 << 31) }
