package domain

// UnixMilli is a time in milliseconds since the Unix epoch, UTC. The zero value means that there is no time.
type UnixMilli int64

// Days counts calendar days.
type Days int64

// Shanghai has kept UTC+8 without summer time since 1991, so days need no zone file, which a phone may lack.
const (
	shanghaiOffsetMillis = 8 * 60 * 60 * 1000
	dayMillis            = 24 * 60 * 60 * 1000
)

// ShanghaiDay numbers the calendar day in Asia/Shanghai that the time falls on; day 0 is 1 January 1970 there.
func (t UnixMilli) ShanghaiDay() Days {
	local := int64(t) + shanghaiOffsetMillis
	day := local / dayMillis
	if local%dayMillis < 0 {
		day--
	}
	return Days(day)
}

// DaysSince counts the calendar days in Asia/Shanghai from earlier to t: from late on Monday to early on Tuesday is 1.
// It is negative when earlier is not earlier.
func (t UnixMilli) DaysSince(earlier UnixMilli) Days {
	return t.ShanghaiDay() - earlier.ShanghaiDay()
}
