package exchange_test

import (
	"crypto/ed25519"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// wiped makes the request of a phone that says it has destroyed what it held, signed with a key.
func (p *phone) wiped(key ed25519.PrivateKey) *syncv1.ExchangeRequest {
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	body.Wiped = &syncv1.WipeReceipt{OrderedMs: 5, WipedMs: 6, Records: 7}
	body.Wiped.Signature = ed25519.Sign(key, wire.WipedMessage(p.incarnation[:], body.Wiped))
	return p.sign(body)
}

// A restore may lose that a device was ordered to wipe, and that it was revoked. What it has
// destroyed does not come back: it is told that it may destroy its keys too.
func TestExchange_AWipeThatARestoreHasLostTheOrderOfIsConfirmed(t *testing.T) {
	for name, revoke := range map[string]bool{"revoked": true, "trusted": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.phone(w.user(recordv1.Role_ROLE_GRID_WORKER, w.gridA))
			p.sync()
			if revoke {
				w.must(w.service.Update(w.ctx, func(tx store.Writer) error { return identity.RevokeDevice(tx, p.incarnation) }))
			}
			_, stranger, err := ed25519.GenerateKey(w.random)
			w.must(err)
			p.take(p.call(p.wiped(stranger)))
			if p.last.GetWipeConfirmed() {
				t.Error("a receipt with another key's signature was taken")
			}
			p.take(p.call(p.wiped(p.key)))
			if !p.last.GetWipeConfirmed() || p.last.GetPage() != nil {
				t.Errorf("confirmed %v, with a page %v", p.last.GetWipeConfirmed(), p.last.GetPage() != nil)
			}
			w.must(w.service.View(w.ctx, func(r store.Reader) error {
				d, err := identity.GetDevice(r, p.incarnation)
				if d.State != identity.DeviceWiped || d.WipeOrdered != 5 {
					t.Errorf("the device is %v, ordered at %d", d.State, d.WipeOrdered)
				}
				return err
			}))
		})
	}
}
