package refusal

import (
	"google.golang.org/grpc/codes"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// Realm is what any call with a token can meet: the token, the realm and its store. A service puts its own rows before these.
var Realm = Table{
	{Err: identity.ErrTokenUnknown, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_TOKEN, Hint: "give the token file of this server's realm, or ask its operator for a new one"},
	{Err: identity.ErrTokenRevoked, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_TOKEN, Hint: "ask the operator for a new token"},
	{Err: identity.ErrTokenExpired, Code: codes.Unauthenticated, Reason: adminv1.Reason_REASON_TOKEN, Hint: "sign in again with `onedoor login`"},
	{Err: exchange.ErrClosed, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STOPPING, Hint: "call again in a moment", Retry: true},
	{Err: store.ErrClosed, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STOPPING, Hint: "call again in a moment", Retry: true},
	{Err: exchange.ErrLedger, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_READ_ONLY, Hint: "nothing was changed; give the side ledger's folder space and make it writable"},
	{Err: store.ErrUnavailable, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_UNAVAILABLE, Hint: "nothing was changed; call again in a moment", Retry: true},
	{Err: store.ErrWentBack, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_UNAVAILABLE, Hint: "nothing was changed; call again in a moment", Retry: true},
	{Err: store.ErrUnknown, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_UNAVAILABLE, Hint: "look whether it was done before you call again"},
	{Err: store.ErrFull, Code: codes.ResourceExhausted, Reason: adminv1.Reason_REASON_STORE_FULL, Hint: "nothing was changed, and nothing shown that has to be noted first; free disk space"},
	{Err: store.ErrReadOnly, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_STORE_READ_ONLY, Hint: "nothing was changed, and nothing shown that has to be noted first; make the data folder writable"},
	{Err: store.ErrNewer, Code: codes.Unavailable, Reason: adminv1.Reason_REASON_OUTDATED, Hint: "call another server of the realm, and install the newer software at this one", Retry: true},
	{Err: store.ErrDamaged, Code: codes.DataLoss, Reason: adminv1.Reason_REASON_STORE_DAMAGED, Hint: "restore a backup; phones bring back what is newer"},
	{Err: identity.ErrDamaged, Code: codes.DataLoss, Reason: adminv1.Reason_REASON_STORE_DAMAGED, Hint: "restore a backup; phones bring back what is newer"},
}

// And gives a table with further rows behind its own.
func (t Table) And(more Table) Table { return append(t[:len(t):len(t)], more...) }
