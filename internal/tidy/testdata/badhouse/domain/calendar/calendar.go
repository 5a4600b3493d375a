package calendar

import "time"

func Zone() *time.Location {
	return time.Local // want "time.Local depends on the machine"
}
