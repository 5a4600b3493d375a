package signin

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// cost is how dear a hash is.
type cost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

// fullCost is the second recommended setting of RFC 9106, chapter 4, for memory-constrained machines.
var fullCost = cost{memoryKiB: 64 << 10, passes: 3, lanes: 4}

const (
	argonSaltBytes = 16
	argonKeyBytes  = 32
)

const (
	// PasswordCharsMin is what NIST SP 800-63B-4 asks of a password that is one of two factors (8), and two more for a list
	// of accounts that an attacker can guess from the office's staff plan.
	PasswordCharsMin = 10
	// PasswordBytesMax bounds what is hashed; NIST asks for at least 64 characters.
	PasswordBytesMax = 512
	// passwordDistinctMin refuses repetitions such as aaaaaaaaaa and 1212121212.
	passwordDistinctMin = 5
)

// commonParts begin or make up the passwords that are guessed first.
var commonParts = []string{"password", "passw0rd", "1234567890", "0123456789", "qwertyuiop", "1qaz2wsx", "admin", "onedoor", "woaini", "iloveyou", "abcdefghij"}

// hashPassword gives the PHC string of a new password for the account with a name, or [ErrWeak].
func (c cost) hashPassword(password, name string, random io.Reader) (string, error) {
	password = norm.NFKC.String(password)
	if err := checkStrength(password, name); err != nil {
		return "", err
	}
	salt := make([]byte, argonSaltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, argonKeyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memoryKiB, c.passes, c.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// checkStrength follows NIST SP 800-63B-4, 3.1.1.2: length and a list of what is guessed first, no rules of composition.
func checkStrength(password, name string) error {
	lower := strings.ToLower(password)
	distinct := map[rune]bool{}
	for _, r := range lower {
		distinct[r] = true
	}
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return fmt.Errorf("the password is not text in UTF-8: %w", ErrWeak)
	case n < PasswordCharsMin:
		return fmt.Errorf("the password has %d characters, at least %d are needed: %w", n, PasswordCharsMin, ErrWeak)
	case len(password) > PasswordBytesMax:
		return fmt.Errorf("the password has more than %d bytes: %w", PasswordBytesMax, ErrWeak)
	case len(distinct) < passwordDistinctMin:
		return fmt.Errorf("the password repeats the same few characters: %w", ErrWeak)
	case name != "" && strings.Contains(lower, name):
		return fmt.Errorf("the password holds the name for signing in: %w", ErrWeak)
	}
	for _, part := range commonParts {
		if rest := strings.Replace(lower, part, "", 1); len(rest) < len(lower) && utf8.RuneCountInString(rest) < PasswordCharsMin {
			return fmt.Errorf("the password is little more than %q, which is guessed first: %w", part, ErrWeak)
		}
	}
	return nil
}

// checkPassword compares a password with a PHC string. It takes as long for a string that is none.
func (c cost) checkPassword(phc, password string) bool {
	if len(password) > PasswordBytesMax {
		return false
	}
	password = norm.NFKC.String(password)
	h, ok := parsePHC(phc)
	if !ok {
		h = phcHash{cost: c, salt: make([]byte, argonSaltBytes), key: make([]byte, argonKeyBytes)}
	}
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memoryKiB, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1 && ok
}

// phcHash is an argon2id hash in the PHC string format, so that hashes made with other settings are still read.
type phcHash struct {
	cost
	salt, key []byte
}

func parsePHC(text string) (h phcHash, ok bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return h, false
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return h, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memoryKiB, &h.passes, &h.lanes); err != nil {
		return h, false
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, false
	}
	h.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return h, err == nil && len(h.key) > 0 && h.passes > 0 && h.lanes > 0
}
