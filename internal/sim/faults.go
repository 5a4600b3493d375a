package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is a kind of thing that goes wrong.
type Fault string

// The kinds of faults, as results name them.
const (
	Drop          Fault = "drop"                  // a request never arrives
	Delay         Fault = "delay"                 // a request or reply takes minutes
	Duplicate     Fault = "duplicate"             // a request arrives again, late
	Reorder       Fault = "reorder"               // a request arrives after a later one of its phone
	Cut           Fault = "cut"                   // the reply is lost after the server's commit
	Twins         Fault = "twins"                 // two copies of a batch in one group commit
	Together      Fault = "together"              // batches of several phones in one group commit
	SentAhead     Fault = "sent_ahead"            // a batch comes before the exchange that names it; no weather: it is lost or forgotten at times
	TinyPages     Fault = "tiny_pages"            // pages of one record
	SmallBatches  Fault = "small_batches"         // a phone sends few changes at a time, and has more
	Kill          Fault = "kill"                  // a phone dies between two steps
	KillInCommit  Fault = "kill_in_commit"        // a phone dies inside a local transaction
	OldBackup     Fault = "phone_restored"        // a phone is put back to an older copy of itself
	Clone         Fault = "phone_cloned"          // two phones run on one copy
	PhoneLost     Fault = "phone_lost"            // a phone is gone for good
	DiskFails     Fault = "disk_error"            // a phone's disk fails a few times
	DiskFull      Fault = "disk_full"             // a phone's disk is full for a while
	Skew          Fault = "clock_skew"            // a clock is wrong
	Jump          Fault = "clock_jump"            // a clock jumps
	Backwards     Fault = "clock_backward"        // a clock runs backwards within a chain
	Restart       Fault = "server_restart"        // the server stops and starts
	StoreConflict Fault = "store_conflict"        // a transaction of the server is rolled back at its commit
	StoreFails    Fault = "store_error"           // a write of the server's store fails
	StoreReads    Fault = "store_read_error"      // a reading of the server's store fails
	StoreFull     Fault = "store_full"            // the server's disk is full for a while
	PowerLoss     Fault = "server_power_loss"     // the server's machine loses its power, in the middle of a commit or between two
	Restored      Fault = "server_restored"       // the server is restored from the newest backup
	RestoredOlder Fault = "server_restored_older" // from an older one than phones were told of
	Undeclared    Fault = "server_file_put_back"  // its database is put back without telling anybody
	SchemaSkew    Fault = "schema_skew"           // phones and the server run software of two versions
	SideBySide    Fault = "versions_side_by_side" // servers of two versions serve one realm, by the older one's schema; no weather: a rolling upgrade
	RolledBack    Fault = "software_rolled_back"  // the servers' older software is put back with the backup that it made; no weather: one in two of those
	Poison        Fault = "poisoned_change"       // the server's engine panics on a change
	Oversized     Fault = "oversized_batch"       // a request beyond the protocol's limits
	Forged        Fault = "forged_request"        // a request of somebody else
	Moved         Fault = "door_moved"            // the operator moves doors between grids
	Narrowed      Fault = "grant_narrowed"        // a user's area shrinks
	Widened       Fault = "grant_widened"         // a user's area grows
	Regranted     Fault = "grant_moved"           // a user gets another area
	Withdrawn     Fault = "grant_revoked"         // a user's grants end
	GivenBack     Fault = "grant_restored"        // and are given back
	RoleRaised    Fault = "role_changed"          // a user gets another role
	Barred        Fault = "phone_barred"          // a phone locks or loses its lease, as far as its clock tells
	SealedRows    Fault = "work_sealed"           // a phone has sealed what it wrote to records that left it
	WipeOrdered   Fault = "device_wiped"          // a device is to destroy what it holds
	DeviceGone    Fault = "device_revoked"        // a device is trusted no more
	Sealed        Fault = "case_sealed"           // a case is sealed for one user
	Recused       Fault = "user_recused"          // a user is recused from a case
	HandedOver    Fault = "door_handed_over"      // a door goes to another worker
	Erased        Fault = "cells_erased"          // cells of a record are erased
	Voided        Fault = "door_voided"           // a door is none any more, or is taken back
	Imported      Fault = "register_imported"     // the operator hands in a register of doors
	Fed           Fault = "feed_read"             // a system outside reads its feed
	Drawer        Fault = "phone_in_drawer"       // a phone lies in a drawer for weeks, in which the others work on
	Several       Fault = "several_servers"       // another server of the same store answers than before
)

// tally counts what happened, by kind.
type tally map[Fault]int

func (t tally) add(other tally) {
	for kind, n := range other {
		t[kind] += n
	}
}

// kinds is a set of faults.
type kinds map[Fault]bool

// ParseFaults reads a list of kinds, separated by commas.
func ParseFaults(list string) ([]Fault, error) {
	var out []Fault
	for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		kind := Fault(strings.TrimSpace(name))
		if !slices.Contains(AllFaults, kind) {
			return nil, fmt.Errorf("%q is no kind of fault: name some of %s", name, FaultsText(AllFaults))
		}
		out = append(out, kind)
	}
	return out, nil
}

// FaultsText writes a list of kinds as ParseFaults reads it.
func FaultsText(list []Fault) string {
	names := make([]string, len(list))
	for i, kind := range list {
		names[i] = string(kind)
	}
	return strings.Join(names, ",")
}

// AllFaults lists every kind in the order of documentation.
var AllFaults = []Fault{
	Drop, Delay, Duplicate, Reorder, Cut, Twins, Together, TinyPages, Kill, KillInCommit, OldBackup, Clone, PhoneLost, DiskFails, DiskFull,
	Skew, Jump, Backwards, Restart, StoreConflict, StoreFails, StoreReads, StoreFull, PowerLoss,
	Restored, RestoredOlder, Undeclared, SchemaSkew, Poison, Oversized, Forged, Moved, Narrowed, Widened, Regranted, Withdrawn, GivenBack, RoleRaised, DeviceGone, SmallBatches, Barred, SealedRows, WipeOrdered,
	Sealed, Recused, HandedOver, Erased, Voided, Imported, Fed, Several, Drawer, RolledBack,
}

func setOf(list []Fault) kinds {
	out := make(kinds, len(list))
	for _, kind := range list {
		out[kind] = true
	}
	return out
}
