// Package recordwords has the words by which people read records: fields, values of enums, and whole cells as one line of
// text, in Chinese and English. The console and the phones of the demo write with them.
//
// It decides nothing and reads no record by itself. What it has no word for, such as a field of newer software, it names as
// the record's JSON does, so that nothing is left out of sight. A test holds the tables to the proto files: every field and
// every value of a kind that people write has its words.
//
// Read words.go first, then cell.go.
package recordwords
