package identity

import (
	"math"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// What follows announces to a store what the functions of this package are about to ask.

// AskShape announces the tree's revision and the lineage of copied databases.
func AskShape(q *store.Questions) {
	q.Document(bucketTree, onlyKey)
	q.Beginning(bucketBranches, nil, nil)
}

// AskUser announces a user and the grants in force.
func AskUser(q *store.Questions, id syncengine.ID) {
	q.Document(bucketUsers, id[:])
	q.LastUpTo(bucketGrants, numbered(id, math.MaxUint64))
}

// AskDevice announces a device.
func AskDevice(q *store.Questions, incarnation syncengine.ID) {
	q.Document(bucketDevices, incarnation[:])
}

// AskContact announces what a device said last of itself.
func AskContact(q *store.Questions, incarnation syncengine.ID) {
	q.Document(bucketContacts, incarnation[:])
}

// AskBranch announces where a copied database left its parent's chain.
func AskBranch(q *store.Questions, incarnation syncengine.ID) {
	q.Document(bucketBranches, incarnation[:])
}
