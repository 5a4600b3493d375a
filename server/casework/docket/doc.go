// Package docket keeps cases in the order in which they are due, so that a page of a list costs what the page holds and not
// what the list holds: a street's thousand cases and a city's million give a page with the same work.
//
// A case lies on shelves: one for each place under which somebody may look for it, such as a territory and every territory
// above it. Within a shelf there is one sorted row a [Facet], which is all that lists are filtered by. A look merges the rows
// that fit of the shelves that it names, from a [Place] on.
//
// It knows no record, no rule and no grant: who files a case says where it belongs, who looks says which shelves are theirs and
// asks of each case again whether it may be shown. It holds no lock; its owner does.
//
// Read docket.go first, then walk.go.
package docket
