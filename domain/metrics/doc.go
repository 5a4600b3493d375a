// Package metrics holds the figures that a district pulls: for each of them its name, formula and source, and how one
// door, hazard or case counts in it. Phone and server count with the same code.
//
// A figure is a sum over units: a door with the calls at it, a hazard with its timeline, a dispute with its timeline. What
// a unit gives to a numerator and a denominator is a pure function of the unit and a period, so that a sum over a
// territory and a class is exact however it is put together, and a unit that changes is taken out and put in again.
//
// It knows no record, no log and no territory: whoever holds units says where they stand. It never counts by worker, but
// for a worker's own count of their own work, and it hides nothing: what may be shown to whom stands in package
// smallcells and at the server.
//
// Words: a Period is whole days in Asia/Shanghai, both ends in it. Known is the day up to which the log tells; nothing
// that falls due after it counts. A Sum has a numerator and a denominator; a denominator of 0 has no value, which people
// read as "—".
//
// Read figure.go first, then door.go, hazard.go and dispute.go; docs/reports.md is made from this package.
package metrics
