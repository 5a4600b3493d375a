package crash

import (
	"encoding/hex"
	"regexp"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// facts is what a phone shows of itself to the auditor.
type facts struct {
	Incarnation string `json:"incarnation"`
	Pending     int    `json:"pending"`
	Quarantined int    `json:"quarantined"`
	Epoch       int    `json:"epoch"`
	Seq         int64  `json:"seq"`
	Digest      string `json:"digest"`
	// Acknowledged and Unsent are the markers of changes that the phone has an outcome for, and of those it has none for.
	Acknowledged []string `json:"acknowledged"`
	Unsent       []string `json:"unsent"`
	// Receipt is the newest signed receipt; nil for none.
	Receipt *receiptFact `json:"receipt,omitempty"`
	// Shown lists the markers of the records on the screen, each as often as it is shown.
	Shown []string `json:"shown"`
}

// receiptFact is a signed proof: the changes up to a number, and the hash over them.
type receiptFact struct {
	DeviceSeq int64  `json:"device_seq"`
	Chain     string `json:"chain"`
}

// markerText finds markers in the bytes of a change, where a field's text stands as it is.
var markerText = regexp.MustCompile(`kill-[0-9]+-[0-9]+-[0-9]+;`)

// markersIn gives the markers in a change or a text.
func markersIn(b []byte) (markers []string) {
	for _, m := range markerText.FindAll(b, -1) {
		markers = append(markers, string(m))
	}
	return markers
}

// tell reads the facts from the replica.
func (p *phonePart) tell() (*facts, error) {
	status, err := p.replica.Status()
	if err != nil {
		return nil, err
	}
	f := &facts{
		Incarnation: p.replica.Self().Incarnation, Pending: status.Pending, Quarantined: status.Quarantined,
		Epoch: status.Epoch, Seq: status.Seq, Digest: status.Digest,
	}
	for _, read := range []func(*client.Replica) error{f.readWritten, f.readReceipt, f.readShown} {
		if err := read(p.replica); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *facts) readWritten(r *client.Replica) error {
	written, err := r.Written(1)
	for _, w := range written {
		if w.State == client.WrittenPending {
			f.Unsent = append(f.Unsent, markersIn(w.Body)...)
		} else {
			f.Acknowledged = append(f.Acknowledged, markersIn(w.Body)...)
		}
	}
	return err
}

func (f *facts) readReceipt(r *client.Replica) error {
	receipts, err := r.Receipts()
	if err == nil && len(receipts) > 0 {
		f.Receipt = &receiptFact{DeviceSeq: receipts[0].DeviceSeq, Chain: hex.EncodeToString(receipts[0].Chain)}
	}
	return err
}

func (f *facts) readShown(r *client.Replica) error {
	visits, err := r.List(client.Query{Kind: "visit"})
	if err != nil {
		return err
	}
	for _, v := range visits {
		m := &recordv1.Visit{}
		if err := v.Read(m); err != nil {
			return err
		}
		f.Shown = append(f.Shown, markersIn([]byte(m.GetNote()))...)
	}
	doors, err := r.List(client.Query{Kind: "premises"})
	if err != nil {
		return err
	}
	for _, d := range doors {
		m := &recordv1.Premises{}
		if err := d.Read(m); err != nil {
			return err
		}
		f.Shown = append(f.Shown, markersIn([]byte(m.GetAddress()))...)
	}
	return nil
}
