package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
)

// Receipt is the server's signed proof that it made this phone's changes durable.
type Receipt struct {
	// DeviceSeq: every change up to this one is durable.
	DeviceSeq int64
	// Chain is the hash over those changes, 32 bytes.
	Chain []byte
	// Epoch and Seq name the log entry of the last of them.
	Epoch int
	Seq   int64
	// TimeMs is the time of the commit, by the server's clock.
	TimeMs int64
	// Signed is the receipt as it was signed, to be shown to whoever doubts it.
	Signed []byte
}

// Receipts lists the receipts on this phone, the newest first. All of them were
// checked against the realm's key when they came.
func (r *Replica) Receipts() (out []*Receipt, err error) {
	err = r.view(func(tx *localdb.Tx, _ *state) error {
		for row, err := range tx.Receipts() {
			if err != nil {
				return err
			}
			m := &syncv1.Receipt{}
			if err := proto.Unmarshal(row.Body, m); err != nil {
				return fmt.Errorf("receipt of change %d: %w: %w", row.DeviceSeq, ErrDamaged, err)
			}
			out = append(out, &Receipt{
				DeviceSeq: int64(m.GetDeviceSeq()), Chain: m.GetChain(), Epoch: int(m.GetCoordinate().GetEpoch()),
				Seq: int64(m.GetCoordinate().GetSeq()), TimeMs: m.GetTimeMs(), Signed: row.Body,
			})
		}
		return nil
	})
	return out, err
}
