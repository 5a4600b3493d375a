// Package sqlitevfs is the bridge to the VFS layer of modernc.org/sqlite/lib: whoever writes a VFS in Go writes it over this
// package. The engine is C translated to Go: it passes addresses as uintptr and calls functions by the address of their Go function
// value, and here stands every conversion between the two worlds.
//
// A [File] in Go is put where the engine has one open; a [Layer] stands over another VFS, opens its files, and puts files of its
// own in front of them, which embed a [Below] and differ from it where they have methods of their own. Between the engine and
// such a method there is no lock and nothing is allocated.
//
// It opens no file by itself, knows no format, and holds no state but the values that the engine's memory refers to. Memory at an
// address handed to it belongs to the engine or to libc's allocator; the Go garbage collector neither moves nor frees it.
//
// What every VFS written over it must do is a suite of tests, in the folder vfstest.
//
// Read file.go first, then below.go and layer.go; memory.go and handles.go are the two worlds' border, methods.go and
// register.go what the engine calls and keeps.
package sqlitevfs
