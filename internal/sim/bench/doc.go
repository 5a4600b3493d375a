// Package bench measures onedoor on the workload that peers were measured on:
// W1, one phone uploads visits made offline and a fresh phone pulls them; W2,
// many phones upload at once and pull what their team wrote; W3, two phones
// edit the same records offline until both agree. It also measures the raw
// limit in the same run: plain statements that write rows of the same bytes,
// with one index and the same durability. Only ratios within one run mean
// anything, since machines are noisy.
//
// Server and phones are processes of their own, which this program starts by
// running itself again; a proxy between them counts every byte on the wire,
// TLS off. People and visits are generated; the notes are the corpus of
// testdata/notes with a number changed in each.
//
// Read bench.go first.
package bench
