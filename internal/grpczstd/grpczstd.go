// Package grpczstd registers the gRPC message encoding "zstd", which phone and
// server share: pages and batches of records shrink to a third, and the header
// of a message that carries nothing grows by a few bytes only.
//
// A message is compressed whole, as one frame that states its size, by one of a
// few encoders that all calls share, so that memory does not grow with the
// number of calls. Only a part that was packed ahead (see Ahead) has a frame of its
// own. It never looks at what a message says.
//
// Importing the package registers the encoding; a client asks for it with
// grpc.UseCompressor(grpczstd.Name), a server answers in kind.
package grpczstd

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
)

// Name is the encoding's name on the wire.
const Name = "zstd"

const (
	// windowBytes covers a whole page or batch, so that a repeated text is found
	// wherever it stands, and bounds what an encoder holds.
	windowBytes = 1 << 20
	// windowBytesMax bounds what a frame may make a decoder hold: twice the
	// largest message, since a frame states its size in powers of two.
	windowBytesMax = 8 << 20
)

// shared is the one that all calls of this process use.
var shared = newCompressor()

func init() { encoding.RegisterCompressor(shared) }

type compressor struct {
	encoder *zstd.Encoder
	// buffers and decoders are reused between calls.
	buffers, decoders sync.Pool
	// parts are packed before their message is whole.
	parts aheadParts
}

func newCompressor() *compressor {
	encoder, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(windowBytes), zstd.WithEncoderCRC(false),
		zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithLowerEncoderMem(true))
	if err != nil {
		// The options are constants; only a wrong one can fail.
		panic("grpczstd: " + err.Error())
	}
	c := &compressor{encoder: encoder}
	c.buffers.New = func() any { return &frame{compressor: c} }
	c.decoders.New = func() any { return c.newDecoder() }
	return c
}

// Name gives the encoding's name.
func (c *compressor) Name() string { return Name }

// Compress gathers a message and writes its frame to w when it is closed.
func (c *compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	f := c.buffers.Get().(*frame)
	f.to = w
	return f, nil
}

// frame gathers one message.
type frame struct {
	compressor *compressor
	to         io.Writer
	plain      bytes.Buffer
	packed     []byte
}

// Write takes a part of the message.
func (f *frame) Write(p []byte) (int, error) { return f.plain.Write(p) }

// Close compresses the message and hands it on.
func (f *frame) Close() error {
	f.packed = f.compressor.pack(f.packed[:0], f.plain.Bytes())
	_, err := f.to.Write(f.packed)
	f.plain.Reset()
	f.to = nil
	f.compressor.buffers.Put(f)
	return err
}

// Decompress reads the message behind r. gRPC stops reading at the largest
// message it accepts, so a small frame cannot unfold without end.
func (c *compressor) Decompress(r io.Reader) (io.Reader, error) {
	d := c.decoders.Get().(*decoder)
	if err := d.zstd.Reset(r); err != nil {
		c.decoders.Put(d)
		return nil, err
	}
	return d, nil
}

type decoder struct {
	compressor *compressor
	zstd       *zstd.Decoder
}

func (c *compressor) newDecoder() *decoder {
	d, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowBytesMax), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic("grpczstd: " + err.Error())
	}
	return &decoder{compressor: c, zstd: d}
}

// Read gives the next part of the message and hands the decoder back at its end.
func (d *decoder) Read(p []byte) (int, error) {
	if d.zstd == nil {
		return 0, io.EOF
	}
	n, err := d.zstd.Read(p)
	if err == io.EOF {
		d.compressor.decoders.Put(&decoder{compressor: d.compressor, zstd: d.zstd})
		d.zstd = nil
	}
	return n, err
}
