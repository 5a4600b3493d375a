package client_test

import (
	"fmt"
	"os"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
	"onedoor/syncengine"
)

func init() {
	debugSeen = func(name string, m *syncv1.ExchangeResponse) {
		want := os.Getenv("REC")
		if want == "" {
			return
		}
		fmt.Printf("%s reply: caught %v pos %d outcomes %d from %d nonce %v view %v filled %d\n", name, m.GetCaughtUp(), m.GetPosition().GetSeq(), len(m.GetOutcomes().GetResults()), m.GetOutcomes().GetFirstDeviceSeq(), m.GetNonceState(), m.GetView() != nil, len(m.GetView().GetFilled()))
		for _, o := range m.GetOutcomes().GetResults() {
			fmt.Printf("   outcome %v seq %d reason %v\n", o.GetCode(), o.GetSeq(), o.GetReason())
		}
		for _, r := range m.GetPage().GetRecords() {
			id, _ := syncengine.IDFromBytes(r.GetId())
			if id.String() == want {
				var keys []string
				for _, k := range r.GetKeys() {
					keys = append(keys, fmt.Sprintf("%c%v", m.GetPage().GetKeys()[k][0], syncengine.ScopeKey(m.GetPage().GetKeys()[k]).ID()))
				}
				fmt.Printf("   %s got %s seq %d keys %v\n", name, id, r.GetSeq(), keys)
			}
		}
		for _, b := range m.GetPage().GetGone() {
			id, _ := syncengine.IDFromBytes(b)
			if id.String() == want {
				fmt.Printf("   %s gone\n", name)
			}
		}
	}
}
