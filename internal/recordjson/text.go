package recordjson

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// checkText refuses what the JSON decoder would replace in silence, and texts
// that are too large to be a change.
func checkText(text []byte) error {
	if len(text) > TextBytesMax {
		return &Error{Cause: ErrSyntax, Want: fmt.Sprintf("%d bytes, %d are allowed", len(text), TextBytesMax)}
	}
	if !utf8.Valid(text) {
		return &Error{Cause: ErrSyntax, Want: "it must be UTF-8"}
	}
	for rest := text; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return nil
		}
		rest = rest[i:]
		n, whole := escape(rest)
		if !whole {
			return &Error{Cause: ErrSyntax, Want: fmt.Sprintf("%s is half a character", rest[:n])}
		}
		rest = rest[n:]
	}
}

// escape measures the escape that text begins with; whole is false for a
// surrogate that does not stand in a pair.
func escape(text []byte) (n int, whole bool) {
	first, ok := unit(text)
	if !ok {
		return min(2, len(text)), true
	}
	if !utf16.IsSurrogate(first) {
		return unitBytes, true
	}
	second, ok := unit(text[unitBytes:])
	if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
		return unitBytes, false
	}
	return 2 * unitBytes, true
}

// unitBytes is the length of an escape such as \u7532.
const unitBytes = 6

// unit reads an escape of one UTF-16 unit.
func unit(text []byte) (rune, bool) {
	if len(text) < unitBytes || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:unitBytes]), 16, 16)
	return rune(n), err == nil
}
