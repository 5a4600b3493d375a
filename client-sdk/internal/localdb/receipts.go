package localdb

import (
	"iter"

	"onedoor/syncengine"
)

const receiptColumns = "device_seq, time, body"

func scanReceipt(s *statement) (Receipt, error) {
	return Receipt{
		DeviceSeq: syncengine.DeviceSeq(s.columnInt(0)),
		Time:      syncengine.UnixMilli(s.columnInt(1)),
		Body:      s.columnBlob(2),
	}, nil
}

// PutReceipt keeps a receipt, in place of one for the same device_seq.
func (tx *Tx) PutReceipt(r Receipt) error {
	return tx.write("INSERT OR REPLACE INTO receipts (" + receiptColumns + ") VALUES (?, ?, ?)").
		int(int64(r.DeviceSeq)).int(int64(r.Time)).blob(r.Body).run()
}

// LatestReceipt gives the receipt that covers most.
func (tx *Tx) LatestReceipt() (r Receipt, ok bool, err error) {
	return one(tx.statement("SELECT "+receiptColumns+" FROM receipts ORDER BY device_seq DESC LIMIT 1"), scanReceipt)
}

// Receipts gives all receipts, the one that covers most first.
func (tx *Tx) Receipts() iter.Seq2[Receipt, error] {
	return each(func() *statement {
		return tx.statement("SELECT " + receiptColumns + " FROM receipts ORDER BY device_seq DESC")
	}, scanReceipt)
}

// ClearReceipts deletes the receipts for device_seqs up to and including one.
func (tx *Tx) ClearReceipts(upTo syncengine.DeviceSeq) error {
	return tx.write("DELETE FROM receipts WHERE device_seq <= ?").int(int64(upTo)).run()
}
