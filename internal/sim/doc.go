// Package sim is a small district in one goroutine: real phones, the real server and their real stores, in a world whose
// clock, network, disks and people follow from one seed. It exists to break onedoor's promises and to say with which seed.
//
// Real: client.Replica with its encrypted database, exchange.Service with its merge, memstore on most seeds and sqlitestore
// on the others, internal/wire. Simulated: time, the network between a phone and the server, chance, failing disks,
// wrong clocks, people at work and at the operator's desk. The auditor, package model, predicts every result by itself.
//
// A run has two parts. First faults: the script's steps (an edit, a sync, a move of a door, a phone that dies …) come at
// drawn times while messages are lost, late, repeated. After every step the auditor must be content. Then the world
// heals: faults stop, everybody syncs, and every phone and the server must have come to what the auditor says.
//
// One seed is one history: the same steps, messages and outcomes on every machine, told by the trace and its hash. So
// nothing here reads a real clock, draws from the system or lets the order of a map decide. Phones run as coroutines that
// pause at each call over the network; only one of them runs at any time.
//
// Read run.go first (many seeds), then world.go (one), script.go (what happens), phonesync.go and network.go.
package sim
