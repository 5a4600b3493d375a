// Package rentsafe reads a folder of RentSafeTO files, the City of Toronto's
// register of rental buildings and the inspections of them, as a feed that real
// work can be replayed from.
//
// RentSafeTO is door-to-door inspection of rental housing, published daily under
// the Open Government Licence – Toronto. It has no workers, residents or
// disputes: whoever shows results made from it says that those are generated.
//
// The folder has this layout:
//
//	registrations-DATE.csv   the register, one building a row, key RSN
//	evaluations-DATE.csv     inspections, key RSN + YEAR EVALUATED
//	days/DATE.csv            rows of the evaluations added or changed that day
//
// DATE is YYYY-MM-DD; files of a kind are read in the order of their names, all
// registers, then all evaluations, then the days.
//
// What holds for everything [Load] returns:
//
//  1. RSN and YEAR EVALUATED are text without meaning, trimmed; "07" and "7" are
//     two keys.
//  2. Of two rows with one key the later stands, in a file as between files.
//  3. Rows are re-ordered by the publisher every day, so nothing depends on their
//     order except rule 2: results are sorted by key.
//  4. A row that is gone deletes nothing.
//  5. An inspected building that no register has becomes a building from its
//     inspection, marked so.
//  6. What cannot be read is in [Feed.Refused] with file, line and reason, and
//     the rest goes on. A file is refused as a whole when it is not CSV, lacks a
//     needed column, or is a register with far fewer buildings than the largest
//     one; a row when it has another number of values than the header or no
//     key; a value when it is neither a score nor absent, or no date.
//  7. Column names are compared without regard to case and punctuation; of
//     columns with one meaning, which stand side by side since the publisher
//     renamed some, the first value that is not blank counts. Columns the package
//     does not know are left out.
//
// It never compares files by anything but keys and values, never writes, and
// maps nothing to records; that is the replay's work. Values are kept as found:
// wards that disagree between the files, dates of other years and buildings
// without a position are the publisher's to correct.
//
// Read feed.go first, then load.go and standing.go.
package rentsafe
