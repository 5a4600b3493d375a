package csvfile

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// foreign lists the first bytes of what people hand in under the name of a CSV,
// with what to do about it. Leading blanks are skipped before the comparison.
var foreign = []struct{ start, why string }{
	{"<", "it is a web page or XML, perhaps the server's error message: fetch the file again"},
	{"{", "it is JSON: export it as CSV"},
	{"[", "it is JSON: export it as CSV"},
	{"PK\x03\x04", "it is a workbook or a zip file: save it as CSV UTF-8"},
	{"\xd0\xcf\x11\xe0", "it is an old workbook: save it as CSV UTF-8"},
	{"\x1f\x8b", "it is compressed with gzip: unpack it"},
	{"%PDF", "it is a PDF: export it as CSV"},
}

// sniff refuses what cannot be a CSV before any of it is parsed, from its first
// bytes, its line ends, its encoding and its shape.
func sniff(file string, data []byte) *FileError {
	if refused := sniffUTF16(file, data); refused != nil {
		return refused
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte(byteOrderMark)))
	if len(text) == 0 {
		return refuse(ErrNotCSV, file, 0, "empty: export it again")
	}
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.start)) {
			return refuse(ErrNotCSV, file, 1, "%s", f.why)
		}
	}
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return refuse(ErrNotCSV, file, lineOf(data, at), "it holds a zero byte: it is not text")
	}
	if at := badUTF8(data); at >= 0 {
		return refuse(ErrEncoding, file, lineOf(data, at), "%s", encodingAdvice(lineAround(data, at)))
	}
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0 {
		return refuse(ErrNotCSV, file, 1, "its lines end in a bare carriage return: save it with LF or CRLF")
	}
	return sniffWidth(file, data)
}

// sniffUTF16 refuses the two-byte encoding that spreadsheets call Unicode text.
func sniffUTF16(file string, data []byte) *FileError {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return refuse(ErrEncoding, file, 1, "it looks like UTF-16: save it as CSV UTF-8")
	}
	return nil
}

// sniffWidth refuses a row far wider than any header may be before the parser
// allocates a string for each of its values. Being a guard for memory it counts
// commas outside quotes and leaves everything else to the parser.
func sniffWidth(file string, data []byte) *FileError {
	commas, line, quoted := 0, 1, false
	for _, b := range data {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n':
			line++
			if !quoted {
				commas = 0
			}
		case b == ',' && !quoted:
			commas++
			if commas >= 2*ColumnsMax {
				return refuse(ErrTooLarge, file, line, "more than %d values in a row, the limit is %d", commas, ColumnsMax)
			}
		}
	}
	return nil
}

// badUTF8 gives the position of the first byte that is not UTF-8, or -1.
func badUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// lineOf counts physical lines from 1.
func lineOf(data []byte, at int) int {
	return 1 + bytes.Count(data[:at], []byte{'\n'})
}

// lineAround gives the physical line that holds a position.
func lineAround(data []byte, at int) []byte {
	start := bytes.LastIndexByte(data[:at], '\n') + 1
	if end := bytes.IndexByte(data[at:], '\n'); end >= 0 {
		return data[start : at+end]
	}
	return data[start:]
}

// encodingAdvice says what to do about a line that is not UTF-8.
func encodingAdvice(line []byte) string {
	if looksLikeGB18030(line) {
		return "the text is not UTF-8; it looks like GBK/GB18030, save as UTF-8"
	}
	return "the text is not UTF-8: save as UTF-8"
}

// looksLikeGB18030 says whether a line reads as Chinese in the national
// encoding. Chinese text takes two high bytes a character in it nearly always,
// while an accented Latin letter that swallows the plain letter behind it brings
// only one, so the ratio tells the two apart.
func looksLikeGB18030(line []byte) bool {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line)
	if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
		return false
	}
	var han, highBytes int
	for _, r := range string(decoded) {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	for _, b := range line {
		if b >= utf8.RuneSelf {
			highBytes++
		}
	}
	return han > 0 && 2*highBytes >= 3*han
}
