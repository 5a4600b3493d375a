package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"onedoor/syncengine"
)

const (
	// totpPeriod is the time step of RFC 6238 and of every authenticator.
	totpPeriod = 30 * time.Second
	// totpSkew is how many steps a clock may be off to either side (RFC 6238, 5.2 and 6).
	totpSkew = 1
	// totpSecretBytes is the length of HMAC-SHA-1's output, as RFC 4226, chapter 4, recommends.
	totpSecretBytes = 20
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// newSecret draws the key of an authenticator.
func newSecret(random io.Reader) ([]byte, error) {
	secret := make([]byte, totpSecretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("draw an authenticator's key: %w", err)
	}
	return secret, nil
}

// keyURI tells an authenticator its key (the otpauth form that they all read).
func keyURI(realm, name string, secret []byte) (string, error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: realm, AccountName: name, Secret: secret, Period: uint(totpPeriod / time.Second),
		Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", fmt.Errorf("make the authenticator's address: %w", err)
	}
	if _, err := url.Parse(key.URL()); err != nil {
		return "", fmt.Errorf("make the authenticator's address: %w", err)
	}
	return key.URL(), nil
}

// stepOf gives the time step whose code was typed; ok is false when the code fits none near now, or one up to used.
func stepOf(secret []byte, code string, used uint64, now time.Time) (step uint64, ok bool) {
	current := now.Unix() / int64(totpPeriod/time.Second)
	text := base32Text.EncodeToString(secret)
	for at := current - totpSkew; at <= current+totpSkew; at++ {
		if at <= int64(used) {
			continue
		}
		if valid, err := hotp.ValidateCustom(code, uint64(at), text, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}); err == nil && valid {
			return uint64(at), true
		}
	}
	return 0, false
}

// seal encrypts an authenticator's key, bound to its user, so that the store alone tells no code.
func (s *Service) seal(user syncengine.ID, secret []byte) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(s.o.Random, nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	return aead.Seal(nonce, nonce, secret, user[:]), nil
}

func (s *Service) unseal(user syncengine.ID, sealed []byte) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("open an authenticator's key: " + strconv.Itoa(len(sealed)) + " bytes are too few")
	}
	secret, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], user[:])
	if err != nil {
		return nil, fmt.Errorf("open the authenticator's key of user %s: %w", user, err)
	}
	return secret, nil
}

func (s *Service) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.o.Key)
	if err != nil {
		return nil, fmt.Errorf("key of the authenticators' keys: %w", err)
	}
	return cipher.NewGCM(block)
}
