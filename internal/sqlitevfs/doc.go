// Package sqlitevfs is the bridge to the VFS layer of modernc.org/sqlite/lib: whoever writes a VFS in Go writes it over
// this package. The engine is C translated to Go: it passes addresses as uintptr and calls functions by the address of
// their Go function value, and here stands every conversion between the two worlds.
//
// It opens no file, knows no format, and holds no state but the values that the engine's memory refers to. Memory at an
// address handed to it belongs to the engine or to libc's allocator; the Go garbage collector neither moves nor frees it.
//
// Read memory.go first, then methods.go (what the engine calls) and register.go.
package sqlitevfs
