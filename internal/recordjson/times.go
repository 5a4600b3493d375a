package recordjson

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/syncengine"
)

// shanghai is a fixed offset: Asia/Shanghai has had no summer time since 1991,
// and a phone may lack the zone's file.
var shanghai = time.FixedZone("+08:00", 8*60*60)

// readTime reads RFC 3339 text; what is finer than a millisecond is dropped,
// since records hold milliseconds.
func readTime(raw json.RawMessage) (protoreflect.Value, error) {
	const want = "a time is needed, with its zone, such as 2026-07-01T09:30:00+08:00"
	text, err := readText(raw)
	if err != nil {
		return protoreflect.Value{}, unfit(raw, want)
	}
	var at time.Time
	if err := at.UnmarshalText([]byte(text)); err != nil || !hasText(at.UnixMilli()) {
		return protoreflect.Value{}, unfit(raw, want)
	}
	return protoreflect.ValueOfInt64(at.UnixMilli()), nil
}

// hasText reports whether a time has RFC 3339 text, whose years have four digits.
func hasText(ms int64) bool {
	year := time.UnixMilli(ms).In(shanghai).Year()
	return year >= 0 && year <= 9999
}

// timeValue writes milliseconds since the Unix epoch in RFC 3339, or as the
// number they are where no such text exists.
func timeValue(ms int64) json.RawMessage {
	if !hasText(ms) {
		return encode(ms)
	}
	layout := "2006-01-02T15:04:05-07:00"
	if ms%1000 != 0 {
		layout = "2006-01-02T15:04:05.000-07:00"
	}
	return encode(time.UnixMilli(ms).In(shanghai).Format(layout))
}

// Time writes a time as records have it; null for none (0).
func Time(at syncengine.UnixMilli) json.RawMessage {
	if at == 0 {
		return encode(nil)
	}
	return timeValue(int64(at))
}
