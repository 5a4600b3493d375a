// Package storetest is the conformance suite of package store: what every
// implementation must do, as tests with sentences for names.
//
// It knows nothing of how a store works: it writes and reads through the
// contract. What a file, a disk or a crash adds is tested beside the store that
// has one.
//
// [Run] holds the rules one by one, and then plays random operations on the
// store and on a model that copies everything at every step, and compares what
// each of them shows. [Play] does that for a written list of operations, so that
// two stores can be compared, and a list that once failed can be kept.
//
// Only tests import it. Read run.go first, then operations.go.
package storetest
