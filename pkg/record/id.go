package record

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
)

// crockford leaves out I, L, O and U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewRunID makes an identifier that sorts by time, in the form of a ULID: 48
// bits of milliseconds and 80 random bits in 26 letters.
func NewRunID(t Time) string {
	// 32 zero bits in front make 160, which is 32 letters; six of them go.
	var b [20]byte
	binary.BigEndian.PutUint64(b[4:], uint64(t/1e6)<<16)
	rand.Read(b[10:])
	return crockford.EncodeToString(b[:])[6:]
}
