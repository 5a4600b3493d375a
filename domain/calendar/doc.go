// Package calendar counts deadlines: calendar days, working days with China's official swapped days (调休), and the rest of
// one day, at the fixed offset +08:00, with pauses and extensions. Phone and server count with it and so show the same
// minute.
//
// It reads no clock and never decides what follows from a deadline. It guesses no official day: a count over a year whose
// notice it does not know is marked provisional.
//
// How a term is counted (民法典, articles 201 and 203):
//
//   - The day on which it begins does not count; counting starts at the midnight after it. The term "the same day" counts
//     from the minute it begins to midnight.
//   - A term is an amount of time: so many days of 24 hours on which the clock runs. Working days run on working days only.
//   - While the clock is paused no time is counted, so a pause of two hours moves the deadline by two hours.
//   - A term that rolls and ends on a day of rest ends with the next working day.
//   - A deadline is the last minute in time: 23:59 for a term of whole days. One is late when that minute is over.
//
// Read year.go first, then term.go and deadline.go.
package calendar
