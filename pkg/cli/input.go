package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Open opens an operand for reading: "-" is standard input. Compressed data is
// recognised by its first bytes and comes out plain.
func (e *Env) Open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(Decompress(e.Stdin)), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if s, err := f.Stat(); err == nil && s.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%q is a directory", name)
	}
	return struct {
		io.Reader
		io.Closer
	}{Decompress(f), f}, nil
}

// An Input is an operand that may be read in any order if At is not nil, and only
// from front to back otherwise.
type Input struct {
	io.ReadCloser
	At   io.ReaderAt
	Size int64 // of At, in bytes
}

// OpenAt opens an operand as Open does. A plain file that is not compressed can
// be read in any order.
func (e *Env) OpenAt(name string) (Input, error) {
	if name == "-" {
		r, err := e.Open(name)
		return Input{ReadCloser: r}, err
	}
	f, err := os.Open(name)
	if err != nil {
		return Input{}, err
	}
	s, err := f.Stat()
	switch {
	case err == nil && s.IsDir():
		err = fmt.Errorf("%q is a directory", name)
	case err == nil && s.Mode().IsRegular():
		var head [4]byte
		n, _ := f.ReadAt(head[:], 0)
		if !compressed(head[:n]) {
			return Input{f, f, s.Size()}, nil
		}
	}
	if err != nil {
		f.Close()
		return Input{}, err
	}
	return Input{ReadCloser: struct {
		io.Reader
		io.Closer
	}{Decompress(f), f}}, nil
}

func compressed(head []byte) bool {
	return bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic)
}

// Decompress gives the plain form of gzip or zstd data, several members one
// after another included, and any other data as it is. It reads nothing before
// it is read from. Data that breaks off gives io.ErrUnexpectedEOF after all
// that came before.
func Decompress(r io.Reader) io.Reader { return &sniffer{src: r} }

type sniffer struct {
	src io.Reader
	r   io.Reader
	err error
}

func (s *sniffer) Read(p []byte) (int, error) {
	if s.r == nil && s.err == nil {
		s.r, s.err = sniff(s.src)
	}
	if s.err != nil {
		return 0, s.err
	}
	return s.r.Read(p)
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// maxWindow bounds what a hostile zstd frame can make the decoder allocate.
const maxWindow = 128 << 20

func sniff(src io.Reader) (io.Reader, error) {
	// Small, so that it passes plain data by.
	b := bufio.NewReaderSize(src, 16)
	// Peek asks for no more than the shortest magic, so that a line of a live
	// pipe is not held back.
	head, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.Equal(head, gzipMagic):
		z, err := gzip.NewReader(bufio.NewReaderSize(b, 64<<10))
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return z, err
	case bytes.Equal(head, zstdMagic[:2]):
		if head, _ := b.Peek(4); !bytes.Equal(head, zstdMagic) {
			return b, nil
		}
		z, err := zstd.NewReader(bufio.NewReaderSize(b, 64<<10), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	return b, nil
}
