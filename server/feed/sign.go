package feed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"onedoor/syncengine"
)

// Headers of a post, and the prefixes of a secret and a signature, as the Standard Webhooks specification names them.
const (
	headerID        = "webhook-id"
	headerTime      = "webhook-timestamp"
	headerSignature = "webhook-signature"
	secretPrefix    = "whsec_"
	signatureV1     = "v1,"
)

// secretText is a feed's secret as its receiver enters it; empty for a feed that is read.
func (s *Service) secretText(f *Feed) string {
	if f.URL == "" {
		return ""
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(s.secrets.FeedKey(f.ID, f.Secret))
}

// sign is HMAC-SHA-256 over id, time in seconds and body, with dots between them.
func (s *Service) sign(f *Feed, id string, at syncengine.UnixMilli, body []byte) (seconds, signature string) {
	seconds = strconv.FormatInt(int64(at)/1000, 10)
	h := hmac.New(sha256.New, s.secrets.FeedKey(f.ID, f.Secret))
	h.Write([]byte(id + "." + seconds + "."))
	h.Write(body)
	return seconds, signatureV1 + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// messageID names a page by the places that it lies between: the same page posted again has the same name, and one that has
// grown meanwhile has another, so that a receiver which knows the name may leave the page unread.
func messageID(f *Feed, from, to string) string {
	h := sha256.New()
	h.Write(f.ID[:])
	h.Write([]byte(from + " " + to))
	return "msg_" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
