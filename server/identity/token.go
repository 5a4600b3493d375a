package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"onedoor/internal/wire"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// tokenPrefix makes a token that leaked into a log or a repository findable.
	tokenPrefix = "onedoor_"
	// tokenBytes are random: guessing is hopeless without any limit on attempts.
	tokenBytes = 32
)

// Token is what is known of a token without its text.
type Token struct {
	// ID names the token in lists; it is part of its hash.
	ID syncengine.ID
	// User is zero for the operator's token.
	User   syncengine.ID
	Minted syncengine.UnixMilli
	// Revoked is 0 while the token is in force.
	Revoked syncengine.UnixMilli
	// Expires is 0 for a token that does not end by itself.
	Expires syncengine.UnixMilli
}

// TokenAction says what happened to a token.
type TokenAction uint8

// The actions of the tokens log.
const (
	TokenMinted  = TokenAction(storedv1.TokenAction_TOKEN_ACTION_MINTED)
	TokenRevoked = TokenAction(storedv1.TokenAction_TOKEN_ACTION_REVOKED)
)

// TokenEvent is one line of the tokens log, which is only ever appended to.
type TokenEvent struct {
	// Number is dense from 1.
	Number uint64
	Action TokenAction
	Token  syncengine.ID
	// User is zero for the operator's token.
	User syncengine.ID
	At   syncengine.UnixMilli
}

// Principal is who speaks with a token.
type Principal struct {
	// UserID is zero for the operator's token.
	UserID syncengine.ID
	// Role is the user's role now, or the operator's.
	Role Role
	// Token is the id of the token; zero for the operator's.
	Token syncengine.ID
	// Operator is true for the operator's token: it manages and reads no record content.
	Operator bool
}

// MintToken makes a token for an active user, or the operator's when user is
// zero, and writes it to the tokens log. The text is returned once and stored as
// a hash only.
func MintToken(w store.Writer, user syncengine.ID, now syncengine.UnixMilli, random io.Reader) (text string, token Token, err error) {
	return MintSession(w, user, now, 0, random)
}

// MintSession is MintToken for a token that ends by itself.
func MintSession(w store.Writer, user syncengine.ID, now, expires syncengine.UnixMilli, random io.Reader) (text string, token Token, err error) {
	if !user.IsZero() {
		if _, err := activeUser(w, user); err != nil {
			return "", token, err
		}
	}
	var draw [tokenBytes]byte
	if _, err := io.ReadFull(random, draw[:]); err != nil {
		return "", token, fmt.Errorf("draw a token: %w", err)
	}
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(draw[:])
	hash := tokenHash(text)
	token = Token{ID: syncengine.ID(hash[:16]), User: user, Minted: now, Expires: expires}
	if err := putToken(w, token, hash[:]); err != nil {
		return "", token, err
	}
	return text, token, logToken(w, TokenMinted, token, now)
}

// RevokeToken makes a token void and writes that to the tokens log. Revoking
// again changes nothing.
func RevokeToken(w store.Writer, id syncengine.ID, now syncengine.UnixMilli) error {
	token, hash, err := getToken(w, id)
	if err != nil || token.Revoked != 0 {
		return err
	}
	token.Revoked = now
	if err := putToken(w, token, hash); err != nil {
		return err
	}
	return logToken(w, TokenRevoked, token, now)
}

// CheckToken tells who speaks with a token, or [ErrTokenUnknown],
// [ErrTokenRevoked] or [ErrTokenExpired]. The role is looked up now, so that a change of it counts at
// once. Nothing it does depends in time on how much of a stored hash is right.
func CheckToken(r store.Reader, text string, now syncengine.UnixMilli) (Principal, error) {
	hash := tokenHash(strings.TrimSpace(text))
	token, stored, err := getToken(r, syncengine.ID(hash[:16]))
	if err != nil {
		return Principal{}, err
	}
	if subtle.ConstantTimeCompare(stored, hash[:]) != 1 {
		return Principal{}, ErrTokenUnknown
	}
	if token.Revoked != 0 {
		return Principal{}, ErrTokenRevoked
	}
	if token.Expires != 0 && now >= token.Expires {
		return Principal{}, ErrTokenExpired
	}
	if token.User.IsZero() {
		return Principal{Role: uint32(recordv1.Role_ROLE_OPERATOR), Operator: true}, nil
	}
	u, err := activeUser(r, token.User)
	if errors.Is(err, ErrUserClosed) || errors.Is(err, ErrUserUnknown) {
		return Principal{}, ErrTokenRevoked
	}
	return Principal{UserID: u.ID, Role: u.Role, Token: token.ID}, err
}

// GetToken reads a token by the id that lists name it by, or [ErrTokenUnknown].
func GetToken(r store.Reader, id syncengine.ID) (Token, error) {
	t, _, err := getToken(r, id)
	return t, err
}

// Tokens lists all tokens in id order.
func Tokens(r store.Reader) ([]Token, error) {
	var out []Token
	err := walk(r, bucketTokens, nil, newOf[storedv1.Token], func(key []byte, m *storedv1.Token) error {
		t, err := tokenOf(syncengine.ID(key), m)
		out = append(out, t)
		return err
	})
	return out, err
}

// TokenLog lists what happened to tokens, the oldest first.
func TokenLog(r store.Reader) ([]TokenEvent, error) {
	var out []TokenEvent
	err := walk(r, bucketTokenLog, nil, newOf[storedv1.TokenEvent], func(key []byte, m *storedv1.TokenEvent) error {
		user, err := idOf(m.GetUserId())
		token, tokenErr := idOf(m.GetTokenId())
		out = append(out, TokenEvent{
			Number: binary.BigEndian.Uint64(key),
			Action: TokenAction(m.GetAction()),
			Token:  token,
			User:   user,
			At:     syncengine.UnixMilli(m.GetAtMs()),
		})
		return errors.Join(err, tokenErr)
	})
	return out, err
}

func logToken(w store.Writer, action TokenAction, t Token, at syncengine.UnixMilli) error {
	number := uint64(1)
	last, ok, err := w.LastDocument(bucketTokenLog, binary.BigEndian.AppendUint64(nil, math.MaxUint64))
	if err != nil {
		return wrapAt(err, bucketTokenLog, nil)
	}
	if ok {
		number = binary.BigEndian.Uint64(last.Key) + 1
	}
	return put(w, bucketTokenLog, binary.BigEndian.AppendUint64(nil, number), &storedv1.TokenEvent{
		Action:  storedv1.TokenAction(action),
		TokenId: t.ID[:],
		UserId:  wire.BytesOf(t.User),
		AtMs:    int64(at),
	})
}

func putToken(w store.Writer, t Token, hash []byte) error {
	return put(w, bucketTokens, t.ID[:], &storedv1.Token{
		Hash:      hash,
		UserId:    wire.BytesOf(t.User),
		MintedMs:  int64(t.Minted),
		RevokedMs: int64(t.Revoked),
		ExpiresMs: int64(t.Expires),
	})
}

func getToken(r store.Reader, id syncengine.ID) (Token, []byte, error) {
	m := &storedv1.Token{}
	ok, err := get(r, bucketTokens, id[:], m)
	if err != nil {
		return Token{}, nil, err
	}
	if !ok {
		return Token{}, nil, ErrTokenUnknown
	}
	t, err := tokenOf(id, m)
	return t, m.GetHash(), err
}

func tokenOf(id syncengine.ID, m *storedv1.Token) (Token, error) {
	user, err := idOf(m.GetUserId())
	return Token{
		ID:      id,
		User:    user,
		Minted:  syncengine.UnixMilli(m.GetMintedMs()),
		Revoked: syncengine.UnixMilli(m.GetRevokedMs()),
		Expires: syncengine.UnixMilli(m.GetExpiresMs()),
	}, err
}

func tokenHash(text string) [sha256.Size]byte { return sha256.Sum256([]byte("onedoor token 1" + text)) }

// EndSessions makes the tokens of a user void that signing in gave; those that the operator made stay.
func EndSessions(w store.Writer, user syncengine.ID, now syncengine.UnixMilli) error {
	tokens, err := Tokens(w)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.User != user || t.Expires == 0 || t.Expires <= now {
			continue
		}
		if err := RevokeToken(w, t.ID, now); err != nil {
			return err
		}
	}
	return nil
}
