// Package model is the simulator's auditor. It follows a realm with a naive
// model of its own and predicts every result: what the server decides about
// each change, what stands in every cell and why, what is kept and open, and
// what each phone shows.
//
// For every change it knows the whole set of changes that its author truly had
// before their eyes: what stood readable in the log at the checkpoint that the
// phone durably took, as the world saw it and not as the phone says, and the
// author's own earlier rows with what those had seen. A cell's set is the
// greatest elements under that relation and nothing else, so it does not depend
// on the order in which changes were accepted.
//
// It shares no code with syncengine's merge, causality, placing or digests, and
// none with exchange. It uses the engine's plain types, internal/wire to cut a
// change's bytes into cells, and the schema to read the fields' rules.
//
// It never reads a clock, draws a random number or does I/O: it learns of the
// world by being told, in the order in which things happen, and reads a store or
// a phone only through what a check is handed.
//
// Invariants checked are I1 to I21 of the sync protocol; Checks counts them and
// NotYet lists those that wait for a later capability.
//
// Read model.go first: it is the contract with the world that tells.
package model
