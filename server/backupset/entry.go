package backupset

import (
	"fmt"
	"time"
)

const (
	// namePrefix begins the name of every backup.
	namePrefix = "onedoor-"
	// backupSuffix ends it, and sealedSuffix that of an encrypted one.
	backupSuffix = ".backup"
	sealedSuffix = ".age"
	// nameTime is the time in a name, in UTC: names in order are backups in order.
	nameTime = "20060102T150405Z"
)

// Entry is one backup, as its manifest tells it.
type Entry struct {
	// Name is that of the object.
	Name string `json:"name"`
	// Realm is the realm's code, Epoch and Seq the newest entry in it, Records how many records it has.
	Realm   uint32 `json:"realm"`
	Epoch   uint32 `json:"epoch"`
	Seq     uint64 `json:"seq"`
	Records int    `json:"records"`
	// Made is the time of the backup.
	Made time.Time `json:"made"`
	// Bytes and SHA256 (hexadecimal) are of the object as it lies there.
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Encrypted says that it is encrypted to the recipients named: their public keys.
	Encrypted  bool     `json:"encrypted"`
	Recipients []string `json:"recipients,omitempty"`
	// Software is the version that made it.
	Software string `json:"software"`
}

// named gives the entry its name.
func (e Entry) named() Entry {
	e.Name = fmt.Sprintf("%s%06d-%s-e%d-s%d%s", namePrefix, e.Realm, e.Made.UTC().Format(nameTime), e.Epoch, e.Seq, backupSuffix)
	if e.Encrypted {
		e.Name += sealedSuffix
	}
	return e
}
