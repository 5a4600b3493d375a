// Package territoryfile reads files of territory codes, the tree that every
// record hangs on: province, prefecture, county, street, community, grid,
// microgrid. What a code is stands in package domain; this package reads files.
//
// The file is CSV with the columns code,parent_code,level,name. A code is text
// whose length gives its level and whose beginning is its parent's code:
//
//	level       digits  example
//	province    2       53
//	prefecture  4       5307
//	county      6       530702
//	street      9       530702001
//	community   12      530702001001
//	grid        15      530702001001001
//	microgrid   17      53070200100100101
//
// The first three follow GB/T 2260, street and community the statistical
// division codes of the National Bureau of Statistics; grid and microgrid are
// this project's convention, since no national norm numbers them.
//
// Invariants of what [Read] returns:
//
//  1. a code occurs once;
//  2. a code has the digits of its level and begins with its parent's code;
//  3. the parent is one level up and is in the same file or already known, so a
//     grid belongs to a community and never to a street;
//  4. parents come before their children.
//
// The package never decides which realm a file is for and never stores
// anything: [Cut] and [Within] cut a file to a realm on the caller's word, and
// the rows that do not belong are counted, not lost in silence.
//
// Read read.go first, then realm.go.
package territoryfile
