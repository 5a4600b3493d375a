// Package csvfile reads a whole CSV file with a header row, strictly, and says
// by line what is wrong with it.
//
// It is for files that people and publishers hand to onedoor: registers of
// doors, lists of users, territory codes, inspection feeds. Such files are
// exported by a spreadsheet, fetched by a script or cut off in transfer, so the
// package expects a web page, a workbook, another encoding or half a file under
// the name of a CSV, and refuses each of them with a sentence that says what to
// do about it.
//
// It never guesses: it drops no row, shortens no value, replaces no bad byte
// and knows no meaning of any column. The one thing it leaves out is a row in
// which every value is blank, since spreadsheets append those and they say
// nothing.
//
// The format is RFC 4180 read by encoding/csv: commas, double quotes, LF or
// CRLF, UTF-8 with or without a byte order mark.
//
// Two kinds of error come out of [Read]:
//
//   - the file as a whole cannot be used: a [FileError] wrapping [ErrNotCSV],
//     [ErrEncoding], [ErrHeader] or [ErrTooLarge], and no table;
//   - single rows are wrong: [Problems] with every one of them, together with a
//     table of the rows that are right, so that a caller can add its own
//     problems and report all of them at once.
//
// Read read.go first, then table.go.
package csvfile
