// Package phones shows real phones in a browser: each panel is a replica of the SDK with a database file of its own, on a line
// with a flight-mode switch. It is for the demo, and the reference for who builds an app: every page is made from public calls of
// the SDK alone.
//
// It never speaks to the server but through a replica, keeps nothing beside it, and needs no script. It guards nothing: the demo
// serves it on this machine, with test characters.
//
// Read phone.go, then pages.go; forms.go turns forms into records.
package phones
