// Package containers reads a Dockerfile as BuildKit does, with BuildKit's own linter, and a compose file as Docker Compose does,
// with the schema of the Compose specification. Beyond that it holds both to our own rules: no root, nothing to write to, a
// health check that needs no shell.
//
// It builds nothing and asks no registry: of base images it takes for granted that they are there.
//
// Read dockerfile.go and compose.go; house rules stand in each beside what they are about.
package containers
