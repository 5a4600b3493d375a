package tidy

// pureImports are the packages of the standard library that a pure room may use: they do no I/O, read no clock, start
// no goroutine and draw nothing at random. A package is added here when a pure room needs it and all of that holds.
var pureImports = []string{
	"bytes", "cmp", "container/heap", "container/list",
	"crypto/hmac", "crypto/sha256", "crypto/sha512", "crypto/subtle",
	"embed", // What it reads was compiled in.
	"encoding", "encoding/base32", "encoding/base64", "encoding/binary", "encoding/csv", "encoding/hex", "encoding/json",
	"errors", "fmt", "hash", "hash/crc32", "hash/fnv", "io", "iter", "maps", "math", "math/big", "math/bits",
	"regexp", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

// pureWhy ends every finding in a pure room.
const pureWhy = "time, chance and files come in as values, so that every decision can be replayed from its inputs"

// impureNames are the names of allowed packages that are not pure, with what each of them does.
var impureNames = map[string]map[string]string{
	"time": {
		"Now": "reads the clock", "Since": "reads the clock", "Until": "reads the clock",
		"Sleep": "waits", "After": "waits", "AfterFunc": "starts a goroutine", "Tick": "waits",
		"NewTimer": "waits", "NewTicker": "waits",
		"Local": "depends on the machine", "LoadLocation": "reads the machine's zone files",
	},
	"fmt": {
		"Print": "writes to standard output", "Printf": "writes to standard output", "Println": "writes to standard output",
		"Scan": "reads standard input", "Scanf": "reads standard input", "Scanln": "reads standard input",
	},
}
