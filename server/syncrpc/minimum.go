package syncrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/refusal"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Minimum is the oldest app that phones may have. Older ones are told of it, and served until By; then they are refused, and
// what they have not sent stays on them until they are updated. Its zero value serves every app.
type Minimum struct {
	// Version is numbers with dots, such as 1.4.0.
	Version string
	By      time.Time
}

// ErrVersion: what should be a version is none.
var ErrVersion = errors.New("a version is numbers with dots, such as 1.4.0")

// Check refuses what is no version.
func (m Minimum) Check() error {
	if _, ok := numbersOf(m.Version); m.Version != "" && !ok {
		return ErrVersion
	}
	return nil
}

// numbersOf reads the numbers of a version, which ends the name of an app: "onedoor-phone 1.4.0".
func numbersOf(app string) (numbers []int, ok bool) {
	words := strings.Fields(app)
	if len(words) == 0 {
		return nil, false
	}
	for part := range strings.SplitSeq(words[len(words)-1], ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, int(n))
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1] // 1.4 is 1.4.0.
	}
	return numbers, true
}

// serves reports that an app is new enough. One that tells no version counts as older.
func (m Minimum) serves(app string) bool {
	least, _ := numbersOf(m.Version)
	has, ok := numbersOf(app)
	return ok && slices.Compare(has, least) >= 0
}

// admit lets a phone's call pass, tells an older app until when it may, or refuses it. A phone that is to destroy what it
// holds is always let in: the order reaches it whatever its software.
func (s *Service) admit(ctx context.Context, req *syncv1.ExchangeRequest) error {
	if s.minimum.Version == "" {
		return nil
	}
	body := &syncv1.ExchangeBody{}
	if proto.Unmarshal(req.GetBody(), body) != nil {
		return nil // Whoever decodes it for good says what is wrong.
	}
	app, trusted, err := s.appOf(ctx, body)
	if err != nil || !trusted || s.minimum.serves(app) {
		return err
	}
	if s.enrolments.now().Before(s.minimum.By) {
		// A caller that takes no header is none that shows it.
		_ = grpc.SetHeader(ctx, metadata.Pairs(wire.UpdateToHeader, s.minimum.Version, wire.UpdateByHeader, strconv.FormatInt(s.minimum.By.UnixMilli(), 10)))
		return nil
	}
	return refusal.New(codes.FailedPrecondition, wire.ReasonAppOld, fmt.Sprintf("the app is older than %s, which this server asks for", s.minimum.Version),
		&errdetails.LocalizedMessage{Locale: "zh-CN", Message: "应用版本过旧，请升级；未上传的内容仍在手机上"}, refusal.English(appHint))
}

// appHint is what the user of an app that is too old can do.
const appHint = "update the app; unsent work stays on the phone and is sent then"

// appOf gives what a phone said of its app, now or when it last did; trusted is false for one that is not, or not known.
func (s *Service) appOf(ctx context.Context, body *syncv1.ExchangeBody) (app string, trusted bool, err error) {
	id, ok := syncengine.IDFromBytes(body.GetIncarnation())
	if !ok {
		return "", false, nil
	}
	err = s.realm.View(ctx, func(r store.Reader) error {
		device, err := identity.GetDevice(r, id)
		if errors.Is(err, identity.ErrDeviceUnknown) {
			return nil
		}
		if err != nil {
			return err
		}
		contact, err := identity.GetContact(r, id)
		app, trusted = contact.AppVersion, device.State == identity.DeviceActive
		return err
	})
	if told := body.GetStatus().GetAppVersion(); told != "" {
		app = told
	}
	return app, trusted, err
}
