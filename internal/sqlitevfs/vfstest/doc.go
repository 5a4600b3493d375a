// Package vfstest is what every VFS that is written in Go must do, as tests: of each layer alone and of what it stands on. It calls
// a VFS as the engine does, in the shapes in which the engine writes a database with a log: whole pages of a main file, with
// nothing in their reserved bytes; headers and pages of a log's frames. So a layer that seals pages, or gathers frames, is asked the
// same as a plain one.
//
// It asks nothing that only one layer does; that is for the layer's own tests. The engine's VFS for the system passes it too, which
// is how the suite itself is known to ask what is so.
//
// Read run.go first, then calls.go; each of the other files is a list of rules.
package vfstest
