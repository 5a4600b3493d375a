package domain

import (
	clock "time"

	"onedoor/domain/calendar"
	"onedoor/proto/gen/onedoor/record/v1" // want "the plan does not let domain"
)

func Rules() (clock.Time, func() clock.Time) {
	_ = recordv1.Premises{}
	_ = calendar.Zone()
	_ = clock.Unix(0, 0)
	return clock.Now(), clock.Now // want "time.Now reads the clock"
}
