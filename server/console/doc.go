// Package console is the web console of the centre, the district, auditors and operators: pages that are made at the server
// and work without a script, with small scripts beside them for live updates and charts.
//
// It is a client that happens to live in the server's process: it calls the same methods of AdminService and PrivacyService
// that gRPC serves, with the token of who is signed in, and gets the same answers and refusals (decision 80). It imports no
// store and no rule of who may do what, so that a fault here shows nothing that the call would not have given, and every look
// at a sealed field is in the access ledger by itself.
//
// # What it never does
//
// It asks no other host, carries no inline script or style, keeps no state but the session's cookie, and logs no content. A
// page holds no action that its reader may not take; the call refuses it all the same.
//
// # Pages
//
// A page is a file here (what it asks and shows) and a template of the same name in pages. Words stand in both languages next
// to each other where they are used: `{{t "案件" "Cases"}}`. Writes are forms; after one the browser is sent to a page to look
// at. A form whose session has ended keeps its text (resume.go).
//
// Read console.go first, then visit.go, render.go and cases.go as an example of a page.
package console
