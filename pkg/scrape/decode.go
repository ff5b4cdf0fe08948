package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encodings that are asked for, and understood.
const encodings = "gzip, zstd"

// errLarge is for a page that is larger than is allowed, on the wire or when it
// is unpacked.
var errLarge = errors.New("too large")

// unpack reads the body to its end into buf and gives its size on the wire. It
// reads no more than most bytes of it, and unpacks no more than that: errLarge
// says that there was more.
func unpack(buf *bytes.Buffer, body io.Reader, encoding string, most int64) (wire int64, err error) {
	in := &meter{r: body, left: most + 1}
	var out io.Reader = in
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
	case "gzip", "x-gzip":
		z := gzips.Get().(*gzip.Reader)
		defer gzips.Put(z)
		if err := z.Reset(in); err != nil {
			return in.n, early(err)
		}
		out = z
	case "zstd":
		z := zstds.Get().(*zstd.Decoder)
		defer zstds.Put(z)
		if err := z.Reset(in); err != nil {
			return in.n, early(err)
		}
		defer z.Reset(nil) // keep no body
		out = z
	default:
		return 0, rejection{fmt.Errorf("the page is encoded as %.40q, which was not asked for", encoding)}
	}
	n, err := buf.ReadFrom(io.LimitReader(out, most+1))
	if n > most || in.n > most {
		return in.n, errLarge
	}
	if err == nil && out != in {
		// Whatever is behind the compressed data must be read, or the connection
		// could not be used again.
		_, err = io.Copy(io.Discard, in)
	}
	return in.n, err
}

// early is err, as what it is if compressed data ends where it begins.
func early(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A meter counts what is read, and ends after left bytes.
type meter struct {
	r       io.Reader
	n, left int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, io.EOF
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.n += int64(n)
	m.left -= int64(n)
	return n, err
}

// maxWindow is what RFC 8878 advises decoders to support, and bounds what a
// hostile page can make one allocate.
const maxWindow = 8 << 20

var (
	gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	zstds = sync.Pool{New: func() any {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			panic(err) // the options are constant
		}
		return z
	}}
)

// buffers hold pages while they are visited. Between visits a source holds
// none, so that a thousand sources cost no more than those that answer at once.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// largestKept is the largest buffer that waits for another page.
const largestKept = 4 << 20

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= largestKept {
		b.Reset()
		buffers.Put(b)
	}
}
