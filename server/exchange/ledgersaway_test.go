package exchange_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/identity"
	"onedoor/server/sideledger"
	"onedoor/server/store"
)

// entriesKept is how many entries the store keeps for the ledgers of other servers.
const entriesKept = 1000

// listed counts the entries that the store keeps for other servers.
func (k *kept) listed() (n int) {
	k.t.Helper()
	k.must(k.store.View(k.ctx, func(r store.Reader) error {
		return r.Documents("ledger.entries", nil, nil, func(store.Document) bool { n++; return true })
	}))
	return n
}

func TestLedgers_AServerThatWasAwayForLongerThanTheStoreKeepsEntriesWritesDownAll(t *testing.T) {
	for _, how := range []string{"stopped", "cut off"} {
		t.Run(how, func(t *testing.T) {
			k := keptBy(t, 2)
			user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
			other := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridB)
			k.must(k.all[1].FollowLedger(k.ctx))
			backup := k.store.at().Copy()
			if how == "stopped" {
				k.stop(1)
			}
			k.must(k.at(0).closeUser(user)) // None of the newest thousand when the other comes back.
			for i := range entriesKept + 50 {
				k.must(k.rename(other, fmt.Sprint(i)))
			}
			if n := k.listed(); n > entriesKept+1 {
				t.Errorf("the store keeps %d entries", n)
			}
			if how == "stopped" {
				k.start(1)
			} else {
				k.must(k.all[1].FollowLedger(k.ctx))
			}
			if state := k.replayed(backup, user, k.dirs[1]); state != identity.UserClosed {
				t.Errorf("by its file the user is in state %d", state)
			}
			// It goes on as any other, and the other takes its entries over.
			backup = k.store.at().Copy()
			k.must(k.at(1).closeUser(other))
			k.must(k.all[0].FollowLedger(k.ctx))
			if state := k.replayed(backup, other, k.dirs[0]); state != identity.UserClosed {
				t.Errorf("by the other's file the user is in state %d", state)
			}
			k.endAlike()
			if k.epoch() != 1 {
				t.Errorf("the epoch is %d: nothing was put back", k.epoch())
			}
		})
	}
}

func TestLedgers_AFileWhoseLastLineWasCutOffIsFilledFromTheStore(t *testing.T) {
	for name, keep := range map[string]func(line []byte) int{
		"one byte":              func([]byte) int { return 1 },
		"half":                  func(line []byte) int { return len(line) / 2 },
		"all but its end":       func(line []byte) int { return len(line) - 1 },
		"nothing":               func([]byte) int { return 0 },
		"the mac and one brace": func(line []byte) int { return bytes.IndexByte(line, ' ') + 2 },
	} {
		t.Run(name, func(t *testing.T) {
			k := keptBy(t, 2)
			user := k.user(recordv1.Role_ROLE_GRID_WORKER, k.gridA)
			backup := k.store.at().Copy()
			k.must(k.at(1).closeUser(user))
			k.stop(1)
			k.cutLast(k.dirs[1], keep)
			k.must(k.at(0).rename(user, "改名"))
			k.start(1)
			if state := k.replayed(backup, user, k.dirs[1]); state != identity.UserClosed {
				t.Errorf("by its file the user is in state %d", state)
			}
			if k.epoch() != 1 {
				t.Errorf("the epoch is %d: nothing was put back", k.epoch())
			}
			k.must(k.all[0].FollowLedger(k.ctx))
			k.endAlike()
		})
	}
}

// cutLast leaves some bytes of the last line of the ledger in a folder.
func (k *kept) cutLast(dir string, keep func(line []byte) int) {
	k.t.Helper()
	path := sideledger.Path(dir, 530702)
	text, err := os.ReadFile(path)
	k.must(err)
	begin := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	k.must(os.Truncate(path, int64(begin+keep(text[begin:]))))
}
