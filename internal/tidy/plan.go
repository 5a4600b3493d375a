// Package tidy is the plan of the house as code: which rooms there are, what each holds, and which import it may make.
// Its test walks the repository's source and fails on every line that breaks the plan, with the reason for the ban.
//
// It reads source text only: it compiles nothing, changes nothing, and is imported by nothing.
//
// Read this file first: House is the plan, Bans and CallBans give the reasons, pure.go says what a pure room may use.
// Test files are free to import what they need, since a test builds whole worlds; no file may hold a mark of open work
// or a skipped test.
package tidy

// Module is the import path of the repository's root.
const Module = "onedoor"

// A Room is a package, or a tree of packages that act as one.
type Room struct {
	// Path is the folder below the repository's root.
	Path string
	// Deep says that the folders below Path belong to the room too, unless one of them is a room of its own.
	Deep bool
	// Pure says that the room decides everything from its inputs: pure.go lists what it may use.
	Pure bool
	// Holds says what the room is for.
	Holds string
	// May names the rooms it may import. All stand below it in House: an import may only point down.
	May []string
}

// shared is all that the phone and the server have in common.
var shared = []string{"internal/wire", "internal/schema", "internal/recordunits", "internal/casebook", "domain", "syncengine", "proto/gen"}

// files are the rooms that read what an operator or a publisher hands in. Phones read no such file.
var files = []string{"internal/importer", "internal/territoryfile", "internal/csvfile"}

// withFiles gives the named rooms, those that read files, and those that the phone and the server have in common.
func withFiles(rooms ...string) []string { return withShared(append(rooms, files...)...) }

// withShared gives the named rooms and those that the phone and the server have in common.
func withShared(rooms ...string) []string { return append(rooms, shared...) }

// House is the plan, from the roof down. A room that is not built yet may stand here; a folder with Go files that does
// not stand here is a fault: name it, say what it holds and what it may import.
var House = []Room{
	{Path: "internal/tidy", Holds: "this plan"},

	{Path: "cmd/onedoor", Deep: true, Holds: "the server's and the operator's command",
		May: withFiles("internal/demo", "internal/handin", "server", "server/observe", "server/backupset", "server/store", "server/store/sqlitestore", "internal/casefile", "internal/casesheet", "internal/reportfile", "internal/rulesheet", "internal/settings", "internal/command", "internal/recordjson", "internal/grpczstd", "internal/heapfloor", "internal/processors")},
	{Path: "cmd/onedoor-phone", Deep: true, Holds: "the reference phone: a scriptable offline client",
		May: withShared("client-sdk", "internal/rulesheet", "internal/command", "internal/recordjson", "internal/heapfloor")},
	{Path: "cmd/onedoor-sim", Deep: true, Holds: "the simulator's, replay's and bench's command",
		May: withFiles("internal/sim", "internal/demo", "server", "client-sdk", "internal/command", "internal/heapfloor", "internal/processors")},

	{Path: "internal/sim", Deep: true, Holds: "the simulated world: phones, network, disk, clock, auditor",
		May: withFiles("internal/demo", "server", "server/accessledger", "server/adminrpc", "server/report", "server/exchange", "server/identity", "server/sealed", "server/store",
			"server/store/memstore", "server/store/sqlitestore", "server/store/pgstore", "client-sdk", "internal/handin", "internal/line", "internal/sqlitevfs", "internal/sqlitedisk", "internal/rentsafe", "testdata/notes")},
	{Path: "internal/compatible", Holds: "what earlier software wrote, and the test that this software reads it"},
	{Path: "internal/docpage", Holds: "pages of docs that are made from code, held to it; only tests import it"},
	{Path: "internal/demo", Deep: true, Holds: "the seed street at true scale, and its scripted working day",
		May: withFiles("server", "server/exchange", "server/identity", "server/store", "client-sdk", "internal/recordjson", "internal/recordwords", "internal/handin", "internal/line", "internal/grpczstd", "testdata/notes")},

	{Path: "server", Holds: "configuration, start and stop: the one place that wires the rooms below",
		May: withFiles("server/syncrpc", "server/adminrpc", "server/reportrpc", "server/feedrpc", "server/feed", "server/gateway", "server/console", "server/accessledger", "server/sealed", "server/directory", "server/exchange",
			"server/report", "server/retention", "server/casework", "server/sideledger", "server/signin", "server/bearer", "server/turns", "server/tenure", "server/throttle", "server/identity", "server/notify", "server/observe", "server/refusal", "server/backupset",
			"server/store", "server/store/memstore", "server/store/sqlitestore", "server/store/pgstore", "server/store/whole", "internal/privatefile", "internal/sqlitedisk", "internal/grpczstd", "internal/processors")},

	{Path: "server/syncrpc", Holds: "the phones' calls: decode, call, encode",
		May: withShared("server/refusal", "server/exchange", "server/identity", "server/throttle", "server/notify", "server/store")},
	{Path: "server/adminrpc", Holds: "the operator's calls: decode, call, encode",
		May: withFiles("server/accessledger", "server/bearer", "server/refusal", "server/directory", "server/exchange", "server/casework", "server/casework/docket", "server/privacy", "server/retention", "server/signin", "server/throttle", "server/identity",
			"server/store")},
	{Path: "server/reportrpc", Holds: "the district's calls for reports: decode, call, encode",
		May: withShared("server/report", "server/bearer", "server/refusal", "server/exchange", "server/identity", "server/store")},
	{Path: "server/feedrpc", Holds: "the calls of systems outside: decode, call, encode",
		May: withShared("server/feed", "server/accessledger", "server/casework", "server/bearer", "server/refusal", "server/exchange", "server/identity", "server/notify", "server/store")},
	{Path: "server/gateway", Holds: "the calls of phones, reports and feeds over HTTP as JSON",
		May: withShared()},
	{Path: "server/console", Deep: true, Holds: "the web console of the centre and the district",
		May: withShared("server/throttle", "server/notify", "internal/recordwords", "internal/reportfile", "internal/rulesheet", "internal/casesheet", "internal/casefile")},

	{Path: "server/observe/tracetest", Holds: "an OpenTelemetry collector in memory; only tests import it"},
	{Path: "server/observe", Holds: "how a running server is watched: metrics, traces, logs with their trace",
		May: []string{"server/exchange", "server/store"}},
	{Path: "server/backupset/buckettest", Holds: "a server that speaks S3, in memory; only tests import it"},
	{Path: "server/backupset", Holds: "backups in a folder or a bucket: put, compare, list, fetch, take away", May: []string{"internal/privatefile"}},
	{Path: "server/refusal", Holds: "errors as statuses of gRPC: code, reason and hint, the same for every service",
		May: withShared("server/exchange", "server/identity", "server/store")},
	{Path: "server/bearer", Holds: "who makes a call, by its token", May: withShared("server/identity", "server/store")},
	{Path: "server/feed", Holds: "feeds: what systems outside are told of records, read by them or posted to them, and the cases that they submit",
		May: withShared("server/tenure", "internal/recordjson", "server/accessledger", "server/casework", "server/privacy", "server/exchange", "server/identity", "server/notify", "server/store")},
	{Path: "server/report", Deep: true, Holds: "projections: readers of the log that may be dropped and rebuilt",
		May: withShared("server/tenure", "internal/sealedfile", "internal/recordwords", "server/accessledger", "server/exchange", "server/identity", "server/store")},
	{Path: "server/directory", Holds: "the read-only records by which phones know territories and colleagues",
		May: withShared("server/exchange", "server/identity", "server/store")},
	{Path: "server/privacy", Holds: "a resident's rights: requests and registers, and what is held of whom",
		May: withShared("server/accessledger", "server/exchange", "server/retention", "server/identity", "server/store")},
	{Path: "server/retention", Holds: "expiry: what may no longer be kept, and when it goes",
		May: withShared("server/tenure", "server/accessledger", "server/exchange", "server/store")},
	{Path: "server/casework", Holds: "the centre's work: steps of cases, inboxes, the watch over deadlines",
		May: withShared("server/tenure", "server/casework/docket", "server/accessledger", "server/exchange", "server/store")},
	{Path: "server/casework/docket", Holds: "cases in the order in which they are due, on the shelves where people look", May: []string{"syncengine"}},
	{Path: "server/sideledger", Holds: "the side ledger: what a restore must not undo, in a file on other storage",
		May: withShared("server/exchange")},
	{Path: "server/exchange", Holds: "the one write path: authorise, validate, merge, apply, cut a page of the log",
		May: withShared("server/accessledger", "server/identity", "server/sealed", "server/notify", "server/turns", "server/store")},
	{Path: "server/signin", Holds: "signing in: passwords with one-time codes, and ID tokens of an identity provider",
		May: withShared("server/accessledger", "server/throttle", "server/identity", "server/store")},
	{Path: "server/tenure", Holds: "posts that one server of several holds at a time: what is to be done once",
		May: []string{"server/store", "syncengine", "proto/gen"}},
	{Path: "server/throttle", Holds: "slows down who guesses: counts of failures and enrolments by address, user and device",
		May: []string{"server/store"}},
	{Path: "server/accessledger", Holds: "the access ledger: who saw what is sealed, and who changed what people may do",
		May: withShared("server/store")},
	{Path: "server/sealed", Holds: "in front of a store: what tells who a resident is stands in it sealed",
		May: withShared("internal/privatefile", "server/store")},
	{Path: "server/identity", Holds: "join codes, device keys, sessions and grants",
		May: withShared("internal/privatefile", "server/store")},
	{Path: "server/turns", Holds: "the processor shared between realms, and between short work and long"},
	{Path: "server/notify", Holds: "hints that say look again", May: []string{"syncengine"}},

	{Path: "server/store/storetest", Holds: "the conformance suite that every store passes",
		May: withShared("server/store")},
	{Path: "server/store/memstore", Deep: true, Holds: "the store in memory", May: withShared("server/store")},
	{Path: "server/store/sqlitestore", Deep: true, Holds: "the embedded store",
		May: withShared("server/store", "internal/logvfs", "internal/sqlitedisk", "internal/sqlitescrub")},
	{Path: "server/store/pgstore", Deep: true, Holds: "the store on the PostgreSQL family",
		May: withShared("server/store", "server/store/whole")},
	{Path: "server/store/whole", Holds: "copies a realm from one store into another and compares", May: withShared("server/store")},
	{Path: "server/store", Holds: "what a store is: types, one interface, errors", May: withShared()},

	{Path: "client-sdk", Deep: true, Holds: "the phone's replica: outbox, local database, sync, search, status",
		May: withShared("client-sdk/internal/syncloop", "internal/logvfs", "internal/sqlitevfs", "internal/sqlitedisk", "internal/sqlitescrub", "internal/recordjson", "internal/grpczstd")},
	{Path: "client-sdk/internal/syncloop", Pure: true, Holds: "the machine that decides when to sync and what to send",
		May: withShared()},

	{Path: "internal/handin", Holds: "a file handed to one of the calls that import: sent in pieces, and what is wrong in it", May: []string{"proto/gen"}},
	{Path: "internal/importer", Holds: "files of doors and users that an operator imports, checked row by row",
		May: withShared("internal/territoryfile", "internal/csvfile")},
	{Path: "internal/territoryfile", Holds: "files of territory codes", May: []string{"domain", "internal/csvfile"}},
	{Path: "internal/rentsafe", Holds: "a real feed of rental-house inspections", May: []string{"domain", "internal/csvfile"}},
	{Path: "internal/casesheet", Holds: "what stands in the file of a case, in the words of the field",
		May: []string{"internal/casefile", "domain", "syncengine", "proto/gen"}},
	{Path: "internal/casefile", Holds: "a case set as one file: PDF with its font"},
	{Path: "internal/reportfile", Holds: "reports set as files of the office: CSV and XLSX", May: []string{"proto/gen"}},
	{Path: "internal/rulesheet", Holds: "the rules in force on a day, as people and scripts read them, the same at server and phone",
		May: []string{"internal/command", "domain"}},
	{Path: "internal/settings", Holds: "a command's settings from the command line, the environment and a file", May: []string{"internal/flagform", "internal/nearname"}},
	{Path: "internal/heapfloor", Holds: "how much a small heap grows before it is collected, and having that memory at hand; only a program's main asks for it"},
	{Path: "internal/processors", Holds: "how many processors a server's Go runtime uses, and how many of them are the machine's; only a program's main asks for more"},
	{Path: "internal/command", Holds: "what the commands share: running a command line, results as text or JSON, tables",
		May: []string{"internal/recordjson", "internal/flagform", "internal/nearname", "syncengine"}},
	{Path: "internal/command/commandtest", Holds: "what the tests of every command ask of all of its flags; only tests import it"},
	{Path: "internal/recordjson", Holds: "records as the JSON that people and scripts read and write",
		May: []string{"internal/nearname", "internal/schema", "internal/wire", "domain", "syncengine", "proto/gen"}},
	{Path: "internal/recordwords", Holds: "the words by which people read records, in Chinese and English",
		May: []string{"internal/schema", "domain", "syncengine", "proto/gen"}},
	{Path: "internal/flagform", Holds: "what a flag takes, in words"},
	{Path: "internal/nearname", Holds: "the known names that a mistaken one is like"},
	{Path: "internal/pgtest", Deep: true, Holds: "a real PostgreSQL for tests, in a folder of its own, and days played on it; only tests import it"},
	{Path: "internal/browser", Holds: "a real Chromium for the tests of pages; only tests import it"},
	{Path: "internal/line", Holds: "a line between a phone and a server that a script can cut at a frame"},
	{Path: "internal/grpczstd", Holds: "zstd as a gRPC compressor, for both ends of the wire"},
	{Path: "testdata/notes", Holds: "the notes corpus, embedded"},
	{Path: "internal/csvfile", Holds: "strict reading of CSV files that people hand in"},

	{Path: "internal/sqlitescrub", Holds: "makes what was deleted from a SQLite database unreadable in its files"},
	{Path: "internal/sealedfile", Holds: "large files that are unreadable without a key kept elsewhere", May: []string{"internal/privatefile"}},
	{Path: "internal/privatefile", Holds: "small files that nobody but their owner may read, such as keys"},
	{Path: "internal/logvfs", Holds: "a write-ahead log written in large pieces, on phone and server", May: []string{"internal/sqlitevfs", "internal/sqlitedisk"}},
	{Path: "internal/sqlitevfs/vfstest", Holds: "the conformance suite that every VFS written in Go passes", May: []string{"internal/sqlitevfs"}},
	{Path: "internal/sqlitevfs", Holds: "what a VFS of SQLite that is written in Go is written over"},
	{Path: "internal/sqlitedisk", Holds: "what the files of SQLite databases stand on: the system's, or another disk behind the same seam"},
	{Path: "internal/recordunits", Holds: "records as the units that figures count, the same on phone and server",
		May: []string{"internal/casebook", "domain", "proto/gen"}},
	{Path: "internal/casebook", Holds: "steps of cases as the records that they write, the same on phone and server",
		May: []string{"domain", "proto/gen"}},
	{Path: "internal/wire", Holds: "protobuf to engine and back, with every limit check",
		May: []string{"internal/schema", "domain", "syncengine", "proto/gen"}},
	{Path: "internal/schema", Holds: "merge policy, visibility and retention, read from the proto options",
		May: []string{"domain", "syncengine", "proto/gen"}},
	{Path: "domain", Deep: true, Pure: true, Holds: "the rules of the field, the same on phone and server"},
	{Path: "syncengine", Deep: true, Pure: true, Holds: "the sync rules: changes, cells, merge, conflicts, digests"},
	{Path: "proto/gen", Deep: true, Holds: "generated code of the wire formats"},
}

// A Ban forbids an import and says why. It adds the reason to what House already leaves out, and covers imports from
// outside the house, of which House says nothing.
type Ban struct {
	// From names the rooms that may not; `a/...` is a and all below it, `...` is the whole house.
	From []string
	// Except names the rooms in From that may nevertheless.
	Except []string
	// To names what is banned: a folder of the house, or an import path from outside it.
	To []string
	// Why is the reason, as the finding prints it.
	Why string
}

// implementations are the stores behind the contract in server/store.
var implementations = []string{"server/store/memstore/...", "server/store/sqlitestore/...", "server/store/pgstore/..."}

// Bans are the walls of the house.
var Bans = []Ban{
	{From: []string{"client-sdk/..."}, To: []string{"server/..."},
		Why: "the phone works without a server; what both need stands in syncengine, domain, internal/wire or internal/schema"},
	{From: []string{"server/..."}, To: []string{"client-sdk/..."},
		Why: "the server trusts nothing of the phone's; what both need stands in syncengine, domain, internal/wire or internal/schema"},
	{From: []string{"..."}, Except: []string{"internal/sim/...", "cmd/onedoor-sim/..."}, To: []string{"internal/sim/..."},
		Why: "faults and false clocks stay in the simulated world: only cmd/onedoor-sim and tests may enter it"},
	{From: []string{"server/syncrpc", "server/adminrpc", "server/reportrpc", "server/feedrpc", "server/console/..."}, To: implementations,
		Why: "a handler decodes, calls and encodes; it never touches a store"},
	{From: []string{"server/accessledger", "server/sealed", "server/exchange", "server/report/...", "server/feed", "server/privacy", "server/retention", "server/casework", "server/identity", "server/notify", "server/observe"},
		To:  implementations,
		Why: "every room above the stores runs on each of them, so it knows only the contract in server/store"},
	{From: []string{"server/store/..."}, To: []string{"server", "server/accessledger", "server/sealed", "server/exchange", "server/identity", "server/notify", "server/observe"},
		Why: "a store keeps what it is given; it knows no merge rule, no grant and nobody to call"},
	{From: []string{"server/notify"}, To: []string{"proto/gen/...", "internal/wire", "server/store/..."},
		Why: "a hint carries no data: it says that a realm reached a seq, and the phone pulls through its grants"},
	{From: []string{"..."}, To: []string{"server/store/storetest", "server/observe/tracetest", "server/backupset/buckettest", "internal/command/commandtest", "internal/sqlitevfs/vfstest", "internal/sim/disk/disktest", "internal/docpage"},
		Why: "it imports testing, which a command must not carry: only tests may import it"},
	{From: []string{"server/accessledger", "server/sealed", "server/exchange", "server/report/...", "server/feed", "server/privacy", "server/retention", "server/casework", "server/notify",
		"server/store/...", "internal/schema"}, To: []string{"google.golang.org/grpc/..."},
		Why: "one table turns errors into statuses, at the edge; the rooms inside speak in sentinels and outcomes"},
	{From: []string{"..."}, Except: []string{"server/store/...", "client-sdk/...", "internal/logvfs", "internal/sqlitevfs/...", "internal/sqlitescrub", "internal/sim/..."},
		To:  []string{"database/sql/...", "modernc.org/sqlite/...", "zombiezen.com/go/sqlite/...", "github.com/ncruces/go-sqlite3/...", "github.com/jackc/pgx/..."},
		Why: "SQL stands in the stores, in the phone's local database and what is below both, and in the simulator"},
	{From: []string{"..."}, Except: []string{"server/observe/..."},
		To:  []string{"github.com/prometheus/...", "go.opentelemetry.io/..."},
		Why: "a room reports events of its own; only server/observe knows who counts them, and no phone carries it"},
	{From: []string{"..."}, Except: []string{"server/backupset"}, To: []string{"gocloud.dev/...", "github.com/aws/..."},
		Why: "a cloud's SDK stands behind one room: only server/backupset knows where backups lie"},
	{From: []string{"..."}, To: []string{"C"},
		Why: "onedoor is built for phones and servers without a C compiler"},
}

// A CallBan forbids the use of one function or method of one room.
type CallBan struct {
	// Room and Name say what is banned: Name as a function of Room, and as a method of any value outside Room.
	Room, Name string
	// Only names the rooms that may use it.
	Only []string
	// Why is the reason, as the finding prints it.
	Why string
}

// CallBans are the doors that one room alone may open.
var CallBans = []CallBan{
	{Room: "syncengine", Name: "Merge", Only: []string{"server/exchange"},
		Why: "there is one write path: exchange authorises, validates, merges and applies, and no edit gets round it"},
}
