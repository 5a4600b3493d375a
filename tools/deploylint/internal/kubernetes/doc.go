// Package kubernetes says what a cluster would not take of a folder of manifests, without a cluster: it reads them as strictly
// as the API server does when a client asks for that, fills in the API server's defaults, and runs the API server's own
// validation and its pod security checks.
//
// It needs no network and asks no cluster: what only a cluster knows (quotas, storage classes, secrets that are there) it
// cannot tell. Kinds that accept.go has no validation for are refused, never passed over.
//
// Read manifest.go first, then accept.go; refs.go holds what names what, house.go our own rules.
package kubernetes
