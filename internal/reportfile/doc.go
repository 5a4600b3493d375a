// Package reportfile sets reports as files of the office: CSV that a spreadsheet opens with its Chinese heads, and XLSX in
// the layouts that streets send upwards. It is handed what a server has sent, and shows that and no more: a hidden number
// is not in it, so it cannot leak here. Each file carries the report's own statement of source, time and rules.
//
// It computes nothing but where a number stands on a sheet, reads no clock, and writes the same bytes for the same report.
//
// Read report.go first, then csv.go and xlsx.go; layouts.go has the office's sheets.
package reportfile
