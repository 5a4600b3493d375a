package csvfile

// Limits of one file. Reaching one is an error that names the limit; nothing is
// ever cut to fit.
const (
	// FileBytesMax bounds what is read into memory. The communities of the whole
	// country are about 680,000 rows and 40 MiB in the territory format, the
	// largest file anyone has a reason to hand in.
	FileBytesMax = 64 << 20
	// ColumnsMax bounds a row. The widest real register has 70 columns; seven
	// times as many is a file of another kind.
	ColumnsMax = 512
	// RowsMax bounds the rows: one and a half times the communities of the whole
	// country, thirty times the doors of a street.
	RowsMax = 1_000_000
	// CellsMax bounds rows times columns, because an empty value costs one byte
	// in the file but a string header of 16 in memory: 128 MiB at the limit.
	CellsMax = 8 << 20
	// FieldBytesMax bounds one value. The longest honest one is a description of
	// 2,000 Chinese characters, 6,000 bytes; more is a quote that closes far
	// below where it should.
	FieldBytesMax = 64 << 10
)
