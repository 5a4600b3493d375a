// Package privacy keeps what the law asks of whoever handles residents' data: requests with the check of identity, the
// decision, its reasons and its deadline (Personal Information Protection Law, articles 44 to 50), the registers of sharing
// (23), impact assessments (55, 56) and incidents (57), and the report of what is held of a resident, who looked at it and
// which phones hold a copy (45).
//
// It erases and corrects nothing itself: that is exchange's. It never keeps a value of a record, nor the number by which a
// resident was looked up.
//
// Read request.go first, then held.go and register.go.
package privacy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// DeadlineDays is how long a request may stay open, in calendar days. The law asks for a convenient way and reasons
	// (article 50) and names no number; fifteen is what the rules for apps give (App违法违规收集使用个人信息行为认定方法,
	// 6.4), and less than the month of GB/T 35273, 8.7.
	DeadlineDays = 15
	// TextCharsMax bounds a text that a person writes here: two sentences.
	TextCharsMax = 300
	// RecordsMax bounds the records of one request: the doors and cases of one resident.
	RecordsMax = 100

	dayMs = 24 * 60 * 60 * 1000
)

var (
	// ErrRefused: what was written down may not stand here.
	ErrRefused = errors.New("not to be kept")
	// ErrUnknown: no request of that number.
	ErrUnknown = errors.New("no such request")
	// ErrDecided: the request was decided before.
	ErrDecided = errors.New("the request was decided before")
)

const (
	bucketRequests = "privacy.requests"
	bucketRegister = "privacy.register"
)

// Kind says what a resident asked for; its numbers are those of the admin protocol.
type Kind = adminv1.PrivacyRequestKind

// Decision says what became of it.
type Decision = adminv1.PrivacyDecision

// Request is what a resident asked for.
type Request struct {
	Number  uint64
	Kind    Kind
	Records []syncengine.ID
	// IdentityCheck says how it was made sure who asks.
	IdentityCheck      string
	Received, Deadline syncengine.UnixMilli
	Decision           Decision
	Reason             string
	Decided            syncengine.UnixMilli
	// OpenedBy and DecidedBy are users.
	OpenedBy, DecidedBy syncengine.ID
	// ErasedAt are the places of its erasures in the log, one a record.
	ErasedAt []syncengine.Coordinate
	// BackupsUntil is when the last backup that may hold what was erased expires; 0 for none.
	BackupsUntil syncengine.UnixMilli
}

// Open reports that the request waits for a decision.
func (q *Request) Open() bool {
	return q.Decision == adminv1.PrivacyDecision_PRIVACY_DECISION_UNSPECIFIED
}

// Take writes a new request down, with its deadline.
func Take(w store.Writer, q Request) (Request, error) {
	switch {
	case q.Kind == adminv1.PrivacyRequestKind_PRIVACY_REQUEST_KIND_UNSPECIFIED:
		return q, fmt.Errorf("%w: a request for nothing", ErrRefused)
	case len(q.Records) == 0 || len(q.Records) > RecordsMax:
		return q, fmt.Errorf("%w: %d records, 1 to %d are allowed", ErrRefused, len(q.Records), RecordsMax)
	case q.IdentityCheck == "":
		return q, fmt.Errorf("%w: say how the resident's identity was checked", ErrRefused)
	}
	if err := check("identity check", q.IdentityCheck); err != nil {
		return q, err
	}
	var err error
	if q.Number, err = next(w, bucketRequests); err != nil {
		return q, err
	}
	q.Deadline = q.Received + DeadlineDays*dayMs
	return q, q.put(w)
}

// Decide writes down what became of a request.
func Decide(w store.Writer, q Request) error {
	have, err := Get(w, q.Number)
	switch {
	case err != nil:
		return err
	case !have.Open():
		return fmt.Errorf("request %d: %w", q.Number, ErrDecided)
	case q.Reason == "":
		return fmt.Errorf("%w: a decision without a reason", ErrRefused)
	}
	if err := check("reason", q.Reason); err != nil {
		return err
	}
	return q.put(w)
}

// check refuses a text that is too long, and one with a number that would be kept for years.
func check(what, text string) error {
	if n := utf8.RuneCountInString(text); n > TextCharsMax || !utf8.ValidString(text) {
		return fmt.Errorf("%w: a %s of %d characters, %d of UTF-8 are allowed", ErrRefused, what, n, TextCharsMax)
	}
	if found := domain.FindIdentifiers(text); len(found) > 0 {
		return fmt.Errorf("%w: the %s holds %s: say what was checked, not its number", ErrRefused, what, found[0].Kind.LabelEN())
	}
	return nil
}

// Get gives a request.
func Get(r store.Reader, number uint64) (Request, error) {
	value, ok, err := r.Document(bucketRequests, key(number))
	if err != nil || !ok {
		return Request{}, errors.Join(err, fmt.Errorf("request %d: %w", number, ErrUnknown))
	}
	return requestOf(number, value)
}

// Requests lists the requests in the order they came.
func Requests(r store.Reader) (out []Request, err error) {
	var failed error
	err = r.Documents(bucketRequests, nil, nil, func(d store.Document) bool {
		var q Request
		if q, failed = requestOf(binary.BigEndian.Uint64(d.Key), d.Value); failed == nil {
			out = append(out, q)
		}
		return failed == nil
	})
	return out, errors.Join(err, failed)
}

func (q *Request) put(w store.Writer) error {
	m := &storedv1.PrivacyRequest{
		Kind: uint32(q.Kind), RecordIds: wire.BytesOfAll(q.Records), IdentityCheck: q.IdentityCheck, ReceivedMs: int64(q.Received),
		DeadlineMs: int64(q.Deadline), Decision: uint32(q.Decision), Reason: q.Reason, DecidedMs: int64(q.Decided),
		OpenedBy: wire.BytesOf(q.OpenedBy), DecidedBy: wire.BytesOf(q.DecidedBy), BackupsUntilMs: int64(q.BackupsUntil),
	}
	for _, at := range q.ErasedAt {
		m.ErasedAt = append(m.ErasedAt, &storedv1.Coordinate{Epoch: uint32(at.Epoch), Seq: uint64(at.Seq)})
	}
	return put(w, bucketRequests, key(q.Number), m)
}

func requestOf(number uint64, value []byte) (q Request, err error) {
	m := &storedv1.PrivacyRequest{}
	if err := proto.Unmarshal(value, m); err != nil {
		return q, fmt.Errorf("request %d: %w: %w", number, store.ErrDamaged, err)
	}
	q = Request{
		Number: number, Kind: Kind(m.GetKind()), Records: wire.IDsOf(m.GetRecordIds()), IdentityCheck: m.GetIdentityCheck(),
		Received: syncengine.UnixMilli(m.GetReceivedMs()), Deadline: syncengine.UnixMilli(m.GetDeadlineMs()), Decision: Decision(m.GetDecision()),
		Reason: m.GetReason(), Decided: syncengine.UnixMilli(m.GetDecidedMs()), BackupsUntil: syncengine.UnixMilli(m.GetBackupsUntilMs()),
	}
	q.OpenedBy, _ = syncengine.IDFromBytes(m.GetOpenedBy())
	q.DecidedBy, _ = syncengine.IDFromBytes(m.GetDecidedBy())
	for _, at := range m.GetErasedAt() {
		q.ErasedAt = append(q.ErasedAt, syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())})
	}
	return q, nil
}

// next gives the number behind the last one of a bucket.
func next(r store.Reader, bucket string) (uint64, error) {
	d, ok, err := r.LastDocument(bucket, key(1<<63))
	if err != nil || !ok {
		return 1, err
	}
	return binary.BigEndian.Uint64(d.Key) + 1, nil
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func put(w store.Writer, bucket string, key []byte, m proto.Message) error {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return w.PutDocument(bucket, key, b)
}
