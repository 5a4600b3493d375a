package casework

import (
	"context"
	"crypto/sha256"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/syncengine"
)

// ReferenceCharsMax is the limit of the field that holds a reference.
const ReferenceCharsMax = 64

// registerStep is the step by which a case begins.
const registerStep = "register"

// Submit registers a case that a system outside has taken in, under that system's own key of it. The same key again gives the
// case that stands and writes nothing, however far it has come: who sends twice, because an answer was lost, types nothing
// twice. Keys of different users have nothing to do with each other.
func (s *Service) Submit(ctx context.Context, by accessledger.Actor, reference string, fields *recordv1.Dispute, text string) (out *Shown, created bool, err error) {
	if n := utf8.RuneCountInString(reference); n == 0 || n > ReferenceCharsMax || !utf8.ValidString(reference) || len(domain.FindIdentifiers(reference)) > 0 {
		return nil, false, refuse("external_ref", "case.reference", "编号应为1至64个字符，且不得是证件号码或电话号码。",
			fmt.Sprintf("a reference of 1 to %d characters is needed, and no number of a person", ReferenceCharsMax))
	}
	with := proto.CloneOf(fields)
	with.ExternalRef = &reference
	t := &taking{s: s, asked: Asked{Step: registerStep, Fields: with, Text: text}, id: referenceID(by.User, reference), once: true}
	out, err = t.take(ctx, by)
	return out, err == nil && !t.stood, err
}

// referenceTime is the time in ids that are made of a reference: the same each time, since the id has to be.
const referenceTime syncengine.UnixMilli = 1_577_836_800_000 // 2020-01-01

// referenceID names the case of a reference.
func referenceID(user syncengine.ID, reference string) syncengine.ID {
	h := sha256.New()
	h.Write([]byte("onedoor reference 1"))
	h.Write(user[:])
	h.Write([]byte(reference))
	return wire.NewRecordID(referenceTime, [10]byte(h.Sum(nil)))
}

// stands reports that a case which is made once is there.
func (t *taking) stands() (bool, error) {
	if !t.once {
		return false, nil
	}
	var err error
	t.stood, err = t.r.AnyRecord(t.id, t.id)
	return t.stood, err
}
