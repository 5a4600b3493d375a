package console

import (
	"cmp"
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// silentFor is how long a phone may be silent before it is asked after: a day's work and a night.
const silentFor = 24 * 60 * 60 * 1000

// deviceLine is a phone with what is the matter with it.
type deviceLine struct {
	*adminv1.Device
	// Why says who is stuck and why; Tone is a word of the style sheet.
	Why, Tone string
	rank      int
}

type healthData struct {
	pager
	Devices                       []deviceLine
	Active, Heard, Stuck, Waiting int
	Realm                         *adminv1.GetRealmResponse
	NowMs                         int64
	Manages                       bool
	// All says that phones that are in order are listed too.
	All bool
	// Part says that the figures are of this page's phones, since there are more.
	Part bool
}

// devicesPerPage is how many phones one page looks at: all of a county's, as a rule. Those to be asked after are listed in front.
const devicesPerPage = 500

// healthPage shows which phones are stuck and why.
func (v *visit) healthPage() error {
	out, err := call(v, v.c.o.Admin.ListDevices, &adminv1.ListDevicesRequest{Limit: devicesPerPage, PageToken: v.pageToken()})
	if err != nil {
		return err
	}
	d := &healthData{NowMs: v.c.o.Now().UnixMilli(), Manages: v.may("RevokeDevice"), All: v.query("all") != ""}
	if d.Realm, err = call(v, v.c.o.Admin.GetRealm, &adminv1.GetRealmRequest{}); err != nil {
		return err
	}
	for _, m := range out.GetDevices() {
		d.count(v.deviceLine(m, d.NowMs))
	}
	d.pager = v.pagerTo(out.GetNextPageToken())
	d.Part = d.First != "" || d.Older != ""
	slices.SortStableFunc(d.Devices, func(a, b deviceLine) int {
		return cmp.Or(b.rank-a.rank, cmp.Compare(a.GetLastContactMs(), b.GetLastContactMs()))
	})
	return v.showPage("health", &view{Title: v.lang.pick("同步状况", "Sync health"), Section: "/health", Data: d, Live: true})
}

// count adds a phone to the figures, and to the list where it is asked for.
func (d *healthData) count(line deviceLine) {
	if line.GetState() == adminv1.DeviceState_DEVICE_STATE_ACTIVE {
		d.Active++
		if line.GetLastContactMs() >= d.NowMs-silentFor {
			d.Heard++
		}
		d.Waiting += int(line.GetPending())
	}
	if line.rank > 0 {
		d.Stuck++
	}
	d.Devices = append(d.Devices, line)
}

// deviceLine says how a phone stands.
func (v *visit) deviceLine(m *adminv1.Device, now int64) deviceLine {
	line := deviceLine{Device: m, Tone: "calm", Why: v.lang.pick("正常", "in order")}
	say := func(rank int, tone, zh, en string, values ...any) {
		if rank > line.rank {
			line.rank, line.Tone, line.Why = rank, tone, fmt.Sprintf(v.lang.pick(zh, en), values...)
		}
	}
	silent := v.lang.span((now - m.GetLastContactMs()) / 1000)
	switch {
	case m.GetState() == adminv1.DeviceState_DEVICE_STATE_WIPING:
		say(4, "late", "等待擦除：它下次联系时销毁数据", "to be wiped at its next contact")
	case m.GetState() != adminv1.DeviceState_DEVICE_STATE_ACTIVE:
		line.Tone, line.Why = "quiet", v.lang.deviceState(m.GetState())
	case m.GetLastContactMs() == 0:
		say(1, "soon", "登记后从未同步", "has never synced since it enrolled")
	case m.GetPending() > 0 && now-m.GetLastContactMs() > silentFor:
		say(3, "late", "%s没有联系，还有%d条更改在手机上", "silent for %s with %d changes on it", silent, m.GetPending())
	case now-m.GetLastContactMs() > silentFor:
		say(2, "soon", "%s没有联系", "silent for %s", silent)
	case m.GetPending() > 0:
		line.Tone, line.Why = "hold", fmt.Sprintf(v.lang.pick("上次联系时还有%d条待发", "%d changes waited at its last contact"), m.GetPending())
	}
	return line
}

// deviceState names the state of the trust in a phone.
func (l language) deviceState(s adminv1.DeviceState) string {
	words := map[adminv1.DeviceState][2]string{
		adminv1.DeviceState_DEVICE_STATE_ACTIVE: {"在用", "in use"}, adminv1.DeviceState_DEVICE_STATE_REVOKED: {"已停用", "revoked"},
		adminv1.DeviceState_DEVICE_STATE_WIPING: {"等待擦除", "to be wiped"}, adminv1.DeviceState_DEVICE_STATE_WIPED: {"已擦除", "wiped"},
	}
	w := words[s]
	return l.pick(w[0], w[1])
}

// revokeDevice ends the trust in a phone.
func (v *visit) revokeDevice() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	if v.form("reason") == "" {
		return refused("请写明停用的原因，它会记入台账。", "Say why; it stands in the ledger.")
	}
	_, err = call(v, v.c.o.Admin.RevokeDevice, &adminv1.RevokeDeviceRequest{DeviceId: id, Reason: v.form("reason"), Wipe: v.form("wipe") != ""})
	if err != nil {
		return err
	}
	return v.seeOther("/health?all=yes#d-" + idText(id))
}
