package identity

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// CodeValidFor is how long a join code works: a code given out on a Friday
// afternoon still enrols the phone on Monday morning, and one that was left on a
// desk is worthless after that.
const CodeValidFor = 72 * time.Hour

const (
	// codeAlphabet is Crockford's base 32 (crockford.com/base32.html): no I, L, O
	// and U, so that nothing in it is mistaken for something else in it.
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// codeSymbols are drawn at random, 5 bits each: 55 bits. Were a million codes
	// open at once, a million guesses a second would take ten hours for one hit on
	// average; an honest realm has a hundred open, for three days.
	codeSymbols = 11
	// codeGroup is how many symbols stand together when a code is shown; with the
	// check symbol there are three groups of four.
	codeGroup = 4
	// codeDraws bounds how often a code is drawn again because it is taken, which
	// with true randomness never happens once.
	codeDraws = 3
)

// Code is a join code in the form it is shown: three groups of four.
type Code string

// NewCode makes a join code for a user. The code is returned once and stored as
// a hash only.
func NewCode(w store.Writer, user syncengine.ID, now syncengine.UnixMilli, random io.Reader) (code Code, expires syncengine.UnixMilli, err error) {
	if _, err := activeUser(w, user); err != nil {
		return "", 0, err
	}
	symbols, err := freshSymbols(w, bucketCodes, random)
	if err != nil {
		return "", 0, err
	}
	m := &storedv1.JoinCode{UserId: user[:], CreatedMs: int64(now)}
	return grouped(symbols), codeExpiry(m), put(w, bucketCodes, codeKey(symbols), m)
}

// freshSymbols draws a code that the bucket does not hold.
func freshSymbols(r store.Reader, bucket string, random io.Reader) (string, error) {
	for range codeDraws {
		symbols, err := drawSymbols(random)
		if err != nil {
			return "", err
		}
		key := codeKey(symbols)
		_, taken, err := r.Document(bucket, key)
		if err != nil {
			return "", wrapAt(err, bucket, key)
		}
		if !taken {
			return symbols, nil
		}
	}
	return "", fmt.Errorf("%d random codes were all taken: the source of randomness repeats itself: %w", codeDraws, ErrInvalid)
}

// RedeemCode gives the user a code was made for and marks the code as used by
// the incarnation. The same incarnation may redeem it again, since the reply to
// an enrolment may be lost; for any other it is [ErrCodeUsed].
func RedeemCode(w store.Writer, typed string, incarnation syncengine.ID, now syncengine.UnixMilli) (user syncengine.ID, err error) {
	symbols, err := ParseCode(typed)
	if err != nil {
		return user, err
	}
	key := codeKey(symbols)
	m := &storedv1.JoinCode{}
	ok, err := get(w, bucketCodes, key, m)
	if err != nil {
		return user, err
	}
	if !ok {
		return user, ErrCodeUnknown
	}
	used := len(m.GetUsedBy()) > 0
	repeated := used && string(m.GetUsedBy()) == string(incarnation[:])
	switch {
	case used && !repeated:
		return user, ErrCodeUsed
	case !used && now >= codeExpiry(m):
		return user, fmt.Errorf("made more than %v ago: %w", CodeValidFor, ErrCodeExpired)
	}
	if user, err = idOf(m.GetUserId()); err != nil {
		return user, err
	}
	if _, err := activeUser(w, user); err != nil || repeated {
		return user, err
	}
	m.UsedBy = incarnation[:]
	return user, put(w, bucketCodes, key, m)
}

// CodeOwner gives the user that a code was made for, used or not, or [ErrCodeMistyped] or [ErrCodeUnknown].
func CodeOwner(r store.Reader, typed string) (syncengine.ID, error) {
	symbols, err := ParseCode(typed)
	if err != nil {
		return syncengine.ID{}, err
	}
	m := &storedv1.JoinCode{}
	ok, err := get(r, bucketCodes, codeKey(symbols), m)
	if err != nil {
		return syncengine.ID{}, err
	}
	if !ok {
		return syncengine.ID{}, ErrCodeUnknown
	}
	return idOf(m.GetUserId())
}

// ParseCode reads a code as people type it: in any case, with or without
// separators, in full-width letters, with O for 0 and I or L for 1. It gives the
// symbols without the check symbol, or [ErrCodeMistyped].
func ParseCode(typed string) (symbols string, err error) {
	var clean strings.Builder
	for _, r := range typed {
		r = unicode.ToUpper(narrow(r))
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r):
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		}
		if !strings.ContainsRune(codeAlphabet, r) {
			return "", fmt.Errorf("%q is in no code: %w", r, ErrCodeMistyped)
		}
		clean.WriteRune(r)
	}
	text := clean.String()
	if len(text) != codeSymbols+1 {
		return "", fmt.Errorf("%d symbols, a code has %d: %w", len(text), codeSymbols+1, ErrCodeMistyped)
	}
	symbols = text[:codeSymbols]
	if checkSymbol(symbols) != text[codeSymbols] {
		return "", ErrCodeMistyped
	}
	return symbols, nil
}

// narrow turns the full-width forms that Chinese keyboards produce into ASCII.
func narrow(r rune) rune {
	const first, last, shift = '！', '～', '！' - '!'
	if r >= first && r <= last {
		return r - shift
	}
	return r
}

func drawSymbols(random io.Reader) (string, error) {
	var draw [codeSymbols]byte
	if _, err := io.ReadFull(random, draw[:]); err != nil {
		return "", fmt.Errorf("draw a join code: %w", err)
	}
	for i, b := range draw {
		// 256 is a multiple of 32, so every symbol is equally likely.
		draw[i] = codeAlphabet[int(b)%len(codeAlphabet)]
	}
	return string(draw[:]), nil
}

// checkSymbol is the symbol c with Σ dᵢ·α^(n-i) + c = 0 in the field of 32
// elements. The powers of α are all different there, so one wrong symbol and any
// two that changed places are found, the check symbol included.
func checkSymbol(symbols string) byte {
	sum := 0
	for i := range len(symbols) {
		sum = timesAlpha(sum ^ strings.IndexByte(codeAlphabet, symbols[i]))
	}
	return codeAlphabet[sum]
}

// timesAlpha multiplies by the root of x⁵+x²+1, whose powers run through all 31
// non-zero elements.
func timesAlpha(x int) int {
	const overflow, polynomial = 1 << 5, 0b100101
	if x <<= 1; x&overflow != 0 {
		x ^= polynomial
	}
	return x
}

func grouped(symbols string) Code {
	text := symbols + string(checkSymbol(symbols))
	var groups []string
	for ; len(text) > codeGroup; text = text[codeGroup:] {
		groups = append(groups, text[:codeGroup])
	}
	return Code(strings.Join(append(groups, text), "-"))
}

func codeExpiry(m *storedv1.JoinCode) syncengine.UnixMilli {
	return syncengine.UnixMilli(m.GetCreatedMs() + CodeValidFor.Milliseconds())
}

// codeKey hashes a code, so that a copy of the store enrols nobody.
func codeKey(symbols string) []byte {
	sum := sha256.Sum256([]byte("onedoor join code 1" + symbols))
	return sum[:]
}
