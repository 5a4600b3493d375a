package wire

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// bodyRealmField is the number of the realm in the bodies that phones sign: an exchange's and a look-up's.
var bodyRealmField = protowire.Number((&syncv1.ExchangeBody{}).ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name("realm")).Number())

// BodyRealm gives the realm that the body of an exchange or a look-up names, without decoding the rest; ok is false where there is none. It
// verifies nothing: whoever decodes the body for good does.
func BodyRealm(body []byte) (code uint32, ok bool) {
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return 0, false
		}
		body = body[n:]
		if number == bodyRealmField && kind == protowire.VarintType {
			value, n := protowire.ConsumeVarint(body)
			return uint32(value), n > 0
		}
		if n = protowire.ConsumeFieldValue(number, kind, body); n < 0 {
			return 0, false
		}
		body = body[n:]
	}
	return 0, false
}
